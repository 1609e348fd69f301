/** Deno.serve. */

import process from 'node:process'
import { announce, folder, task } from './announce.js'

const TEXT = { headers: { 'Content-Type': 'text/plain; charset=utf-8' } }

async function file(request) {
  const opened = await Deno.open(folder + new URL(request.url).pathname)
  const { size } = await opened.stat()
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': String(size) }
  return new Response(opened.readable, { headers })
}

/** A client that leaves in the middle is no error of the server. */
const onError = () => new Response('', { status: 500 })

async function post(request) {
  return new Response(String((await request.arrayBuffer()).byteLength), TEXT)
}

const handlers = { hello: () => new Response('Hello, World!', TEXT), post, static: file }
if (handlers[task] === undefined) process.exit(2)
Deno.serve({ hostname: '127.0.0.1', port: 0, onError, onListen: ({ port }) => announce(port) }, handlers[task])
