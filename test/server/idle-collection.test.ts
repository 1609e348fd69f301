import assert from 'node:assert/strict'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { describe, it, type TestContext } from 'node:test'
import { IdleCollection, idleCollection } from '#src/server/idle-collection.js'

const WAVE = 1000
const LOOK_MS = 500

/** A host that is as busy as it is told to be, and counts. */
function rig({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const host = { busy: 0, heap: 1_000_000, collections: 0 }
  const collection = new IdleCollection({
    utilization: () => host.busy,
    heapBytes: () => host.heap,
    collect: () => void host.collections++,
  })
  const open = (connections: number): void => {
    for (let i = 0; i < connections; i++) collection.onConnection()
  }
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) mock.timers.tick(LOOK_MS)
  }
  return { host, open, pass }
}

describe('collection at rest', () => {
  it('comes once behind a wave of connections, a second after the last one', (t) => {
    const { host, open, pass } = rig(t)
    open(WAVE)
    pass(500)
    open(1)
    pass(500)
    pass(500)
    assert.equal(host.collections, 0)
    pass(500)
    assert.equal(host.collections, 1)
    pass(60_000)
    assert.equal(host.collections, 1)
  })

  it('waits while the process is busy', (t) => {
    const { host, open, pass } = rig(t)
    open(WAVE)
    host.busy = 0.5
    pass(10_000)
    assert.equal(host.collections, 0)
    host.busy = 0.05
    pass(1000)
    assert.equal(host.collections, 1)
  })

  it('does not come behind few connections, nor before as many again', (t) => {
    const { host, open, pass } = rig(t)
    open(WAVE - 1)
    pass(10_000)
    assert.equal(host.collections, 0)
    open(1)
    pass(10_000)
    assert.equal(host.collections, 1)
    open(WAVE - 1)
    pass(10_000)
    assert.equal(host.collections, 1)
    open(1)
    pass(10_000)
    assert.equal(host.collections, 2)
  })

  it('leaves a large heap alone', (t) => {
    const { host, open, pass } = rig(t)
    host.heap = 100_000_000
    open(WAVE)
    pass(10_000)
    assert.equal(host.collections, 0)
  })

  it('makes V8 collect all that it can', async () => {
    const collected = new Promise<void>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        const entries = list.getEntries() as unknown as { readonly detail: { readonly kind: number } }[]
        if (entries.every(({ detail }) => detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR)) return
        observer.disconnect()
        resolve()
      })
      observer.observe({ entryTypes: ['gc'] })
    })
    for (let i = 0; i < WAVE; i++) idleCollection.onConnection()
    // Its timer keeps no process alive.
    const alive = setInterval(() => undefined, 1000)
    await collected
    clearInterval(alive)
  })
})
