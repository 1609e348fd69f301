/** What values become in each format, and what callers may hand over beside the values that come out. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageError } from '#src/protocols/core/errors.js'
import {
  EMPTY_RANGE,
  INTERVAL_INFINITY,
  INTERVAL_MINUS_INFINITY,
  type TypeCodec,
} from '#src/protocols/postgres/types/index.js'
import { binaryHex, builtin, readBinary, readText } from './codec-support.js'

function codecOf(oid: number): TypeCodec {
  return builtin.codec(oid) ?? assert.fail(`no type ${oid}`)
}

/** Values that go as a text and as octets, and what comes back from either. */
const SENT: readonly (readonly [oid: number, value: unknown, text: string, hex: string, back: unknown])[] = [
  [16, true, 't', '01', true],
  [
    1007,
    [[1], [null]],
    '{{1},{NULL}}',
    '00000002 00000001 00000017 00000002 00000001 00000001 00000001 00000004 00000001 ffffffff',
    [[1], [null]],
  ],
  [700, '0.5', '0.5', '3f000000', 0.5],
  [22, '1 2', '1 2', '00000001 00000000 00000015 00000002 00000000 00000002 0001 00000002 0002', [1, 2]],
  [1007, '{1}', '{1}', '00000001 00000000 00000017 00000001 00000001 00000004 00000001', [1]],
  [16, 'on', 't', '01', true],
  [16, 'f', 'f', '00', false],
  [21, 5n, '5', '0005', 5],
  [23, '-2', '-2', 'fffffffe', -2],
  [23, -0, '0', '00000000', 0],
  [26, 4_294_967_295, '4294967295', 'ffffffff', 4_294_967_295],
  [20, 5, '5', '0000000000000005', 5n],
  [20, '-9223372036854775808', '-9223372036854775808', '8000000000000000', -(2n ** 63n)],
  [701, -0, '-0', '8000000000000000', -0],
  [701, 2n, '2', '4000000000000000', 2],
  [701, '1e3', '1e3', '408f400000000000', 1000],
  [700, 0.1, '0.1', '3dcccccd', Math.fround(0.1)],
  [701, NaN, 'NaN', '7ff8000000000000', NaN],
  [1700, 1.5, '1.5', '0002 0000 0000 0001 0001 1388', '1.5'],
  [1700, 12_345n, '12345', '0002 0001 0000 0000 0001 0929', '12345'],
  [1700, '-0.00', '-0.00', '0000 0000 0000 0002', undefined],
  [25, 'é', 'é', 'c3a9', 'é'],
  [25, 5, '5', '35', '5'],
  [25, 5n, '5', '35', '5'],
  [25, false, 'false', '66616c7365', 'false'],
  [18, 'a', 'a', '61', 'a'],
  [18, '', '', '00', ''],
  [18, '\x80', '\\200', '80', '\x80'],
  [17, new Uint8Array([0, 255]), '\\x00ff', '00ff', new Uint8Array([0, 255])],
  [17, 'a\\\\\\001', 'a\\\\\\001', '615c01', new Uint8Array([0x61, 0x5c, 1])],
  [17, '\\xFF', '\\xFF', 'ff', new Uint8Array([255])],
  [1082, new Date('2024-02-29T23:59:59Z'), '2024-02-29', '00002279', '2024-02-29'],
  [1082, '-infinity', '-infinity', '80000000', '-infinity'],
  [1083, '12:34', '12:34', '0000000a88839e00', undefined],
  [1266, '00:00:00Z', '00:00:00Z', '0000000000000000 00000000', undefined],
  [1266, '00:00:00-01:02:03', '00:00:00-01:02:03', '0000000000000000 00000e8b', '00:00:00-01:02:03'],
  [1114, new Date(0), '1970-01-01T00:00:00.000', 'fffca2fec4c82000', undefined],
  [1114, 0n, '1970-01-01 00:00:00', 'fffca2fec4c82000', '1970-01-01 00:00:00'],
  [1184, -1n, '1969-12-31 23:59:59.999999+00', 'fffca2fec4c81fff', '1969-12-31 23:59:59.999999+00'],
  [1184, 'infinity', 'infinity', '7fffffffffffffff', 'infinity'],
  [1184, '-infinity', '-infinity', '8000000000000000', '-infinity'],
  [1114, '2000-01-01 00:00:00+05', '2000-01-01 00:00:00+05', '0000000000000000', undefined],
  [
    1186,
    { days: 1 },
    '0 mons 1 days 00:00:00',
    '0000000000000000 00000001 00000000',
    { months: 0, days: 1, micros: 0n },
  ],
  [1186, { micros: -1 }, '0 mons 0 days -00:00:00.000001', 'ffffffffffffffff 00000000 00000000', undefined],
  [1186, INTERVAL_INFINITY, 'infinity', '7fffffffffffffff 7fffffff 7fffffff', INTERVAL_INFINITY],
  [1186, INTERVAL_MINUS_INFINITY, '-infinity', '8000000000000000 80000000 80000000', INTERVAL_MINUS_INFINITY],
  [1186, '1 day', '1 day', '0000000000000000 00000001 00000000', undefined],
  [114, 'a', '"a"', '226122', 'a'],
  [3802, { a: [1] }, '{"a":[1]}', '01 7b2261223a5b315d7d', { a: [1] }],
  [2278, null, '', '', null],
  [600, { x: 1, y: -0 }, '(1,-0)', '3ff0000000000000 8000000000000000', { x: 1, y: -0 }],
  [600, '(1,2)', '(1,2)', '3ff0000000000000 4000000000000000', { x: 1, y: 2 }],
  [
    1007,
    [1, null, undefined],
    '{1,NULL,NULL}',
    '00000001 00000001 00000017 00000003 00000001 00000004 00000001 ffffffff ffffffff',
    [1, null, null],
  ],
  [1007, [], '{}', '00000000 00000000 00000017', []],
  [1007, [[], []], '{}', '00000000 00000000 00000017', []],
  [
    1009,
    ['null', 'a b'],
    '{"null","a b"}',
    '00000001 00000000 00000019 00000002 00000001 00000004 6e756c6c 00000003 612062',
    ['null', 'a b'],
  ],
  [
    199,
    [[1], { a: [] }],
    '{"[1]","{\\"a\\":[]}"}',
    '00000001 00000000 00000072 00000002 00000001 00000003 5b315d 00000008 7b2261223a5b5d7d',
    [[1], { a: [] }],
  ],
  [22, [1, 2], '1 2', '00000001 00000000 00000015 00000002 00000000 00000002 0001 00000002 0002', [1, 2]],
  [
    3904,
    { lower: 1 },
    '("1",)',
    '10 00000004 00000001',
    { empty: false, lower: 1, upper: null, lowerInclusive: false, upperInclusive: false },
  ],
  [
    3904,
    { upper: 1, upperInclusive: true },
    '(,"1"]',
    '0c 00000004 00000001',
    { empty: false, lower: null, upper: 1, lowerInclusive: false, upperInclusive: true },
  ],
  [3904, { empty: true }, 'empty', '01', EMPTY_RANGE],
  [4451, [EMPTY_RANGE], '{empty}', '00000001 00000001 01', [EMPTY_RANGE]],
]

