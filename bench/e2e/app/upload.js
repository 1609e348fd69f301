/** Sends a form with one large file again and again for some seconds: `upload.js <port> <octets> <seconds>`. */

import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const [port, octets, seconds] = process.argv.slice(2).map(Number)
const head = Buffer.from(
  '--x\r\ncontent-disposition: form-data; name="file"; filename="f.bin"\r\ncontent-type: a/b\r\n\r\n',
)
const tail = Buffer.from('\r\n--x--\r\n')
// Nothing in it looks like the boundary, and no two lines are alike.
const piece = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7919) % 251))

function* form() {
  yield head
  for (let left = octets; left > 0; left -= piece.length) yield left < piece.length ? piece.subarray(0, left) : piece
  yield tail
}

async function upload() {
  const headers = {
    'content-type': 'multipart/form-data; boundary=x',
    'content-length': head.length + octets + tail.length,
  }
  const sent = request({ host: '127.0.0.1', port, path: '/upload', method: 'POST', headers, agent: false })
  const answered = new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject))
  await pipeline(Readable.from(form(), { objectMode: false, highWaterMark: 262_144 }), sent)
  let text = ''
  for await (const chunk of await answered) text += chunk
  if (JSON.parse(text).size !== octets) throw new Error(`a wrong answer: ${text}`)
}

const begin = performance.now()
const busy = process.cpuUsage()
let done = 0
do {
  await upload()
  done++
} while (performance.now() - begin < seconds * 1000)
const tookSeconds = (performance.now() - begin) / 1000
const { user, system } = process.cpuUsage(busy)
console.log(
  JSON.stringify({ bytesPerSecond: (done * octets) / tookSeconds, client: (user + system) / 1e6 / tookSeconds }),
)
