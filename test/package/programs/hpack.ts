/** What a tool maker does with HPACK: field sections to blocks and back, without an engine. */

import assert from 'node:assert/strict'
import { HpackDecoder, HpackEncoder, HpackFault, hpackFaults } from 'skitai/hpack'

const encoder = new HpackEncoder()
const decoder = new HpackDecoder({ sectionBytesMax: 16_384, classify: (name) => (name.startsWith(':') ? 1 : 0) })

const request = [':method', 'GET', ':scheme', 'https', ':authority', 'example.test', ':path', '/', 'user-agent', 'tool']
const first = encoder.encode(request)
const second = encoder.encode(request)
assert.ok(second.length < first.length)

for (const block of [first, second]) {
  decoder.begin()
  assert.equal(decoder.decode(block, 0, block.length), HpackFault.none)
  assert.equal(decoder.finish(), HpackFault.none)
  assert.deepEqual(decoder.takeList(), request)
  assert.deepEqual(decoder.kinds.slice(0, decoder.count), [1, 1, 1, 1, 0])
}

decoder.begin()
const fault = decoder.decode(Uint8Array.of(0x80), 0, 1)
assert.equal(hpackFaults[fault]?.code, 'HPACK_INDEX_ZERO')
assert.equal(decoder.faultAt, 0)
