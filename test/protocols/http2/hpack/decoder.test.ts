import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HpackDecoder, HpackEncoder, HpackFault, hpackFaults } from 'skitai/hpack'

/** Decodes a block of one fragment; it has to be good. */
function decoded(decoder: HpackDecoder, block: Uint8Array): string[] {
  decoder.begin()
  assert.equal(decoder.decode(block, 0, block.length), HpackFault.none)
  assert.equal(decoder.finish(), HpackFault.none)
  return decoder.takeList()
}

describe('kinds', () => {
  it('are asked for once a literal, and come with every reference', () => {
    const asked: string[] = []
    const decoder = new HpackDecoder({
      classify: (name, value) => {
        asked.push(`${name}: ${value}`)
        return name === 'x-own' ? 7 : name === ':method' ? 3 : 0
      },
    })
    assert.equal(asked.length, 61, 'the static table')
    const encoder = new HpackEncoder()
    const list = [':method', 'GET', 'x-own', 'a', ':path', '/x']
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(decoded(decoder, encoder.encode(list)), list)
      assert.deepEqual(decoder.kinds.slice(0, decoder.count), [3, 7, 0])
    }
    assert.deepEqual(asked.slice(61), ['x-own: a', ':path: /x', ':path: /x', ':path: /x'])
  })

  it('of the static table are asked for once a function', () => {
    let asked = 0
    const classify = (): number => ++asked
    for (let i = 0; i < 3; i++) assert.equal(new HpackDecoder({ classify }).count, 0)
    assert.equal(asked, 61)
  })

  it('are 0 when nobody classifies', () => {
    const decoder = new HpackDecoder()
    decoded(decoder, new HpackEncoder().encode([':method', 'GET', 'x-own', 'a']))
    assert.deepEqual(decoder.kinds, [0, 0])
  })
})

describe('a section', () => {
  it('can be taken from a field on', () => {
    const decoder = new HpackDecoder()
    decoded(decoder, new HpackEncoder().encode([':method', 'GET', 'a', 'b', 'c', 'd']))
    assert.deepEqual(decoder.takeList(1), ['a', 'b', 'c', 'd'])
    assert.deepEqual(decoder.takeList(3), [])
  })

  it('that was taken stays as it is when the next one comes', () => {
    const decoder = new HpackDecoder()
    const encoder = new HpackEncoder()
    const first = decoded(decoder, encoder.encode(['a', 'b']))
    assert.deepEqual(decoded(decoder, encoder.encode(['c', 'd'])), ['c', 'd'])
    assert.deepEqual(first, ['a', 'b'])
  })

  it('may have hundreds of fields', () => {
    const list = Array.from({ length: 300 }, (_, i) => [`x-${i}`, String(i)]).flat()
    assert.deepEqual(decoded(new HpackDecoder(), new HpackEncoder().encode(list)), list)
  })

  it('may have long strings, plain or in Huffman code', () => {
    for (const char of ['a', '\u00e9', '\n'])
      for (const size of [100, 4095, 4096, 6553, 6554, 100_000]) {
        const list = [`x-${char.repeat(size)}`, char.repeat(size), ':path', char.repeat(size)]
        assert.deepEqual(decoded(new HpackDecoder(), new HpackEncoder().encode(list)), list)
      }
  })

  it('may have strings of the length that the section before had in their place', () => {
    const decoder = new HpackDecoder()
    const encoder = new HpackEncoder()
    for (const path of [
      '/one',
      '/two',
      '/two',
      `/${'a'.repeat(40)}`,
      `/${'b'.repeat(40)}`,
      '/\u00e9\u00e9',
      '/\u00e9\u00e8',
    ])
      assert.deepEqual(decoded(decoder, encoder.encode([':path', path])), [':path', path])
  })

  it('holds every frequent text as it is, and what looks like one', () => {
    for (const text of ['gzip, deflate, br', 'gzip, deflate, bs', 'same-origin', 'same-orugin', 'sec-fetch-mode', ''])
      assert.deepEqual(decoded(new HpackDecoder(), new HpackEncoder().encode([text, text])), [text, text])
  })
})

