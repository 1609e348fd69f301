import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { native, nativeOf, type Native, type Runtime } from '#src/protocols/core/native.js'

const { TextEncoder, TextDecoder } = globalThis
const implementations: Record<string, Native> = {
  'of a runtime with Buffer': nativeOf(globalThis as unknown as Runtime),
  'of any other runtime': nativeOf({ TextEncoder, TextDecoder }),
}

const everyOctet = Uint8Array.from({ length: 256 }, (_, octet) => octet)
const everyCharacter = String.fromCharCode(...everyOctet)

for (const [name, each] of Object.entries(implementations))
  describe(`the computations ${name}`, () => {
    test('latin1Slice gives one character an octet', () => {
      assert.equal(each.latin1Slice(everyOctet, 0, 256), everyCharacter)
      assert.equal(each.latin1Slice(everyOctet, 65, 68), 'ABC')
      assert.equal(each.latin1Slice(everyOctet, 7, 7), '')
    })

    test('latin1Slice takes more octets than a call has arguments', () => {
      const many = new Uint8Array(300_000).fill(0x61)
      assert.equal(each.latin1Slice(many, 1, 299_999), 'a'.repeat(299_998))
    })

    test('latin1Write writes one octet a character, and nothing beside', () => {
      const into = new Uint8Array(260).fill(7)
      each.latin1Write(into, everyCharacter, 2)
      assert.deepEqual(into.subarray(2, 258), everyOctet)
      assert.deepEqual([into[0], into[1], into[258], into[259]], [7, 7, 7, 7])
    })

    test('utf8Length and utf8Write agree, lone surrogates included', () => {
      for (const text of ['', 'abc', 'grüße', '不', '😀', '\ud800', 'a\udc00b']) {
        const size = each.utf8Length(text)
        const into = new Uint8Array(size + 2).fill(7)
        each.utf8Write(into, text, 1)
        assert.deepEqual(into.subarray(1, size + 1), new TextEncoder().encode(text), JSON.stringify(text))
        assert.deepEqual([into[0], into[size + 1]], [7, 7])
      }
    })

    test('indexOf finds the first from a position on', () => {
      const octets = Uint8Array.of(1, 2, 3, 2)
      assert.equal(each.indexOf(octets, 2, 0), 1)
      assert.equal(each.indexOf(octets, 2, 2), 3)
      assert.equal(each.indexOf(octets, 9, 0), -1)
    })

    test('allocate gives as much room as asked for, shared with nobody', () => {
      const room = each.allocate(10)
      assert.equal(room.length, 10)
      assert.equal(room.byteOffset, 0)
      assert.equal(room.buffer.byteLength, 10)
    })
  })

test('this runtime has Buffer, and it is used', () => {
  assert.ok(native.allocate(1) instanceof Buffer)
})
