/** Bun.serve. */

import path from 'node:path'
import { announce, folder, task } from './announce.js'

const TEXT = { headers: { 'Content-Type': 'text/plain; charset=utf-8' } }

async function handle(request) {
  if (task === 'static') return new Response(Bun.file(path.join(folder, new URL(request.url).pathname)))
  if (request.method === 'POST') return new Response(String((await request.arrayBuffer()).byteLength), TEXT)
  return new Response('Hello, World!', TEXT)
}

const hello = () => new Response('Hello, World!', TEXT)

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 120,
  fetch: task === 'hello' ? hello : handle,
})
announce(server.port)
