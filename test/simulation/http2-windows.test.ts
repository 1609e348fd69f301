import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameTypes, type Http2Server, type Http2ServerEvent, http2Limits } from 'skitai/http2'
import { bytesOf } from 'skitai/testing'
import { answer, attackedClient, attackedServer, Bystander, get, nth, post, type Victim } from './http2-victim.js'

const HUGE = new Uint8Array(1_000_000)

/** Answers with more than any window takes at once. */
function huge(engine: Http2Server, event: Http2ServerEvent): void {
  if (event.type === 'request') engine.sendResponse(event.streamId, 200, [], HUGE)
}

function stream(victim: Victim, streamId: number): Record<string, number> {
  const { streams } = victim.engine.describeState()
  return (streams as Record<number, Record<string, number>>)[streamId]!
}

describe('SECURITY 25: windows', () => {
  test('the window of the connection above 2^31-1 ends it', () => {
    const victim = attackedServer(huge)
    victim.sendLines(...get(1))
    const bystander = new Bystander()
    assert.ok(!victim.sendLines('WINDOW_UPDATE 0 2147483647', 'WINDOW_UPDATE 0 2147483647'))
    victim.assertEnded('H2_WINDOW_OVERFLOW_CONNECTION', 'FLOW_CONTROL_ERROR')
    bystander.ask()
  })

  test('a window of a stream above 2^31-1 costs the stream', () => {
    const victim = attackedServer(huge)
    victim.sendLines(...get(1), ...get(3), 'WINDOW_UPDATE 1 2147483647', 'WINDOW_UPDATE 1 2147483647')
    assert.deepEqual([...victim.faults], [['H2_WINDOW_OVERFLOW', 1]])
    assert.deepEqual(victim.resets, ['FLOW_CONTROL_ERROR'])
    assert.deepEqual(victim.streams, ['3'])
    assert.equal(victim.end, '')
  })

  test('as much as 2^31-1 is allowed', () => {
    const victim = attackedServer(
      (engine, event) => event.type === 'request' && engine.sendHead(event.streamId, 200, []),
    )
    victim.sendLines(
      ...get(1),
      `WINDOW_UPDATE 0 ${0x7f_ff_ff_ff - 65_535}`,
      `WINDOW_UPDATE 1 ${0x7f_ff_ff_ff - 65_535}`,
    )
    assert.equal(stream(victim, 1)['sendWindow'], 0x7f_ff_ff_ff)
    victim.assertWell()
  })

  test('SETTINGS that enlarge a window above 2^31-1 end the connection', () => {
    const victim = attackedServer(huge)
    assert.ok(!victim.sendLines(...get(1), 'WINDOW_UPDATE 1 2147483000', 'SETTINGS initial_window_size=2147483647'))
    victim.assertEnded('H2_WINDOW_OVERFLOW_CONNECTION', 'FLOW_CONTROL_ERROR')
  })

  test('SETTINGS of a window above 2^31-1 end the connection', () => {
    const victim = attackedServer(huge)
    assert.ok(!victim.sendLines(...get(1), 'SETTINGS initial_window_size=2147483648'))
    victim.assertEnded('H2_SETTINGS_WINDOW', 'FLOW_CONTROL_ERROR')
  })

  test('a window that is shrunk below what is under way is negative until it is opened again', () => {
    const victim = attackedServer(huge)
    victim.sendLines('WINDOW_UPDATE 0 10000000', ...get(1))
    const sent = victim.written(FrameTypes.data)
    victim.sendLines('SETTINGS initial_window_size=10')
    assert.equal(stream(victim, 1)['sendWindow'], 10 - 65_535)
    victim.sendLines('WINDOW_UPDATE 1 65525')
    assert.deepEqual([stream(victim, 1)['sendWindow'], victim.written(FrameTypes.data)], [0, sent])
    victim.sendLines('WINDOW_UPDATE 1 7')
    assert.deepEqual([stream(victim, 1)['sendWindow'], victim.written(FrameTypes.data)], [0, sent + 1])
    victim.sendLines('SETTINGS initial_window_size=0', 'SETTINGS initial_window_size=1000000', 'WINDOW_UPDATE 1 100000')
    assert.deepEqual(victim.streams, [])
    victim.assertWell()
  })

  test('content beyond the window of a stream costs the stream, beyond that of the connection all', () => {
    const limits = { streamWindowBytes: 100, connectionWindowBytes: 65_535 }
    const holding = attackedServer(() => {}, limits)
    holding.sendLines(...post(1), 'DATA 1 size=100', 'DATA 1 "x"', ...post(3), 'DATA 3 size=100')
    assert.deepEqual([...holding.faults], [['H2_WINDOW_EXCEEDED', 1]])
    assert.deepEqual(holding.streams, ['3'])
    const wide = attackedServer(() => {}, { connectionWindowBytes: 65_535 })
    const bystander = new Bystander()
    wide.sendLines(...post(1))
    for (let i = 0; i < 3; i++) assert.ok(wide.sendLines('DATA 1 size=16384'))
    assert.ok(!wide.sendLines('DATA 1 size=16384'))
    wide.assertEnded('H2_WINDOW_EXCEEDED_CONNECTION', 'FLOW_CONTROL_ERROR')
    bystander.ask()
  })

  test('content that nobody takes fills the windows and no more; the stream is not held against the client', () => {
    const victim = attackedServer(() => {})
    victim.sendLines(...post(1))
    for (let i = 0; i < 64; i++) assert.ok(victim.sendLines('DATA 1 size=16384'))
    assert.equal(stream(victim, 1)['receiveWindow'], 0)
    victim.wait(3_600_000)
    victim.assertWell()
    victim.command((engine) => engine.consume(1, 64 * 16_384))
    assert.equal(stream(victim, 1)['receiveWindow'], 64 * 16_384)
  })

  test('reset and refused streams give the window of the connection back', () => {
    const victim = attackedServer((engine, event) => event.type === 'data' && engine.reset(event.streamId), {
      connectionWindowBytes: 65_535,
    })
    for (let i = 0; i < 200; i++)
      assert.ok(victim.sendLines(...post(nth(i)), `DATA ${nth(i)} size=10000`, `DATA ${nth(i)} size=10000 pad=200`))
    assert.equal(victim.count('request'), 200)
    victim.assertWell()
  })
})

