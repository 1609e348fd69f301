import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldBytesMax, HpackDecoder, HpackEncoder } from 'skitai/hpack'

/** How a field is represented (RFC 7541 section 6). */
type Representation = 'indexed' | 'incremental' | 'without' | 'never'

/** The representation of the first field of a block without size updates. */
function representation(block: Uint8Array): Representation {
  const first = block[0]!
  if (first >= 0x80) return 'indexed'
  if (first >= 0x40) return 'incremental'
  assert.ok(first < 0x20, 'a size update')
  return first >= 0x10 ? 'never' : 'without'
}

function one(encoder: HpackEncoder, name: string, value: string, sensitive?: boolean): Uint8Array {
  const into = new Uint8Array(fieldBytesMax(name, value))
  assert.equal(encoder.begin(into, 0), 0)
  return into.subarray(0, encoder.field(name, value, into, 0, sensitive))
}

describe('what is indexed', () => {
  const policy: readonly (readonly [name: string, value: string, first: Representation, again: Representation])[] = [
    ['x-own', 'value', 'incremental', 'indexed'],
    ['server', 'skitai', 'incremental', 'indexed'],
    [':path', '/', 'indexed', 'indexed'],
    [':path', '/other', 'without', 'without'],
    ['content-length', '5', 'without', 'without'],
    ['etag', '"5"', 'without', 'without'],
    ['x-request-id', '5', 'without', 'without'],
    ['authorization', 'Basic YTpi', 'never', 'never'],
    ['proxy-authorization', 'Basic YTpiYTpiYTpiYTpiYTpiYTpi', 'never', 'never'],
    ['cookie', 'a'.repeat(19), 'never', 'never'],
    ['cookie', 'a'.repeat(20), 'incremental', 'indexed'],
    ['set-cookie', 'a'.repeat(19), 'never', 'never'],
    ['set-cookie', 'a'.repeat(20), 'without', 'without'],
  ]
  for (const [name, value, first, again] of policy)
    it(`${name}: ${value} is ${first}, then ${again}`, () => {
      const encoder = new HpackEncoder()
      assert.equal(representation(one(encoder, name, value)), first)
      assert.equal(representation(one(encoder, name, value)), again)
    })

  it('a sensitive field never is, although the tables have it', () => {
    const encoder = new HpackEncoder()
    one(encoder, 'x-own', 'value')
    assert.equal(representation(one(encoder, 'x-own', 'value')), 'indexed')
    assert.equal(representation(one(encoder, 'x-own', 'value', true)), 'never')
    assert.equal(representation(one(encoder, ':method', 'GET', true)), 'never')
    assert.equal(representation(one(encoder, 'x-new', 'value', true)), 'never')
  })

  it('an entry that takes more than half of the table is not added', () => {
    const encoder = new HpackEncoder()
    assert.equal(representation(one(encoder, 'x-own', 'a'.repeat(2048 - 37))), 'incremental')
    assert.equal(representation(one(encoder, 'x-own', 'a'.repeat(2048 - 36))), 'without')
  })

  it('a name of the dynamic table is referred to', () => {
    const encoder = new HpackEncoder()
    one(encoder, 'x-own', 'first')
    assert.equal(one(encoder, 'x-own', 'second')[0], 0x40 | 62)
    assert.equal(one(encoder, 'x-own', 'third')[0], 0x40 | 62)
  })

  it('an evicted entry is not', () => {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder()
    for (const name of ['x-own', 'server'])
      for (let i = 0; i < 300; i++) {
        const list = [name, `value ${i % 150}`]
        const block = encoder.encode(list)
        decoder.begin()
        assert.equal(decoder.decode(block, 0, block.length) || decoder.finish(), 0)
        assert.deepEqual(decoder.takeList(), list)
      }
    // Nothing is left of the first name.
    assert.equal(one(encoder, 'x-own', 'value 0')[0], 0x40)
  })

  it('a value is found among the newest of a name, wherever it stands in the block', () => {
    const encoder = new HpackEncoder()
    for (let i = 0; i < 40; i++) one(encoder, 'x-own', String(i))
    assert.equal(representation(one(encoder, 'x-own', '39')), 'indexed')
    assert.equal(representation(one(encoder, 'x-own', '24')), 'indexed')
    // Further back nobody looks: that would cost more than it is worth.
    assert.equal(representation(one(encoder, 'x-own', '1')), 'incremental')
  })

  it('more fields than are remembered by their place are found all the same', () => {
    const encoder = new HpackEncoder()
    const list = Array.from({ length: 50 }, (_, i) => [`x-${i}`, 'value']).flat()
    encoder.encode(list)
    assert.equal(encoder.encode(list).length, 50)
    assert.equal(encoder.encode(list).length, 50)
  })
})

