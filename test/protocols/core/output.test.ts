import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OutputQueue } from '#src/protocols/core/output.js'
import { concat, latin1Of } from 'skitai/testing'

function takeAll(queue: OutputQueue): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let block = queue.take(); block !== undefined; block = queue.take()) blocks.push(new Uint8Array(block))
  return blocks
}

const textOf = (queue: OutputQueue): string => latin1Of(concat(takeAll(queue)))

describe('OutputQueue', () => {
  test('joins small pieces of every kind into one', () => {
    const queue = new OutputQueue()
    queue.latin1('a')
    queue.latin1('b'.repeat(100))
    queue.append(Uint8Array.of(0x63))
    queue.utf8('ü', 2)
    assert.equal(queue.bytes, 104)
    const blocks = takeAll(queue)
    assert.equal(blocks.length, 1)
    assert.equal(latin1Of(concat(blocks)), `a${'b'.repeat(100)}c\xc3\xbc`)
    assert.equal(queue.bytes, 0)
  })

  test('has nothing at first and when all was taken', () => {
    const queue = new OutputQueue()
    assert.equal(queue.take(), undefined)
    queue.latin1('a')
    queue.take()
    assert.equal(queue.take(), undefined)
  })

  test('passes large octets through uncopied and in order', () => {
    const queue = new OutputQueue()
    const large = new Uint8Array(10_000).fill(0x78)
    queue.latin1('before')
    queue.append(large)
    queue.latin1('behind')
    assert.equal(queue.bytes, 10_012)
    assert.equal(latin1Of(queue.take() ?? large), 'before')
    assert.equal(queue.take()?.buffer, large.buffer)
    assert.equal(textOf(queue), 'behind')
  })

  test('gives very large octets in pieces', () => {
    const queue = new OutputQueue()
    const large = Uint8Array.from({ length: 300_000 }, (_, index) => index)
    queue.append(large)
    const blocks = takeAll(queue)
    assert.ok(blocks.length > 1 && blocks.every(({ length }) => length <= 131_072))
    assert.deepEqual(concat(blocks), large)
  })

  test('many queues write in turn, over many blocks, without mixing or leaving holes', () => {
    const queues = Array.from({ length: 5 }, () => new OutputQueue())
    const expected = queues.map(() => '')
    for (let round = 0; round < 400; round++)
      queues.forEach((queue, index) => {
        // Long and short, native call and loop, text and octets, at every remainder of a block.
        const text = `${index}:${round};`.repeat(1 + ((round * 7 + index * 13) % 60))
        if (round % 3 === 0) queue.append(Uint8Array.from(text, (character) => character.charCodeAt(0)))
        else if (round % 3 === 1) queue.latin1(text)
        else queue.utf8(text, text.length)
        expected[index] += text
      })
    queues.forEach((queue, index) => {
      assert.equal(queue.bytes, expected[index]!.length)
      assert.equal(textOf(queue), expected[index])
    })
  })

  test('text larger than a block has one of its own', () => {
    const queue = new OutputQueue()
    const text = 'y'.repeat(200_000)
    queue.latin1(text)
    assert.equal(textOf(queue), text)
  })

  test('what was taken is never written again', () => {
    const queue = new OutputQueue()
    queue.latin1('first')
    const first = queue.take()!
    const copy = new Uint8Array(first)
    for (let i = 0; i < 5000; i++) {
      queue.latin1('another piece of text that is long enough')
      queue.take()
    }
    assert.deepEqual(new Uint8Array(first), copy)
  })

  test('room that is given up for larger one leaves nothing empty behind', () => {
    const queue = new OutputQueue()
    for (let i = 0; i < 3000; i++) {
      queue.reserve(50)
      queue.commit(queue.reserve(150) + 100)
      assert.deepEqual(
        takeAll(queue).map(({ length }) => length),
        [100],
      )
    }
  })

  test('clear forgets all, sealed or open', () => {
    const queue = new OutputQueue()
    const other = new OutputQueue()
    queue.latin1('sealed by the other')
    other.latin1('o')
    queue.latin1('open')
    queue.clear()
    assert.equal(queue.bytes, 0)
    assert.equal(queue.take(), undefined)
    queue.latin1('new')
    assert.equal(textOf(queue), 'new')
    assert.equal(textOf(other), 'o')
    other.latin1('p')
    queue.clear()
    assert.equal(textOf(other), 'p')
  })
})
