import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HUFFMAN_EOS, HUFFMAN_PADDING, huffmanDecode, huffmanOctetsMax, huffmanSize, huffmanWrite } from 'skitai/hpack'
import { bytesOf, latin1Of } from 'skitai/testing'
import { INCOMPLETE, IntegerReader, TOO_LARGE } from '#src/protocols/http2/hpack/integer-reader.js'
import { writeInteger } from '#src/protocols/http2/hpack/primitives.js'

describe('integers', () => {
  // RFC 7541 appendix C.1: value, mask of the prefix, octets.
  const EXAMPLES = [
    [10, 0x1f, [10]],
    [1337, 0x1f, [31, 154, 10]],
    [42, 0xff, [42]],
  ] as const

  for (const [value, mask, octets] of EXAMPLES)
    it(`${value} with the mask ${mask} is ${octets.join(' ')}`, () => {
      const into = new Uint8Array(8)
      const end = writeInteger(value, 0, mask, into, 0)
      assert.deepEqual([...into.subarray(0, end)], octets)
      const reader = new IntegerReader()
      assert.equal(reader.integer(into, 0, end, mask), value)
      assert.equal(reader.next, end)
    })

  it('come back, whatever their size', () => {
    const reader = new IntegerReader()
    for (const mask of [0x0f, 0x1f, 0x3f, 0x7f])
      for (const value of [0, 1, mask - 1, mask, mask + 1, mask + 127, mask + 128, 16_384 + mask, 2 ** 31 - 1]) {
        const into = new Uint8Array(8)
        const end = writeInteger(value, 0x80, mask, into, 1)
        assert.equal(reader.integer(into, 1, end, mask), value)
        assert.equal(reader.next, end)
        if (end > 2) assert.equal(reader.integer(into, 1, end - 1, mask), INCOMPLETE)
      }
  })

  it('end after five octets behind the prefix', () => {
    const reader = new IntegerReader()
    const octets = Uint8Array.of(0x1f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)
    assert.equal(reader.integer(octets, 0, 5, 0x1f), INCOMPLETE)
    assert.equal(reader.integer(octets, 0, 6, 0x1f), TOO_LARGE)
    assert.equal(reader.integer(octets, 0, 7, 0x1f), TOO_LARGE)
    assert.equal(reader.next, 5)
  })
})

describe('Huffman code', () => {
  /** Every octet alone, behind and before another. */
  const texts = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).flatMap((char) => [
    char,
    `a${char}`,
    `${char}a`,
    char.repeat(7),
  ])

  it('comes back', () => {
    for (const text of texts) {
      const size = huffmanSize(text)
      const code = new Uint8Array(size)
      assert.equal(huffmanWrite(text, code, 0), size)
      const into = new Uint8Array(huffmanOctetsMax(size) + 2)
      const decoded = huffmanDecode(code, 0, size, into)
      assert.equal(latin1Of(into.subarray(0, decoded)), text)
    }
  })

  it('is that of the standard', () => {
    const code = new Uint8Array(12)
    assert.equal(huffmanWrite('www.example.com', code, 0), 12)
    assert.deepEqual([...code], [...Buffer.from('f1e3c2e5f23a6ba0ab90f4ff', 'hex')])
    assert.equal(huffmanSize(''), 0)
    assert.equal(huffmanWrite('', code, 5), 5)
  })

  it('has two faults', () => {
    const into = new Uint8Array(20)
    assert.equal(huffmanDecode(Uint8Array.of(255, 255, 255, 255), 0, 4, into), HUFFMAN_EOS)
    assert.equal(huffmanDecode(Uint8Array.of(255), 0, 1, into), HUFFMAN_PADDING)
    assert.equal(huffmanDecode(bytesOf('\0'), 0, 1, into), HUFFMAN_PADDING)
    assert.equal(huffmanDecode(bytesOf('\0'), 1, 1, into), 0)
  })
})
