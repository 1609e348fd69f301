import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, Http1Server } from 'skitai/http1'
import { bytesOf, latin1Of, Link, type LinkOptions, Random, simulate } from 'skitai/testing'
import { DATE } from '../property/http1-support.js'
import { faulty, type Faults } from './fake-engine.js'

/** All that arrives over a link on which `text` was sent at 0: time and octets. */
function arrivals(text: string, options: LinkOptions, seed = 1): (readonly [number, string])[] {
  const link = new Link(new Random(seed), options)
  link.send(bytesOf(text), 0)
  link.end(0)
  const result: (readonly [number, string])[] = []
  for (let now = link.next(); now < Infinity; now = link.next())
    for (let arrival = link.take(now); arrival !== undefined; arrival = link.take(now))
      result.push([now, arrival.bytes === undefined ? '(end)' : latin1Of(arrival.bytes)])
  return result
}

describe('Link', () => {
  test('delivers at once and whole by default', () => {
    assert.deepEqual(arrivals('hello', {}), [
      [0, 'hello'],
      [0, '(end)'],
    ])
  })

  test('fragments, and loses nothing', () => {
    const parts = arrivals('0123456789', { fragmentBytesMax: 3 })
    assert.ok(parts.length > 4)
    assert.ok(parts.every(([, text]) => text === '(end)' || text.length <= 3))
    assert.equal(parts.map(([, text]) => text).join(''), '0123456789(end)')
  })

  test('coalesces what has arrived', () => {
    assert.deepEqual(arrivals('0123456789', { fragmentBytesMax: 3, coalesce: 1 }), [
      [0, '0123456789'],
      [0, '(end)'],
    ])
  })

  test('delays within its bounds and keeps the order', () => {
    const parts = arrivals('0123456789', { fragmentBytesMax: 2, delayMs: [10, 50] })
    assert.equal(parts.map(([, text]) => text).join(''), '0123456789(end)')
    assert.ok(parts.every(([at]) => at >= 10 && at <= 50))
    assert.ok(new Set(parts.map(([at]) => at)).size > 1)
  })

  test('stalls behind so many octets', () => {
    assert.deepEqual(arrivals('0123456789', { stall: { afterBytes: 4, ms: 1000 } }), [
      [0, '0123'],
      [1000, '456789'],
      [1000, '(end)'],
    ])
    assert.deepEqual(arrivals('0123456789', { stall: { afterBytes: 4, ms: Infinity } }), [[0, '0123']])
  })

  test('truncates', () => {
    assert.deepEqual(arrivals('0123456789', { truncateAtBytes: 4 }), [
      [0, '0123'],
      [0, '(end)'],
    ])
    assert.deepEqual(arrivals('0123456789', { truncateAtBytes: 0 }), [[0, '(end)']])
  })

  test('has room until its capacity is under way', () => {
    const link = new Link(new Random(1), { capacityBytes: 4 })
    assert.equal(link.roomBytes, 4)
    link.send(bytesOf('abc'), 0)
    assert.equal(link.roomBytes, 1)
    link.send(bytesOf('def'), 0)
    assert.equal(link.roomBytes, 0)
    link.take(0)
    assert.equal(link.roomBytes, 1)
  })

  test('is dead once nothing will arrive any more', () => {
    const link = new Link(new Random(1), { stall: { afterBytes: 1, ms: Infinity } })
    link.send(bytesOf('a'), 0)
    assert.equal(link.dead, false)
    link.send(bytesOf('b'), 0)
    assert.equal(link.dead, true)
  })

  test('gives nothing before its time', () => {
    const link = new Link(new Random(1), { delayMs: [5, 5] })
    link.send(bytesOf('a'), 0)
    assert.equal(link.take(4), undefined)
    assert.deepEqual(link.take(5), { bytes: bytesOf('a') })
    assert.equal(link.take(5), undefined)
  })

  test('loses what is sent behind the end', () => {
    const link = new Link(new Random(1))
    link.end(0)
    link.end(0)
    link.send(bytesOf('a'), 0)
    assert.deepEqual(link.take(0), { bytes: undefined })
    assert.equal(link.take(0), undefined)
  })
})

describe('simulate', () => {
  const broken = (faults: Faults, message: RegExp): void =>
    assert.throws(() => simulate({ seed: 77, left: faulty(faults), right: faulty(), stepsMax: 1000 }), message)

  test('names the seed when an engine makes no progress', () => {
    broken(
      { deadlineStays: true },
      /^ContractError: seed 77: no end after 1000 steps: left at 100 ms, deadline 100, .*none; right/,
    )
  })

  test('names the seed when an engine goes on after its end', () => {
    const left = { seed: 77, left: faulty({ eventAfterClosed: true }), right: faulty() }
    assert.throws(
      () => simulate({ ...left, rightToLeft: { truncateAtBytes: 0 }, right: writing }),
      /seed 77: left: octet/,
    )
    const late = { seed: 77, left: faulty({ deadlineAfterClosed: true }), right: writing }
    assert.throws(() => simulate({ ...late, rightToLeft: { truncateAtBytes: 0 } }), /seed 77: left: a deadline is left/)
  })

  test('names the seed when an application throws, whatever it throws', () => {
    const begin = (): void => {
      throw 'a string'
    }
    const left = (): ReturnType<ReturnType<typeof faulty>> & { begin: () => void } => ({ ...faulty()(), begin })
    assert.throws(() => simulate({ seed: 77, left, right: faulty() }), /^ContractError: seed 77: a string$/)
  })

  test('tells when nothing would ever happen again', () => {
    const { outcome, nowMs, left } = simulate({ seed: 1, left: faulty(), right: faulty() })
    assert.deepEqual([outcome, nowMs, left.last], ['quiet', 100, ''])
    assert.deepEqual(left.log, ['octet value=100'])
  })

  test('hands a connection over with all that belongs to the next protocol', () => {
    const { left, right, outcome } = simulate({
      seed: 1,
      leftToRight: { fragmentBytesMax: 5 },
      rightToLeft: { fragmentBytesMax: 5, delayMs: [0, 9] },
      left: (controls) => {
        const engine = new Http1Client()
        return {
          engine,
          begin: () => engine.sendRequest('GET', '/', ['Host', 'a', 'Upgrade', 'x']),
          onEvent: ({ type }) => {
            if (type === 'handover') controls.sendRaw(bytesOf(`from the client at ${controls.now() >= 0}`))
          },
        }
      },
      right: (controls) => {
        const engine = new Http1Server({ date: () => DATE })
        return {
          engine,
          onEvent: ({ type }) => {
            if (type === 'end') engine.sendHead(101, ['Upgrade', 'x'])
            if (type === 'handover') controls.later(50, () => controls.sendRaw(bytesOf('from the server')))
          },
        }
      },
    })
    assert.equal(outcome, 'ended')
    assert.equal(latin1Of(left.raw), 'from the server')
    assert.equal(latin1Of(right.raw), 'from the client at true')
    assert.deepEqual([left.last, right.last], ['handover', 'handover'])
  })
})

/** Sends one octet at the start. */
function writing(controls: { sendRaw(bytes: Uint8Array): void }): ReturnType<ReturnType<typeof faulty>> {
  return { ...faulty()(), begin: () => controls.sendRaw(bytesOf('x')) } as ReturnType<ReturnType<typeof faulty>>
}
