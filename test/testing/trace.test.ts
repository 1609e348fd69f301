import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkBorrow,
  checkChunkInvariance,
  checkEveryCut,
  ContractError,
  cutAt,
  cutEvery,
  cutScript,
  scriptBytes,
  type Step,
  stepsOf,
  trace,
} from 'skitai/testing'
import { FakeEngine, faulty } from './fake-engine.js'

const octets = (...list: number[]): Uint8Array => Uint8Array.from(list)
const script = stepsOf([octets(1, 2, 3, 4)])

describe('cutting', () => {
  test('cutAt takes positions as they come, and leaves no chunk empty', () => {
    assert.deepEqual(cutAt(octets(1, 2, 3), [2, 1, 2, 0, 3, 9, -1]), [octets(1), octets(2), octets(3)])
    assert.deepEqual(cutAt(octets(1, 2, 3), []), [octets(1, 2, 3)])
    assert.deepEqual(cutAt(octets(), [1]), [])
  })

  test('cutEvery', () => {
    assert.deepEqual(cutEvery(octets(1, 2, 3), 2), [octets(1, 2), octets(3)])
    assert.deepEqual(cutEvery(octets(), 2), [])
  })

  test('cutScript counts over all octets and keeps the other steps in place', () => {
    const steps: Step[] = [
      { type: 'bytes', bytes: octets(1, 2) },
      { type: 'end' },
      { type: 'bytes', bytes: octets(3, 4) },
    ]
    assert.equal(scriptBytes(steps), 4)
    assert.deepEqual(cutScript(steps, [1, 3]), [
      { type: 'bytes', bytes: octets(1) },
      { type: 'bytes', bytes: octets(2) },
      { type: 'end' },
      { type: 'bytes', bytes: octets(3) },
      { type: 'bytes', bytes: octets(4) },
    ])
  })
})

describe('trace', () => {
  test('writes down events, output, deadline and end', () => {
    const { log, output, deadline, ended, outputMarks } = trace(faulty(), [...script, { type: 'end' }])
    assert.deepEqual(log.slice(0, 2), ['octet value=1', 'octet value=2'])
    assert.equal(log.at(-1), 'closed')
    assert.deepEqual(output, octets(1, 2, 3, 4))
    assert.deepEqual([deadline, ended, outputMarks], [Infinity, true, [4]])
  })

  test('stops at each deadline on the way', () => {
    const { log } = trace(faulty(), [{ type: 'wait', ms: 99 }, ...stepsOf([octets(1)]), { type: 'wait', ms: 200 }])
    assert.deepEqual(log, ['octet value=1', 'octet value=100'])
  })

  test('runs commands with the time brought up', () => {
    const ran: number[] = []
    const steps: Step[] = [
      { type: 'wait', ms: 50 },
      { type: 'command', run: () => ran.push(1) },
    ]
    assert.equal(trace(faulty(), steps).log.length, 0)
    assert.deepEqual(ran, [1])
  })
})

describe('an engine that breaks the contract is caught', () => {
  const end: Step = { type: 'end' }
  const breaks = (name: string, message: RegExp, run: () => unknown): void => {
    test(name, () => {
      assert.throws(run, (error) => error instanceof ContractError && message.test(error.message))
    })
  }
  breaks('chunk sizes in events', /^cut at 2: event 0 differs\n {2}expected .*4\n {2}got .*2$/, () =>
    checkChunkInvariance(faulty({ countsChunk: true }), script, [2]),
  )
  breaks('more events at some cuts', /^cut at 1: /, () => checkEveryCut(faulty({ countsChunk: true }), script))
  breaks('output by chunk', /output differs/, () => checkEveryCut(faulty({ writesPerChunk: true }), script))
  breaks('a deadline by chunk', /deadline differs/, () => checkEveryCut(faulty({ deadlineByChunk: true }), script))
  breaks('writing into a chunk', /wrote into the chunk/, () => trace(faulty({ writesIntoChunk: true }), script))
  breaks('a view that should be owned', /delivered event changed/, () =>
    checkBorrow(faulty({ keepsView: true }), script),
  )
  breaks('a copy by slice', /delivered event changed/, () => checkBorrow(faulty({ slicesChunk: true }), script))
  breaks('output that is written again', /output differs/, () => checkBorrow(faulty({ reusesOutput: true }), script))
  breaks('an event after the last', /octet value=0 came after closed/, () =>
    trace(faulty({ eventAfterClosed: true }), [end]),
  )
  breaks('a deadline after the end', /a deadline is left at 100 after closed/, () =>
    trace(faulty({ deadlineAfterClosed: true }), [end]),
  )
  breaks('events without end', /no progress/, () => trace(faulty({ endlessEvents: true }), script))
  breaks('output without end', /no progress/, () => trace(faulty({ endlessOutput: true }), script))
  breaks('a deadline that stays', /no progress/, () =>
    trace(faulty({ deadlineStays: true }), [{ type: 'wait', ms: 1000 }]),
  )

  test('and one that keeps it is not', () => {
    checkEveryCut(faulty(), [...script, end])
    checkEveryCut(faulty(), [...script, end], { sizeMax: 1, step: 3 })
    checkBorrow(faulty(), [...script, end])
  })

  test('time of output counts', () => {
    // Output for the octet before the wait must be there before the wait, however it was cut.
    const late = (): { engine: FakeEngine } => ({ engine: new LateEngine() })
    const steps: Step[] = [...script, { type: 'wait', ms: 1 }, ...script]
    assert.throws(() => checkEveryCut(late, steps), /time of output differs/)
  })
})

/** Writes what came in a chunk of one octet only when the next chunk comes. */
class LateEngine extends FakeEngine {
  #held = new Uint8Array(0)

  override receive(chunk: Uint8Array): void {
    super.receive(new Uint8Array([...this.#held, ...chunk.subarray(0, chunk.length === 1 ? 0 : chunk.length)]))
    this.#held = chunk.length === 1 ? chunk.slice() : new Uint8Array(0)
  }
}
