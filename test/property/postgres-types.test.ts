/** Values of PostgreSQL: what was written is read again, and no octets do more than fail. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TypeRegistry, ValueError, type TypeCodec } from '#src/protocols/postgres/types/index.js'
import { builtin, encoded } from '../protocols/postgres/types/codec-support.js'
import { check } from './run.js'

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 }
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

const decimal = fc
  .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^(0|[1-9]\d{0,60})$/), fc.stringMatching(/^\d{0,40}$/))
  .map(([sign, whole, behind]) => {
    const digits = behind === '' ? whole : `${whole}.${behind}`
    // Zero has no sign in a numeric.
    return /[1-9]/.test(digits) ? sign + digits : digits
  })

/** Microseconds since 1970 that a timestamp can hold. */
const micros = fc.bigInt({ min: -210_866_803_200_000_000n, max: 9_224_318_015_999_999_999n - 946_684_800_000_000n })

const integerRange = fc
  .record({
    lower: fc.option(fc.integer(INT32)),
    upper: fc.option(fc.integer(INT32)),
    lowerInclusive: fc.boolean(),
    upperInclusive: fc.boolean(),
  })
  .map(({ lower, upper, lowerInclusive, upperInclusive }) => ({
    empty: false,
    lower,
    upper,
    lowerInclusive: lowerInclusive && lower !== null,
    upperInclusive: upperInclusive && upper !== null,
  }))

const rectangular = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.option(fc.string())))
  .map(([rows, columns, values]) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => values.next().value as string | null)),
  )

// Not null, which JavaScript does not tell from NULL; what JSON cannot say (-0) is made what it says.
const jsonValue = fc
  .jsonValue()
  .filter((value) => value !== null)
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)

/** Arbitrary values of a type, by its oid. */
const ROUND_TRIPS: readonly (readonly [oid: number, values: fc.Arbitrary<unknown>])[] = [
  [16, fc.boolean()],
  [21, fc.integer({ min: -32_768, max: 32_767 })],
  [23, fc.integer(INT32)],
  [26, fc.nat({ max: 2 ** 32 - 1 })],
  [20, fc.bigInt(INT64)],
  [5069, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  [700, fc.float()],
  [701, fc.double()],
  [1700, decimal],
  [25, fc.string({ unit: 'binary' })],
  [17, fc.uint8Array()],
  [
    1186,
    fc.record(
      { months: fc.integer(INT32), days: fc.integer(INT32), micros: fc.bigInt(INT64) },
      { noNullPrototype: true },
    ),
  ],
  [2950, fc.uuid()],
  [114, jsonValue],
  [3802, jsonValue],
  [1562, fc.stringMatching(/^[01]*$/)],
  [600, fc.record({ x: fc.double(), y: fc.double() }, { noNullPrototype: true })],
  [1009, fc.oneof(rectangular, fc.array(fc.option(fc.string({ unit: 'binary' }))))],
  [1016, fc.array(fc.option(fc.bigInt(INT64)))],
  [199, fc.array(fc.option(jsonValue))],
  [3904, integerRange],
  [4451, fc.array(integerRange)],
  [3905, fc.array(fc.option(integerRange))],
]

function codecOf(oid: number): TypeCodec {
  return builtin.codec(oid) ?? assert.fail(`no type ${oid}`)
}

describe('a value comes back as it went', () => {
  for (const [oid, values] of ROUND_TRIPS) {
    const codec = codecOf(oid)
    for (const format of ['text', 'binary'] as const)
      it(`${codec.name} in ${format}`, () => {
        const decode = format === 'text' ? codec.decodeText : codec.decodeBinary
        check(
          300,
          fc.property(values, (value) => {
            const octets = encoded(codec, format, value)
            assert.deepEqual(decode(octets, 0, octets.length), value)
          }),
        )
      })
  }

  it('timestamp, of microseconds', () => {
    for (const oid of [1114, 1184]) {
      const codec = codecOf(oid)
      check(
        300,
        fc.property(micros, (value) => {
          const octets = encoded(codec, 'binary', value)
          const text = codec.encodeText(value)
          assert.equal(codec.decodeBinary(octets, 0, octets.length), text)
          assert.deepEqual(encoded(codec, 'binary', text), octets)
        }),
      )
    }
  })
})

/** The registry with what every database makes by itself: an enum, a composite, and arrays of it. */
function ownTypes(): TypeRegistry {
  const types = new TypeRegistry({ int8: 'number', json: 'text' })
  types.registerComposite(70_001, 'item', [
    { name: 'a', oid: 25 },
    { name: 'b', oid: 1007 },
  ])
  types.registerArray(70_002, '_item', 70_001)
  return types
}

/** Every type that is known, by oid. */
const ALL: readonly TypeCodec[] = [builtin, ownTypes()].flatMap((types) =>
  [...Array(7000).keys(), 70_001, 70_002].flatMap((oid) => types.codec(oid) ?? []),
)

/** Octets that are likelier than others to get somewhere. */
const near = fc.array(
  fc.oneof(
    fc.constantFrom(...[0, 0, 0, 0, 1, 2, 3, 4, 8, 0x17, 0x19, 0xff, 0xff].map((octet) => [octet])),
    fc.constantFrom(
      ...['{', '}', '"', '\\', ',', '[', ']', '(', ')', '-', 'NULL', 'empty', '1', ':', ' '].map((text) => [
        ...Buffer.from(text),
      ]),
    ),
    fc.constantFrom([0, 0, 0, 1], [0, 0, 0, 0x17], [0, 0, 8, 0xc9], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff]),
    fc.nat({ max: 255 }).map((octet) => [octet]),
  ),
  { maxLength: 24 },
)

