import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Flags, FrameTypes, type Http2Server, type Http2ServerEvent, http2Limits } from 'skitai/http2'
import { concat } from 'skitai/testing'
import { encodeLines, frame, plainBlock, uint32s } from '../vectors/http2-notation.js'
import { answer, attackedServer, Bystander, get, nth, OUTPUT_BYTES_MAX, post, type Victim } from './http2-victim.js'

const NOTHING = new Uint8Array(0)
const { controlBurst, controlsPerSecond } = http2Limits

/** Answers each request with so much content. */
function large(octets: number): (engine: Http2Server, event: Http2ServerEvent) => void {
  return (engine, event) => {
    if (event.type === 'request') engine.sendResponse(event.streamId, 200, [], new Uint8Array(octets))
    else answer(engine, event)
  }
}

/** Sends the same frames again and again; the connection must end for them, soon, at small cost. */
function assertFlooded(victim: Victim, octets: Uint8Array, frames = 1, code = 'H2_CONTROL_FLOOD'): void {
  const bystander = new Bystander()
  const rounds = victim.flood(10 * controlBurst, (round) => {
    if (round % 100 === 0) bystander.ask()
    return octets
  })
  assert.ok(rounds * frames <= 2 * controlBurst, `${rounds} rounds`)
  assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
  victim.assertEnded(code, 'ENHANCE_YOUR_CALM')
  bystander.ask()
}

describe('SECURITY 19: CVE-2019-9511, data dribble', () => {
  const tiny = encodeLines(['WINDOW_UPDATE 1 1', 'WINDOW_UPDATE 0 1'])

  test('a window that is opened octet by octet is a flood', () => {
    const victim = attackedServer(large(10_000_000))
    victim.sendLines('SETTINGS initial_window_size=0', ...get(1))
    assertFlooded(victim, tiny, 2)
  })

  test('and so it is over many streams, with their order shuffled', () => {
    const victim = attackedServer(large(1_000_000))
    victim.sendLines('SETTINGS initial_window_size=0')
    for (let i = 0; i < 100; i++) victim.sendLines(...get(nth(i)))
    const lines = Array.from({ length: 100 }, (_, i) => [
      `WINDOW_UPDATE ${nth(i)} 1`,
      `PRIORITY_UPDATE ${nth(i)} "u=${i % 8}"`,
    ])
    assertFlooded(victim, encodeLines(lines.flat()), 200)
  })

  test('a slower drip is no flood, but the stream is stalled', () => {
    const victim = attackedServer(large(1_000_000))
    victim.sendLines('SETTINGS initial_window_size=0', ...get(1))
    for (let second = 0; second < 60 && victim.count('streamFault') === 0; second++) {
      victim.sendLines('WINDOW_UPDATE 1 10')
      victim.wait(1000)
    }
    assert.deepEqual([...victim.faults], [['H2_STREAM_STALLED', 1]])
    assert.ok(victim.now <= http2Limits.stalledMs + 1000)
    assert.deepEqual(victim.resets, ['CANCEL'])
    assert.deepEqual(victim.streams, [])
  })

  test('a download of 100 MB whose client opens the windows for each DATA frame is none', () => {
    const total = 100 * 1_048_576
    const victim = attackedServer(large(total))
    victim.sendLines(...get(1))
    let seen = 0
    while (seen < total) {
      const frames = victim.written(FrameTypes.data)
      const sent = victim.writtenBytes
      assert.ok(victim.sendLines('WINDOW_UPDATE 1 16384', 'WINDOW_UPDATE 0 16384'))
      assert.ok(victim.written(FrameTypes.data) > frames || victim.streams.length === 0)
      seen += victim.writtenBytes - sent
      if (victim.streams.length === 0) break
    }
    victim.assertWell()
  })

  test('an event stream of small pieces whose client answers each with WINDOW_UPDATE is none', () => {
    const victim = attackedServer((engine, event) => {
      if (event.type === 'request') engine.sendHead(event.streamId, 200, [])
    })
    victim.sendLines(...get(1))
    for (let i = 0; i < 5000; i++) {
      victim.command((engine) => engine.sendData(1, new Uint8Array(20)))
      assert.ok(victim.sendLines('WINDOW_UPDATE 1 20', 'WINDOW_UPDATE 0 20'))
    }
    victim.assertWell()
  })

  test('a client with a window of 100 octets gets all of its small responses', () => {
    const victim = attackedServer(large(250))
    victim.sendLines('SETTINGS initial_window_size=100')
    for (let i = 0; i < 500; i++) {
      assert.ok(victim.sendLines(...get(nth(i))))
      assert.ok(victim.sendLines(`WINDOW_UPDATE ${nth(i)} 100`, 'WINDOW_UPDATE 0 100'))
      assert.ok(victim.sendLines(`WINDOW_UPDATE ${nth(i)} 100`, 'WINDOW_UPDATE 0 150'))
      victim.wait(50)
    }
    assert.deepEqual(victim.streams, [])
    victim.assertWell()
  })
})

