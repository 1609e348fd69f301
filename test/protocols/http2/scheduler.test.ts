import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { priorityOf } from '#src/protocols/http2/priority.js'
import { Scheduler } from '#src/protocols/http2/scheduler.js'
import { Stream } from '#src/protocols/http2/stream.js'

function stream(id: number, urgency = 3, incremental = false): Stream {
  const made = new Stream(id, 0, 0)
  made.priority = priorityOf(urgency, incremental)
  return made
}

function schedulerOf(...streams: readonly Stream[]): Scheduler {
  const scheduler = new Scheduler()
  for (const each of streams) scheduler.add(each)
  return scheduler
}

/** The numbers of the streams that send the next frames. */
function order(scheduler: Scheduler, frames: number): number[] {
  return Array.from({ length: frames }, () => {
    const next = scheduler.next()
    scheduler.sent(next)
    return next.id
  })
}

describe('who sends next', () => {
  test('the most urgent, in the order of requests', () => {
    const scheduler = schedulerOf(stream(7), stream(1, 5), stream(5), stream(3, 0), stream(9, 0))
    const sent: number[] = []
    while (scheduler.size > 0) {
      const next = scheduler.next()
      scheduler.remove(next)
      scheduler.sent(next)
      sent.push(next.id)
    }
    assert.deepEqual(sent, [3, 9, 5, 7, 1])
  })

  test('one that is useful only whole sends all of it first', () => {
    assert.deepEqual(order(schedulerOf(stream(3), stream(1)), 5), [1, 1, 1, 1, 1])
  })

  test('those that are useful in pieces take turns', () => {
    const scheduler = schedulerOf(stream(1, 3, true), stream(3, 3, true), stream(5, 3, true))
    assert.deepEqual(order(scheduler, 7), [1, 3, 5, 1, 3, 5, 1])
  })

  test('and both kinds share a level', () => {
    const scheduler = schedulerOf(stream(1, 3, true), stream(3), stream(5, 3, true), stream(7))
    assert.deepEqual(order(scheduler, 8), [3, 1, 3, 5, 3, 1, 3, 5])
  })

  test('turns go on when one of them has left', () => {
    const streams = [1, 3, 5].map((id) => stream(id, 3, true))
    const scheduler = schedulerOf(...streams)
    assert.deepEqual(order(scheduler, 4), [1, 3, 5, 1])
    scheduler.remove(streams[1]!)
    assert.deepEqual(order(scheduler, 3), [5, 1, 5])
  })

  test('a stream stands in line once, and can leave twice', () => {
    const one = stream(1)
    const scheduler = schedulerOf(one, one)
    assert.equal(scheduler.size, 1)
    scheduler.remove(one)
    scheduler.remove(one)
    assert.equal(scheduler.size, 0)
    assert.throws(() => scheduler.next(), RangeError)
  })

  test('no level starves, and no stream of one that is useful in pieces', () => {
    const urgent = stream(1, 0)
    const waiting = [stream(3, 7, true), stream(5, 7, true), stream(7, 3), stream(9, 5)]
    const sent = order(schedulerOf(urgent, ...waiting), 5000)
    for (const { id } of waiting) {
      const turns = sent.flatMap((other, index) => (other === id ? [index] : []))
      const gaps = turns.map((turn, index) => turn - (turns[index - 1] ?? 0))
      assert.ok(turns.length > 5, `stream ${id} sends`)
      assert.ok(Math.max(...gaps) <= 64 * 6, `stream ${id} waits for ${Math.max(...gaps)} frames`)
    }
    assert.ok(sent.filter((id) => id === 1).length > 4800, 'nearly all goes to the most urgent')
  })

  test('within a level nobody gets more than its share', () => {
    const streams = Array.from({ length: 50 }, (_, i) => stream(2 * i + 1, 3, true))
    const sent = order(schedulerOf(...streams), 50 * 40)
    for (const { id } of streams) assert.equal(sent.filter((other) => other === id).length, 40)
  })
})
