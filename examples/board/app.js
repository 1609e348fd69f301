// The pages. `layout.html` is around all of them; what stands in a template between `{{` and `}}` is escaped.

import { randomBytes } from 'node:crypto'
import { on } from 'node:events'
import { App, file, int, MemoryStore, optional, str, verifyPassword } from 'skitai'
import { api } from './api.js'
import { board, users } from './board.js'
import { pictureOf } from './pictures.js'

const FILE_BYTES_MAX = 2_000_000

export const app = new App({
  name: 'board',
  home: import.meta.dirname,
  static: 'static',
  // Sessions outlive the process only when both the secret and the store do.
  secureKey: process.env['SECURE_KEY'] ?? randomBytes(32),
  session: { store: new MemoryStore(), timeoutSeconds: 8 * 60 * 60 },
  csrf: true,
  securityHeaders: {
    contentSecurityPolicy: {
      'default-src': ["'none'"],
      'script-src': ["'nonce'"],
      'style-src': ["'nonce'"],
      'img-src': ["'self'"],
      'connect-src': ["'self'"],
      'form-action': ["'self'"],
      'base-uri': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
  },
  loginHandler: (was) => was.session.has('user') || was.redirect(was.url('sign-in'), 303),
  fileBytesMax: FILE_BYTES_MAX,
})

app.mount('/api', api)
app.errorTemplate(0, 'error.html')
app.templateGlobal('user', (was) => was.session.get('user'))
app.templateFilter('initial', (/** @type {string} */ name) => [...name][0]?.toUpperCase())

app.get('/', { name: 'home' }, (was) => was.render('home.html', { posts: board.posts, latestId: board.latestId }))

app.get('/sign-in', { name: 'sign-in' }, (was) => was.render('sign-in.html'))

app.post(
  '/sign-in',
  { body: { name: str({ max: 100 }), password: str({ max: 1000 }) }, rateLimit: { limit: 10, windowSeconds: 60 } },
  async (was, { name, password }) => {
    if (!(await verifyPassword(password, users.get(name)))) {
      was.mbox.send('This name and this password do not belong together.', 'error')
      return was.redirect(was.url('sign-in'), 303)
    }
    was.session.regenerate().set('user', name)
    was.mbox.send(`Welcome, ${name}.`)
    return was.redirect(was.url('home'), 303)
  },
)

app.post('/sign-out', { name: 'sign-out' }, (was) => {
  was.session.expire()
  was.mbox.send('You have signed out.')
  return was.redirect(was.url('home'), 303)
})

app.post(
  '/posts',
  {
    name: 'post',
    login: true,
    body: { text: str({ min: 1, max: 1000 }), picture: optional(file()), alt: str({ max: 200, default: '' }) },
  },
  async (was, { text, picture: upload, alt }) => {
    const picture = upload && pictureOf(await upload.read(), alt)
    if (upload && !picture) was.mbox.send('Only pictures can be shown: PNG, JPEG, GIF or WebP.', 'error')
    else {
      board.add({ author: was.session.get('user', ''), text, picture })
      was.mbox.send('Everybody can see it now.')
    }
    return was.redirect(was.url('home'), 303)
  },
)

app.get('/pictures/<name>', { name: 'picture' }, (was, { name }) => {
  const { type, bytes } = board.findPicture(name) ?? was.throw(404)
  return was.response(200, bytes, { 'content-type': type, 'cache-control': 'max-age=31536000, immutable' })
})

// A browser that has lost the connection comes back and says what it has seen last.
app.get('/events', { name: 'events', query: { after: int(0) } }, (was, { after }) => {
  const seen = Number(was.request.getHeader('last-event-id', String(after)))
  return was.response.events(newPosts(was, seen))
})

/**
 * @param {import('skitai').Was} was
 * @param {number} seen
 */
async function* newPosts(was, seen) {
  const posts = on(board, 'post', { signal: was.request.signal, close: ['close'] })
  for (const post of board.after(seen)) yield eventOf(was, post)
  for await (const [post] of posts) yield eventOf(was, post)
}

/**
 * @param {import('skitai').Was} was
 * @param {import('./board.js').Post} post
 */
async function eventOf(was, post) {
  const [card, thumbnail] = await Promise.all([
    was.render('post.html', { post }),
    was.render('thumbnail.html', { post }),
  ])
  return { event: 'post', id: String(post.id), data: { id: post.id, card: card.body, thumbnail: thumbnail.body } }
}

// Nobody waits for the next post when the server ends.
app.onLifecycle('beforeUnmount', () => board.emit('close'))
