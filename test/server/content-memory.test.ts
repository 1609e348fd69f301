import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import { allocateContent } from '#src/server/content-memory.js'

/** Octets of young objects. */
function youngBytes(): number {
  const spaces = v8.getHeapSpaceStatistics()
  return spaces.find(({ space_name }) => space_name === 'new_space')!.space_used_size
}

/** How often young objects are collected, and how many octets of them come, while so many blocks come and go. */
function collections(blocks: number, bytes: number): { count: number; allocated: number } {
  let count = 0
  let allocated = 0
  let before = youngBytes()
  for (let i = 0; i < blocks; i++) {
    allocateContent(bytes)
    const now = youngBytes()
    if (now < before) count++
    else allocated += now - before
    before = now
  }
  return { count, allocated }
}

describe('memory for content', () => {
  it('has the size that was asked for', () => {
    for (const bytes of [0, 1, 4095, 4096, 65_536, 10_000_001]) assert.equal(allocateContent(bytes).length, bytes)
  })

  it('comes anew each time', () => {
    const one = allocateContent(65_536).fill(1)
    const two = allocateContent(65_536).fill(2)
    assert.notEqual(one.buffer, two.buffer)
    assert.ok(one.every((octet) => octet === 1))
  })

  it('brings young objects of a part of its size, and not more for large ones', () => {
    const { count, allocated } = collections(1000, 65_536)
    assert.ok(count > 0, 'nothing was collected')
    assert.ok(allocated > (1000 * 65_536) / 4, `only ${allocated} octets of young objects`)
    assert.ok(collections(10, 10_000_000).allocated < 10 * 65_536)
  })
})
