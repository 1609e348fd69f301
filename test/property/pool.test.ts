/** The pool against any order of events: what it must never do, and what it must always do in the end. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Lease, Pool, PoolError } from '#src/io/pool.js'
import type { Timed } from '#src/io/clock.js'

const SEED = 1
const MAX = 3
const MIN_CHOICES = [0, 1, 3]

interface Thing {
  readonly id: number
  usable: boolean
  destroyed: number
}

/** Somebody who waits, and what came of it. */
interface Caller {
  readonly number: number
  readonly controller: AbortController
  outcome: 'waiting' | 'served' | 'refused'
  settled: number
}

interface Deferred {
  readonly resolve: (good: boolean) => void
  readonly signal: AbortSignal
}

/** A pool in a world where nothing happens by itself. */
class World {
  now = 0
  readonly ticking: Set<Timed> = new Set()
  readonly timers: Set<{ readonly at: number; readonly run: () => void }> = new Set()
  readonly things: Thing[] = []
  readonly creations: Deferred[] = []
  readonly checks: Deferred[] = []
  readonly callers: Caller[] = []
  readonly leases: Lease<Thing>[] = []
  readonly pool: Pool<Thing>
  lastServed = -1
  closed: Promise<void> | undefined

  constructor(min: number) {
    const time = {
      now: () => this.now,
      random: () => 0.5,
      add: (timed: Timed) => void this.ticking.add(timed),
      remove: (timed: Timed) => void this.ticking.delete(timed),
      after: (ms: number, run: () => void) => {
        const timer = { at: this.now + ms, run }
        this.timers.add(timer)
        return () => void this.timers.delete(timer)
      },
    }
    const resource = {
      create: async (signal: AbortSignal) => this.#create(signal),
      destroy: (thing: Thing) => void thing.destroyed++,
      isUsable: (thing: Thing) => thing.usable,
      check: async (_thing: Thing, signal: AbortSignal) => this.#later(this.checks, signal),
    }
    this.pool = new Pool(resource, { max: MAX, min, waitingMax: 5, checkAfterIdleMs: 400 }, time)
  }

  get live(): Thing[] {
    return this.things.filter(({ destroyed }) => destroyed === 0)
  }

  acquire(timeoutMs: number): void {
    const controller = new AbortController()
    const caller: Caller = { number: this.callers.length, controller, outcome: 'waiting', settled: 0 }
    this.callers.push(caller)
    void this.pool.acquire({ timeoutMs, signal: controller.signal }).then(
      (lease) => this.#served(caller, lease),
      () => this.#answered(caller, 'refused'),
    )
  }

  advance(ms: number): void {
    this.now += ms
    for (const timer of this.timers) {
      if (timer.at > this.now) continue
      this.timers.delete(timer)
      timer.run()
    }
    for (const timed of this.ticking) timed.onTick(this.now)
  }

  /** What must hold whenever nothing is on its way. */
  check(): void {
    const { stats } = this.pool
    assert.ok(this.live.length + this.creations.length <= MAX, 'never more than max')
    assert.equal(stats.total, this.live.length)
    assert.equal(stats.connecting, this.creations.length)
    assert.equal(stats.busy, this.leases.filter(({ resource }) => resource.destroyed === 0).length + this.checks.length)
    const waiting = this.callers.filter(({ outcome }) => outcome === 'waiting')
    assert.equal(stats.waiting, waiting.length)
    for (const caller of this.callers) assert.ok(caller.settled <= 1)
    for (const { destroyed } of this.things) assert.ok(destroyed <= 1)
    if (waiting.length > 0) {
      assert.equal(this.closed, undefined, 'nobody waits for a closed pool')
      if (stats.idle > 0) assert.ok(this.checks.length >= waiting.length, 'what is idle is looked at first')
      const coming = this.creations.length + this.checks.length + this.leases.length + this.timers.size
      assert.ok(coming > 0, 'whoever waits waits for something')
    }
  }

  #served(caller: Caller, lease: Lease<Thing>): void {
    this.#answered(caller, 'served')
    assert.ok(caller.number > this.lastServed, 'whoever came first is served first')
    this.lastServed = caller.number
    assert.ok(
      this.leases.every(({ resource }) => resource !== lease.resource),
      'one caller at a time',
    )
    assert.equal(lease.resource.destroyed, 0)
    this.leases.push(lease)
  }

  #answered(caller: Caller, outcome: Caller['outcome']): void {
    caller.outcome = outcome
    caller.settled++
  }

  async #create(signal: AbortSignal): Promise<Thing> {
    if (!(await this.#later(this.creations, signal))) throw signal.reason ?? new Error('creation failed')
    const thing = { id: this.things.length, usable: true, destroyed: 0 }
    this.things.push(thing)
    return thing
  }

  #later(list: Deferred[], signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const deferred = {
        signal,
        resolve: (good: boolean): void => {
          list.splice(list.indexOf(deferred), 1)
          resolve(good)
        },
      }
      list.push(deferred)
      signal.addEventListener('abort', () => list.includes(deferred) && deferred.resolve(false))
    })
  }
}

