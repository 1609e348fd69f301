/**
 * Arbitraries for HTTP/1.1. They are made from the fast-check module that the caller hands in, so nothing here loads
 * it: `const arbitraries = http1Arbitraries(fc)`.
 */

import type * as FastCheck from 'fast-check'
import { bytesOf, concat } from './bytes.js'
import { encodeRequest, encodeResponse, http1Dictionary } from './http1-messages.js'
import type { Http1Exchange, Http1Request, Http1Response } from './http1-messages.js'

type Arbitrary<T> = FastCheck.Arbitrary<T>

/** The fast-check module: its default export or its namespace. */
export type FastCheckModule = typeof FastCheck.default

/** What `http1Arbitraries` makes. All strings are Latin-1: one character an octet. */
export interface Http1Arbitraries {
  /** A token (RFC 9110 section 5.6.2), 1..12 octets. */
  readonly token: Arbitrary<string>
  /** A field name that neither frames content nor steers the connection; now and then a hostile one (`__proto__`). */
  readonly fieldName: Arbitrary<string>
  /** A field value (RFC 9110 section 5.5), empty included; no blanks at its ends. */
  readonly fieldValue: Arbitrary<string>
  /** A flat list of up to 6 fields. */
  readonly fields: Arbitrary<string[]>
  /** A request target in origin-form. */
  readonly target: Arbitrary<string>
  /** A reason phrase, empty included. */
  readonly reason: Arbitrary<string>
  /** Any text at all: control characters, line ends, characters that no octet can carry. */
  readonly hostileText: Arbitrary<string>
  /** A request that every server must accept. */
  readonly request: Arbitrary<Http1Request>
  /** A response that every client must accept, with the method that it answers. `close` framing comes last only. */
  readonly exchange: Arbitrary<Http1Exchange>
  /** 1..4 requests on one connection. */
  readonly requests: Arbitrary<Http1Request[]>
  /** 1..4 exchanges on one connection; only the last may last until close. */
  readonly exchanges: Arbitrary<Http1Exchange[]>
  /** The octets of `requests`, damaged in up to four places. */
  readonly damagedRequests: Arbitrary<Uint8Array>
  /** The octets of `exchanges`, damaged likewise, with the methods that were asked. */
  readonly damagedExchanges: Arbitrary<{ readonly methods: readonly string[]; readonly bytes: Uint8Array }>
  /** Positions to cut an input at. */
  readonly cuts: Arbitrary<number[]>
  /** The octets of another arbitrary with up to four insertions, deletions, repetitions and overwritten octets. */
  damaged(bytes: Arbitrary<Uint8Array>): Arbitrary<Uint8Array>
}

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const PATH = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~!$&'()*+,;=:@/?%"
const HOSTILE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'length', '0']
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'M-SEARCH', 'BREW']
const EXTENSIONS = ['', ';a', ';a=b', ';name="quoted \\" text"', ' ; spaced = value']

/** Names that frame content, route or steer a connection: the arbitraries leave them to the encoder. */
const STEERING = ['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'expect', 'upgrade', 'te']
  .concat(['trailer', 'date', 'proxy-connection', 'proxy-authorization', 'authorization', 'set-cookie', 'cookie'])
  .concat(['content-encoding', 'content-type', 'content-range', 'cache-control', 'max-forwards', 'range', 'via'])
  // Nor may these stand among trailers; short ones do come up.
  .concat(['age', 'pragma', 'vary', 'expires', 'location', 'forwarded', 'retry-after', 'priority'])

/** Makes the arbitraries. `fc` is the fast-check module. */
export function http1Arbitraries(fc: FastCheckModule): Http1Arbitraries {
  const texts = textArbitraries(fc)
  const request = requestArbitrary(fc, texts)
  const exchange = exchangeArbitrary(fc, texts)
  const requests = fc.array(request, { minLength: 1, maxLength: 4 })
  const exchanges = fc.array(exchange, { minLength: 1, maxLength: 4 }).map(closeLast)
  const damaged = (bytes: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> => damagedArbitrary(fc, bytes)
  return {
    ...texts,
    request,
    exchange,
    requests,
    exchanges,
    damaged,
    damagedRequests: damaged(requests.map((list) => concat(list.map(encodeRequest)))),
    damagedExchanges: exchanges.chain((list) =>
      damaged(fc.constant(concat(list.map(encodeExchange)))).map((bytes) => ({
        methods: list.map(({ method }) => method),
        bytes,
      })),
    ),
    cuts: fc.array(fc.nat(600), { maxLength: 12 }),
  }
}

/** The octets of a response to its method. */
export function encodeExchange({ method, response }: Http1Exchange): Uint8Array {
  return encodeResponse(response, method === 'HEAD')
}

type Texts = Pick<
  Http1Arbitraries,
  'token' | 'fieldName' | 'fieldValue' | 'fields' | 'target' | 'reason' | 'hostileText'
>

function textArbitraries(fc: FastCheckModule): Texts {
  const of = (characters: string, minLength: number, maxLength: number): Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength })
  const token = of(TOKEN, 1, 12)
  const fieldName = fc.oneof(
    { weight: 9, arbitrary: token.filter((name) => !STEERING.includes(name.toLowerCase())) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_NAMES) },
  )
  const visible = of(latin1(0x21, 0x7e) + latin1(0x80, 0xff) + '\t  ', 0, 24)
  const fieldValue = visible.map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''))
  const fields = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 6 }).map((list) => list.flat())
  return {
    token,
    fieldName,
    fieldValue,
    fields,
    target: of(PATH, 0, 24).map((rest) => `/${rest}`),
    reason: of(latin1(0x20, 0x7e) + '\t\x80\xff', 0, 16),
    hostileText: fc.oneof(
      of(latin1(0, 0xff), 0, 12),
      of('\r\n:\t \0a', 0, 8),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(...http1Dictionary, ...HOSTILE_NAMES, '\u{10a}', '\u{4e0d}\u{560a}', '\ud800', 'chunked'),
    ),
  }
}

