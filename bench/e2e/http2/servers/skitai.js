/** Our own server. */

import { App, Skitai } from '../../../../dist/server/index.js'
import { announce, content, countRequest, credentials, HELLO, limits, pieces, task } from './setup.js'

async function* download() {
  yield* pieces()
}

async function upload(was) {
  let bytes = 0
  for await (const piece of was.request.stream()) bytes += piece.length
  return String(bytes)
}

function never() {
  countRequest()
  return new Promise(() => {})
}

const handlers = {
  hello: () => HELLO,
  'download-buffer': () => content,
  'download-pieces': download,
  never,
}

const app = new App()
if (task === 'upload') app.route('/upload', { methods: ['POST'] }, upload)
else app.get('/', handlers[task])
const server = new Skitai({ log: false, http2: limits })
if (credentials !== undefined) server.enableSsl(credentials)
server.mount('/', app)
const { port } = await server.run({ address: '127.0.0.1', port: 0 })
announce(port)
