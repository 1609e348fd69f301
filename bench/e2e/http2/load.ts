/**
 * The clients, pinned to the second core: h2load, one of node:http2, curl; and one request to see what a server says.
 */

import { once } from 'node:events'
import { connect } from 'node:http2'
import path from 'node:path'
import { repoRoot } from '../../../tools/repo.js'
import { type Busyness, runClient } from '../client-run.js'
import type { Http2RunningServer } from './servers.js'

/** What one run of h2load gave. */
export interface H2loadSample extends Busyness {
  readonly requests: number
  readonly requestsPerSecond: number
  /** From the request to the end of the response, on average. */
  readonly meanMs: number
  readonly seconds: number
  /** Octets of content that came. */
  readonly bytes: number
}

/** TLS of all servers: 1.3, with the suite that the client offers alone. */
const TLS = ['--tls13-ciphers=TLS_AES_128_GCM_SHA256']

/** Runs h2load with `options` over it. Throws when an answer was not 2xx, or missing. */
export async function runH2load(server: Http2RunningServer, options: readonly string[]): Promise<H2loadSample> {
  const run = await runClient(server, ['h2load', '--threads=1', ...TLS, ...options, server.url])
  const { stdout } = run
  const numbers = (pattern: RegExp): number[] => (pattern.exec(stdout)?.slice(1) ?? []).map(Number)
  const [requests = 0, done = 0] = numbers(/^requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded/m)
  const [failed = 0, errored = 0, timedOut = 0] = numbers(/(\d+) failed, (\d+) errored, (\d+) timeout/)
  const [ok = 0] = numbers(/^status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/m)
  if (requests === 0 || done !== requests || failed + errored + timedOut > 0 || ok < requests)
    throw new Error(`${server.name}: not every request was answered well\n${stdout}`)
  const finished = /^finished in (\S+), ([\d.]+) req\/s/m.exec(stdout)
  const [bytes = 0] = numbers(/^traffic: .*\((\d+)\) data$/m)
  const times = /^time for request:\s+\S+\s+\S+\s+(\S+)/m.exec(stdout)
  return {
    ...run,
    requests,
    requestsPerSecond: Number(finished?.[2]),
    meanMs: secondsOf(times?.[1]) * 1000,
    seconds: secondsOf(finished?.[1]),
    bytes,
  }
}

/** As h2load writes a span: `512us`, `1.05ms`, `2.00s`. */
function secondsOf(text = ''): number {
  const [, value = '', unit = ''] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? []
  const scale = { us: 1e-6, ms: 1e-3, s: 1 }[unit]
  if (scale === undefined) throw new Error(`h2load gives no time, but "${text}"`)
  return Number(value) * scale
}

/** The clients of the transfers. */
export type TransferClient = 'h2load' | 'node:http2' | 'curl'

/** A transfer, one after the other. */
export interface TransferOrder {
  readonly direction: 'download' | 'upload'
  /** The file that is sent, or whose content comes; and its size in octets. */
  readonly file: string
  readonly bytes: number
  readonly times: number
}

/** What some transfers gave. */
export interface TransferSample extends Busyness {
  readonly seconds: number
  readonly bytes: number
}

/** Transfers some times over one connection. Throws when less came than has to. */
export async function transfer(
  server: Http2RunningServer,
  client: TransferClient,
  order: TransferOrder,
): Promise<TransferSample> {
  const { direction, bytes, times } = order
  const sample = await transferrers[client](server, order)
  const { server: serverBusy, client: clientBusy, serverSeconds } = sample
  if (direction === 'download' && sample.bytes !== bytes * times)
    throw new Error(`${server.name} to ${client}: ${sample.bytes} octets instead of ${times} times ${bytes}`)
  return { seconds: sample.seconds, bytes: bytes * times, server: serverBusy, client: clientBusy, serverSeconds }
}

type Transferrer = (server: Http2RunningServer, order: TransferOrder) => Promise<TransferSample>

const transferrers: Readonly<Record<TransferClient, Transferrer>> = {
  h2load: (server, { direction, file, times }) =>
    runH2load(server, ['-c1', '-m1', `-n${times}`, ...(direction === 'upload' ? [`--data=${file}`] : [])]),

  'node:http2': async (server, { direction, file, bytes, times }) => {
    const script = path.join(repoRoot, 'bench/e2e/http2/node-client.js')
    const command = [process.execPath, script, direction, String(server.port), file, String(times)]
    const run = await runClient(server, command, { TARGET: server.target })
    const result = JSON.parse(run.stdout) as { seconds: number; bytes: number }
    // The server has said how much has come.
    if (result.bytes !== bytes * times) throw new Error(`${server.name}: ${result.bytes} octets`)
    return { ...run, ...result }
  },

  curl: async (server, { direction, file, times }) => {
    const upload = ['--request', 'POST', '--header', 'Expect:', '--upload-file', file]
    const write = '%{http_code} %{http_version} %{time_total} %{size_download}\n'
    const options = ['--silent', '--show-error', '--http2-prior-knowledge', '--output', '/dev/null']
    const form = ['--write-out', write, ...(direction === 'upload' ? upload : [])]
    // A process each: with prior knowledge curl 7.88 cannot use a connection again.
    const loop = ['sh', '-c', 'i=0; while [ $i -lt $0 ]; do "$@" || exit; i=$((i + 1)); done', String(times)]
    const run = await runClient(server, [...loop, 'curl', ...options, ...form, server.url])
    const lines = run.stdout.trim().split('\n')
    const cells = lines.map((line) => line.split(' '))
    if (lines.length !== times || cells.some(([status, version]) => status !== '200' || version !== '2'))
      throw new Error(`${server.name} to curl: ${run.stdout}`)
    const sum = (column: number): number => cells.reduce((total, line) => total + Number(line[column]), 0)
    return { ...run, seconds: sum(2), bytes: sum(3) }
  },
}

/**
 * Asks a server once and throws unless it answers with 200, Date, a type, the length and the body. Gives the names of
 * the fields, for the record.
 */
export async function verifyHttp2Answer(server: Http2RunningServer, answer: string): Promise<string[]> {
  const session = connect(new URL(server.url).origin, { rejectUnauthorized: false })
  try {
    const request = session.request({ ':path': server.target })
    const [headers] = (await once(request, 'response')) as [Record<string, string | number | undefined>]
    let body = ''
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString()
    const fault = (what: string): Error => new Error(`${server.name}: ${what}`)
    if (headers[':status'] !== 200) throw fault(`status ${headers[':status']}`)
    if (body !== answer) throw fault(`a wrong body: ${body}`)
    for (const name of ['date', 'content-type', 'content-length'])
      if (headers[name] === undefined) throw fault(`no ${name}`)
    return Object.keys(headers).toSorted()
  } finally {
    session.destroy()
  }
}
