/**
 * What a server cannot have meant: a `ValueError` that says what type, where, and what was expected, and quotes
 * nothing.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ValueError, type TypeCodec } from '#src/protocols/postgres/types/index.js'
import { builtin, readBinary, readText } from './codec-support.js'

function codecOf(oid: number): TypeCodec {
  return builtin.codec(oid) ?? assert.fail(`no type ${oid}`)
}

/** Texts that a type cannot be, by its oid. */
const TEXTS: readonly (readonly [oid: number, ...texts: string[]])[] = [
  [16, '', 'x', 'true', '1'],
  [2278, 'x'],
  [21, '', '-', '+1', '1.5', 'x', '32768', '-32769', ' 1', '11111111111', '1\0'],
  [23, '2147483648', '-2147483649'],
  [26, '-1', '4294967296'],
  [20, '', '-', 'x', '9223372036854775808', '-9223372036854775809', '123456789012345678901', '1e3'],
  [5069, '-1', '18446744073709551616'],
  [700, '', '-', '.', '1.2.3', 'x', 'nan', '0x10', '1e', 'e5', ' 1', '--1', `1e${'0'.repeat(1200)}`],
  [701, 'Infinity1', '1 '],
  [1700, '', '-', '.', '1.2.3', '1e5', 'nan', 'x'],
  [18, 'ab', 'abcd', '\\20', '\\400x', '\\a00', '\\080', '\\ 00'],
  [17, '\\x1', '\\xg0', '\\x0g', '\\', '\\1', '\\12', '\\400', '\\080', '\\008', '\\ 12', '\\0 1', '\\00 '],
  [
    2950,
    '',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1',
    'a0eebc99x9c0b-4ef8-bb6d-6bb9bd380a11',
    'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  ],
  [2950, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1-'],
  [114, '', '{', 'undefined', '{"a":}'],
  [3802, 'x'],
  [829, '08:00:2b:01:02', '08-00-2b-01-02-03', '08:00:2b:01:02:0g'],
  [1560, '012', 'x'],
  [27, '', '(1)', '(1,2', '1,2', '(x,1)', `(1,2)${' '.repeat(30)}`],
  [3220, '', '1', '1/', 'G/1', '123456789/1'],
  [600, '', '1,2', '(1,2', '(1)', '(1,x)', '1,2)'],
  [
    1186,
    '',
    'x',
    '1',
    '1 parsec',
    '1 day day',
    'P1',
    'P1X',
    'T1H',
    '1:2',
    '3000000000 days',
    '9999999999:00:00',
    ' '.repeat(300),
  ],
  [
    1007,
    '',
    '{',
    '}',
    '{1',
    '{1,',
    '{1,}',
    '{,1}',
    '{1}x',
    '{1}}',
    '{{1}',
    'x',
    '{x}',
    '{"1}',
    '[0:1]',
    '[0:1]=',
    '{1;2}',
    '{{1}x}',
  ],
  [1007, '{{{{{{{1}}}}}}}', '{null}', '{""}', '{1\\'],
  [1009, '{a\\', '{"a\\', '{"a', '{a', '{"a"'],
  [22, 'x', '1  2'],
  [3904, '', 'empt', 'emptyy', 'x', '[', '[1', '[1,', '[1,2', '[1,2]x', '[1)', '[1,2,3)', '(x,)', '[1]2,3]'],
  [4451, '', '{', '{[1,2)', '{[1,2)]', '{[1,2)}x', '[1,2)', '{[1,2);[3,4)}', '{,}'],
  [2249, '', '(', '(1', '(1,', '(1)x', '1)'],
]

/** Octets that a type cannot be, in hexadecimal. */
const BINARIES: readonly (readonly [oid: number, ...hexes: string[]])[] = [
  [16, '', '02', '0000'],
  [2278, '00'],
  [21, '', '00', '000000'],
  [23, '000000', '0000000000'],
  [20, '', '00000000000000'],
  [5069, ''],
  [700, '000000'],
  [701, '00000000'],
  [
    1700,
    '',
    '0001 0000 0000 0000',
    '0000 0000 0000 0000 00',
    '0000 0000 1234 0000',
    '0000 0000 0000 4000',
    '0001 0000 0000 0000 2710',
  ],
  [18, '', '0000'],
  [1082, '000000'],
  [1083, '00', 'ffffffffffffffff', '000000141dd76001', '7fffffffffffffff'],
  [1266, '00', '0000000000000000 0000e100', '0000000000000000 ffff1f00', '000000141dd76001 00000000'],
  [1114, '00000000'],
  [1184, '000000000000000000'],
  [1186, '00'],
  [2950, '00'],
  [114, '7b'],
  [3802, '', '02 7b7d', '01'],
  [4072, '02'],
  [
    869,
    '',
    '02200004',
    '02 21 00 04 01020304',
    '03 20 00 04 01020304',
    '02 20 00 05 01020304',
    '02 20 00 04 0102030405',
  ],
  [829, '0000000000'],
  [774, '000000000000'],
  [1560, '', '000000', '00000009 00', '00000000 00', 'ffffffff'],
  [2205, '000000'],
  [27, '00000000'],
  [3220, '00000000'],
  [600, '0000000000000000'],
  [
    1007,
    '',
    '00000000 00000000',
    '00000007 00000000 00000017',
    'ffffffff 00000000 00000017',
    '00000001 00000000 00000017',
  ],
  [1007, '00000000 00000000 00000019', '00000000 00000000 00000017 00', '00000001 00000000 00000017 00000001 00000001'],
  [
    1007,
    '00000001 00000000 00000017 00000001 00000001 00000004',
    '00000001 00000000 00000017 ffffffff 00000001 00000000',
  ],
  [
    1007,
    '00000001 00000000 00000017 00000001 00000001 fffffffe',
    '00000001 00000000 00000017 00000001 00000001 00000002 0000',
  ],
  [1007, '00000001 00000000 00000017 00000002 00000001 00000004 00000000 00'],
  [1007, '00000001 00000000 00000017 00000001 00000001 ffffffff 00'],
  [1007, '00000001 00000000 00000017 00000002 00000001 00000004 00000000'],
  [
    3904,
    '',
    '01 00',
    '02',
    '02 00000004',
    '02 ffffffff',
    '02 00000004 00000001',
    '18 00',
    '02 00000003 000000 00000000',
  ],
  [4451, '', '00000001', '00000001 00000001', '00000001 ffffffff', '00000000 00'],
  [
    2249,
    '',
    '000000',
    'ffffffff',
    '00000001',
    '00000001 00000017 00000004 0000',
    '00000001 00000017 fffffffe',
    '00000000 00',
  ],
]

function isValueError(codec: TypeCodec): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ValueError, String(error))
    assert.ok(error.message.includes(error.reason))
    assert.ok(Number.isSafeInteger(error.offset))
    assert.notEqual(error.typeName, '')
    return codec.name.length > 0
  }
}

describe('a malformed value', () => {
  for (const [oid, ...texts] of TEXTS) {
    const codec = codecOf(oid)
    it(`of ${codec.name} in text`, () => {
      for (const text of texts) assert.throws(() => readText(codec, text), isValueError(codec), JSON.stringify(text))
    })
  }

  for (const [oid, ...hexes] of BINARIES) {
    const codec = codecOf(oid)
    it(`of ${codec.name} in binary`, () => {
      for (const hex of hexes) assert.throws(() => readBinary(codec, hex), isValueError(codec), hex)
    })
  }

  it('is named by its type, its place and what was expected', () => {
    assert.throws(() => readText(codecOf(1007), '{1,x}'), {
      name: 'ValueError',
      typeName: 'int4',
      offset: 6,
      reason: 'expected a digit',
      message: 'malformed int4 at octet 6: expected a digit',
    })
  })
})
