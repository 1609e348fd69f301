/** The parser inside `node:http` (llhttp), with its callbacks turned into plain data. */

import { createRequire } from 'node:module'

/** A message that the parser completed. */
export interface NodeMessage {
  readonly method: string
  readonly target: string
  readonly status: number
  readonly reason: string
  readonly version: string
  /** Lower-case names and values, in order. */
  readonly fields: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly trailers: readonly (readonly [string, string])[]
  readonly upgrade: boolean
}

/** What the parser made of an input: whole messages, then an error, or a message that goes on, or nothing more. */
export interface NodeVerdict {
  readonly messages: readonly NodeMessage[]
  /** The code of the error, such as HPE_INVALID_METHOD; empty without. */
  readonly error: string
}

type HeadersComplete = (
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number | undefined,
  url: string | undefined,
  status: number | undefined,
  reason: string | undefined,
  upgrade: boolean,
) => number

interface Parser {
  [callback: number]: unknown
  initialize(type: number, resource: object): void
  execute(bytes: Buffer): number | (Error & { code: string })
  finish(): undefined | (Error & { code: string })
}

interface HttpCommon {
  readonly methods: readonly string[]
  readonly HTTPParser: { new (): Parser } & Record<
    'REQUEST' | 'RESPONSE' | 'kOnHeaders' | 'kOnHeadersComplete' | 'kOnBody' | 'kOnMessageComplete',
    number
  >
}

// An internal module without types; its shape is that of Node 20 and later.
const { HTTPParser, methods } = createRequire(import.meta.url)('node:_http_common') as HttpCommon

/** The methods that the parser knows; it refuses all others. */
export const knownMethods: ReadonlySet<string> = new Set(methods)

const SKIP_BODY = 1

/** Parses one input. `asked`: the methods of the requests, for responses. `ends`: the input ends with it. */
export function parseByNode(input: Uint8Array, asked: readonly string[] | undefined, ends: boolean): NodeVerdict {
  const parser = new HTTPParser()
  const messages: NodeMessage[] = []
  let head: Omit<NodeMessage, 'body' | 'trailers'> | undefined
  let body: Buffer[] = []
  let trailers: string[] = []
  let answered = 0
  let flushedUrl = ''
  parser.initialize(asked === undefined ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {})
  const onHeadersComplete: HeadersComplete = (major, minor, headers, method, url, status, reason, upgrade) => {
    head = {
      method: methods[method ?? -1] ?? '',
      target: url === undefined || url === '' ? flushedUrl : url,
      status: status ?? 0,
      reason: reason ?? '',
      version: `${major}.${minor}`,
      fields: pairs(headers ?? trailers),
      upgrade,
    }
    body = []
    trailers = []
    return asked?.[answered] === 'HEAD' ? SKIP_BODY : 0
  }
  parser[HTTPParser.kOnHeadersComplete] = onHeadersComplete
  // Called with trailers, and from then on with fields that are many or come behind trailers.
  parser[HTTPParser.kOnHeaders] = (headers: string[], url: string) => {
    trailers.push(...headers)
    flushedUrl += url
  }
  parser[HTTPParser.kOnBody] = (bytes: Buffer) => void body.push(Buffer.from(bytes))
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (head === undefined) return
    // Interim responses are no messages of their own.
    if (head.status === 0 || head.status >= 200) {
      messages.push({ ...head, body: Buffer.concat(body), trailers: pairs(trailers) })
      answered++
    }
    head = undefined
    trailers = []
    flushedUrl = ''
  }
  const result = parser.execute(Buffer.from(input))
  if (typeof result !== 'number') return { messages, error: result.code }
  const finished = ends && messages.at(-1)?.upgrade !== true ? parser.finish() : undefined
  return { messages, error: finished?.code ?? '' }
}

function pairs(list: readonly string[]): [string, string][] {
  const result: [string, string][] = []
  for (let i = 0; i + 1 < list.length; i += 2) result.push([list[i]!.toLowerCase(), list[i + 1]!])
  return result
}
