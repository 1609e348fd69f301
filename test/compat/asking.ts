/** Clients that see all of an answer, over HTTP/1.1 and HTTP/2; none of them is ours. */

import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'

/** What is not given is a GET without content. */
export interface Question {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
  readonly trailers?: Readonly<Record<string, string>>
  /** The client leaves: when the app has noted `asked`, or with the first octets of the answer. */
  readonly leaves?: 'asked' | 'answered'
}

/** What came. */
export interface Answer {
  readonly status: number
  /** Empty over HTTP/2, which has none. */
  readonly reason: string
  /** Names in lower case and values, sorted, without what belongs to the connection or the time. */
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  /** Interim responses. */
  readonly informs: readonly string[]
  /** Whether the answer came whole. */
  readonly complete: boolean
}

/** Asks one server; `asked` tells when the app has seen the request. */
export type Ask = (question: Question, asked?: () => Promise<void>) => Promise<Answer>

const OWN = new Set(['connection', 'date', 'keep-alive', 'transfer-encoding'])

function fieldsOf(headers: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => !OWN.has(name) && !name.startsWith(':'))
    .flatMap(([name, value]) => {
      // A client of HTTP/2 does not tell several lines from one.
      const values = Array.isArray(value) ? (name === 'set-cookie' ? value : [value.join(', ')]) : [value]
      return values.map((each) => `${name}: ${String(each)}`)
    })
    .sort()
}

const GONE: Answer = { status: 0, reason: '', fields: [], body: '', trailers: [], informs: [], complete: false }

/** Asks over HTTP/1.1, on a connection of its own. */
export function overHttp1(port: number): Ask {
  return async ({ path, method = 'GET', headers = {}, body, trailers, leaves }, asked) => {
    const informs: string[] = []
    const sent = httpRequest({
      host: 'localhost',
      port,
      path,
      method,
      headers: headers as Record<string, string>,
      agent: false,
    })
    sent.on('information', ({ statusCode, headers: fields }: { statusCode: number; headers: object }) =>
      informs.push([statusCode, ...fieldsOf(fields as Record<string, unknown>)].join(' ')),
    )
    if (trailers !== undefined) {
      sent.setHeader('Transfer-Encoding', 'chunked')
      sent.addTrailers(trailers)
    }
    if (headers['expect'] === undefined) sent.end(body)
    else {
      sent.flushHeaders()
      sent.once('continue', () => sent.end(body))
    }
    if (leaves === 'asked') {
      sent.on('error', () => {})
      await asked?.()
      sent.destroy()
      return GONE
    }
    let answer: IncomingMessage
    try {
      ;[answer] = (await once(sent, 'response')) as [IncomingMessage]
    } catch {
      return GONE
    }
    const read = await textOf(answer, leaves !== undefined)
    return {
      status: answer.statusCode!,
      reason: answer.statusMessage!,
      fields: fieldsOf(answer.headersDistinct),
      body: read.text,
      trailers: fieldsOf(answer.trailersDistinct),
      informs,
      complete: read.complete && answer.complete,
    }
  }
}

/** Asks over HTTP/2, on one connection for all. */
export function overHttp2(session: ClientHttp2Session): Ask {
  return async ({ path, method = 'GET', headers = {}, body, trailers, leaves }, asked) => {
    const informs: string[] = []
    const stream = session.request(
      { ':method': method, ':path': path, ...headers },
      { endStream: body === undefined && trailers === undefined, waitForTrailers: trailers !== undefined },
    )
    stream.on('error', () => {})
    stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
    stream.on('headers', (fields) => informs.push([fields[':status'], ...fieldsOf(fields)].join(' ')))
    let behind: string[] = []
    stream.on('trailers', (fields) => (behind = fieldsOf(fields)))
    if (headers['expect'] !== undefined) stream.once('continue', () => stream.end(body))
    else if (body !== undefined || trailers !== undefined) stream.end(body)
    if (leaves === 'asked') {
      await asked?.()
      stream.close(8)
      return GONE
    }
    const answer = await new Promise<Record<string, unknown> | undefined>((resolve) => {
      stream.once('response', resolve)
      stream.once('close', () => resolve(undefined))
    })
    if (answer === undefined) return GONE
    const read = await textOf(stream, leaves !== undefined)
    return {
      status: Number(answer[':status']),
      reason: '',
      fields: fieldsOf(answer),
      body: read.text,
      trailers: behind,
      informs,
      complete: read.complete && leaves === undefined && stream.rstCode === 0,
    }
  }
}

async function textOf(
  stream: AsyncIterable<Buffer> & { destroy(): unknown },
  leaves: boolean,
): Promise<{ text: string; complete: boolean }> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of stream) {
      pieces.push(piece)
      if (leaves) stream.destroy()
    }
    return { text: Buffer.concat(pieces).toString('latin1'), complete: true }
  } catch {
    return { text: Buffer.concat(pieces).toString('latin1'), complete: false }
  }
}
