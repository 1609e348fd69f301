/** node:http2, its stream API. */

import { constants, createSecureServer, createServer } from 'node:http2'
import { announce, BYTES_TYPE, content, countRequest, credentials, HELLO, pieces, task, TEXT_TYPE } from './setup.js'

const { NGHTTP2_CANCEL } = constants

function hello(stream) {
  stream.respond({ ':status': 200, 'content-type': TEXT_TYPE, 'content-length': HELLO.length })
  stream.end(HELLO)
}

function downloadBuffer(stream) {
  stream.respond({ ':status': 200, 'content-type': BYTES_TYPE, 'content-length': content.length })
  stream.end(content)
}

function downloadPieces(stream) {
  stream.respond({ ':status': 200, 'content-type': BYTES_TYPE })
  const source = pieces()
  const write = () => {
    for (;;) {
      const { done, value } = source.next()
      if (done) return stream.end()
      if (!stream.write(value)) return stream.once('drain', write)
    }
  }
  write()
}

function upload(stream) {
  let bytes = 0
  stream.on('data', (chunk) => {
    bytes += chunk.length
  })
  stream.on('end', () => {
    const text = String(bytes)
    stream.respond({ ':status': 200, 'content-type': TEXT_TYPE, 'content-length': text.length })
    stream.end(text)
  })
}

const handlers = {
  hello,
  'download-buffer': downloadBuffer,
  'download-pieces': downloadPieces,
  upload,
  never: countRequest,
}

const server = credentials === undefined ? createServer() : createSecureServer(credentials)
const handle = handlers[task]
server.on('stream', (stream) => {
  stream.on('error', () => stream.close(NGHTTP2_CANCEL))
  handle(stream)
})
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
