/** The same question over every version of HTTP, by clients that are none of ours. */

import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { after } from 'node:test'
import type { Skitai } from '#src/server/index.js'
import { makeCertificate } from '../io/certificate.js'
import { serve } from './serving.js'

/** What is not given is a GET without content. */
export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Sent behind the content. */
  readonly trailers?: Readonly<Record<string, string>>
}

/** All that an app decides of a response, or how it failed. */
export interface Reply {
  readonly status: number
  /** Without what belongs to the version or the time. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly trailers: Readonly<Record<string, unknown>>
  /** Statuses and fields of interim responses. */
  readonly informs: readonly (readonly [number, unknown])[]
  /** Whether the response is whole. */
  readonly complete: boolean
}

/** A way to ask. */
export type Ask = (target: string, question?: Question) => Promise<Reply>

/** Engines over HTTP/1.1 and HTTP/2, each with and without TLS; asked as `localhost`. */
export async function everyVersion(mount: (engine: Skitai) => unknown): Promise<ReadonlyMap<string, Ask>> {
  const certificate = makeCertificate()
  const plain = await serve(mount)
  const secure = await serve(mount, {}, { tls: certificate })
  const ca = certificate.cert
  const h2c = connect(`http://localhost:${plain.port}`)
  const h2 = connect(`https://localhost:${secure.port}`, { ca })
  for (const session of [h2c, h2]) {
    await once(session, 'connect')
    after(() => session.destroy())
  }
  const host = 'localhost'
  return new Map<string, Ask>([
    [
      'HTTP/1.1',
      (path, asked = {}) =>
        ask1(httpRequest({ host, port: plain.port, path, ...(asked as object), headers: asked.headers }), asked),
    ],
    [
      'HTTP/1.1 over TLS',
      (path, asked = {}) =>
        ask1(httpsRequest({ host, port: secure.port, path, ca, ...(asked as object), headers: asked.headers }), asked),
    ],
    ['HTTP/2', (path, asked = {}) => ask2(h2c, path, asked)],
    ['HTTP/2 over TLS', (path, asked = {}) => ask2(h2, path, asked)],
  ])
}

/** Fields that the version, the time or the client's own wishes make. */
const OWN = new Set(['connection', 'date', 'keep-alive', 'transfer-encoding'])

function comparable(headers: object): Record<string, unknown> {
  const all = Object.entries(headers).filter(([name]) => !OWN.has(name) && !name.startsWith(':'))
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function ask1(sent: ClientRequest, { body, trailers }: Question): Promise<Reply> {
  const informs: [number, unknown][] = []
  sent.on('information', ({ statusCode, headers }) => informs.push([statusCode, comparable(headers)]))
  if (trailers !== undefined) {
    sent.setHeader('Transfer-Encoding', 'chunked')
    sent.addTrailers(trailers)
  }
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const { text, complete } = await textOf(answer)
  return {
    status: answer.statusCode!,
    headers: comparable(answer.headers),
    text,
    trailers: comparable(answer.trailers),
    informs,
    complete: complete && answer.complete,
  }
}

async function ask2(session: ClientHttp2Session, path: string, question: Question): Promise<Reply> {
  const { method = 'GET', headers = {}, body, trailers } = question
  const informs: [number, unknown][] = []
  const stream: ClientHttp2Stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined, waitForTrailers: trailers !== undefined },
  )
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
  stream.on('headers', (fields) => informs.push([fields[':status']!, comparable(fields)]))
  let sentBehind: Record<string, unknown> = {}
  stream.on('trailers', (fields) => (sentBehind = comparable(fields)))
  if (body !== undefined) stream.end(body)
  const [answer] = (await once(stream, 'response')) as [Record<string, unknown>]
  const { text, complete } = await textOf(stream)
  return {
    status: Number(answer[':status']),
    headers: comparable(answer),
    text,
    trailers: sentBehind,
    informs,
    complete: complete && stream.rstCode === 0,
  }
}

async function textOf(stream: IncomingMessage | ClientHttp2Stream): Promise<{ text: string; complete: boolean }> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of stream) pieces.push(piece as Buffer)
    return { text: Buffer.concat(pieces).toString('latin1'), complete: true }
  } catch {
    return { text: Buffer.concat(pieces).toString('latin1'), complete: false }
  }
}
