/** The pool, by examples: in a world where time moves by hand, and once with the real clock. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Timed } from '#src/io/clock.js'
import { Pool, type PoolResource } from '#src/io/pool.js'
import type { PoolOptions } from '#src/io/pool-options.js'
import type { PoolTime } from '#src/io/pool-time.js'

interface Thing {
  readonly id: number
  usable: boolean
}

/** Time by hand. */
class Hand implements PoolTime {
  at = 0
  readonly #ticking: Set<Timed> = new Set()
  readonly #timers: Map<() => void, number> = new Map()

  readonly now = (): number => this.at
  readonly random = (): number => 0

  add(timed: Timed): void {
    this.#ticking.add(timed)
  }

  remove(timed: Timed): void {
    this.#ticking.delete(timed)
  }

  after(ms: number, run: () => void): () => void {
    this.#timers.set(run, this.at + ms)
    return () => this.#timers.delete(run)
  }

  async move(ms: number): Promise<void> {
    this.at += ms
    for (const [run, at] of this.#timers) {
      if (at > this.at) continue
      this.#timers.delete(run)
      run()
    }
    for (const timed of this.#ticking) timed.onTick(this.at)
    await turn()
  }
}

/** Everything that promises alone can do has been done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

class Things implements PoolResource<Thing> {
  made = 0
  readonly ended: number[] = []
  /** What creating rejects with, if it does. */
  error: Error | undefined
  check: NonNullable<PoolResource<Thing>['check']> = () => Promise.resolve(true)

  create(): Promise<Thing> {
    if (this.error !== undefined) return Promise.reject(this.error)
    return Promise.resolve({ id: ++this.made, usable: true })
  }

  destroy({ id }: Thing): void {
    this.ended.push(id)
  }

  isUsable({ usable }: Thing): boolean {
    return usable
  }
}

function make(options: Partial<PoolOptions> = {}): { pool: Pool<Thing>; things: Things; time: Hand } {
  const things = new Things()
  const time = new Hand()
  return { pool: new Pool(things, options, time), things, time }
}

