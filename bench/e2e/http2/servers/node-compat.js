/** node:http2, its compatibility API: what node:http has. */

import { createSecureServer, createServer } from 'node:http2'
import { announce, credentials, HELLO, TEXT_TYPE } from './setup.js'

function hello(request, response) {
  response.writeHead(200, { 'content-type': TEXT_TYPE, 'content-length': HELLO.length })
  response.end(HELLO)
}

const server = credentials === undefined ? createServer(hello) : createSecureServer(credentials, hello)
server.listen(0, '127.0.0.1', 4096, () => announce(server.address().port))
