import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameTypes, type Http2Server, type Http2ServerEvent, http2Limits } from 'skitai/http2'
import { encodeLines } from '../vectors/http2-notation.js'
import { answer, attackedServer, Bystander, get, nth, OUTPUT_BYTES_MAX, post, type Victim } from './http2-victim.js'

const { resetBurst, faultBurst, streamsMax } = http2Limits

/** An application whose handlers take `ms`, whatever happens to their streams, and then give the place back. */
class SlowHandlers {
  working = 0
  most = 0
  readonly #ms: number
  #due: { readonly at: number; readonly streamId: number }[] = []

  constructor(ms: number) {
    this.#ms = ms
  }

  react = (engine: Http2Server, event: Http2ServerEvent, now: number): void => {
    this.finish(engine, now)
    if (event.type !== 'request') return
    this.most = Math.max(this.most, ++this.working)
    this.#due.push({ at: now + this.#ms, streamId: event.streamId })
  }

  /** Ends those whose time has come. */
  finish(engine: Http2Server, now: number): void {
    while (this.#due.length > 0 && this.#due[0]!.at <= now) {
      const { streamId } = this.#due.shift()!
      this.working--
      engine.sendResponse(streamId, 200, [], 'late')
      engine.release(streamId)
    }
  }
}

function requestAndReset(round: number): Uint8Array {
  return encodeLines([...get(nth(round)), `RST_STREAM ${nth(round)} CANCEL`])
}