describe('the pool', () => {
  it('lends the one that came back last, and creates no more than it may', async () => {
    const { pool, things } = make({ max: 2 })
    const [one, two] = await Promise.all([pool.acquire(), pool.acquire()])
    const third = pool.acquire()
    assert.deepEqual([pool.stats.total, pool.stats.waiting, pool.tryAcquire()], [2, 1, undefined])
    two.release()
    assert.equal((await third).resource.id, 2)
    one.release()
    ;(await third).release()
    assert.equal(pool.tryAcquire()?.resource.id, 2)
    assert.equal(things.made, 2)
  })

  it('tells those who wait at once that nothing can be created, and pauses before it tries again', async () => {
    const { pool, things, time } = make({ max: 3, backoffMs: 100 })
    things.error = new Error('down')
    const waiting = [pool.acquire(), pool.acquire(), pool.acquire()]
    for (const one of waiting) await assert.rejects(one, /down/)
    assert.equal(pool.stats.failures, 3)
    const later = pool.acquire()
    const more = pool.acquire()
    await turn()
    assert.equal(pool.stats.connecting, 0)
    things.error = undefined
    await time.move(100)
    assert.deepEqual([(await later).resource.id, (await more).resource.id], [1, 2])
    assert.equal(pool.stats.lastError, undefined)
  })

  it('tries again after longer and longer pauses', async () => {
    const { pool, things, time } = make({ backoffMs: 100, backoffMaxMs: 300 })
    things.error = new Error('down')
    await assert.rejects(pool.acquire(), /down/)
    for (const pauseMs of [100, 200, 300, 300]) {
      const refused = assert.rejects(pool.acquire(), /down/)
      await time.move(pauseMs - 1)
      assert.equal(pool.stats.waiting, 1)
      await time.move(1)
      await refused
    }
  })

  it('lets those wait whom somebody can still serve, and names the failure when that lasts too long', async () => {
    const { pool, things, time } = make({ max: 2, acquireTimeoutMs: 1000 })
    const lease = await pool.acquire()
    things.error = new Error('too many')
    const one = pool.acquire()
    const two = pool.acquire()
    await turn()
    assert.equal(pool.stats.waiting, 2)
    lease.release()
    assert.equal((await one).resource.id, 1)
    await time.move(50)
    const refused = assert.rejects(two, { code: 'POOL_TIMEOUT', cause: things.error })
    await time.move(1000)
    await refused
    assert.equal(pool.stats.timeouts, 1)
  })

  it('ends what is idle for too long, but keeps the least number', async () => {
    const { pool, things, time } = make({ min: 1, idleMs: 1000 })
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()])
    for (const lease of leases) lease.release()
    await time.move(999)
    assert.deepEqual(things.ended, [])
    await time.move(1)
    assert.deepEqual(things.ended, [1, 2])
  })

  it('replaces what is too old, when it comes back or while it is idle', async () => {
    const { pool, things, time } = make({ lifetimeMs: 1000, min: 1 })
    await turn()
    const lease = await pool.acquire()
    await time.move(1000)
    lease.release()
    await turn()
    assert.deepEqual([things.ended, things.made], [[1], 2])
    await time.move(1000)
    assert.deepEqual([things.ended, things.made], [[1, 2], 3])
  })

  it('checks what was idle for long, and takes another one when it is gone', async () => {
    const { pool, things, time } = make({ checkAfterIdleMs: 100, checkTimeoutMs: 500, min: 1 })
    await turn()
    const checked: number[] = []
    things.check = ({ id }) => (checked.push(id), Promise.resolve(true))
    await time.move(99)
    pool.tryAcquire()!.release()
    assert.deepEqual(checked, [])
    await time.move(100)
    assert.equal(pool.tryAcquire(), undefined)
    ;(await pool.acquire()).release()
    assert.deepEqual(checked, [1])
    await time.move(100)
    things.check = () => Promise.reject(new Error('gone'))
    const after = await pool.acquire()
    assert.deepEqual([after.resource.id, things.ended], [2, [1]])
    after.release()
    await time.move(100)
    things.check = () => new Promise(() => {})
    const late = pool.acquire()
    await time.move(500)
    assert.deepEqual([(await late).resource.id, things.ended], [3, [1, 2]])
  })

  it('gives nothing that is broken', async () => {
    const { pool, things } = make()
    const one = await pool.acquire()
    one.resource.usable = false
    pool.lost(one.resource)
    assert.deepEqual(things.ended, [])
    one.release()
    assert.deepEqual(things.ended, [1])
    const two = await pool.acquire()
    two.release()
    two.resource.usable = false
    assert.equal(pool.tryAcquire(), undefined)
    const three = await pool.acquire()
    three.release()
    pool.lost(three.resource)
    pool.lost(three.resource)
    assert.deepEqual(things.ended, [1, 2, 3])
  })

  it('refuses a lease that is used twice, options that cannot be, and callers who have given up', async () => {
    const { pool } = make()
    const lease = await pool.acquire()
    lease.destroy()
    assert.throws(() => lease.release(), { name: 'UsageError', code: 'POOL_LEASE' })
    assert.throws(() => make({ min: 11 }), { code: 'POOL_OPTION' })
    assert.throws(() => make({ max: 0 }), { code: 'POOL_OPTION' })
    await assert.rejects(pool.acquire({ signal: AbortSignal.abort(new Error('no')) }), /no/)
    const controller = new AbortController()
    const aborted = assert.rejects(pool.acquire({ signal: controller.signal }), /enough/)
    controller.abort(new Error('enough'))
    await aborted
  })

  it('closes when all is back and ended, or at once', async () => {
    const { pool, things } = make()
    const lease = await pool.acquire()
    let closed = false
    const closing = pool.close().then(() => (closed = true))
    await turn()
    assert.equal(closed, false)
    lease.release()
    await closing
    const other = make()
    const kept = await other.pool.acquire()
    await other.pool.terminate()
    kept.release()
    assert.deepEqual([things.ended, other.things.ended], [[1], [1]])
  })

  it('waits for what ends slowly, and survives what cannot be ended', async () => {
    const { pool, things } = make()
    const lease = await pool.acquire()
    lease.release()
    things.destroy = () => {
      throw new Error('stuck')
    }
    await pool.close()
    assert.match(String(pool.stats.lastError), /stuck/)
  })

  it('keeps real time', async () => {
    const things = new Things()
    const pool = new Pool(things, { max: 1, acquireTimeoutMs: 1, backoffMs: 1 })
    const lease = await pool.acquire()
    // A resource that is lent keeps a process alive as a rule; this one is no socket.
    const alive = setInterval(() => {}, 60_000)
    await assert.rejects(pool.acquire(), { code: 'POOL_TIMEOUT' })
    clearInterval(alive)
    lease.destroy()
    things.error = new Error('down')
    await assert.rejects(pool.acquire({ timeoutMs: Infinity }), /down/)
    things.error = undefined
    const again = await pool.acquire({ timeoutMs: Infinity })
    assert.deepEqual([again.resource.id, pool.stats.acquired, pool.stats.failures], [2, 2, 1])
    again.release()
    await pool.close()
  })
})
