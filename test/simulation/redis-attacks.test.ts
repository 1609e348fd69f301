/** Replies and commands that mean to take memory, stack or time: what is only declared takes nothing. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RedisClient, type RedisClientEvent, RedisServer, type RedisServerEvent } from 'skitai/redis'
import { bytesOf } from 'skitai/testing'
import { heldBytes } from './http2-heap.js'

const MIB = 1_048_576

function waiting(commands = 1): RedisClient {
  const engine = new RedisClient({ protocol: 2 })
  engine.start(0)
  engine.poll()
  for (let left = commands; left > 0; left--) engine.command(['GET', 'k'])
  while (engine.output() !== undefined);
  return engine
}

function last(engine: RedisClient | RedisServer): RedisClientEvent | RedisServerEvent | undefined {
  let found: RedisClientEvent | RedisServerEvent | undefined
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) found = event
  return found
}

function codeOf(event: RedisClientEvent | RedisServerEvent | undefined): string {
  return event?.type === 'fatal' ? event.code : String(event?.type)
}

const LEVELS = 100_000

describe('a reply that is nested 100,000 deep', () => {
  for (const head of ['*1\r\n', '%1\r\n+k\r\n', '~1\r\n', '*?\r\n', '|1\r\n+k\r\n', '%?\r\n*1\r\n'])
    test(`${JSON.stringify(head)} is a fault at level 129, whole and in pieces`, () => {
      const octets = bytesOf(head.repeat(LEVELS))
      for (const size of [octets.length, 1000, 7]) {
        const engine = waiting()
        for (let at = 0; at < octets.length && !engine.over; at += size) {
          engine.receive(octets.subarray(at, at + size), 0)
          engine.poll()
        }
        engine.receive(bytesOf('x'), 0)
        assert.equal(engine.over, true)
        assert.equal(engine.describeState()['inputBytes'], 0)
      }
      const engine = waiting()
      engine.receive(octets, 0)
      assert.equal(codeOf(last(engine)), 'REDIS_DEPTH')
    })

  test('as deep as a limit of 1,024 allows, it is read', () => {
    const engine = new RedisClient({ protocol: 2, limits: { depthMax: 1024 } })
    engine.start(0)
    engine.poll()
    engine.command(['GET', 'k'])
    engine.receive(bytesOf('*1\r\n'.repeat(1024) + ':1\r\n'), 0)
    assert.equal(codeOf(last(engine)), 'reply')
  })
})

describe('what is only declared takes no memory', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['a string of 500 MB', '$500000000\r\n'],
    ['16 million elements', '*16777216\r\n'],
    ['8 million pairs', '%8000000\r\n'],
    ['a streamed string', '$?\r\n;500000000\r\n'],
    ['a verbatim string of 500 MB', '=500000000\r\ntxt:'],
    ['arrays of 10,000 in each other', '*10000\r\n'.repeat(128)],
  ]
  for (const [what, octets] of rows)
    test(`to a client: ${what}, on 200 connections`, () => {
      const held = heldBytes(() =>
        Array.from({ length: 200 }, () => {
          const engine = waiting()
          engine.receive(bytesOf(octets), 0)
          assert.equal(last(engine), undefined)
          return engine
        }),
      )
      assert.ok(held < 8 * MIB, `${held} octets`)
    })

  for (const [what, octets] of [
    ['an argument of 500 MB', '*2\r\n$3\r\nSET\r\n$500000000\r\n'],
    ['a million words', '*1048576\r\n'],
  ] as const)
    test(`to a server: ${what}, on 200 connections`, () => {
      const held = heldBytes(() =>
        Array.from({ length: 200 }, () => {
          const engine = new RedisServer()
          engine.start(0)
          engine.receive(bytesOf(octets), 0)
          assert.equal(last(engine), undefined)
          return engine
        }),
      )
      assert.ok(held < 2 * MIB, `${held} octets`)
    })

  test('a streamed string in 300,000 pieces of one octet takes about what it has', () => {
    const engine = waiting()
    const held = heldBytes(() => {
      engine.receive(bytesOf('$?\r\n'), 0)
      const piece = bytesOf(';1\r\nx\r\n'.repeat(3000))
      for (let left = 100; left > 0; left--) {
        engine.receive(piece, 0)
        assert.equal(last(engine), undefined)
      }
      return engine
    })
    assert.ok(held < 3 * MIB, `${held} octets`)
  })
})

describe('a client at rest keeps nothing of what it has read', () => {
  test('after replies of 100,000 strings, on 10 connections', () => {
    const octets = bytesOf(`*100000\r\n${'$20\r\nabcdefghijklmnopqrst\r\n'.repeat(100_000)}`)
    const engines = Array.from({ length: 10 }, () => waiting())
    const held = heldBytes(() => {
      for (const engine of engines) {
        engine.receive(octets, 0)
        assert.equal(codeOf(last(engine)), 'reply')
      }
      return engines
    })
    assert.ok(held < MIB, `${held} octets`)
  })

  test('after 100,000 commands that were under way at once', () => {
    const engine = waiting(0)
    const held = heldBytes(() => {
      for (let left = 100_000; left > 0; left--) engine.command(['GET', 'k'])
      while (engine.output() !== undefined);
      engine.receive(bytesOf(':1\r\n'.repeat(100_000)), 0)
      assert.equal(codeOf(last(engine)), 'reply')
      return engine
    })
    assert.equal(engine.pendingCount, 0)
    assert.ok(held < MIB, `${held} octets`)
  })
})

describe('subscriptions that nobody asked for', () => {
  test('are a fault, and not kept', () => {
    const engine = waiting(0)
    engine.receive(bytesOf('*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n'), 0)
    assert.equal(codeOf(last(engine)), 'REDIS_UNEXPECTED')
  })
})
