// The board for programs: JSON, a password with each request, and problem details (RFC 9457) for whatever is wrong.

import { App, ArgumentError, int, str } from 'skitai'
import { board, users } from './board.js'

export const api = new App({ name: 'api', csrf: { token: false }, users, realm: 'Board' })

api.defaultErrorHandler((was, { code, detail, error }) =>
  was.response.problem(code, {
    ...(detail && { detail }),
    ...(error instanceof ArgumentError && { errors: error.problems }),
  }),
)

api.get(
  '/posts',
  { name: 'api-posts', query: { after: int(0), limit: int({ min: 1, max: 100, default: 20 }) } },
  (_was, { after, limit }) => board.after(after).slice(0, limit).map(shown),
)

api.post('/posts', { auth: 'basic', body: { text: str({ min: 1, max: 1000 }) } }, (was, { text }) => {
  const post = board.add({ author: was.request.user?.name ?? '', text })
  return was.response(201, shown(post), { location: was.url('api-posts', { after: post.id - 1, limit: 1 }) })
})

/** @param {import('./board.js').Post} post */
function shown({ id, author, text, at, picture }) {
  return { id, author, text, at, picture: picture ? { type: picture.type, alt: picture.alt } : null }
}
