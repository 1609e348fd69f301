/** node:http without anything on top. */

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import { announce, downloadBytes, folder, pieceBytes, task } from './announce.js'

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' }

function hello(request, response) {
  response.writeHead(200, { ...TEXT, 'Content-Length': 13 })
  response.end('Hello, World!')
}

function post(request, response) {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const text = String(Buffer.concat(chunks).length)
    response.writeHead(200, { ...TEXT, 'Content-Length': text.length })
    response.end(text)
  })
}

async function file(request, response) {
  const name = path.join(folder, request.url)
  const { size, mtime } = await stat(name)
  const validators = { ETag: `"${size}-${mtime.getTime()}"`, 'Last-Modified': mtime.toUTCString() }
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': size, ...validators })
  createReadStream(name).pipe(response)
}

function* pieces() {
  for (let sent = 0; sent < downloadBytes; sent += pieceBytes) yield Buffer.alloc(pieceBytes, 'x')
}

function download(request, response) {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' })
  Readable.from(pieces(), { objectMode: false, highWaterMark: pieceBytes }).pipe(response)
}

const server = createServer({ keepAliveTimeout: 120_000 }, { hello, post, static: file, download }[task])
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
