/** Express with nunjucks, express-session and csrf-sync, as their manuals put them together. */

import { csrfSync } from 'csrf-sync'
import express from 'express'
import session from 'express-session'
import nunjucks from 'nunjucks'
import { announce, secret, shoes, templates, user } from './task.js'

const app = express()
nunjucks.configure(templates, { autoescape: true, express: app, trimBlocks: true, lstripBlocks: true })
app.disable('x-powered-by')
app.use(session({ secret, resave: false, saveUninitialized: false }))
const { generateToken } = csrfSync()

app.get('/login', (request, response) => {
  request.session.user = user
  generateToken(request)
  response.send('welcome')
})
app.get('/page', (request, response) =>
  response.render('page.html', { title: 'Shoes', user: request.session.user, csrf: generateToken(request), shoes }),
)

const server = app.listen(0, '127.0.0.1', () => announce(server.address().port))
server.keepAliveTimeout = 120_000