function latin1(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, i) => first + i))
}

function contentArbitrary(
  fc: FastCheckModule,
  texts: Texts,
): Arbitrary<Pick<Http1Request, 'fields' | 'body' | 'chunkBytes' | 'chunkExtensions' | 'trailers'>> {
  return fc.record({
    fields: texts.fields,
    body: fc.uint8Array({ maxLength: 64 }),
    chunkBytes: fc.array(fc.integer({ min: 1, max: 24 }), { maxLength: 4 }),
    chunkExtensions: fc.array(fc.constantFrom(...EXTENSIONS), { maxLength: 3 }),
    trailers: fc.array(fc.tuple(texts.fieldName, texts.fieldValue), { maxLength: 2 }).map((list) => list.flat()),
  })
}

function requestArbitrary(fc: FastCheckModule, texts: Texts): Arbitrary<Http1Request> {
  return fc
    .record({
      method: fc.oneof(
        fc.constantFrom(...METHODS),
        texts.token.filter((method) => method !== 'CONNECT'),
      ),
      target: texts.target,
      version: fc.constantFrom('1.1' as const, '1.1' as const, '1.0' as const),
      content: contentArbitrary(fc, texts),
      framing: fc.constantFrom('none' as const, 'length' as const, 'chunked' as const),
      persist: fc.constantFrom('', '', '', 'keep-alive', 'close'),
    })
    .map(({ method, target, version, content, framing, persist }) => ({
      ...content,
      method,
      target,
      version,
      // Chunked does not exist in HTTP/1.0.
      framing: version === '1.0' && framing === 'chunked' ? 'length' : framing,
      fields: ['Host', 'example.com', ...(persist === '' ? [] : ['Connection', persist]), ...content.fields],
    }))
}

function exchangeArbitrary(fc: FastCheckModule, texts: Texts): Arbitrary<Http1Exchange> {
  return fc
    .record({
      method: fc.constantFrom(...METHODS),
      status: fc.oneof(fc.constantFrom(200, 204, 304, 404, 500), fc.integer({ min: 200, max: 599 })),
      reason: texts.reason,
      content: contentArbitrary(fc, texts),
      framing: fc.constantFrom('length' as const, 'chunked' as const, 'close' as const),
    })
    .map(({ method, status, reason, content, framing }) => {
      const empty = status === 204 || status === 304
      const response: Http1Response = {
        ...content,
        status,
        reason,
        version: '1.1',
        framing: empty ? 'none' : framing,
      }
      return { method, response }
    })
}

/** Nothing can follow a response that lasts until close, so all but the last say their length. */
function closeLast(exchanges: readonly Http1Exchange[]): Http1Exchange[] {
  return exchanges.map(({ method, response }, index) => {
    const last = index === exchanges.length - 1
    const framing = response.framing === 'close' && !last ? ('length' as const) : response.framing
    return { method, response: { ...response, framing } }
  })
}

type Damage =
  | { readonly type: 'insert'; readonly at: number; readonly text: string }
  | { readonly type: 'set'; readonly at: number; readonly octet: number }
  | { readonly type: 'remove' | 'repeat'; readonly at: number; readonly length: number }

function damagedArbitrary(fc: FastCheckModule, bytes: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  const at = fc.nat(0xffff)
  const damage: Arbitrary<Damage> = fc.oneof(
    fc.record({ type: fc.constant('insert' as const), at, text: fc.constantFrom(...http1Dictionary) }),
    fc.record({ type: fc.constant('set' as const), at, octet: fc.nat(0xff) }),
    fc.record({
      type: fc.constantFrom('remove' as const, 'repeat' as const),
      at,
      length: fc.integer({ min: 1, max: 16 }),
    }),
  )
  return fc.tuple(bytes, fc.array(damage, { maxLength: 4 })).map(([whole, damages]) => damages.reduce(apply, whole))
}

function apply(bytes: Uint8Array, damage: Damage): Uint8Array {
  const at = damage.at % (bytes.length + 1)
  const before = bytes.subarray(0, at)
  const after = bytes.subarray(at)
  switch (damage.type) {
    case 'insert':
      return concat([before, bytesOf(damage.text), after])
    case 'set':
      return concat([before, Uint8Array.of(damage.octet), after.subarray(1)])
    case 'remove':
      return concat([before, after.subarray(damage.length)])
    case 'repeat':
      return concat([before, after.subarray(0, damage.length), after])
  }
}
