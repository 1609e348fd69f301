/** What every HTTP/2 server of the bench is told: its task and folder, whether it speaks TLS, and its limits. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { folder, task } from '../../servers/announce.js'

export { announce, task } from '../../servers/announce.js'

/** Key and certificate in PEM, or undefined for h2c. */
export const credentials =
  process.argv[4] === 'tls'
    ? { key: readFileSync(path.join(folder, 'key.pem')), cert: readFileSync(path.join(folder, 'cert.pem')) }
    : undefined

/** Limits that are not the default ones; only our own server has them. */
export const limits = JSON.parse(process.argv[5] ?? '{}')

export const HELLO = 'Hello, World!'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
export const BYTES_TYPE = 'application/octet-stream'

/** What the downloads deliver: random octets, which no cache or page of zeros makes cheaper. */
export const content = task.startsWith('download') ? readFileSync(path.join(folder, 'content.bin')) : undefined

const PIECE_BYTES = 65_536

/** The same in pieces of 64 KiB. */
export function* pieces() {
  for (let at = 0; at < content.length; at += PIECE_BYTES) yield content.subarray(at, at + PIECE_BYTES)
}

let requests = 0

/** One more request has come that will never be answered. */
export function countRequest() {
  requests++
}

// The bench asks how many requests there are, or also for memory: what no one can reach any more is collected first.
process.on('message', (question) => {
  if (question === 'memory') {
    globalThis.gc()
    globalThis.gc()
  }
  process.send({ requests, heapBytes: process.memoryUsage().heapUsed })
})
