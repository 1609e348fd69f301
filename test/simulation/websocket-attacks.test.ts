/** Attacks on WebSocket endpoints, each beside an honest use that looks like it and must not be taken for one. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { concat, encodeWebSocketFrame, type WebSocketFrame } from 'skitai/testing'
import {
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  webSocketLimits,
  type WebSocketOptions,
  WebSocketServer,
} from 'skitai/websocket'
import { ZlibCompression } from 'skitai/io'
import { negotiated } from '../property/websocket-support.js'
import { heldBytes } from './http2-heap.js'

const KIB = 1024
const MIB = 1024 * KIB
const KEY = 0x0102_0304
const TEXT = 1
const BINARY = 2
const PING = 9
const PONG = 10

/** A server under attack, under a virtual clock. */
class Victim {
  readonly engine: WebSocketEngine
  now = 0
  /** Whether the peer takes output. */
  takes = true
  readonly events: WebSocketEvent[] = []
  peakOutputBytes = 0
  readonly #onEvent: (engine: WebSocketEngine, event: WebSocketEvent) => void

  constructor(
    options: WebSocketOptions = {},
    onEvent: (engine: WebSocketEngine, event: WebSocketEvent) => void = () => {},
  ) {
    this.engine = new WebSocketServer(options)
    this.#onEvent = onEvent
    this.engine.start(0)
  }

  /** The code of the fault that has ended the connection, or the type of its last event. */
  get end(): string {
    const last = this.events.at(-1)
    return last?.type === 'fatal' ? last.code : last?.type === 'closed' ? 'closed' : ''
  }

  /** Sends frames as a client does; false when the connection has ended. */
  send(...frames: WebSocketFrame[]): boolean {
    for (const frame of frames) this.sendOctets(encodeWebSocketFrame({ key: KEY, ...frame }))
    return this.end === ''
  }

  sendOctets(octets: Uint8Array): void {
    this.engine.receive(octets, this.now)
    this.drain()
  }

  /** Time passes; what waits for it happens. */
  pass(ms: number): void {
    const until = this.now + ms
    for (let next = this.engine.deadline(); next <= until; next = this.engine.deadline()) {
      this.now = Math.max(this.now, next)
      this.engine.advance(this.now)
      this.drain()
    }
    this.now = until
    this.engine.advance(until)
    this.drain()
  }

  drain(): void {
    for (let more = true; more;) {
      more = false
      for (let event = this.engine.poll(); event !== undefined; event = this.engine.poll()) {
        this.events.push(event)
        this.#onEvent(this.engine, event)
      }
      this.peakOutputBytes = Math.max(this.peakOutputBytes, this.engine.outputBytes)
      while (this.takes && this.engine.output() !== undefined) more = true
    }
  }
}