describe('strings', () => {
  const block = (value: string): Uint8Array => one(new HpackEncoder(), ':path', value)

  it('are in Huffman code only if that is shorter', () => {
    assert.deepEqual([...block('aaa').subarray(1)], [0x82, 0x18, 0xc7])
    assert.deepEqual([...block('a').subarray(1)], [1, 0x61])
    assert.deepEqual([...block('\n\r').subarray(1)], [2, 10, 13])
  })

  it('are written plain whatever their length', () => {
    for (const size of [31, 32, 126, 127, 128, 500]) {
      const value = '\u00ff'.repeat(size)
      assert.deepEqual([...block(value)].slice(-size), Array(size).fill(255))
    }
  })

  it('are in Huffman code whatever their length', () => {
    for (const size of [126, 127, 203, 204, 5000]) assert.ok(block('a'.repeat(size)).length <= (size * 5) / 8 + 5)
  })

  it('have one octet a character, the lowest 8 bits', () => {
    assert.deepEqual([...block('\u0141')], [...block('A')])
    assert.deepEqual([...block('\u0141'.repeat(300))], [...block('A'.repeat(300))])
  })
})

describe('status', () => {
  it('is one octet when the static table has it', () => {
    const into = new Uint8Array(20)
    const codes = [200, 204, 206, 304, 400, 404, 500]
    for (const [i, code] of codes.entries()) {
      assert.equal(new HpackEncoder().status(code, into, 3), 4)
      assert.equal(into[3], 0x88 + i)
    }
  })

  it('is indexed otherwise, whatever the number', () => {
    const encoder = new HpackEncoder()
    for (const code of [302, 999]) {
      const into = new Uint8Array(20)
      assert.equal(encoder.status(code, into, 0), code === 302 ? 4 : 5)
      assert.equal(encoder.status(code, into, 0), 1)
      assert.equal(into[0], 0xbe)
    }
  })
})

describe('size updates', () => {
  const begun = (encoder: HpackEncoder): number[] => {
    const into = new Uint8Array(20)
    return [...into.subarray(0, encoder.begin(into, 0))]
  }

  it('are not needed while the table has the size that it begins with', () => {
    const encoder = new HpackEncoder({ tableBytesMax: 65_536 })
    assert.deepEqual(begun(encoder), [])
    encoder.setPeerTableBytesMax(4096)
    assert.deepEqual(begun(encoder), [])
  })

  it('say at once that we use less', () => {
    const encoder = new HpackEncoder({ tableBytesMax: 30 })
    assert.deepEqual(begun(encoder), [0x3e])
    assert.deepEqual(begun(encoder), [])
  })

  it('say that the peer allows less, or more up to what we use', () => {
    const encoder = new HpackEncoder({ tableBytesMax: 8192 })
    encoder.setPeerTableBytesMax(0)
    assert.deepEqual(begun(encoder), [0x20])
    encoder.setPeerTableBytesMax(1_000_000)
    assert.deepEqual(begun(encoder), [0x3f, 0xe1, 0x3f])
  })

  it('tell the smallest size, then the final one', () => {
    const encoder = new HpackEncoder()
    encoder.setPeerTableBytesMax(100)
    encoder.setPeerTableBytesMax(10)
    encoder.setPeerTableBytesMax(30)
    assert.deepEqual(begun(encoder), [0x2a, 0x3e])
    encoder.setPeerTableBytesMax(0)
    encoder.setPeerTableBytesMax(30)
    assert.deepEqual(begun(encoder), [0x20, 0x3e])
    assert.deepEqual(begun(encoder), [])
  })

  it('change the generation, and so does the block that holds them', () => {
    const encoder = new HpackEncoder()
    const numbers = [encoder.generation]
    encoder.setPeerTableBytesMax(10)
    numbers.push(encoder.generation)
    begun(encoder)
    numbers.push(encoder.generation)
    assert.equal(new Set(numbers).size, 3)
    begun(encoder)
    encoder.setPeerTableBytesMax(10)
    assert.equal(encoder.generation, numbers[2])
  })
})