/** Ways to end a connection, whatever it is busy with. */
const ENDINGS: readonly (readonly [name: string, end: (victim: Victim) => void, last: string])[] = [
  ['a broken frame', (victim) => void victim.sendLines('PING "1234567"'), 'fatal H2_FRAME_SIZE'],
  ['a broken field block', (victim) => void victim.sendLines('HEADERS 1001 block=80'), 'fatal H2_COMPRESSION'],
  [
    'a frame that is too large',
    (victim) => void victim.sendLines('DATA 1 "" length=20000'),
    'fatal H2_FRAME_TOO_LARGE',
  ],
  ['a peer that is cut off', (victim) => victim.command((e) => e.receiveEnd(victim.now)), 'fatal H2_TRUNCATED_FRAME'],
  ['a peer that takes nothing', takesNothing, 'fatal H2_WRITE_TIMEOUT'],
  ['abort', (victim) => victim.command((engine) => engine.abort()), 'closed'],
]

function takesNothing(victim: Victim): void {
  victim.takes = false
  victim.sendLines('PING "12345678"')
  victim.wait(http2Limits.writeMs)
}

describe('SECURITY 25: after the end of a connection nothing of it is left', () => {
  for (const [name, end, last] of ENDINGS)
    test(`${name}, with streams in all states`, () => {
      const victim = attackedServer(
        (engine, event) => {
          if (event.type !== 'request') return
          if (event.streamId === 1) engine.sendResponse(1, 200, [], HUGE)
          if (event.streamId === 3) engine.sendHead(3, 200, [])
          if (event.streamId === 5) engine.sendResponse(5, 204, [])
        },
        { pingMs: Infinity },
      )
      const bystander = new Bystander()
      victim.sendLines(...get(1), ...get(3), ...post(5), ...post(7), 'DATA 7 "held"', 'PRIORITY_UPDATE 99 "u=1"')
      victim.command((engine) => {
        engine.ping()
        engine.pushPromise(3, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] })
      })
      assert.equal(victim.streams.length, 5)
      if (last === 'fatal H2_TRUNCATED_FRAME') victim.send(bytesOf('\0\0'))
      end(victim)
      victim.takes = true
      victim.command(() => {})
      assert.equal(victim.end, last)
      victim.assertEmpty()
      commandsDoNothing(victim.engine)
      victim.assertEmpty()
      bystander.ask()
    })

  test('a client forgets its streams as well', () => {
    const victim = attackedClient(undefined, { push: true })
    victim.command((engine) => {
      engine.sendRequest({ method: 'GET', authority: 'a' })
      engine.sendRequest({ method: 'POST', authority: 'a' }, HUGE)
      engine.sendHead({ method: 'POST', authority: 'a' })
      engine.ping()
    })
    victim.sendLines('PUSH_PROMISE 1 promised=2', ...get(2).slice(1), 'HEADERS 1', '  :status: 200', 'DATA 1 "held"')
    assert.equal(victim.streams.length, 4)
    victim.sendLines('GOAWAY 1 INTERNAL_ERROR', 'PING "1234567"')
    victim.assertEnded('H2_FRAME_SIZE', 'FRAME_SIZE_ERROR')
    const { engine } = victim
    assert.equal(engine.canRequest, false)
    assert.throws(() => engine.sendRequest({ method: 'GET', authority: 'a' }), { code: 'H2_STREAMS_MAX' })
    engine.sendData(5, bytesOf('x'))
    engine.sendEnd(5)
    engine.sendPriority(5, { urgency: 1, incremental: false })
    engine.consume(1, 4)
    engine.reset(1)
    victim.assertEmpty()
  })
})

