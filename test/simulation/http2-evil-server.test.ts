import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameTypes, type Http2Client, type Http2ClientEvent, http2Limits } from 'skitai/http2'
import { bytesOf } from 'skitai/testing'
import { encodeLines, frame } from '../vectors/http2-notation.js'
import { attackedClient, Bystander, nth, OUTPUT_BYTES_MAX, type Victim } from './http2-victim.js'

type Client = Victim<Http2Client, Http2ClientEvent>

const { controlBurst, informCountMax, pushesMax, faultBurst, resetBurst } = http2Limits

/** A client with so many requests under way. */
function asking(count = 1, push = false): Client {
  const victim = attackedClient(
    (engine, event) => {
      if (event.type === 'data') engine.consume(event.streamId, event.bytes.length)
    },
    { push },
  )
  victim.command((engine) => {
    for (let i = 0; i < count; i++) engine.sendRequest({ method: 'GET', authority: 'a' })
  })
  return victim
}

function assertFlooded(victim: Client, octets: Uint8Array, frames = 1): void {
  const bystander = new Bystander()
  const rounds = victim.flood(10 * controlBurst, () => octets)
  assert.ok(rounds * frames <= 2 * controlBurst, `${rounds} rounds`)
  assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
  victim.assertEnded('H2_CONTROL_FLOOD', 'ENHANCE_YOUR_CALM')
  bystander.ask()
}

const response = (id: number, ends: boolean): string[] => [
  `HEADERS ${id}${ends ? ' end_stream' : ''}`,
  '  :status: 200',
]
const promise = (id: number, promised: number): string[] => [
  `PUSH_PROMISE ${id} promised=${promised}`,
  '  :method: GET',
  '  :scheme: https',
  '  :authority: a',
  '  :path: /',
]

