/** What the servers are measured with. */

import type { ServerName, Task } from './servers.js'

/** How a server is loaded. */
export type Load =
  | { readonly kind: 'wrk'; readonly script: readonly string[] }
  /** Connections that have had one answer and stay open. */
  | { readonly kind: 'idle'; readonly connections: number }
  /** One reader that takes so many octets a second. */
  | { readonly kind: 'slow reader'; readonly bytesPerSecond: number }

/** One scenario. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly task: Task
  readonly path: string
  readonly load: Load
  readonly servers: readonly ServerName[]
  /** The server that the others are compared with. */
  readonly reference: ServerName
  /** What a right answer is; undefined where the body is too large to be read whole. */
  readonly request: { readonly method: 'GET' | 'POST'; readonly bodyBytes: number }
  readonly answer: string | undefined
}

const HELLO = 'Hello, World!'
const POST_BYTES = 65_536
const GET = { method: 'GET', bodyBytes: 0 } as const

/** The static files, by name. */
export const staticFiles: Readonly<Record<string, string>> = {
  'small.html': page(1024),
  'large.html': page(102_400),
}

/** A file that takes no room on the disk: a hole of this size. */
export const hugeFile: { readonly name: string; readonly bytes: number } = { name: 'huge.bin', bytes: 2 ** 30 }

function page(bytes: number): string {
  const frame = ['<!doctype html>\n<title>A page</title>\n<p>', '</p>\n'] as const
  const text = 'The quick brown fox jumps over the lazy dog. '
  const room = bytes - frame[0].length - frame[1].length
  return frame[0] + text.repeat(Math.ceil(room / text.length)).slice(0, room) + frame[1]
}

const JAVASCRIPT: readonly ServerName[] = ['skitai', 'node:http', 'fastify', 'express', 'Bun.serve', 'Deno.serve']
const DYNAMIC: readonly ServerName[] = ['raw ceiling', ...JAVASCRIPT, 'nginx']
const STATIC: readonly ServerName[] = [...JAVASCRIPT, 'nginx']

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'hello',
    title: 'Hello, World!, 64 connections',
    task: 'hello',
    path: '/',
    load: { kind: 'wrk', script: ['get', '/'] },
    servers: DYNAMIC,
    reference: 'node:http',
    request: GET,
    answer: HELLO,
  },
  {
    name: 'pipelined',
    title: 'Hello, World!, 64 connections, 16 requests pipelined',
    task: 'hello',
    path: '/',
    load: { kind: 'wrk', script: ['pipeline', '/', '16'] },
    servers: DYNAMIC,
    reference: 'node:http',
    request: GET,
    answer: HELLO,
  },
  ...(['small.html', 'large.html'] as const).map((file): Scenario => ({
    name: file === 'small.html' ? 'static-1k' : 'static-100k',
    title: `Static file of ${file === 'small.html' ? '1 KiB' : '100 KiB'}, 64 connections`,
    task: 'static',
    path: `/${file}`,
    load: { kind: 'wrk', script: ['get', `/${file}`] },
    servers: STATIC,
    reference: 'fastify',
    request: GET,
    answer: staticFiles[file],
  })),
  {
    name: 'post',
    title: 'POST of 64 KiB, read whole and answered, 64 connections',
    task: 'post',
    path: '/',
    load: { kind: 'wrk', script: ['post', '/', String(POST_BYTES)] },
    servers: JAVASCRIPT,
    reference: 'node:http',
    request: { method: 'POST', bodyBytes: POST_BYTES },
    answer: String(POST_BYTES),
  },
  {
    name: 'idle',
    title: '10,000 idle keep-alive connections',
    task: 'hello',
    path: '/',
    load: { kind: 'idle', connections: 10_000 },
    servers: ['skitai', 'node:http', 'fastify', 'Bun.serve'],
    reference: 'node:http',
    request: GET,
    answer: HELLO,
  },
  {
    name: 'download',
    title: 'Streamed download of 1 GiB to a reader of 1 MiB/s',
    task: 'download',
    path: '/',
    load: { kind: 'slow reader', bytesPerSecond: 1_048_576 },
    servers: ['skitai', 'node:http'],
    reference: 'node:http',
    request: GET,
    answer: undefined,
  },
  {
    name: 'download-file',
    title: 'Download of a file of 1 GiB to a reader of 1 MiB/s',
    task: 'static',
    path: `/${hugeFile.name}`,
    load: { kind: 'slow reader', bytesPerSecond: 1_048_576 },
    servers: ['skitai', 'node:http', 'fastify'],
    reference: 'node:http',
    request: GET,
    answer: undefined,
  },
]
