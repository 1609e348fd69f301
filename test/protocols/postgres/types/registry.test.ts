/** The types that are known, options, the caller's own codecs, and the writer under them. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  epochMicros,
  instantCodec,
  intervalText,
  textCodec,
  timestamp,
  timestamptz,
  TypeRegistry,
  VALUE_BYTES_MAX,
  ValueFormat,
  ValueWriter,
  type TypeCodec,
} from '#src/protocols/postgres/types/index.js'
import { binaryHex, builtin, readBinary, readText } from './codec-support.js'

const MOOD = 70_001
const MOODS = 70_002
const ITEM = 70_003
const ITEMS = 70_004
const EMPTY = 70_005

describe('the registry', () => {
  it('gives int8 as a number where that is exact, when asked to', () => {
    const int8 = new TypeRegistry({ int8: 'number' }).codec(20)!
    assert.equal(readText(int8, '9007199254740991'), 9_007_199_254_740_991)
    assert.equal(readText(int8, '-5'), -5)
    assert.equal(readText(int8, '-9007199254740992'), -9_007_199_254_740_992n)
    assert.equal(readBinary(int8, '001fffffffffffff'), 9_007_199_254_740_991)
    assert.equal(readBinary(int8, '0020000000000000'), 9_007_199_254_740_992n)
    assert.equal(readBinary(int8, 'ffe0000000000000'), -9_007_199_254_740_992n)
    assert.throws(() => readText(int8, '9223372036854775808'), { name: 'ValueError' })
    assert.throws(() => readText(int8, '-9223372036854775809'), { name: 'ValueError' })
  })

  it('leaves json as it is, when asked to', () => {
    const types = new TypeRegistry({ json: 'text' })
    assert.equal(readText(types.codec(114)!, '{"a": 1.0}'), '{"a": 1.0}')
    assert.equal(readBinary(types.codec(3802)!, '01 7b7d'), '{}')
    assert.equal(binaryHex(types.codec(3802)!, '{}'), '017b7d')
  })

  it('takes enums, and arrays of them', () => {
    const types = new TypeRegistry()
    types.registerEnum(MOOD, 'mood')
    types.registerArray(MOODS, '_mood', MOOD)
    assert.deepEqual(readText(types.codec(MOODS)!, '{sad,"very ok"}'), ['sad', 'very ok'])
  })

  it('takes composites, whose members may have any name', () => {
    const types = new TypeRegistry()
    types.registerComposite(ITEM, 'item', [
      { name: '__proto__', oid: 23 },
      { name: 'b', oid: 25 },
    ])
    types.registerArray(ITEMS, '_item', ITEM)
    const item = types.codec(ITEM)!
    const value = readText(item, '(1,"a ""b"" \\\\c")')
    assert.deepEqual(Object.entries(value as object), [
      ['__proto__', 1],
      ['b', 'a "b" \\c'],
    ])
    assert.equal(item.encodeText({ b: 'x' }), '(,"x")')
    assert.equal(binaryHex(item, { b: 'x' }), '0000000200000017ffffffff000000190000000178')
    assert.equal(binaryHex(item, '(,x)'), binaryHex(item, { b: 'x', other: 1 }))
    assert.deepEqual(
      readBinary(item, binaryHex(item, { b: 'x' })),
      Object.fromEntries([
        ['__proto__', null],
        ['b', 'x'],
      ]),
    )
    for (const text of ['(1)', '(1,2,3)', '()']) assert.throws(() => readText(item, text), { name: 'ValueError' }, text)
    for (const hex of ['00000001 00000017 ffffffff', '00000002 00000017 ffffffff 00000017 ffffffff'])
      assert.throws(() => readBinary(item, hex), { name: 'ValueError' }, hex)
    assert.throws(() => readBinary(item, `00000003 ${'00000017 ffffffff 00000019 ffffffff'} 00000017 ffffffff`), {
      name: 'ValueError',
    })
    for (const unfit of [null, 5, [1]]) assert.throws(() => item.encodeText(unfit), { code: 'PG_VALUE_UNFIT' })
    assert.equal(item.encodeText('(1,2)'), '(1,2)')
    assert.deepEqual(readText(types.codec(ITEMS)!, '{"(1,\\"a b\\")"}'), [
      Object.fromEntries([
        ['__proto__', 1],
        ['b', 'a b'],
      ]),
    ])
  })

  it('takes composites without members', () => {
    const types = new TypeRegistry()
    types.registerComposite(EMPTY, 'empty', [])
    const empty = types.codec(EMPTY)!
    assert.deepEqual(readText(empty, '()'), {})
    assert.deepEqual(readBinary(empty, '00000000'), {})
    assert.equal(empty.encodeText({}), '()')
    for (const text of ['', '((', '(x']) assert.throws(() => readText(empty, text), { name: 'ValueError' }, text)
    assert.throws(() => readText(empty, 'x)'), { name: 'ValueError' })
  })

  it('takes ranges and multiranges', () => {
    const types = new TypeRegistry()
    types.registerRange(MOOD, 'textrange', 25)
    types.registerMultirange(MOODS, 'textmultirange', 25)
    const range = { empty: false, lower: '', upper: 'a"b', lowerInclusive: true, upperInclusive: false }
    assert.deepEqual(readText(types.codec(MOOD)!, '["","a""b")'), range)
    assert.deepEqual(readText(types.codec(MOODS)!, '{["","a\\"b")}'), [range])
    assert.equal(types.codec(MOODS)!.encodeText([range]), '{["","a\\"b")}')
    assert.equal(types.codec(MOODS)!.encodeText('{}'), '{}')
    assert.equal(types.codec(MOOD)!.encodeText('empty'), 'empty')
  })

  it('refuses what is made of a type that is not registered', () => {
    const types = new TypeRegistry()
    const unknown = { code: 'PG_TYPE_UNKNOWN' }
    assert.throws(() => types.registerArray(MOODS, '_mood', MOOD), unknown)
    assert.throws(() => types.registerRange(MOODS, 'moods', MOOD), unknown)
    assert.throws(() => types.registerMultirange(MOODS, 'moods', MOOD), unknown)
    assert.throws(() => types.registerComposite(MOODS, 'moods', [{ name: 'a', oid: MOOD }]), unknown)
  })

  it('takes a codec of the caller, which arrays follow', () => {
    const types = new TypeRegistry()
    types.register(instantCodec(timestamptz, (millis) => new Date(millis)))
    const value = readText(types.codec(1185)!, '{"2000-01-01 00:00:00+00"}')
    assert.deepEqual(value, [new Date('2000-01-01')])
    assert.deepEqual(readText(builtin.codec(1185)!, '{"2000-01-01 00:00:00+00"}'), ['2000-01-01 00:00:00+00'])
  })

  it('lets through what a codec of the caller throws by mistake', () => {
    const types = new TypeRegistry()
    const mistake = (): never => {
      throw new TypeError('a mistake')
    }
    types.register({ ...textCodec(MOOD, 'mood'), decodeText: mistake })
    types.registerArray(MOODS, '_mood', MOOD)
    assert.throws(() => binaryHex(types.codec(MOODS)!, '{a}'), { name: 'TypeError' })
  })

  it('reads a type that it does not know as text or as octets', () => {
    assert.equal(builtin.codec(MOOD), undefined)
    assert.equal(builtin.decoder(MOOD, ValueFormat.text)(Buffer.from('xaé€😀 long x'), 1, 16), 'aé€😀 long')
    assert.deepEqual(builtin.decoder(MOOD, ValueFormat.binary)(Buffer.from('xab'), 1, 3), new Uint8Array([0x61, 0x62]))
    assert.equal(builtin.decoder(23, ValueFormat.text)(Buffer.from('12'), 0, 2), 12)
    assert.equal(builtin.decoder(23, ValueFormat.binary)(Buffer.from([0, 0, 0, 7]), 0, 4), 7)
  })

  it('stops at records that lie too deep in each other', () => {
    const record = builtin.codec(2249)!
    let hex = '00000000'
    for (let depth = 0; depth < 31; depth++) hex = `00000001 000008c9 ${size(hex)} ${hex}`
    assert.equal(JSON.stringify(readBinary(record, hex)), '['.repeat(32) + ']'.repeat(32))
    assert.throws(() => readBinary(record, `00000001 000008c9 ${size(hex)} ${hex}`), { name: 'ValueError' })
    // The depth is counted anew for the next value.
    assert.deepEqual(readBinary(record, '00000001 00000017 00000004 00000005'), [5])
    assert.equal(record.encodeText('(1)'), '(1)')
  })
})

function size(hex: string): string {
  return (hex.replaceAll(' ', '').length / 2).toString(16).padStart(8, '0')
}

describe('instants', () => {
  it('are in UTC whatever the zone', () => {
    const codec = builtin.codec(1184)!
    const read = (text: string): unknown => readText(codec, text)
    assert.equal(read('2024-01-01 00:30:00.5+01'), '2023-12-31 23:30:00.5+00')
    assert.equal(read('2024-01-01 23:30:00-05'), '2024-01-02 04:30:00+00')
    assert.equal(read('2024-01-01 00:00:00+05:30'), '2023-12-31 18:30:00+00')
    assert.equal(read('0001-01-01 00:00:00+01'), '0001-12-31 23:00:00+00 BC')
    assert.equal(read('0001-01-01 00:00:00+00 BC'), '0001-01-01 00:00:00+00 BC')
    assert.equal(read('10000-01-01 00:00:00+01'), '9999-12-31 23:00:00+00')
    assert.equal(read('2024-01-01T00:00:00Z'), '2024-01-01 00:00:00+00')
    assert.equal(read('2024-01-01 00:00:00'), '2024-01-01 00:00:00+00')
    assert.equal(read('infinity'), 'infinity')
  })

  it('in another DateStyle stay what the server wrote', () => {
    for (const text of [
      'Mon Jan 01 00:00:00 2024 CET',
      '01.01.2024 00:00:00 CET',
      '2024-13-01 00:00:00-05',
      '2024-01-01 25:00:00-05',
    ])
      assert.equal(readText(builtin.codec(1184)!, text), text)
    for (const text of [
      '2024-01-01 00:00:00.+01',
      '2024-01-01 00:00:00.1234567+01',
      '2024-01-01 00:00:00+16',
      '2024-01-01 0x:00:00+01',
    ])
      assert.equal(readText(builtin.codec(1184)!, text), text)
    for (const text of [
      '2024-01-01 00:00:00+1',
      '2024-01-01 00:00:00x01',
      '2024/01/01 00:00:00+01',
      '',
      '+0',
      '2024-01-01 00:00:00+xx',
    ])
      assert.equal(readText(builtin.codec(1184)!, text), text)
  })

  it('become microseconds to reckon with', () => {
    assert.equal(epochMicros('1970-01-01 00:00:00.000001+00'), 1n)
    assert.equal(epochMicros('1970-01-01'), 0n)
    assert.equal(epochMicros('infinity'), Infinity)
    assert.equal(epochMicros('-infinity'), -Infinity)
    assert.throws(() => epochMicros('now'), { code: 'PG_VALUE_UNFIT' })
  })

  it('become what a caller makes of them', () => {
    const codec = instantCodec(timestamp, (millis, micros) => [millis, micros])
    assert.equal(codec.oid, 1114)
    for (const [text, hex, value] of [
      ['1970-01-01 00:00:00.001002', 'fffca2fec4c823ea', [1, 2]],
      ['1969-12-31 23:59:59.999999', 'fffca2fec4c81fff', [-1, 999]],
      ['2000-01-01 00:00:00', '0000000000000000', [946_684_800_000, 0]],
      ['infinity', '7fffffffffffffff', [Infinity, 0]],
      ['-infinity', '8000000000000000', [-Infinity, 0]],
      [
        '100000-01-01 00:00:00.000001',
        binaryHex(timestamp, '100000-01-01 00:00:00.000001'),
        [3_093_527_980_800_000, 1],
      ],
    ] as const) {
      assert.deepEqual(readText(codec, text), value, text)
      assert.deepEqual(readBinary(codec, hex), value, text)
    }
    assert.throws(() => readText(codec, 'Mon Jan 01'), { name: 'ValueError' })
    assert.throws(() => readBinary(codec, '00'), { name: 'ValueError' })
  })

  it('may be Dates of any year', () => {
    const codec = builtin.codec(1184)!
    assert.equal(codec.encodeText(new Date('2024-01-02T03:04:05.678Z')), '2024-01-02T03:04:05.678+00')
    assert.equal(codec.encodeText(new Date('-000043-03-15T00:00:00Z')), '0044-03-15T00:00:00.000+00 BC')
    assert.equal(codec.encodeText(new Date('0000-03-15T00:00:00Z')), '0001-03-15T00:00:00.000+00 BC')
    assert.equal(codec.encodeText(new Date('+012345-03-15T00:00:00Z')), '12345-03-15T00:00:00.000+00')
    assert.equal(binaryHex(codec, new Date('-000043-03-15T00:00:00Z')), binaryHex(codec, '0044-03-15 00:00:00+00 BC'))
    assert.equal(builtin.codec(1082)!.encodeText(new Date('-000043-03-15T00:00:00Z')), '0044-03-15 BC')
  })
})

describe('intervals', () => {
  it('are written in one style and read in all', () => {
    const value = { months: -14, days: 3, micros: 3_723_000_001n }
    const codec = builtin.codec(1186)!
    assert.equal(intervalText(value), '-14 mons 3 days 01:02:03.000001')
    for (const text of [
      '-1 years -2 mons +3 days 01:02:03.000001',
      '@ 1 year 2 mons -3 days -1 hours -2 mins -3.000001 secs ago',
      'P-1Y-2M3DT1H2M3.000001S',
      '-1-2 +3 +1:02:03.000001',
    ])
      assert.deepEqual(readText(codec, text), value, text)
    assert.deepEqual(readText(codec, '-3 1:00:00'), { months: 0, days: -3, micros: -3_600_000_000n })
    assert.deepEqual(readText(codec, 'P2W'), { months: 0, days: 14, micros: 0n })
    for (const text of ['0', '@ 0', 'PT0S', '00:00:00'])
      assert.deepEqual(readText(codec, text), { months: 0, days: 0, micros: 0n }, text)
  })
})

describe('the writer', () => {
  it('grows, starts again, and patches what it has written', () => {
    const into = new ValueWriter()
    into.bytes(new Uint8Array(1000).fill(7))
    assert.equal(into.octets.length, 1000)
    into.clear()
    const at = into.beginSized()
    into.utf8('é')
    into.int16(-2)
    into.endSized(at)
    assert.deepEqual([...into.octets], [0, 0, 0, 4, 0xc3, 0xa9, 0xff, 0xfe])
  })

  it('refuses to grow beyond what a length can say, and leaves what was there', () => {
    assert.equal(VALUE_BYTES_MAX, 2 ** 30 - 1)
    const into = new ValueWriter(8)
    into.int64(1n)
    assert.throws(() => into.int8(1), { code: 'PG_VALUE_TOO_LARGE' })
    assert.equal(into.length, 8)
    // Without the octets being there, let alone copied.
    const huge = { length: VALUE_BYTES_MAX + 1 } as Uint8Array
    assert.throws(() => new ValueWriter().bytes(huge), { code: 'PG_VALUE_TOO_LARGE' })
  })
})

describe('a codec of the caller', () => {
  it('is an object with four functions: a vector of floats', () => {
    const text = textCodec(80_000, 'vector')
    const vector: TypeCodec<Float32Array> = {
      ...text,
      decodeText: (octets, start, end) =>
        Float32Array.from(JSON.parse(text.decodeText(octets, start, end)) as number[]),
      decodeBinary: (octets, start, end) => {
        const view = new DataView(octets.buffer, octets.byteOffset + start, end - start)
        return Float32Array.from({ length: view.getInt16(0) }, (_, index) => view.getFloat32(4 + index * 4))
      },
      encodeText: (value) => `[${(value as Float32Array).join(',')}]`,
      encodeBinary: (value, into) => {
        const floats = value as Float32Array
        into.int16(floats.length)
        into.int16(0)
        for (const float of floats) into.float4(float)
      },
    }
    const types = new TypeRegistry()
    types.register(vector)
    types.registerArray(80_001, '_vector', 80_000)
    const value = Float32Array.of(1, -0.5)
    assert.deepEqual(readText(types.codec(80_000)!, vector.encodeText(value)), value)
    assert.deepEqual(readBinary(types.codec(80_000)!, binaryHex(vector, value)), value)
    assert.equal(types.codec(80_001)!.encodeText([value]), '{"[1,-0.5]"}')
  })
})
