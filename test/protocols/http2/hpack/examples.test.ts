import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HpackDecoder, HpackEncoder, HpackFault } from 'skitai/hpack'
import { HpackJsDecoder, HpackJsEncoder } from '../../../property/hpack-js.js'

const REQUEST = `
:method GET
:scheme https
:authority www.example.com
:path /articles/2024?page=2
user-agent Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36
accept-encoding gzip, deflate, br, zstd
cookie session=5f2b7c1e9a4d4c8e8f1d; theme=dark
cookie short=1
x-own \u00e9\u00ff`
  .trim()
  .split('\n')
  .flatMap((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])

function decoded(decoder: HpackDecoder, block: Uint8Array): string[] {
  decoder.begin()
  assert.equal(decoder.decode(block, 0, block.length), HpackFault.none)
  assert.equal(decoder.finish(), HpackFault.none)
  return decoder.takeList()
}

describe('a section', () => {
  it('comes back from what was written, and is shorter the second time', () => {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder()
    const first = encoder.encode(REQUEST)
    assert.deepEqual(decoded(decoder, first), REQUEST)
    const second = encoder.encode(REQUEST)
    assert.deepEqual(decoded(decoder, second), REQUEST)
    assert.ok(second.length < first.length / 2, `${first.length} ${second.length}`)
  })

  it('is read alike by hpack.js', () => {
    const encoder = new HpackEncoder()
    const other = new HpackJsDecoder(4096)
    for (let round = 0; round < 3; round++) assert.deepEqual(other.decode(encoder.encode(REQUEST)), REQUEST)
  })

  it('is read alike when hpack.js writes it', () => {
    const other = new HpackJsEncoder(4096)
    const decoder = new HpackDecoder()
    for (const huffman of [true, false])
      for (const incremental of [true, false])
        for (const neverIndex of [true, false])
          assert.deepEqual(
            decoded(decoder, other.encode(REQUEST, { huffman, incremental, neverIndex })),
            REQUEST,
            `${huffman} ${incremental} ${neverIndex}`,
          )
  })

  it('may be cut anywhere', () => {
    const block = new HpackEncoder().encode(REQUEST)
    for (let cut = 0; cut <= block.length; cut++) {
      const decoder = new HpackDecoder()
      decoder.begin()
      assert.equal(decoder.decode(block, 0, cut), 0)
      assert.equal(decoder.decode(block, cut, block.length), 0)
      assert.equal(decoder.finish(), 0)
      assert.deepEqual(decoder.takeList(), REQUEST)
    }
  })
})
