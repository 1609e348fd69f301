import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageBuffer, ownedMemory, SLABBED_BYTES_MAX } from '#src/protocols/websocket/message-buffer.js'

const MORE = 1_048_576

function filled(size: number, value: number): Uint8Array {
  return new Uint8Array(size).fill(value)
}

describe('the memory of a message that comes in parts', () => {
  test('grows a few times only, however small the parts are', () => {
    const buffer = new MessageBuffer()
    const seen = new Set<unknown>()
    for (let i = 0; i < 65_536; i++) {
      if (i % 2 === 0) buffer.add(filled(16, i & 0xff), 0, 16, MORE)
      else buffer.addMasked(filled(16, i & 0xff), 0, 16, 0, 0, MORE)
      seen.add(buffer.memory)
    }
    assert.ok(seen.size < 20, `${seen.size} times`)
    const octets = buffer.take()
    assert.equal(octets.length, MORE)
    for (let i = 0; i < MORE; i += 16) assert.equal(octets[i], (i / 16) & 0xff)
  })

  test('is never more than what can come', () => {
    const buffer = new MessageBuffer()
    buffer.add(filled(300_000, 1), 0, 300_000, 4)
    assert.ok(buffer.memory!.octets.length <= 300_004)
  })

  test('is not what was announced', () => {
    const buffer = new MessageBuffer()
    buffer.add(filled(300_000, 1), 0, 300_000, 1e15)
    assert.ok(buffer.memory!.octets.length <= 600_000)
  })

  test('is used again, but not given away with a small message', () => {
    const buffer = new MessageBuffer()
    buffer.add(filled(100_000, 1), 0, 100_000, 0)
    const { memory } = buffer
    buffer.clear()
    buffer.add(filled(3000, 2), 0, 3000, 0)
    assert.equal(buffer.memory, memory)
    const octets = buffer.take()
    assert.deepEqual(new Uint8Array(octets), filled(3000, 2))
    assert.ok(octets.buffer.byteLength < 10_000, `${octets.buffer.byteLength} octets`)
    buffer.add(filled(10, 3), 0, 10, 0)
    assert.equal(buffer.memory, memory)
    assert.deepEqual(new Uint8Array(buffer.take()), filled(10, 3))
  })

  test('of nothing is nothing', () => {
    assert.equal(new MessageBuffer().take().length, 0)
  })
})

describe('memory for small messages', () => {
  test('is nobody else’s', () => {
    const all = Array.from({ length: 50 }, (_, i) => ownedMemory(SLABBED_BYTES_MAX - i).fill(i))
    for (const [i, octets] of all.entries()) assert.ok(octets.every((octet) => octet === i))
  })
})
