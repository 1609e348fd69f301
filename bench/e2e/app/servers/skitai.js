/** Our own server. */

import { rm } from 'node:fs/promises'
import { App, int, Skitai, str } from '../../../../dist/server/index.js'
import { announce, folder, secret, shoes, task, templates, uploadBytesMax, user } from './task.js'

const app = new App({
  templates,
  ...(task === 'page' && { secureKey: secret }),
  multipartBytesMax: uploadBytesMax,
  fileBytesMax: uploadBytesMax,
})

if (task === 'typed')
  app.get('/hello/<int:id>', { query: { num: int(8) } }, (was, { id, num }) => ({ hello: 'world', id, num }))

if (task === 'post')
  app.post(
    '/echo',
    { body: { name: str(), age: int(), email: str(), text: str() } },
    (was, { name, age, email, text }) => ({ name, age, email, text }),
  )

if (task === 'page') {
  app.get('/login', (was) => {
    was.session.set('user', user)
    return `welcome, your token is ${was.csrfToken}`
  })
  app.get('/page', (was) =>
    was.render('page.html', { title: 'Shoes', user: was.session.get('user'), csrf: was.csrfToken, shoes }),
  )
}

if (task === 'upload')
  app.post('/upload', async (was) => {
    const file = (await was.request.form()).file('file')
    const saved = await file.save(folder)
    await rm(saved)
    return { size: file.size }
  })

const { port } = await new Skitai({ log: false }).mount('/', app).run({ address: '127.0.0.1', port: 0 })
announce(port)