function compressed(octets: Uint8Array): Uint8Array {
  return deflateRawSync(octets, { level: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

function bomb(size: number): WebSocketFrame {
  return { opcode: BINARY, rsv: 4, payload: compressed(new Uint8Array(size)) }
}

/** JSON as applications send it. */
function honest(size: number): Uint8Array {
  const row = (i: number): string => `{"id":${i},"name":"user ${i * 7919}","active":${i % 3 === 0},"tags":["a","b"]},`
  let text = ''
  for (let i = 0; text.length < size; i++) text += row(i)
  return Buffer.from(text.slice(0, size))
}

const deflate = negotiated(15, 15, true)
const withDeflate = (limits: WebSocketOptions['limits'] = {}): WebSocketOptions => ({
  deflate,
  compression: new ZlibCompression(),
  limits,
})

describe('SECURITY 28: decompression bombs', () => {
  test('one message inflates to no more than the limit of a message, and nothing of it is kept', () => {
    const frame = bomb(50 * MIB)
    assert.ok(frame.payload.length < 60_000)
    const victim = new Victim(withDeflate())
    const held = heldBytes(() => {
      victim.send(frame)
      return victim
    })
    assert.equal(victim.end, 'WS_MESSAGE_TOO_LARGE')
    assert.ok(held < 2 * MIB, `${held} octets`)
  })

  test('nor does one in pieces, however slowly it is read', () => {
    const victim = new Victim({ ...withDeflate(), pieces: true })
    victim.send(bomb(50 * MIB))
    const bytes = victim.events.reduce((sum, event) => sum + (event.type === 'data' ? event.bytes.length : 0), 0)
    assert.equal(victim.end, 'WS_MESSAGE_TOO_LARGE')
    assert.ok(bytes <= webSocketLimits.messageBytesMax)
  })

  test('a larger limit for messages lets no ratio pass that only a bomb has', () => {
    const victim = new Victim(withDeflate({ messageBytesMax: 100 * MIB }))
    victim.send(bomb(50 * MIB))
    assert.equal(victim.end, 'WS_INFLATE_RATIO')
  })

  test('many bombs within all limits wait for their span of time, and others go on meanwhile', () => {
    const victim = new Victim(withDeflate())
    const other = new Victim(withDeflate())
    const frame = encodeWebSocketFrame({ ...bomb(MIB), key: KEY })
    const sent = 200
    victim.sendOctets(concat(Array.from({ length: sent }, () => frame)))
    const perSlice = webSocketLimits.inflateBytesPerSliceMax / MIB
    assert.ok(victim.events.length <= perSlice, `${victim.events.length} messages at once`)
    assert.equal(victim.engine.wantsInput, false)
    // Another connection is not held up.
    other.send({ opcode: BINARY, rsv: 4, payload: compressed(honest(500)) })
    assert.equal(other.events.length, 1)
    victim.pass(100)
    assert.ok(victim.events.length <= 2 * perSlice && victim.events.length > perSlice)
    victim.pass(100 * Math.ceil(sent / perSlice))
    assert.equal(victim.events.length, sent)
    assert.equal(victim.end, '')
  })

  test('honest twin: large JSON that compresses well, again and again', () => {
    const victim = new Victim(withDeflate())
    const payload = compressed(honest(MIB))
    assert.ok(payload.length < MIB / 8)
    for (let i = 0; i < 40; i++) {
      assert.ok(victim.send({ opcode: TEXT, rsv: 4, payload }))
      victim.pass(100)
    }
    assert.equal(victim.events.length, 40)
  })

  test('honest twin: a message of a megabyte of zeros', () => {
    const victim = new Victim(withDeflate())
    assert.ok(victim.send(bomb(MIB)))
  })
})

describe('SECURITY 29: lengths and fragments', () => {
  test('10,000 connections that announce a MiB and send one octet hold next to nothing', () => {
    const head = encodeWebSocketFrame({ opcode: BINARY, payload: Uint8Array.of(1), key: KEY, length: MIB })
    const count = 10_000
    const idle = heldBytes(() => Array.from({ length: count }, () => new Victim()))
    const held = heldBytes(() =>
      Array.from({ length: count }, () => {
        const victim = new Victim()
        victim.sendOctets(head)
        assert.ok(victim.engine.wantsInput)
        return victim
      }),
    )
    assert.ok(held - idle < count * KIB, `${Math.round((held - idle) / count)} octets each`)
  })

  for (const length of [MIB + 1, 2 ** 31, 2 ** 32 + 5, 2 ** 53, 2 ** 62])
    test(`a length of ${length} is refused before anything of it is kept`, () => {
      const victim = new Victim()
      victim.send({ opcode: BINARY, payload: new Uint8Array(0), length })
      assert.equal(victim.end, 'WS_FRAME_TOO_LARGE')
    })

  test('a negative length is refused', () => {
    const victim = new Victim()
    victim.send({ opcode: BINARY, payload: new Uint8Array(0), length: 2 ** 63 })
    assert.equal(victim.end, 'WS_LENGTH')
  })

  for (const size of [0, 1, 15])
    test(`fragments of ${size} octets for ever`, () => {
      const victim = new Victim()
      let sent = 0
      for (let go = victim.send({ opcode: TEXT, fin: false, payload: new Uint8Array(size) }); go; sent++)
        go = victim.send({ opcode: 0, fin: false, payload: new Uint8Array(size) })
      assert.equal(victim.end, 'WS_FRAGMENTS')
      assert.ok(sent <= 70, `${sent} fragments`)
    })

  test('empty fragments behind large ones, which lift the mean, are as many as a message may have', () => {
    const victim = new Victim()
    victim.send({ opcode: BINARY, fin: false, payload: new Uint8Array(MIB) })
    let sent = 0
    for (let go = true; go; sent++) go = victim.send({ opcode: 0, fin: false, payload: new Uint8Array(0) })
    assert.equal(victim.end, 'WS_FRAGMENTS')
    assert.ok(sent <= MIB / webSocketLimits.fragmentBytesMeanMin + 1)
  })

  test('honest twin: a message of a MiB in frames of 16 octets', () => {
    const victim = new Victim()
    for (let i = 0; i < MIB / 16; i++)
      assert.ok(victim.send({ opcode: i === 0 ? BINARY : 0, fin: i === MIB / 16 - 1, payload: new Uint8Array(16) }))
    assert.equal(victim.events.length, 1)
  })

  test('honest twin: typing, a character a frame, for a message of 60', () => {
    const victim = new Victim()
    for (let i = 0; i < 60; i++)
      assert.ok(victim.send({ opcode: i === 0 ? TEXT : 0, fin: i === 59, payload: Uint8Array.of(0x61) }))
    assert.equal(victim.events.length, 1)
  })
})

describe('SECURITY 30: floods, drips and races', () => {
  for (const [name, opcode] of [
    ['Pings', PING],
    ['Pongs', PONG],
  ] as const)
    test(`${name} without end are a flood`, () => {
      const victim = new Victim()
      let sent = 0
      for (let go = true; go; sent++) go = victim.send({ opcode, payload: new Uint8Array(125) })
      assert.equal(victim.end, 'WS_CONTROL_FLOOD')
      assert.ok(sent <= webSocketLimits.controlBurst + 1)
    })

  test('a peer that takes no Pong stops being read, then is given up', () => {
    const victim = new Victim({ limits: { controlBurst: 1e9, outputBytesMax: 100_000 } })
    victim.takes = false
    for (let i = 0; i < 2000 && victim.engine.wantsInput; i++)
      victim.send({ opcode: PING, payload: new Uint8Array(125) })
    assert.equal(victim.engine.wantsInput, false)
    assert.ok(victim.peakOutputBytes < 101_000)
    victim.pass(webSocketLimits.writeMs - 1)
    assert.equal(victim.end, '')
    victim.pass(1)
    assert.equal(victim.end, 'WS_WRITE_TIMEOUT')
    assert.equal(victim.engine.outputBytes, 0)
  })

  test('honest twin: a peer that takes its output slowly is waited for', () => {
    const victim = new Victim({ limits: { outputBytesMax: 100_000 } })
    victim.takes = false
    victim.engine.sendBinary(new Uint8Array(90_000))
    victim.engine.sendBinary(new Uint8Array(90_000))
    for (let i = 0; i < 10 && victim.engine.outputBytes > 0; i++) {
      victim.pass(webSocketLimits.writeMs - 1000)
      victim.send({ opcode: PONG, payload: new Uint8Array(0) })
      victim.engine.output()
      victim.drain()
    }
    assert.equal(victim.end, '')
    assert.equal(victim.engine.outputBytes, 0)
  })

  test('honest twin: a Ping every 20 seconds, and a burst now and then', () => {
    const victim = new Victim()
    for (let i = 0; i < 500; i++) {
      for (let left = i % 50 === 0 ? 100 : 1; left > 0; left--)
        assert.ok(victim.send({ opcode: PING, payload: new Uint8Array(4) }))
      victim.pass(20_000)
    }
  })

  test('a frame that drips is given up, octet by octet or in its head', () => {
    for (const [length, from] of [
      [MIB, 14],
      [MIB, 3],
      [125, 1],
    ] as const) {
      const octets = encodeWebSocketFrame({ opcode: BINARY, payload: new Uint8Array(length), key: KEY })
      const victim = new Victim()
      victim.sendOctets(octets.subarray(0, from))
      for (let at = from; victim.end === '' && at < octets.length; at++) {
        victim.pass(1000)
        victim.sendOctets(octets.subarray(at, at + 1))
      }
      assert.equal(victim.end, 'WS_FRAME_TIMEOUT')
      assert.ok(victim.now <= 2 * webSocketLimits.frameMs, `${victim.now} ms`)
    }
  })

  test('honest twin: a large frame over a slow line', () => {
    const octets = encodeWebSocketFrame({ opcode: BINARY, payload: new Uint8Array(50_000), key: KEY })
    const victim = new Victim()
    for (let at = 0; at < octets.length; at += 500) {
      victim.sendOctets(octets.subarray(at, at + 500))
      victim.pass(1000)
    }
    assert.deepEqual(
      victim.events.map(({ type }) => type),
      ['binary'],
    )
  })

  test('a silent peer is asked, and given up; one that answers is kept for ever', () => {
    const silent = new Victim()
    silent.pass(webSocketLimits.idleMs)
    silent.pass(webSocketLimits.closeMs)
    assert.equal(silent.end, 'WS_CLOSE_TIMEOUT')
    const kept = new Victim()
    const peer = new WebSocketClient({ maskingKey: () => KEY })
    peer.start(0)
    kept.takes = false
    for (let i = 0; i < 1000; i++) {
      kept.pass(webSocketLimits.pingEveryMs)
      for (let part = kept.engine.output(); part !== undefined; part = kept.engine.output()) {
        peer.receive(part, kept.now)
        while (peer.poll() !== undefined);
      }
      for (let part = peer.output(); part !== undefined; part = peer.output()) kept.sendOctets(part)
    }
    assert.equal(kept.end, '')
    assert.ok(kept.events.every((event) => event.type === 'pong' && event.roundTripMs === 0))
  })

  test('an application that is slow makes the peer wait, and no longer; its time is not the peer’s', () => {
    const victim = new Victim()
    victim.engine.hold(true)
    victim.send({ opcode: TEXT, payload: Uint8Array.of(0x61) })
    victim.pass(3_600_000)
    assert.deepEqual([victim.end, victim.events.length, victim.engine.wantsInput], ['', 0, false])
    victim.engine.hold(false)
    victim.drain()
    assert.equal(victim.events.length, 1)
    victim.pass(webSocketLimits.pingEveryMs)
    victim.send({ opcode: PONG, payload: Uint8Array.of(0, 0, 0, 1) })
    assert.equal(victim.end, '')
  })

  test('an application that sends more than its peer takes ends the connection, not the memory', () => {
    const victim = new Victim()
    victim.takes = false
    let sent = 0
    for (; victim.engine.open && sent < 1000; sent++) victim.engine.sendBinary(new Uint8Array(100_000))
    victim.drain()
    assert.equal(victim.end, 'WS_OUTPUT_TOO_LARGE')
    assert.ok(victim.peakOutputBytes <= webSocketLimits.outputBytesMax + 100_010)
    assert.equal(victim.engine.outputBytes, 0)
  })

  test('Close, and whatever behind it, again and again: one Close goes back, and nothing is read', () => {
    const close = encodeWebSocketFrame({ opcode: 8, payload: Uint8Array.of(3, 0xe8), key: KEY })
    const text = encodeWebSocketFrame({ opcode: TEXT, payload: new Uint8Array(100), key: KEY })
    const victim = new Victim({}, (engine, event) => {
      if (event.type === 'close' && engine.open) engine.sendText('too late')
    })
    victim.sendOctets(concat([close, ...Array.from({ length: 1000 }, () => text), close]))
    for (let i = 0; i < 1000; i++) victim.sendOctets(text)
    assert.deepEqual(
      victim.events.map(({ type }) => type),
      ['close', 'closed'],
    )
    assert.equal(victim.engine.bytesSent, 4)
  })

  test('who does not answer our Close but goes on sending is given up in time', () => {
    const victim = new Victim()
    victim.engine.close()
    for (let i = 0; victim.end === '' && i < 100; i++) {
      victim.send({ opcode: TEXT, payload: new Uint8Array(1000) })
      victim.pass(100)
    }
    assert.equal(victim.end, 'WS_CLOSE_TIMEOUT')
    assert.ok(victim.now <= webSocketLimits.closeMs + 100)
  })
})