describe('SECURITY 19: CVE-2019-9512, PING flood', () => {
  test('PING without end', () => assertFlooded(attackedServer(), encodeLines(['PING "12345678"'])))

  test('answers to a PING that nobody sent', () =>
    assertFlooded(attackedServer(), encodeLines(['PING ack "12345678"'])))

  test('from a client that takes no answer: little is held, and then the connection ends', () => {
    const victim = attackedServer(answer, { controlBurst: 1_000_000 })
    victim.takes = false
    const pings = encodeLines(Array.from({ length: 100 }, () => 'PING "12345678"'))
    victim.flood(10_000, () => pings)
    assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX, `${victim.peak.outputBytes} octets wait`)
    assert.ok(victim.sentBytes < 4 * OUTPUT_BYTES_MAX, 'no further input is wanted')
    victim.wait(http2Limits.writeMs)
    victim.assertEnded('H2_WRITE_TIMEOUT', 'NO_ERROR')
  })

  test('a client that pings around each of its calls, or every second for a day, is none', () => {
    const victim = attackedServer()
    for (let i = 0; i < 3000; i++)
      assert.ok(victim.sendLines('PING "12345678"', ...get(nth(i)), 'PING "12345678"', 'WINDOW_UPDATE 0 5'))
    const ping = encodeLines(['PING "12345678"'])
    for (let second = 0; second < 86_400; second++) {
      if (second % 60 === 0) victim.sendLines(...get(nth(3000 + second)))
      assert.ok(victim.send(ping))
      victim.wait(1000)
    }
    victim.assertWell()
  })
})

describe('SECURITY 19: CVE-2019-9513, resource loop', () => {
  test('PRIORITY that shuffles streams', () => {
    const victim = attackedServer(
      (engine, event) => event.type === 'request' && engine.sendHead(event.streamId, 200, []),
    )
    for (let i = 0; i < 100; i++) victim.sendLines(...get(nth(i)))
    const shuffle = Array.from({ length: 50 }, (_, i) => `PRIORITY ${nth(i)} dep=${nth(99 - i)}`)
    assertFlooded(victim, encodeLines(shuffle), 50)
  })

  test('PRIORITY for streams that are idle', () => {
    assertFlooded(attackedServer(), encodeLines(['PRIORITY 1000001 dep=3']))
  })

  test('PRIORITY_UPDATE for streams that live, and for some that never come', () => {
    const victim = attackedServer(large(1_000_000))
    for (let i = 0; i < 100; i++) victim.sendLines(...get(nth(i)))
    const shuffle = Array.from({ length: 50 }, (_, i) => `PRIORITY_UPDATE ${nth(3 * i)} "u=${i % 8}, i"`)
    assertFlooded(victim, encodeLines(shuffle), 50)
  })

  test('a browser that opens 100 streams with a priority each, and changes its mind, is none', () => {
    const victim = attackedServer(large(50_000))
    for (let page = 0; page < 20; page++) {
      for (let i = 0; i < 100; i++) {
        const id = nth(page * 100 + i)
        victim.sendLines(`PRIORITY_UPDATE ${id} "u=4"`, ...get(id), `PRIORITY ${id} dep=0`)
      }
      for (let i = 0; i < 100; i++) victim.sendLines(`PRIORITY_UPDATE ${nth(page * 100 + i)} "u=1, i"`)
      for (let i = 0; i < 100; i++) victim.sendLines('WINDOW_UPDATE 0 50000')
      assert.deepEqual(victim.streams, [])
    }
    victim.assertWell()
  })
})

