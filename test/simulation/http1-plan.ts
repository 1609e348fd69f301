/** A conversation over HTTP/1.1 as plain data, made from a seed. */

import { type LinkOptions, Random } from 'skitai/testing'

/** Content and how it goes over the wire. `pieces` come with pauses between them. */
export interface PlannedContent {
  readonly pieces: readonly Uint8Array[]
  /** `length` announces it, `chunked` does not, `none` has none. */
  readonly framing: 'none' | 'length' | 'chunked'
  readonly trailers: readonly string[]
  readonly pauseMs: number
}

/** One exchange. */
export interface PlannedExchange {
  readonly method: string
  readonly request: PlannedContent
  readonly expectContinue: boolean
  readonly status: number
  readonly response: PlannedContent
  /** From the end of the request to the head of its response. */
  readonly answerMs: number
  readonly hints: boolean
}

/** Who ends the connection behind the last exchange, and how. */
export type Ending = 'client closes' | 'client half-closes' | 'server closes' | 'nobody'

/** A whole conversation. */
export interface Plan {
  readonly exchanges: readonly PlannedExchange[]
  /** Whether requests go out before the earlier ones are answered. */
  readonly pipelined: boolean
  readonly ending: Ending
  readonly toServer: LinkOptions
  readonly toClient: LinkOptions
}

/** Makes a conversation. */
export function planOf(seed: number): Plan {
  const random = new Random(seed)
  return {
    exchanges: Array.from({ length: random.between(1, 6) }, () => exchangeOf(random)),
    pipelined: random.chance(0.5),
    ending: random.pick(['client closes', 'client half-closes', 'server closes', 'nobody']),
    toServer: linkOf(random),
    toClient: linkOf(random),
  }
}

function exchangeOf(random: Random): PlannedExchange {
  const method = random.pick(['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'BREW'])
  const status = random.pick([200, 200, 200, 201, 204, 304, 404, 500])
  const empty = status === 204 || status === 304
  const request = contentOf(random, random.pick(['none', 'length', 'chunked']))
  return {
    method,
    request,
    // Without content there is nothing to wait for; the answer would come before the wait is over.
    expectContinue: request.pieces.length > 0 && random.chance(0.3),
    status,
    response: contentOf(random, empty ? 'none' : random.pick(['length', 'chunked'])),
    answerMs: random.pick([0, 0, 1, 50, 9000]),
    hints: random.chance(0.2),
  }
}

function contentOf(random: Random, framing: PlannedContent['framing']): PlannedContent {
  const count = framing === 'none' ? 0 : random.below(5)
  return {
    pieces: Array.from({ length: count }, () => random.bytes(random.pick([1, 3, 30, 400, 2000]))),
    framing,
    trailers: framing === 'chunked' && random.chance(0.4) ? ['x-sum', String(random.below(100))] : [],
    pauseMs: random.pick([0, 0, 3, 700]),
  }
}

function linkOf(random: Random): LinkOptions {
  const fragmentBytesMax = random.pick([1, 3, 60, 1460, undefined])
  return {
    delayMs: random.pick([
      [0, 0],
      [1, 5],
      [20, 300],
    ]),
    coalesce: random.pick([0, 0.3, 0.95]),
    // Slower than this over the longest delay would be too slow for the least rate of content.
    capacityBytes: random.pick([512, 4096, 65_536]),
    ...(fragmentBytesMax === undefined ? {} : { fragmentBytesMax }),
  }
}