describe('SECURITY 20: rapid reset', () => {
  test('requests that are reset at once end the connection after the burst', () => {
    const victim = attackedServer()
    // The answer does not come as fast as the reset.
    const hasty = attackedServer((engine, event) => event.type === 'reset' && engine.release(event.streamId))
    const bystander = new Bystander()
    const rounds = hasty.flood(10_000, requestAndReset)
    assert.equal(rounds, resetBurst + 1)
    hasty.assertEnded('H2_RESETS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    assert.ok(hasty.peak.outputBytes < OUTPUT_BYTES_MAX)
    bystander.ask()
    victim.assertWell()
  })

  test('with slow handlers no more of them work at once than streams are allowed', () => {
    const handlers = new SlowHandlers(60_000)
    const victim = attackedServer(handlers.react)
    const bystander = new Bystander()
    victim.flood(10_000, requestAndReset)
    assert.equal(handlers.most, streamsMax)
    // From then on the peer makes us reset streams, which has a budget as well.
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    assert.ok(victim.resets.every((code) => code === 'REFUSED_STREAM'))
    bystander.ask()
  })

  test('nor when the resets come as slowly as the budget allows', () => {
    const handlers = new SlowHandlers(600_000)
    const victim = attackedServer(handlers.react)
    for (let round = 0; victim.now < 120_000; round++) {
      assert.ok(victim.send(requestAndReset(round)))
      victim.wait(100)
    }
    assert.equal(handlers.most, streamsMax)
    assert.equal(victim.end, '')
  })

  test('a place is free again when its handler has ended', () => {
    const handlers = new SlowHandlers(1000)
    const victim = attackedServer(handlers.react)
    for (let round = 0; round < streamsMax; round++) victim.send(requestAndReset(round))
    victim.sendLines(...get(nth(streamsMax)))
    assert.deepEqual(victim.resets, ['REFUSED_STREAM'])
    victim.wait(1000)
    victim.command((engine) => handlers.finish(engine, victim.now))
    assert.equal(handlers.working, 0)
    victim.sendLines(...get(nth(streamsMax + 1)))
    assert.deepEqual([victim.streams, victim.resets.length], [[String(nth(streamsMax + 1))], 1])
  })

  test('content under way, windows shut and pushes promised change nothing about it', () => {
    const scripts: readonly ((id: number) => readonly string[])[] = [
      (id) => [...post(id), `DATA ${id} "some"`],
      (id) => [`PRIORITY_UPDATE ${id} "u=0"`, ...get(id)],
      (id) => [...get(id), `WINDOW_UPDATE ${id} 1`],
    ]
    for (const script of scripts) {
      const victim = attackedServer((engine, event) => event.type === 'reset' && engine.release(event.streamId))
      const rounds = victim.flood(10_000, (round) =>
        encodeLines([...script(nth(round)), `RST_STREAM ${nth(round)} CANCEL`]),
      )
      assert.equal(rounds, resetBurst + 1)
      victim.assertEnded('H2_RESETS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    }
  })

  test('promises that are reset count, too', () => {
    const victim = attackedServer((engine, event) => {
      if (event.type !== 'request') return
      for (let i = 0; i < 10; i++)
        engine.pushPromise(event.streamId, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] })
      engine.sendResponse(event.streamId, 204, [])
    })
    const rounds = victim.flood(1000, (round) => {
      const resets = Array.from({ length: 10 }, (_, i) => `RST_STREAM ${2 + 2 * (10 * round + i)} CANCEL`)
      return encodeLines([...get(nth(round)), ...resets])
    })
    assert.equal(rounds, resetBurst / 10 + 1)
    victim.assertEnded('H2_RESETS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('GOAWAY of ours does not switch the budget off', () => {
    const victim = attackedServer((engine, event) => event.type === 'reset' && engine.release(event.streamId))
    victim.command((engine) => engine.announceClose())
    const rounds = victim.flood(10_000, requestAndReset)
    assert.ok(rounds <= resetBurst + 1)
    victim.assertEnded('H2_RESETS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })
})

describe('SECURITY 20: who is no rapid resetter', () => {
  test('a client that resets after complete responses', () => {
    const victim = attackedServer()
    for (let round = 0; round < 10_000; round++) assert.ok(victim.send(requestAndReset(round)))
    victim.assertWell()
  })

  test('a client that resets its upload when the response is complete already', () => {
    const early = (engine: Http2Server, event: Http2ServerEvent): void => {
      if (event.type === 'request') engine.sendResponse(event.streamId, 403, [], 'no')
    }
    const victim = attackedServer(early)
    for (let round = 0; round < 10_000; round++) {
      const id = nth(round)
      assert.ok(victim.sendLines(...post(id), `DATA ${id} "some"`, `RST_STREAM ${id} NO_ERROR`))
    }
    assert.deepEqual(victim.streams, [])
    victim.assertWell()
  })

  test('a browser that opens 100 streams a page, cancels 50 finished ones, and goes on to the next page', () => {
    const victim = attackedServer()
    for (let page = 0; page < 200; page++) {
      for (let i = 0; i < 100; i++) assert.ok(victim.sendLines(...get(nth(page * 100 + i))))
      for (let i = 0; i < 50; i++) assert.ok(victim.sendLines(`RST_STREAM ${nth(page * 100 + i)} CANCEL`))
    }
    victim.assertWell()
  })

  test('a browser that leaves ten pages in ten seconds, each with 80 requests under way', () => {
    const handlers = new SlowHandlers(500)
    const victim = attackedServer(handlers.react)
    for (let page = 0; page < 10; page++) {
      for (let i = 0; i < 80; i++) assert.ok(victim.sendLines(...get(nth(page * 80 + i))))
      for (let i = 0; i < 80; i++) assert.ok(victim.sendLines(`RST_STREAM ${nth(page * 80 + i)} CANCEL`))
      victim.wait(1000)
      victim.command((engine) => handlers.finish(engine, victim.now))
    }
    victim.assertWell()
    assert.equal(victim.count('request'), 800)
  })

  test('a page of 3,000 modules, 100 at a time', () => {
    const victim = attackedServer()
    for (let i = 0; i < 3000; i += 100) {
      const lines = Array.from({ length: 100 }, (_, at) => get(nth(i + at)))
      assert.ok(victim.sendLines(...lines.flat()))
    }
    victim.assertWell()
    assert.equal(victim.written(FrameTypes.headers), 3000)
  })

  test('a client that cancels 30 calls a second, all day', () => {
    const victim = attackedServer((engine, event) => event.type === 'reset' && engine.release(event.streamId))
    for (let second = 0; second < 3600; second++) {
      for (let i = 0; i < 30; i++) assert.ok(victim.send(requestAndReset(second * 30 + i)))
      victim.wait(1000)
    }
    victim.assertWell()
  })
})

/** Ways to make a server reset a stream (CVE-2025-8671); each gets the number of a stream to open. */
const TRIGGERS: readonly (readonly [name: string, lines: (id: number) => readonly string[], code: string])[] = [
  ['WINDOW_UPDATE of 0', (id) => [...get(id), `WINDOW_UPDATE ${id} 0`], 'PROTOCOL_ERROR'],
  ['a window above 2^31-1', (id) => [...get(id), `WINDOW_UPDATE ${id} 2147483647`], 'FLOW_CONTROL_ERROR'],
  ['DATA behind the end', (id) => [...get(id), `DATA ${id} "more"`], 'STREAM_CLOSED'],
  ['content longer than announced', (id) => [...post(id, 'content-length: 1'), `DATA ${id} "xx"`], 'PROTOCOL_ERROR'],
  ['PRIORITY of a wrong size', (id) => [...get(id), `FRAME type=2 stream=${id} "1234"`], 'FRAME_SIZE_ERROR'],
  ['HEADERS behind the end', (id) => [...get(id), `HEADERS ${id} end_stream`, '  x: y'], 'STREAM_CLOSED'],
]

function trigger(victim: Victim, lines: (id: number) => readonly string[]): number {
  return victim.flood(10_000, (round) => encodeLines(lines(nth(round))))
}

describe('SECURITY 21: made you reset', () => {
  for (const [name, lines, code] of TRIGGERS) {
    test(`${name}: the connection ends after the burst`, () => {
      const bystander = new Bystander()
      const victim = attackedServer((engine, event) => event.type === 'streamFault' && engine.release(event.streamId))
      assert.equal(trigger(victim, lines), faultBurst + 1)
      assert.deepEqual(new Set(victim.resets), new Set([code]))
      assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
      victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
      bystander.ask()
    })

    test(`${name}: slow handlers keep their places`, () => {
      const handlers = new SlowHandlers(60_000)
      const victim = attackedServer(handlers.react)
      trigger(victim, lines)
      assert.equal(handlers.most, streamsMax)
      victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    })

    test(`${name}: a server that is leaving counts it as well`, () => {
      const victim = attackedServer((engine, event) => event.type === 'streamFault' && engine.release(event.streamId))
      victim.command((engine) => engine.announceClose())
      assert.equal(trigger(victim, lines), faultBurst + 1)
      victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    })
  }

  test('a response that has begun does not free the place of its handler before the budget is used up', () => {
    const victim = attackedServer((engine, event) => {
      if (event.type === 'request') engine.sendHead(event.streamId, 200, [])
    })
    assert.equal(
      trigger(victim, (id) => [...get(id), `WINDOW_UPDATE ${id} 0`]),
      faultBurst + 1,
    )
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('WINDOW_UPDATE for streams that are over is none of it', () => {
    const victim = attackedServer()
    for (let i = 0; i < 5000; i++)
      assert.ok(victim.sendLines(...get(nth(i)), `WINDOW_UPDATE ${nth(i)} 100`, 'WINDOW_UPDATE 0 100'))
    victim.assertWell()
  })

  test('a client whose content passes its announced length now and then is none either', () => {
    const victim = attackedServer(answer)
    for (let i = 0; i < 3000; i++) {
      assert.ok(victim.sendLines(...post(nth(2 * i), 'content-length: 1'), `DATA ${nth(2 * i)} "xx"`))
      assert.ok(victim.sendLines(...get(nth(2 * i + 1))))
      victim.wait(100)
    }
    assert.equal(victim.end, '')
    assert.equal(victim.written(FrameTypes.headers), 3000)
  })
})
