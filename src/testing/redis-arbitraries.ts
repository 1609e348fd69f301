/**
 * Arbitraries for RESP, the protocol of Redis. They are made from the fast-check module that the caller hands in, so
 * nothing here loads it: `const arbitraries = redisArbitraries(fc)`.
 */

import type * as FastCheck from 'fast-check'
import { bytesOf, concat } from './bytes.js'
import { type FastCheckModule, http1Arbitraries } from './http1-arbitraries.js'

type Arbitrary<T> = FastCheck.Arbitrary<T>

/** What `redisArbitraries` makes; everything is octets. */
export interface RedisArbitraries {
  /** A reply of RESP2: all five types, arrays within arrays, nulls. */
  readonly reply2: Arbitrary<Uint8Array>
  /** A reply of RESP3: all of its types, streamed ones, attributes before it and inside. */
  readonly reply3: Arbitrary<Uint8Array>
  /** A push (RESP3): a message, a confirmation, an invalidation, or anything else. */
  readonly push: Arbitrary<Uint8Array>
  /** What a server may send: 0..6 replies and pushes. */
  readonly serverOctets: Arbitrary<Uint8Array>
  /** The same, with types where they may not stand, damaged in octets. */
  readonly damagedServerOctets: Arbitrary<Uint8Array>
  /** What a client may send: 0..5 commands, as arrays of bulk strings and inline. */
  readonly clientOctets: Arbitrary<Uint8Array>
  readonly damagedClientOctets: Arbitrary<Uint8Array>
  /** Positions to cut an input at. */
  readonly cuts: Arbitrary<number[]>
}

const INTEGERS = ['0', '-0', '+5', '-1', '999999999999999', '9007199254740993', '-9223372036854775808'] as const
const DOUBLES = ['0', '-0', '1.5', '-2e10', '1E-7', '3.', 'inf', '-inf', 'nan', '123456789.123456789'] as const
const ODD_LINES = [
  '$01',
  '*-2',
  ':1a',
  ',.5',
  '#x',
  '_x',
  '+\n',
  '(1.5',
  '>0',
  '.',
  ';1',
  '$?',
  '%-1',
  '=3',
  '',
] as const
const NAMES = ['message', 'pmessage', 'subscribe', 'unsubscribe', 'sunsubscribe', 'invalidate', 'other'] as const

/** Makes the arbitraries. `fc` is the fast-check module. */
export function redisArbitraries(fc: FastCheckModule): RedisArbitraries {
  const { damaged, cuts } = http1Arbitraries(fc)
  const scalars = scalarArbitraries(fc)
  const reply2 = reply2Arbitrary(fc, scalars)
  const reply3 = reply3Arbitrary(fc, scalars)
  const push = pushArbitrary(fc, scalars, reply3)
  const odd = fc.constantFrom(...ODD_LINES).map((text) => bytesOf(`${text}\r\n`))
  const server = (element: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> => joined(fc, element, 6)
  const right = fc.oneof({ weight: 4, arbitrary: reply3 }, { weight: 2, arbitrary: reply2 }, push)
  const serverOctets = server(right)
  const clientOctets = joined(fc, commandArbitrary(fc, scalars.bulk), 5)
  return {
    reply2,
    reply3,
    push,
    serverOctets,
    damagedServerOctets: fc.oneof(server(fc.oneof({ weight: 4, arbitrary: right }, odd)), damaged(serverOctets)),
    clientOctets,
    damagedClientOctets: damaged(clientOctets),
    cuts,
  }
}

interface Scalars {
  readonly bulk: Arbitrary<Uint8Array>
  readonly resp2: Arbitrary<Uint8Array>
  readonly resp3: Arbitrary<Uint8Array>
}

function joined(fc: FastCheckModule, element: Arbitrary<Uint8Array>, maxLength: number): Arbitrary<Uint8Array> {
  return fc.array(element, { maxLength }).map(concat)
}

/** A string with its length: `$`, `=`, `!` or `;`. */
function sized(type: string, octets: Uint8Array): Uint8Array {
  return concat([bytesOf(`${type}${octets.length}\r\n`), octets, bytesOf('\r\n')])
}

function scalarArbitraries(fc: FastCheckModule): Scalars {
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    { weight: 2, arbitrary: fc.constantFrom('\r\n', '$5\r\nhello\r\n', 'été', 'x'.repeat(300)).map(bytesOf) },
    { weight: 1, arbitrary: fc.nat(100).map((size) => new Uint8Array(size).fill(0x61)) },
  )
  const word = fc.stringMatching(/^[!-~][ -~]{0,40}$/)
  const line = (type: string, text: Arbitrary<string>): Arbitrary<Uint8Array> =>
    text.map((each) => bytesOf(`${type}${each}\r\n`))
  const bulk = content.map((octets) => sized('$', octets))
  const integer = line(':', fc.oneof(fc.constantFrom(...INTEGERS), fc.integer().map(String)))
  const simple = line('+', fc.oneof(fc.constantFrom('OK', 'QUEUED', ''), word))
  const error = line('-', word)
  const resp2 = fc.oneof(
    { weight: 3, arbitrary: bulk },
    { weight: 2, arbitrary: integer },
    simple,
    error,
    fc.constantFrom('$-1\r\n', '*-1\r\n').map(bytesOf),
  )
  const streamed = fc
    .array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 4 })
    .map((parts) => concat([bytesOf('$?\r\n'), ...parts.map((part) => sized(';', part)), bytesOf(';0\r\n')]))
  const resp3 = fc.oneof(
    { weight: 4, arbitrary: resp2 },
    fc.constantFrom('_\r\n', '#t\r\n', '#f\r\n').map(bytesOf),
    line(',', fc.oneof(fc.constantFrom(...DOUBLES), fc.double().map(doubleText))),
    line('(', fc.bigInt().map(String)),
    content.map((octets) => sized('=', concat([bytesOf('txt:'), octets]))),
    content.map((octets) => sized('!', octets)),
    streamed,
  )
  return { bulk, resp2, resp3 }
}