/** What a type cannot be. */
const UNFIT: readonly (readonly [oid: number, ...values: unknown[]])[] = [
  [16, 1, 'maybe', null],
  [21, 32_768, 1.5, NaN, 'x', {}, 70_000n],
  [20, 1.5, 2 ** 53, 2n ** 63n, 'x', true],
  [701, 'x', true, null],
  [1700, true, 'x', '', 'NaNe5', '1e', '1e131072', '1e-16384', {}],
  [25, null, {}, undefined],
  [18, 'ab', 5, '€'],
  [17, 5, '\\x0', [1]],
  [1082, 5, 'now', '2023-02-29', '2023-13-01', '0000-01-01', '2023-00-01', '2023-01-00'],
  [1082, { toISOString: 5 }, new Date(NaN)],
  [1083, 5, 'now', '25:00', '12:60', '12:00:60', '24:00:00.000001', '12:00:00+16'],
  [1266, '12:00', '12:00+05:60', '12:00+05:00:60', 5],
  [1114, 5, 'now', null],
  [1184, 'yesterday'],
  [
    1186,
    5,
    null,
    'x',
    { days: 1.5 },
    { months: 2 ** 31 },
    { micros: 2n ** 63n },
    { micros: -(2n ** 63n) - 1n },
    { micros: 'x' },
    { days: 'x' },
  ],
  [1186, { micros: 0.5 }],
  [2950, 5, 'x'],
  [114, undefined, () => 1],
  [
    869,
    5,
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/x',
    '1.2.3.4/1/2',
    '::1::',
    ':',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::g',
    'g::',
    '1::2:3:4:5:6:7:8',
    '1.2.3.4::',
    '::/129',
  ],
  [829, 'x', 5],
  [1560, '2', 5],
  [27, 'x', '(1,70000)', '(9999999999,1)'],
  [2205, 'pg_class', '99999999999'],
  [600, 5, null, { x: 1 }, { x: 1, y: '2' }, '1'],
  [1007, 5, '{x}', [[1], [1, 2]], [[1], 2], [1, [2]], [[[[[[[1]]]]]]], [true]],
  [22, 5],
  [3904, 5, null, [1], 'x'],
  [4451, 5, 'x', [5]],
  [2249, [1], {}],
]

describe('a value that is sent', () => {
  for (const [oid, value, text, hex, back] of SENT) {
    const codec = codecOf(oid)
    it(`as ${codec.name} ${text}`, () => {
      assert.equal(codec.encodeText(value), text)
      assert.equal(binaryHex(codec, value), hex.replaceAll(' ', ''))
      if (back === undefined) return
      assert.deepEqual(readText(codec, text), back)
      assert.deepEqual(readBinary(codec, hex), back)
    })
  }

  for (const [oid, ...values] of UNFIT) {
    const codec = codecOf(oid)
    it(`is refused when it is none of ${codec.name}`, () => {
      for (const value of values) {
        const shown = typeof value === 'string' ? JSON.stringify(value) : String(typeof value)
        assert.throws(() => binaryHex(codec, value), isUsageError, shown)
        // The server judges strings in text.
        if (typeof value !== 'string') assert.throws(() => codec.encodeText(value), isUsageError, shown)
      }
    })
  }
})

