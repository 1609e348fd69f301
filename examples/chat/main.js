// A room to talk in: `node examples/chat/main.js`, then open the address in two windows. Each room is an address of its
// own: http://127.0.0.1:5000/?room=tea
import skitai, { App } from 'skitai'
import path from 'node:path'

const NAME_CHARS_MAX = 24
const TEXT_CHARS_MAX = 2000

const app = new App({ name: 'chat' })

app.websocket(
  '/talk',
  {
    spec: 'GROUPCHAT', // what is returned goes to everybody with the same `room`
    encoding: 'json',
    onOpen: (was) => ({ type: 'enter', name: nameOf(was.websocket), names: namesIn(was.websocket) }),
    onClose: (was) => ({ type: 'leave', name: nameOf(was.websocket), names: namesIn(was.websocket) }),
  },
  (was, message) => {
    const text = typeof message?.text === 'string' ? message.text.trim().slice(0, TEXT_CHARS_MAX) : ''
    if (text === '') return undefined
    return { type: 'said', name: nameOf(was.websocket), text, at: new Date().toISOString() }
  },
)

/** The parameters of the address are those of the connection: `/talk?room=tea&name=Ada`. */
function nameOf({ params }) {
  return (
    String(params.name ?? '')
      .trim()
      .slice(0, NAME_CHARS_MAX) || 'Somebody'
  )
}

function namesIn(socket) {
  const others = [...socket.clients.values()].filter(({ id }) => id !== socket.id)
  return (socket.open ? [...others, socket] : others).map(nameOf).toSorted()
}

skitai.mount('/', app)
skitai.mount('/', path.join(import.meta.dirname, 'static'))
const { url } = await skitai.run({ address: '127.0.0.1', port: 5000 })
console.log(`Open ${url} in two windows`)