function commandsDoNothing(engine: Http2Server): void {
  for (const id of [1, 3, 5, 7, 9]) {
    engine.sendInform(id, 103, [])
    engine.sendContinue(id)
    engine.sendResponse(id, 200, [], 'x')
    engine.sendHead(id, 200, [])
    engine.sendData(id, bytesOf('x'))
    engine.sendEnd(id, ['x', 'y'])
    engine.setPriority(id, { urgency: 1, incremental: true })
    engine.consume(id, 10)
    engine.reset(id)
    engine.release(id)
    assert.equal(engine.queuedBytes(id), 0)
    assert.equal(engine.pushPromise(id, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] }), 0)
  }
  engine.ping()
  engine.announceClose()
  engine.close()
  engine.abort()
}

describe('SECURITY 24: who is not stalled', () => {
  test('a download that waits for another one on the same slow link', () => {
    const victim = attackedServer((engine, event) => {
      if (event.type === 'request') engine.sendResponse(event.streamId, 200, [], new Uint8Array(10_000_000))
    })
    // Windows of streams that never shut, and that of the connection as the standard has it.
    victim.sendLines('SETTINGS initial_window_size=2147483647', ...get(1), ...get(3))
    for (let second = 0; second < 300; second++) {
      assert.ok(victim.sendLines('WINDOW_UPDATE 0 20000'))
      victim.wait(1000)
    }
    victim.assertWell()
    assert.deepEqual(victim.streams, ['1', '3'])
  })

  test('but many downloads need more than one has to have', () => {
    const victim = attackedServer(huge)
    victim.sendLines('SETTINGS initial_window_size=2147483647')
    for (let i = 0; i < 100; i++) victim.sendLines(...get(nth(i)))
    for (let second = 0; second < 60; second++) {
      victim.sendLines('WINDOW_UPDATE 0 300')
      victim.wait(1000)
    }
    assert.ok(victim.faults.get('H2_STREAM_STALLED')! > 90)
    assert.ok(victim.streams.length > 0 && victim.streams.length < 10)
  })

  test('an upload whose handler takes the content late, whenever that is', () => {
    const { streamWindowBytes, bodyMs } = http2Limits
    for (const window of ['stream', 'connection'] as const)
      for (let late = 0; late <= 2 * bodyMs; late += 100) {
        const connectionWindowBytes = window === 'stream' ? 2 * streamWindowBytes : streamWindowBytes
        const victim = attackedServer(() => {}, { connectionWindowBytes, streamWindowBytes })
        victim.sendLines(...post(1))
        const fill = (): void => {
          for (let left = stream(victim, 1)['receiveWindow']!; left > 0; left -= 16_384)
            assert.ok(victim.sendLines(`DATA 1 size=${Math.min(left, 16_384)}`))
        }
        fill()
        victim.wait(late)
        victim.command((engine) => engine.consume(1, streamWindowBytes))
        // A round trip later the content is there.
        victim.wait(200)
        fill()
        victim.wait(bodyMs)
        victim.assertWell()
      }
  })

  test('but once the window is open, content must come', () => {
    const victim = attackedServer(() => {}, { streamWindowBytes: 1000 })
    victim.sendLines(...post(1), 'DATA 1 size=1000')
    victim.wait(60_000)
    victim.command((engine) => engine.consume(1, 1000))
    victim.wait(2 * http2Limits.bodyMs)
    assert.deepEqual([...victim.faults], [['H2_BODY_TIMEOUT', 1]])
  })
})

describe('SECURITY 25: behind GOAWAY', () => {
  test('content and requests that the server has refused are not delivered', () => {
    const victim = attackedServer(answer)
    victim.sendLines(...post(1))
    victim.command((engine) => engine.close())
    victim.sendLines(...post(3), 'DATA 3 "not wanted"', 'DATA 3 end_stream', 'DATA 1 end_stream "wanted"')
    assert.deepEqual([victim.count('request'), victim.count('data'), victim.end], [1, 1, 'closed'])
    victim.assertEmpty()
  })

  test('requests without end are refused for as long as the budget lasts', () => {
    const victim = attackedServer(answer)
    victim.sendLines(...post(1))
    victim.command((engine) => engine.close())
    for (let i = 1; victim.end === ''; i++) {
      assert.ok(i <= http2Limits.controlBurst + 10)
      victim.sendLines(...get(nth(i)))
    }
    victim.assertEnded('H2_CONTROL_FLOOD', 'ENHANCE_YOUR_CALM')
    assert.equal(victim.count('request'), 1)
  })
})