describe('SECURITY 19: CVE-2019-9514, reset flood', () => {
  const malformed = (id: number): string[] => [`HEADERS ${id} end_stream`, '  :method: GET']

  test('requests that must be answered by RST_STREAM', () => {
    const victim = attackedServer()
    const bystander = new Bystander()
    const rounds = victim.flood(10_000, (round) => encodeLines(malformed(nth(round))))
    assert.ok(rounds <= http2Limits.faultBurst + 1)
    assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    bystander.ask()
  })

  test('the same from a client that takes nothing', () => {
    const victim = attackedServer(answer, { faultBurst: 1_000_000 })
    victim.takes = false
    victim.flood(20_000, (round) => encodeLines(malformed(nth(round))))
    assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
    victim.wait(http2Limits.writeMs)
    victim.assertEnded('H2_WRITE_TIMEOUT', 'NO_ERROR')
  })

  test('a client that errs now and then is none', () => {
    const victim = attackedServer()
    for (let i = 0; i < 2000; i++) {
      assert.ok(victim.sendLines(...malformed(nth(2 * i)), ...get(nth(2 * i + 1))))
      victim.wait(100)
    }
    assert.equal(victim.end, '')
  })
})

describe('SECURITY 19: CVE-2019-9515, SETTINGS flood', () => {
  test('empty SETTINGS', () => assertFlooded(attackedServer(), encodeLines(['SETTINGS'])))

  test('SETTINGS full of settings, with many streams that they change', () => {
    const victim = attackedServer(large(100_000))
    for (let i = 0; i < 100; i++) victim.sendLines(...get(nth(i)))
    const entry = Uint8Array.of(0, 4, 0, 0, 0, 0)
    const full = concat(Array.from({ length: 2730 }, () => entry))
    assertFlooded(victim, frame(FrameTypes.settings, 0, 0, full), 300)
  })

  test('acknowledgements of nothing', () => {
    const victim = attackedServer()
    assert.ok(!victim.sendLines('SETTINGS ack'))
    victim.assertEnded('H2_SETTINGS_ACK', 'PROTOCOL_ERROR')
  })

  test('a client that changes its window with each of its requests is none', () => {
    const victim = attackedServer()
    for (let i = 0; i < 3000; i++)
      assert.ok(victim.sendLines(`SETTINGS initial_window_size=${65_535 + (i % 100)}`, ...get(nth(i))))
    victim.assertWell()
  })
})

