/**
 * A client of node:http2 with its default settings: `download` or `upload`, a port, a file to send, how often. Prints
 * one line of JSON: the seconds that it took, without the start, and the octets of content.
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'

const [direction, port, file, times] = process.argv.slice(2)
const content = direction === 'upload' ? readFileSync(file) : undefined
const session = connect(`http://127.0.0.1:${port}`)
await once(session, 'connect')

async function answerOf(request) {
  const [headers] = await once(request, 'response')
  if (headers[':status'] !== 200) throw new Error(`status ${headers[':status']}`)
  let bytes = 0
  let text = ''
  request.on('data', (chunk) => {
    bytes += chunk.length
    if (content !== undefined) text += chunk
  })
  await once(request, 'end')
  return content === undefined ? bytes : Number(text)
}

const target = process.env.TARGET ?? '/'
let bytes = 0
const begin = performance.now()
for (let i = 0; i < Number(times); i++) {
  const request = session.request({ ':path': target, ':method': content === undefined ? 'GET' : 'POST' })
  request.end(content)
  bytes += await answerOf(request)
}
const seconds = (performance.now() - begin) / 1000
session.close()
console.log(JSON.stringify({ seconds, bytes }))