function doubleText(value: number): string {
  return Number.isFinite(value) ? String(value) : String(value).toLowerCase().replace('infinity', 'inf')
}

function reply2Arbitrary(fc: FastCheckModule, { resp2 }: Scalars): Arbitrary<Uint8Array> {
  const { reply } = fc.letrec<{ reply: Uint8Array }>((tie) => ({
    reply: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      resp2,
      fc.array(tie('reply'), { maxLength: 8 }).map((parts) => aggregate('*', parts, 1)),
    ),
  }))
  return reply
}

function aggregate(type: string, parts: readonly Uint8Array[], each: number): Uint8Array {
  return concat([bytesOf(`${type}${parts.length / each}\r\n`), ...parts])
}

function reply3Arbitrary(fc: FastCheckModule, { resp3 }: Scalars): Arbitrary<Uint8Array> {
  const { reply } = fc.letrec<{ reply: Uint8Array }>((tie) => {
    const list = fc.array(tie('reply'), { maxLength: 12 })
    const pairs = fc.array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 4 }).map((all) => all.flat())
    const streamed = (type: string, parts: readonly Uint8Array[]): Uint8Array =>
      concat([bytesOf(`${type}?\r\n`), ...parts, bytesOf('.\r\n')])
    return {
      reply: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        { weight: 4, arbitrary: resp3 },
        { weight: 2, arbitrary: list.map((parts) => aggregate('*', parts, 1)) },
        list.map((parts) => aggregate('~', parts, 1)),
        pairs.map((parts) => aggregate('%', parts, 2)),
        list.map((parts) => streamed('*', parts)),
        pairs.map((parts) => streamed('%', parts)),
        fc.tuple(pairs, tie('reply')).map(([parts, value]) => concat([aggregate('|', parts, 2), value])),
      ),
    }
  })
  return reply
}

function pushArbitrary(
  fc: FastCheckModule,
  { bulk, resp2 }: Scalars,
  reply3: Arbitrary<Uint8Array>,
): Arbitrary<Uint8Array> {
  const name = fc.constantFrom(...NAMES).map((text) => sized('$', bytesOf(text)))
  const count = fc.nat(3).map((number) => bytesOf(`:${number}\r\n`))
  const parts = fc.oneof(
    fc.tuple(bulk, fc.oneof(count, bulk)),
    fc.tuple(bulk, bulk, bulk),
    fc.array(fc.oneof(resp2, reply3), { maxLength: 3 }),
  )
  return fc.tuple(name, parts).map(([first, rest]) => aggregate('>', [first, ...rest], 1))
}

function commandArbitrary(fc: FastCheckModule, bulk: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  const name = fc.constantFrom('GET', 'set', 'Ping', 'SUBSCRIBE').map(bytesOf)
  const word = fc.constantFrom('a', '"b c"', "'d'", '"\\x41\\n"', 'é', '"', "''", '"\\')
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(name, fc.array(bulk, { maxLength: 4 }))
        .map(([first, rest]) => aggregate('*', [sized('$', first), ...rest], 1)),
    },
    fc
      .tuple(name, fc.array(word, { maxLength: 3 }), fc.constantFrom('\r\n', '\n'))
      .map(([first, rest, end]) => concat([first, bytesOf(rest.map((each) => ` ${each}`).join('') + end)])),
    fc.constantFrom('*0\r\n', '*-1\r\n', '\r\n').map(bytesOf),
  )
}
