/** Deno.serve. */

import { announce, credentials, HELLO, TEXT_TYPE } from './setup.js'

const TEXT = { headers: { 'Content-Type': TEXT_TYPE } }
const pem = credentials && { key: credentials.key.toString(), cert: credentials.cert.toString() }
const options = { hostname: '127.0.0.1', port: 0, ...pem }
Deno.serve({ ...options, onListen: ({ port }) => announce(port) }, () => new Response(HELLO, TEXT))