describe('a fault', () => {
  it('stays', () => {
    const decoder = new HpackDecoder()
    decoder.begin()
    assert.equal(decoder.decode(Uint8Array.of(0x82, 0x80), 0, 2), HpackFault.indexZero)
    assert.equal(decoder.faultAt, 1)
    assert.equal(decoder.decode(Uint8Array.of(0x82), 0, 1), HpackFault.indexZero)
    assert.equal(decoder.finish(), HpackFault.indexZero)
    assert.equal(decoder.fault, HpackFault.indexZero)
  })

  it('has a text, and the number of its place in the table', () => {
    for (const number of Object.values(HpackFault)) assert.match(hpackFaults[number]!.code, /^HPACK_[A-Z_]+$/)
    assert.equal(hpackFaults.length, Object.keys(HpackFault).length)
    assert.equal(hpackFaults[HpackFault.truncated]?.code, 'HPACK_TRUNCATED')
  })

  it('in the Huffman code of a long string is found where it is', () => {
    // 16384 octets: as zeros these are 26214 characters and 2 bits more.
    const size = [0xff, 0x81, 0xff, 0x00]
    for (const [octet, fault, faultAt] of [
      [0xff, HpackFault.huffmanEos, 5 + 3],
      [0x00, HpackFault.huffmanPadding, 5 + 16_383],
    ] as const) {
      const block = Uint8Array.from([0x04, ...size, ...Array<number>(16_384).fill(octet)])
      const decoder = new HpackDecoder()
      decoder.begin()
      assert.equal(decoder.decode(block, 0, block.length), fault)
      assert.equal(decoder.faultAt, faultAt)
    }
  })

  it('in an empty block is at its beginning', () => {
    const decoder = new HpackDecoder()
    decoder.setTableBytesMax(0)
    decoder.begin()
    assert.equal(decoder.finish(), HpackFault.sizeUpdateMissing)
    assert.equal(decoder.faultAt, 0)
  })
})

describe('memory', () => {
  const FRAGMENT_BYTES = 65_536

  /** Octets of buffers that come and stay while something runs. */
  function buffersOf(run: () => void): number {
    const before = process.memoryUsage().arrayBuffers
    run()
    return process.memoryUsage().arrayBuffers - before
  }

  for (const [how, length, octet] of [
    ['plain', [0x7f, 0x80, 0xff, 0xff, 0xff, 0x07], 0x61],
    ['in Huffman code', [0xff, 0x80, 0xff, 0xff, 0xff, 0x07], 0x00],
  ] as const)
    for (const part of ['name', 'value'])
      it(`is not needed for a ${part} without end, ${how}`, () => {
        const decoder = new HpackDecoder({ sectionBytesMax: 10_000 })
        const begin = part === 'name' ? [0x40, ...length] : [0x40, 0x01, 0x61, ...length]
        const fragment = new Uint8Array(FRAGMENT_BYTES).fill(octet)
        decoder.begin()
        const grown = buffersOf(() => {
          assert.equal(decoder.decode(Uint8Array.from(begin), 0, begin.length), 0)
          for (let i = 0; i < 500; i++) assert.equal(decoder.decode(fragment, 0, FRAGMENT_BYTES), 0)
        })
        assert.ok(decoder.overflow)
        assert.ok(grown < 20 * FRAGMENT_BYTES, `${grown} octets`)
        assert.equal(decoder.finish(), HpackFault.truncated)
      })

  it('of a literal that comes octet by octet is of its size', () => {
    const decoder = new HpackDecoder({ sectionBytesMax: 10_000 })
    const list = ['x-own', '\u00e9'.repeat(5000)]
    const block = new HpackEncoder().encode(list)
    decoder.begin()
    for (let at = 0; at < block.length; at++) assert.equal(decoder.decode(block, at, at + 1), 0)
    assert.equal(decoder.finish(), 0)
    assert.deepEqual(decoder.takeList(), list)
  })
})