describe('SECURITY 19: CVE-2019-9516, header fields without octets', () => {
  test('empty names and values are never stored', () => {
    const victim = attackedServer()
    const empty = plainBlock(Array.from({ length: 4000 }, () => ''))
    const rounds = victim.flood(10_000, (round) => frame(FrameTypes.headers, Flags.endHeaders, nth(round), empty))
    assert.equal(victim.count('request'), 0)
    assert.ok(rounds <= http2Limits.faultBurst + 1)
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('fields with empty values are fields', () => {
    const victim = attackedServer()
    for (let i = 0; i < 200; i++) victim.sendLines(...get(nth(i), 'x-a:', 'x-b:', 'x-c:'))
    victim.assertWell()
    assert.equal(victim.count('request'), 200)
  })
})

describe('SECURITY 19: CVE-2019-9517, internal buffering of content', () => {
  test('a client with endless windows that takes nothing is served no further, and then not at all', () => {
    const victim = attackedServer(large(1_000_000))
    victim.sendLines('SETTINGS initial_window_size=2147483647', 'WINDOW_UPDATE 0 2147418112')
    victim.takes = false
    const bystander = new Bystander()
    victim.flood(http2Limits.streamsMax, (round) => encodeLines(get(nth(round))))
    assert.equal(victim.count('request'), http2Limits.streamsMax)
    assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX, `${victim.peak.outputBytes} octets wait`)
    victim.wait(http2Limits.writeMs)
    victim.assertEnded('H2_WRITE_TIMEOUT', 'NO_ERROR')
    bystander.ask()
  })

  test('a client that takes its time over each octet, but takes it, is served', () => {
    const victim = attackedServer(large(1_000_000))
    victim.sendLines('SETTINGS initial_window_size=2147483647', 'WINDOW_UPDATE 0 2147418112')
    for (let i = 0; i < 20; i++) {
      victim.takes = false
      victim.sendLines(...get(nth(i)))
      victim.wait(20_000)
      victim.takes = true
      victim.sendLines('PING "12345678"')
    }
    assert.deepEqual(victim.streams, [])
    victim.assertWell()
  })
})

describe('SECURITY 19: CVE-2019-9518, empty frames', () => {
  test('empty DATA', () => {
    const victim = attackedServer()
    victim.sendLines(...post(1))
    assertFlooded(victim, encodeLines(['DATA 1']))
  })

  test('DATA of padding alone', () => {
    const victim = attackedServer()
    victim.sendLines(...post(1))
    assertFlooded(victim, encodeLines(['DATA 1 pad=10']))
  })

  test('DATA for a stream that was reset', () => {
    const victim = attackedServer((engine, event) => event.type === 'request' && engine.reset(event.streamId))
    victim.sendLines(...post(1))
    assertFlooded(victim, encodeLines(['DATA 1 "x"']))
  })

  test('empty HEADERS', () => {
    const victim = attackedServer()
    const rounds = victim.flood(10_000, (round) => frame(FrameTypes.headers, Flags.endHeaders, nth(round), NOTHING))
    assert.ok(rounds <= http2Limits.faultBurst + 1)
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('empty HEADERS for a stream that was reset', () => {
    const victim = attackedServer((engine, event) => event.type === 'request' && engine.reset(event.streamId))
    victim.sendLines(...post(1))
    assertFlooded(victim, frame(FrameTypes.headers, Flags.endHeaders, 1, NOTHING))
  })

  test('empty PUSH_PROMISE', () => {
    const victim = attackedServer()
    victim.sendLines(...post(1))
    assert.ok(!victim.send(frame(FrameTypes.pushPromise, Flags.endHeaders, 1, uint32s(2))))
    victim.assertEnded('H2_PUSH_FORBIDDEN', 'PROTOCOL_ERROR')
  })

  test('frames of types that nobody knows, empty and full', () => {
    assertFlooded(attackedServer(), frame(0xbb, 0xff, 7, NOTHING))
    assertFlooded(attackedServer(), frame(0xfa, 0, 0, new Uint8Array(16_384)))
  })

  test('uploads that each end with an empty DATA frame are none', () => {
    const victim = attackedServer()
    for (let i = 0; i < 5000; i++)
      assert.ok(victim.sendLines(...post(nth(i)), `DATA ${nth(i)} "a few octets"`, `DATA ${nth(i)} end_stream`))
    victim.assertWell()
    assert.equal(victim.count('end'), 5000)
  })

  test('a call that sends 5,000 small messages, with a frame of a private type now and then, is none', () => {
    const victim = attackedServer()
    victim.sendLines(...post(1))
    for (let i = 0; i < 5000; i++) {
      assert.ok(victim.sendLines('DATA 1 "a small message"', ...(i % 50 === 0 ? ['FRAME type=200', 'DATA 1'] : [])))
      victim.wait(20)
    }
    victim.assertWell()
  })

  test(`${controlsPerSecond / 2} such frames a second for an hour are none`, () => {
    const victim = attackedServer()
    victim.sendLines(...post(1))
    const pings = encodeLines(Array.from({ length: controlsPerSecond / 2 }, () => 'PING "12345678"'))
    for (let second = 0; second < 3600; second++) {
      assert.ok(victim.send(pings))
      victim.sendLines('DATA 1 size=500')
      victim.wait(1000)
    }
    victim.assertWell()
  })
})