type Step = (world: World) => void

/** Picks one of a list, if there is any. */
function pick<Item>(list: readonly Item[], at: number): Item | undefined {
  return list.length === 0 ? undefined : list[at % list.length]
}

function giveBack(world: World, at: number, how: 'release' | 'destroy'): void {
  const lease = pick(world.leases, at)
  if (lease === undefined) return
  world.leases.splice(world.leases.indexOf(lease), 1)
  lease[how]()
  assert.throws(() => lease[how](), { code: 'POOL_LEASE' })
}

const at = fc.nat(20)
const STEPS: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<readonly [string, Step]> }[] = [
  { weight: 6, arbitrary: fc.constantFrom(50, 1000).map((ms) => [`acquire ${ms}`, (w) => w.acquire(ms)] as const) },
  { weight: 5, arbitrary: at.map((n) => [`release ${n}`, (w) => giveBack(w, n, 'release')] as const) },
  { weight: 1, arbitrary: at.map((n) => [`destroy ${n}`, (w) => giveBack(w, n, 'destroy')] as const) },
  { weight: 4, arbitrary: at.map((n) => [`created ${n}`, (w) => pick(w.creations, n)?.resolve(true)] as const) },
  { weight: 2, arbitrary: at.map((n) => [`failed ${n}`, (w) => pick(w.creations, n)?.resolve(false)] as const) },
  { weight: 2, arbitrary: at.map((n) => [`good ${n}`, (w) => pick(w.checks, n)?.resolve(true)] as const) },
  { weight: 1, arbitrary: at.map((n) => [`bad ${n}`, (w) => pick(w.checks, n)?.resolve(false)] as const) },
  { weight: 2, arbitrary: at.map((n) => [`abort ${n}`, (w) => pick(w.callers, n)?.controller.abort()] as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(100, 500, 6000, 400_000).map((ms) => [`wait ${ms}`, (w) => w.advance(ms)] as const),
  },
  { weight: 2, arbitrary: at.map((n) => [`break ${n}`, (w) => lose(w, n, false)] as const) },
  { weight: 2, arbitrary: at.map((n) => [`lose ${n}`, (w) => lose(w, n, true)] as const) },
  { weight: 1, arbitrary: fc.constant(['close', (w) => (w.closed ??= w.pool.close())] as const) },
]

function lose(world: World, n: number, told: boolean): void {
  const thing = pick(world.live, n)
  if (thing === undefined) return
  thing.usable = false
  if (told) world.pool.lost(thing)
}

/** Lets every promise go on that can. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

/** Everything comes back, and what is under way ends well. */
async function finish(world: World): Promise<void> {
  for (let round = 0; round < 100; round++) {
    for (const deferred of [...world.creations, ...world.checks]) deferred.resolve(true)
    for (const lease of world.leases.splice(0)) lease.release()
    world.advance(100)
    await settled()
  }
  assert.ok(
    world.callers.every((caller) => caller.settled === 1),
    'everybody is answered',
  )
  let over = false
  void world.pool.close().then(() => (over = true))
  await settled()
  for (const lease of world.leases.splice(0)) lease.release()
  await settled()
  assert.deepEqual([over, world.live.length, world.ticking.size, world.timers.size], [true, 0, 0, 0])
}

describe('a pool', () => {
  it('keeps its promises, whatever happens in which order', async () => {
    const step = fc.oneof(...STEPS)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MIN_CHOICES), fc.array(step, { maxLength: 60 }), async (min, steps) => {
        const world = new World(min)
        for (const [, run] of steps) {
          run(world)
          await settled()
          world.check()
        }
        await finish(world)
      }),
      { numRuns: 2000, seed: Number(process.env['SKITAI_SEED'] ?? SEED) },
    )
  })

  it('refuses those whom it cannot serve any more', async () => {
    const world = new World(0)
    for (let i = 0; i < 5; i++) world.acquire(1000)
    await assert.rejects(world.pool.acquire(), { code: 'POOL_FULL' })
    const closed = world.pool.close()
    await assert.rejects(world.pool.acquire(), (error) => error instanceof PoolError && error.code === 'POOL_CLOSED')
    await closed
    assert.ok(world.callers.every(({ outcome }) => outcome === 'refused'))
  })
})
