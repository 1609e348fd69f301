/** The clients: one request to see that the answer is right, wrk, many idle connections, one slow reader. */

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from '../../tools/repo.js'
import { CLIENT_CORE, type RunningServer } from './processes.js'
import type { Scenario } from './scenarios.js'

const execute = promisify(execFile)

const CONNECTIONS = '64'

/** What one run of wrk gave. */
export interface WrkSample {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * Loads a server for some seconds by a program for wrk and its arguments. Throws when an answer was not 2xx or too
 * short, or when a connection broke.
 */
export async function runWrk(
  server: { readonly name: string; readonly port: number },
  script: readonly string[],
  seconds: number,
  bodyBytes: number,
  program = 'bench/e2e/wrk.lua',
): Promise<WrkSample> {
  const lua = path.join(repoRoot, program)
  const duration = `${Math.max(1, Math.round(seconds))}s`
  const url = `http://127.0.0.1:${server.port}/`
  const args = ['-c', CLIENT_CORE, 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${duration}`, '-s', lua, url, '--', ...script]
  const { stdout } = await execute('taskset', args)
  const sample = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, number>
  const { requests = 0, microseconds = 0, bytes = 0, status = 0, broken = 0, p50 = 0, p99 = 0 } = sample
  if (status + broken > 0) throw new Error(`${server.name}: ${status} wrong answers, ${broken} broken connections`)
  if (bytes < requests * bodyBytes) throw new Error(`${server.name}: ${requests} answers of only ${bytes} octets`)
  return { requests, requestsPerSecond: requests / (microseconds / 1e6), p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
}

/** How many octets of a body that is not read whole are looked at. */
const GLANCE_BYTES = 65_536

/**
 * Asks a server once and throws unless the answer is what every server of the scenario has to give: 200, the body,
 * Date, Content-Type, and a length that fits where there is one. Gives the names of the fields, for the record.
 */
export async function verifyAnswer(server: RunningServer, scenario: Scenario): Promise<string[]> {
  const { method, bodyBytes } = scenario.request
  const headers = bodyBytes > 0 ? { 'Content-Type': 'application/octet-stream', 'Content-Length': bodyBytes } : {}
  const request = httpRequest({
    host: '127.0.0.1',
    port: server.port,
    path: scenario.path,
    method,
    headers,
    agent: false,
  })
  request.end(Buffer.alloc(bodyBytes, 'x'))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    body.push(chunk)
    bytes += chunk.length
    if (scenario.answer === undefined && bytes >= GLANCE_BYTES) break
  }
  request.destroy()
  const fault = (what: string): Error => new Error(`${server.name}, ${scenario.name}: ${what}`)
  if (response.statusCode !== 200) throw fault(`status ${response.statusCode}`)
  if (scenario.answer !== undefined && Buffer.concat(body).toString() !== scenario.answer) throw fault('a wrong body')
  for (const name of ['date', 'content-type']) if (response.headers[name] === undefined) throw fault(`no ${name}`)
  return Object.keys(response.headers).toSorted()
}

/** So many connections are opened at once. */
const OPENING = 250

/** Opens connections that each ask once and stay open. Resolves when all have their answer. */
export async function openIdle(server: RunningServer, count: number, answer: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const size = Math.min(OPENING, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: size }, () => askAndStay(server.port, answer)))))
  }
  return sockets
}

function askAndStay(port: number, answer: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  let text = ''
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.endsWith(answer) || text.endsWith(`${answer}\r\n0\r\n\r\n`)) resolve(socket)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`a connection was closed before its answer: ${text}`)))
  })
}

const TICK_MS = 100

/** Reads one answer at a given rate for some time, or to its end. Gives how many octets came. */
export async function readSlowly(
  server: RunningServer,
  target: string,
  bytesPerSecond: number,
  limits: { readonly seconds: number; readonly bytes: number },
  onTick: () => void,
): Promise<number> {
  const socket = connect(server.port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  let taken = 0
  const begin = Date.now()
  const allowed = (): number => ((Date.now() - begin) / 1000) * bytesPerSecond
  socket.on('data', (chunk) => {
    taken += chunk.length
    if (taken > allowed()) socket.pause()
  })
  socket.on('error', () => socket.destroy())
  while (!socket.destroyed && taken < limits.bytes && Date.now() - begin < limits.seconds * 1000) {
    await sleep(TICK_MS)
    if (taken <= allowed()) socket.resume()
    onTick()
  }
  if (socket.destroyed && taken < limits.bytes)
    throw new Error(`${server.name} closed the connection after ${taken} octets`)
  socket.destroy()
  return taken
}
