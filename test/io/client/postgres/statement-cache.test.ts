/** What the client keeps of statements, and operations in their order. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Operation } from '#src/io/client/postgres/operation.js'
import { OperationQueue } from '#src/io/client/postgres/operation-queue.js'
import { readTag } from '#src/io/client/postgres/result.js'
import { RecentMap, StatementCache } from '#src/io/client/postgres/statement-cache.js'

class Nothing extends Operation {
  send(): void {}
  onReady(): boolean {
    return true
  }
  lose(): void {}
  drop(): void {}
}

describe('a map of what was used recently', () => {
  it('forgets what was used longest ago', () => {
    const map = new RecentMap<{ n: number }>(2)
    const [a, b, c] = [{ n: 1 }, { n: 2 }, { n: 3 }]
    assert.equal(map.set('a', a), undefined)
    assert.equal(map.set('b', b), undefined)
    assert.equal(map.get('a'), a)
    assert.equal(map.get('a'), a)
    assert.equal(map.set('c', c), b)
    assert.deepEqual([map.get('b'), map.get('a'), map.get('c'), map.size], [undefined, a, c, 2])
    assert.equal(map.delete('c', a), false)
    assert.equal(map.delete('c', c), true)
    assert.equal(map.get('c'), undefined)
    assert.equal(map.delete('a', a), true)
    map.set('a', b)
    map.clear()
    assert.deepEqual([map.get('a'), map.size], [undefined, 0])
  })
})

describe('the statements of a connection', () => {
  it('have names, and are closed once', () => {
    const cache = new StatementCache(1, 's')
    assert.equal(cache.enabled, true)
    const one = cache.add('one')
    assert.deepEqual([one.name, cache.takeStale()], ['s1', []])
    const two = cache.add('two')
    assert.deepEqual([two.name, cache.takeStale(), cache.takeStale()], ['s2', ['s1'], []])
    cache.drop(one)
    assert.deepEqual(cache.takeStale(), [])
    cache.drop(two)
    assert.deepEqual([cache.takeStale(), cache.size], [['s2'], 0])
    cache.add('three')
    cache.clear()
    assert.deepEqual([cache.get('three'), cache.takeStale()], [undefined, []])
    assert.equal(new StatementCache(0, 's').enabled, false)
  })
})

describe('a queue of operations', () => {
  it('keeps their order, however many there are', () => {
    const queue = new OperationQueue()
    const all = Array.from({ length: 5000 }, () => new Nothing())
    for (const one of all.slice(0, 3000)) queue.push(one)
    for (const one of all.slice(0, 2000)) assert.equal(queue.shift(), one)
    for (const one of all.slice(3000)) queue.push(one)
    assert.deepEqual([queue.count, queue.first === all[2000], queue.last === all.at(-1)], [3000, true, true])
    assert.equal(queue.rest().length, 2999)
    queue.remove(all[2500]!)
    queue.remove(all[0]!)
    assert.equal(queue.takeAll().length, 2999)
    assert.deepEqual([queue.count, queue.first, queue.last, queue.shift()], [0, undefined, undefined, undefined])
    queue.push(all[0]!)
    queue.remove(all[0]!)
    assert.equal(queue.count, 0)
  })
})

describe('the tag of a command', () => {
  it('says what was done, and to how many rows', () => {
    for (const [tag, command, rowCount] of [
      ['SELECT 12', 'SELECT', 12],
      ['INSERT 0 3', 'INSERT', 3],
      ['CREATE TABLE', 'CREATE TABLE', 0],
      ['BEGIN', 'BEGIN', 0],
      ['COPY 1000000', 'COPY', 1_000_000],
      ['', '', 0],
    ] as const)
      assert.deepEqual(readTag(tag), { command, rowCount })
  })
})
