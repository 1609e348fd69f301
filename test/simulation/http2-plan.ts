/** A conversation over HTTP/2 as plain data, made from a seed. */

import type { Http2Limits } from 'skitai/http2'
import { type LinkOptions, Random } from 'skitai/testing'

/** Content and how it goes over the wire. `pieces` come with pauses between them. */
export interface PlannedContent {
  readonly pieces: readonly Uint8Array[]
  readonly announced: boolean
  readonly trailers: readonly string[]
  readonly pauseMs: number
}

/** One exchange. */
export interface PlannedExchange {
  readonly method: string
  readonly priority: string
  readonly request: PlannedContent
  readonly status: number
  readonly response: PlannedContent
  /** From the end of the request to the head of its response. */
  readonly answerMs: number
  readonly hints: boolean
  readonly pushes: boolean
  /** Who resets the stream `resetMs` after its request began there, if anybody does. */
  readonly resetBy: 'nobody' | 'client' | 'server'
  readonly resetMs: number
}

/** Who ends the connection, and how: the server in the midst of it, the client when it has asked for everything. */
export type Ending = 'client closes' | 'client announces' | 'client half-closes' | 'server announces' | 'nobody'

/** A whole conversation. */
export interface Plan {
  readonly exchanges: readonly PlannedExchange[]
  readonly ending: Ending
  /** After so many requests the server leaves, if that is the ending. */
  readonly endsAfter: number
  readonly client: Partial<Http2Limits>
  readonly server: Partial<Http2Limits>
  /** How long the applications keep content before they have used it. */
  readonly consumeMs: number
  readonly toServer: LinkOptions
  readonly toClient: LinkOptions
}

/** Those of no interest here: links may be slower than any real one. */
const PATIENT: Partial<Http2Limits> = {
  bodyBytesPerSecondMin: 0,
  responseMs: 3_600_000,
  settingsMs: 600_000,
  prefaceMs: 600_000,
  frameMs: 600_000,
  pingMs: 600_000,
  halfClosedMs: 600_000,
}

/** Makes a conversation of at most so many exchanges. */
export function planOf(seed: number, exchangesMax: number): Plan {
  const random = new Random(seed)
  const exchanges = Array.from({ length: random.between(1, exchangesMax) }, () => exchangeOf(random))
  return {
    exchanges,
    ending: random.pick(['client closes', 'client announces', 'client half-closes', 'server announces', 'nobody']),
    endsAfter: random.below(exchanges.length),
    client: limitsOf(random),
    server: limitsOf(random),
    consumeMs: random.pick([0, 0, 2, 50]),
    toServer: linkOf(random),
    toClient: linkOf(random),
  }
}

function limitsOf(random: Random): Partial<Http2Limits> {
  return {
    ...PATIENT,
    streamsMax: random.pick([1, 3, 128]),
    streamWindowBytes: random.pick([600, 5000, 65_535, 1_048_576]),
    connectionWindowBytes: random.pick([65_535, 4_194_304]),
    decoderTableBytesMax: random.pick([0, 200, 4096]),
    encoderTableBytesMax: random.pick([0, 200, 4096]),
    outputBytesMax: random.pick([100_000, 262_144]),
  }
}

function exchangeOf(random: Random): PlannedExchange {
  const method = random.pick(['GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'BREW'])
  const status = random.pick([200, 200, 200, 201, 204, 304, 404, 500])
  const empty = status === 204 || status === 304
  return {
    method,
    priority: random.pick(['', '', 'u=0', 'u=7', 'i', 'u=1, i']),
    request: contentOf(random, method === 'GET' || method === 'HEAD'),
    status,
    response: contentOf(random, empty),
    answerMs: random.pick([0, 0, 1, 50, 9000]),
    hints: random.chance(0.2),
    pushes: random.chance(0.1),
    resetBy: random.pick(['nobody', 'nobody', 'nobody', 'nobody', 'nobody', 'nobody', 'client', 'server']),
    resetMs: random.pick([0, 1, 20, 500]),
  }
}

function contentOf(random: Random, empty: boolean): PlannedContent {
  const count = empty ? 0 : random.below(5)
  return {
    pieces: Array.from({ length: count }, () => random.bytes(random.pick([1, 3, 30, 400, 2000, 20_000]))),
    announced: random.chance(0.5),
    trailers: random.chance(0.3) ? ['x-sum', String(random.below(100))] : [],
    pauseMs: random.pick([0, 0, 3, 700]),
  }
}

function linkOf(random: Random): LinkOptions {
  const fragmentBytesMax = random.pick([60, 1460, 1460, undefined])
  return {
    delayMs: random.pick([
      [0, 0],
      [1, 5],
      [20, 300],
    ]),
    coalesce: random.pick([0, 0.3, 0.95]),
    capacityBytes: random.pick([4096, 65_536]),
    ...(fragmentBytesMax === undefined ? {} : { fragmentBytesMax }),
  }
}
