/** One request to an engine in memory, and its answer read by a parser that knows nothing of ours. */

import { memoryTransports } from '#src/io/index.js'
import type { Skitai } from '#src/server/index.js'

/** What is not given is a plain GET of `/` over HTTP/1.1. */
export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly version?: string
  readonly host?: string
}

/** An answer, complete or not. */
export interface Answer {
  readonly status: number
  readonly reason: string
  /** By name in lower case; several values of one name are joined by a comma and a blank. */
  readonly headers: Readonly<Record<string, string>>
  /** Values of Set-Cookie and other repeated fields, in order. */
  readonly lines: readonly (readonly [string, string])[]
  readonly bytes: Buffer
  readonly text: string
  /** Whether the content is as long as its framing says. */
  readonly complete: boolean
  /** What stands behind the answer. */
  readonly rest: string
}

/** Text of a request. */
export function requestText(target: string, asked: Asked = {}): string {
  const { method = 'GET', headers = {}, body, version = '1.1', host = 'example.com' } = asked
  const all = { ...(host && { Host: host }), ...headers, ...(body !== undefined && { 'Content-Length': body.length }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Sends bytes as they are on a connection of their own, and gives all that comes back until the end. */
export function exchange(engine: Skitai, request: string): Promise<string> {
  const [ours, theirs] = memoryTransports()
  let text = ''
  return new Promise((resolve) => {
    ours.open({
      onData: (chunk) => void (text += Buffer.from(chunk).toString('latin1')),
      onEnd: () => ours.end(),
      onDrain: () => {},
      onClose: () => resolve(text),
    })
    engine.serve(theirs)
    ours.write([Buffer.from(request, 'latin1')])
  })
}

/** Asks and reads the answer. */
export async function ask(engine: Skitai, target: string, asked: Asked = {}): Promise<Answer> {
  const request = requestText(target, { ...asked, headers: { Connection: 'close', ...asked.headers } })
  return readAnswer(await exchange(engine, request), asked.method ?? 'GET')
}

/** Reads one answer to a request with this method from the front of a text (one character an octet). */
export function readAnswer(text: string, method = 'GET'): Answer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...fieldLines] = text.slice(0, Math.max(end, 0)).split('\r\n')
  const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first) ?? []
  const lines = fieldLines.map((line) => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)] as const
  })
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of lines) headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  const bodiless = method === 'HEAD' || status === '204' || status === '304' || status.startsWith('1')
  const { body, complete, rest } = readBody(text.slice(end + 4), headers, bodiless)
  const bytes = Buffer.from(body, 'latin1')
  const done = end >= 0 && complete
  return { status: Number(status), reason, headers, lines, bytes, text: bytes.toString(), complete: done, rest }
}

interface Body {
  readonly body: string
  readonly complete: boolean
  readonly rest: string
}

function readBody(text: string, headers: Readonly<Record<string, string>>, bodiless: boolean): Body {
  if (bodiless) return { body: '', complete: true, rest: text }
  const length = headers['content-length']
  if (length !== undefined) {
    const body = text.slice(0, Number(length))
    return { body, complete: body.length === Number(length), rest: text.slice(body.length) }
  }
  if (headers['transfer-encoding'] !== 'chunked') return { body: text, complete: true, rest: '' }
  let body = ''
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, line), 16)
    if (line < 0 || Number.isNaN(size)) return { body, complete: false, rest: '' }
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', at)
      return { body, complete: end >= 0, rest: text.slice(end + 4) }
    }
    body += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}

/** Reads answers until the text ends, to requests with these methods. */
export function readAnswers(text: string, ...methods: readonly string[]): Answer[] {
  const answers: Answer[] = []
  for (let rest = text; rest !== '';) {
    const answer = readAnswer(rest, methods[answers.length])
    answers.push(answer)
    rest = answer.rest
  }
  return answers
}