describe('a string within a value that is sent', () => {
  it('is read in binary, and left to the server in text', () => {
    assert.equal(codecOf(1007).encodeText(['x', '2']), '{x,2}')
    assert.throws(() => binaryHex(codecOf(1007), ['x']), isUsageError)
    assert.equal(codecOf(3904).encodeText({ lower: 'x' }), '("x",)')
    assert.throws(() => binaryHex(codecOf(3904), { lower: 'x' }), isUsageError)
  })
})

function isUsageError(error: unknown): boolean {
  assert.ok(error instanceof UsageError, String(error))
  assert.equal(error.code, 'PG_VALUE_UNFIT')
  return true
}

/** Values in their shapes: the text and the octets of each, both of which are read as this value. */
const SHAPES: readonly (readonly [oid: number, value: unknown, text: string, hex: string])[] = [
  [
    2950,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'a0eebc999c0b4ef8bb6d6bb9bd380a11',
  ],
  [1560, '', '', '00000000'],
  [1560, '101', '101', '00000003a0'],
  [1562, '111111110', '111111110', '00000009ff00'],
  [27, '(1,2)', '(1,2)', '000000010002'],
  [3220, '16/B374D848', '16/B374D848', '00000016b374d848'],
  [2205, '1259', '1259', '000004eb'],
  [829, '08:00:2b:01:02:0f', '08:00:2B:01:02:0f', '08002b01020f'],
  [869, '192.0.2.1', '192.0.2.1', '0220000 4c0000201'],
  [869, '192.0.2.1/24', '192.0.2.1/24', '02180004c0000201'],
  [650, '192.0.2.1/32', '192.0.2.1/32', '02200104c0000201'],
  [869, '::', '::', `03800010${'0'.repeat(32)}`],
  [869, '::1', '::1', `03800010${'0'.repeat(31)}1`],
  [869, '::1.2.3.4', '::1.2.3.4', `03800010${'0'.repeat(24)}01020304`],
  [869, '::ffff:1.2.3.4', '::ffff:1.2.3.4', `03800010${'0'.repeat(20)}ffff01020304`],
  [869, '::fffe:102:304', '::fffe:102:304', `03800010${'0'.repeat(20)}fffe01020304`],
  [869, '2001:db8::1/64', '2001:db8::1/64', `0340001020010db8${'0'.repeat(23)}1`],
  [869, '1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7', '0380001000010000000200030004000500060007'],
  [869, '1:0:0:2::', '1:0:0:2::', '0380001000010000000000020000000000000000'],
  [869, '1::2:0:0:3', '1::2:0:0:3', '0380001000010000000000000002000000000003'],
  [1082, 'infinity', 'infinity', '7fffffff'],
  [1266, '00:00:00-03', '00:00:00-03', '000000000000000000002a30'],
  [1266, '00:00:00-03:30', '00:00:00-03:30', '000000000000000000003138'],
  [1082, '0001-01-01 BC', '0001-01-01 BC', 'fff4da8b'],
  [1266, '00:00:00+05:30', '00:00:00+05:30', '0000000000000000ffffb2a8'],
  [1700, 'NaN', 'NaN', '00000000c0000000'],
  [1700, '-Infinity', '-Infinity', '00000000f0000000'],
  [1700, '0', '0', '0000000000000000'],
  [1700, '0.000012', '0.000012', '0001fffe0000000604b0'],
  [1700, '-10000.5', '-10000.5', '00030001400000010001000013 88'],
  [1700, '20000', '20000', '00010001000000000002'],
  [4451, [], '{}', '00000000'],
  [22, [], '', '0000000100000000000000150000000000000000'],
]

describe('a value that is read', () => {
  for (const [oid, value, text, hex] of SHAPES) {
    const codec = codecOf(oid)
    it(`of ${codec.name}: ${text}`, () => {
      assert.deepEqual(readText(codec, text), value)
      assert.deepEqual(readBinary(codec, hex), value)
      if (oid !== 22) assert.equal(binaryHex(codec, text), hex.replaceAll(' ', ''))
    })
  }
})

describe('a numeric that a caller writes otherwise', () => {
  for (const [given, value] of [
    ['+1', '1'],
    ['1e3', '1000'],
    ['1.2345E2', '123.45'],
    ['12e-3', '0.012'],
    ['-1.5e-5', '-0.000015'],
    ['1.5e1', '15'],
    ['007', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    [1e-7, '0.0000001'],
    [1e21, '1000000000000000000000'],
    ['-0', '0'],
  ] as const)
    it(`${given} is ${value}`, () => assert.equal(readBinary(codecOf(1700), binaryHex(codecOf(1700), given)), value))
})