describe('SECURITY 26: a server that floods its clients', () => {
  const origins = frame(FrameTypes.origin, 0, 0, bytesOf('\0\x0bhttps://a.b'.repeat(1000)))

  test('with ORIGIN', () => assertFlooded(asking(), origins))
  test('with ALTSVC', () => assertFlooded(asking(), frame(FrameTypes.altsvc, 0, 0, bytesOf('\0\x01ah2=":443"'))))
  test('with frames of types that nobody knows', () => assertFlooded(asking(), frame(0xee, 0, 1, new Uint8Array(100))))
  test('with PING', () => assertFlooded(asking(), encodeLines(['PING "12345678"'])))
  test('with SETTINGS', () => assertFlooded(asking(), encodeLines(['SETTINGS max_concurrent_streams=100'])))
  test('with PRIORITY', () => assertFlooded(asking(), encodeLines(['PRIORITY 1 dep=3'])))
  test('with GOAWAY', () => assertFlooded(asking(), encodeLines(['GOAWAY 1 NO_ERROR "and so long debug data"'])))

  test('with empty DATA', () => {
    const victim = asking()
    victim.sendLines(...response(1, false))
    assertFlooded(victim, encodeLines(['DATA 1']))
  })

  test('with WINDOW_UPDATE that nobody needs', () => {
    assertFlooded(asking(), encodeLines(['WINDOW_UPDATE 0 1', 'WINDOW_UPDATE 1 1']), 2)
  })

  test('with a window that is opened octet by octet', () => {
    const victim = attackedClient()
    victim.sendLines('SETTINGS initial_window_size=0')
    victim.command((engine) => engine.sendRequest({ method: 'POST', authority: 'a' }, new Uint8Array(100_000)))
    assertFlooded(victim, encodeLines(['WINDOW_UPDATE 0 1', 'WINDOW_UPDATE 1 1']), 2)
  })

  test('with interim responses: each request takes so many, and the connection lives', () => {
    const victim = asking(2)
    const inform = encodeLines(['HEADERS 1', '  :status: 103', '  link: </a>'])
    for (let i = 0; i < 2 * informCountMax; i++) victim.send(inform)
    assert.equal(victim.count('inform'), informCountMax)
    assert.deepEqual([...victim.faults], [['H2_INFORMS_TOO_MANY', 1]])
    assert.deepEqual(victim.resets, ['ENHANCE_YOUR_CALM'])
    assert.deepEqual(victim.streams, ['3'])
    victim.flood(10 * controlBurst, () => inform)
    victim.assertEnded('H2_CONTROL_FLOOD', 'ENHANCE_YOUR_CALM')
  })

  test('with promises although they are switched off', () => {
    const victim = asking()
    assert.ok(!victim.sendLines(...promise(1, 2)))
    victim.assertEnded('H2_PUSH_FORBIDDEN', 'PROTOCOL_ERROR')
  })

  test('with promises beyond their number', () => {
    const victim = asking(1, true)
    const rounds = victim.flood(10_000, (round) => encodeLines(promise(1, 2 + 2 * round)))
    assert.equal(rounds, pushesMax + faultBurst + 1)
    assert.equal(victim.count('push'), pushesMax)
    assert.ok(victim.peak.streams <= pushesMax + 1)
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('with promises that it takes back', () => {
    const victim = asking(1, true)
    const rounds = victim.flood(10_000, (round) =>
      encodeLines([...promise(1, 2 + 2 * round), `RST_STREAM ${2 + 2 * round} CANCEL`]),
    )
    assert.equal(rounds, resetBurst + 1)
    victim.assertEnded('H2_RESETS_TOO_MANY', 'ENHANCE_YOUR_CALM')
  })

  test('with promises that it never keeps', () => {
    const victim = asking(1, true)
    for (let i = 0; i < pushesMax; i++) victim.sendLines(...promise(1, 2 + 2 * i))
    victim.sendLines(...response(1, true))
    victim.wait(http2Limits.responseMs)
    assert.equal(victim.faults.get('H2_RESPONSE_TIMEOUT'), pushesMax)
    assert.deepEqual(victim.streams, [])
  })

  test('with malformed responses', () => {
    const victim = asking(50)
    for (let i = 0; i < 50; i++) victim.sendLines(`HEADERS ${nth(i)} end_stream`, '  :status: 200', '  Upper: case')
    assert.deepEqual([...victim.faults], [['H2_FIELD_NAME', 50]])
    assert.equal(victim.end, '')
  })

  test('with content beyond the window of a stream: what comes behind is thrown away', () => {
    const victim = attackedClient()
    victim.command((engine) => engine.sendRequest({ method: 'GET', authority: 'a' }))
    victim.sendLines(...response(1, false))
    const content = encodeLines(['DATA 1 size=16384'])
    victim.flood(1000, () => content)
    assert.deepEqual([...victim.faults], [['H2_WINDOW_EXCEEDED', 1]])
    assert.equal(victim.count('data'), http2Limits.streamWindowBytes / 16_384)
    assert.equal(victim.end, '')
  })

  test('with content beyond the window of the connection', () => {
    const victim = attackedClient()
    victim.command((engine) => {
      for (let i = 0; i < 10; i++) engine.sendRequest({ method: 'GET', authority: 'a' })
    })
    for (let i = 0; i < 10; i++) victim.sendLines(...response(nth(i), false))
    const rounds = victim.flood(1000, (round) => encodeLines([`DATA ${nth(round % 10)} size=16384`]))
    assert.equal(rounds, http2Limits.connectionWindowBytes / 16_384 + 1)
    victim.assertEnded('H2_WINDOW_EXCEEDED_CONNECTION', 'FLOW_CONTROL_ERROR')
  })
})

describe('SECURITY 26: servers that do no wrong', () => {
  test('one that sends ORIGIN and ALTSVC with each of 2,000 responses, and early hints', () => {
    const victim = asking(0)
    for (let i = 0; i < 2000; i++) {
      victim.command((engine) => engine.sendRequest({ method: 'GET', authority: 'a' }))
      assert.ok(
        victim.sendLines(
          'FRAME type=12 "https://a"',
          'FRAME type=10 "h2"',
          `HEADERS ${nth(i)}`,
          '  :status: 103',
          ...response(nth(i), false),
          `DATA ${nth(i)} end_stream "hello"`,
        ),
      )
    }
    victim.assertWell()
    assert.equal(victim.count('response'), 2000)
  })

  test('one that keeps 20 promises with each of 100 pages', () => {
    const victim = asking(0, true)
    let promised = 0
    for (let page = 0; page < 100; page++) {
      victim.command((engine) => engine.sendRequest({ method: 'GET', authority: 'a' }))
      const pushes = Array.from({ length: 20 }, () => (promised += 2))
      for (const id of pushes) assert.ok(victim.sendLines(...promise(nth(page), id)))
      for (const id of [nth(page), ...pushes]) assert.ok(victim.sendLines(...response(id, true)))
    }
    victim.assertWell()
    assert.equal(victim.count('push'), 2000)
    assert.equal(victim.count('response'), 2100)
  })

  test('one that refuses 5,000 requests', () => {
    const victim = asking(0)
    for (let i = 0; i < 5000; i++) {
      victim.command((engine) => engine.sendRequest({ method: 'GET', authority: 'a' }))
      assert.ok(victim.sendLines(`RST_STREAM ${nth(i)} REFUSED_STREAM`))
    }
    victim.assertWell()
    assert.equal(victim.count('reset'), 5000)
  })

  test('an upload of 100 MB whose server opens the windows for each DATA frame', () => {
    const victim = asking(0)
    victim.command((engine) => engine.sendRequest({ method: 'POST', authority: 'a' }, new Uint8Array(100 * 1_048_576)))
    const open = encodeLines(['WINDOW_UPDATE 0 16384', 'WINDOW_UPDATE 1 16384'])
    let rounds = 0
    for (; victim.engine.queuedBytes(1) > 0; rounds++) assert.ok(victim.send(open) && rounds < 10_000)
    victim.sendLines(...response(1, true))
    assert.deepEqual(victim.streams, [])
    victim.assertWell()
  })
})