describe('octets that nobody has checked', () => {
  for (const format of ['text', 'binary'] as const)
    it(`are a value in ${format} or a ValueError`, () => {
      check(
        400,
        fc.property(near, (parts) => {
          const octets = Uint8Array.from(parts.flat())
          for (const codec of ALL) {
            const decode = format === 'text' ? codec.decodeText : codec.decodeBinary
            try {
              decode(octets, 0, octets.length)
            } catch (error) {
              assert.ok(error instanceof ValueError, `${codec.name}: ${String(error)}`)
            }
          }
        }),
      )
    })

  it('are not looked at beyond the ends of the value', () => {
    check(
      200,
      fc.property(near, fc.nat({ max: 255 }), (parts, around) => {
        const octets = Uint8Array.from(parts.flat())
        const between = Uint8Array.from([around, around, around, around, ...octets, around, around, around, around])
        for (const codec of ALL)
          for (const decode of [codec.decodeText, codec.decodeBinary])
            assert.deepEqual(
              outcome(decode, between, 4, octets.length + 4),
              outcome(decode, octets, 0, octets.length),
              codec.name,
            )
      }),
    )
  })

  it('cannot claim memory that they do not fill', () => {
    // As many elements as 32 bits can say, and a number with 131,072 digits in eight octets.
    const array = Buffer.from('00000006000000000000001700ffffff0000000100ffffff0000000100ffffff00000001', 'hex')
    assert.throws(() => codecOf(1007).decodeBinary(array, 0, array.length), ValueError)
    const multirange = Buffer.from('7fffffff00000001', 'hex')
    assert.throws(() => codecOf(4451).decodeBinary(multirange, 0, multirange.length), ValueError)
    const numeric = Buffer.from('00017fff000000000001', 'hex')
    const before = process.memoryUsage().heapUsed
    const kept = Array.from({ length: 10_000 }, () => codecOf(1700).decodeBinary(numeric, 0, numeric.length))
    assert.equal((kept[0] as string).length, 131_069)
    assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024)
  })
})

function outcome(decode: TypeCodec['decodeText'], octets: Uint8Array, start: number, end: number): unknown {
  try {
    return decode(octets, start, end)
  } catch (error) {
    return error instanceof ValueError ? error.reason : error
  }
}
