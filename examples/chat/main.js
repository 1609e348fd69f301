// A room to talk in: `node examples/chat/main.js`, then open the address in two windows. Each room is an address of its
// own: http://127.0.0.1:5000/?room=tea
import skitai, { App } from 'skitai'
import path from 'node:path'

const NAME_CHARS_MAX = 24
const TEXT_CHARS_MAX = 2000

const app = new App({ name: 'chat' })

app.websocket(
  '/talk?<room>&<name>',
  {
    spec: 'GROUPCHAT', // what is returned goes to everybody in the same `room`
    encoding: 'json',
    onOpen: ({ websocket }) => ({ type: 'enter', name: short(websocket.params.name), names: names(websocket.clients) }),
    onClose: ({ websocket }) => ({
      type: 'leave',
      name: short(websocket.params.name),
      names: names(websocket.clients),
    }),
  },
  (_was, message, { name }) => {
    const text = textOf(message)
    return text === '' ? null : { type: 'said', name: short(name), text, at: new Date().toISOString() }
  },
)

/** @param {string} name */
function short(name) {
  return name.trim().slice(0, NAME_CHARS_MAX) || 'Somebody'
}

/** @param {ReadonlyMap<number, { readonly params: { readonly name: string } }>} clients */
function names(clients) {
  return [...clients.values()].map(({ params }) => short(params.name)).toSorted()
}

/**
 * Whatever a client sends is looked at before it is used.
 *
 * @param {unknown} message
 */
function textOf(message) {
  if (typeof message !== 'object' || message === null || !('text' in message)) return ''
  return typeof message.text === 'string' ? message.text.trim().slice(0, TEXT_CHARS_MAX) : ''
}

skitai.mount('/', app)
skitai.mount('/', path.join(import.meta.dirname, 'static'))
const { url } = await skitai.run({ address: '127.0.0.1', port: 5000 })
console.log(`Open ${url} in two windows`)
