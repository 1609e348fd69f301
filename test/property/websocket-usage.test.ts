import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat, sameBytes } from 'skitai/testing'
import {
  acceptHandshake,
  handshakeFields,
  PreparedMessage,
  UsageError,
  WebSocketClient,
  type WebSocketEngine,
  webSocketLimits,
  type WebSocketLimits,
  WebSocketServer,
} from 'skitai/websocket'
import { ZlibCompression } from 'skitai/io'
import { webSocketUsageCodes } from '../../tools/docs/websocket.js'
import { check } from './run.js'
import { engineOf, negotiated } from './websocket-support.js'

const NOT_A_STRING = 5 as unknown as string
const NOT_OCTETS = [1, 2] as unknown as Uint8Array
const BROKEN = Uint8Array.of(0x61, 0xc3, 0x28)
const HALF = Uint8Array.of(0xc3)

type Row = readonly [code: string, command: (engine: WebSocketEngine) => void]

/** Between two messages. */
const idleRows: readonly Row[] = [
  ['WS_STATE', (engine) => engine.sendPiece(HALF)],
  ['WS_STATE', (engine) => engine.endMessage()],
  ['WS_CONTENT', (engine) => engine.sendText(NOT_A_STRING)],
  ['WS_CONTENT', (engine) => engine.sendText(undefined as unknown as string)],
  ['WS_CONTENT', (engine) => engine.sendBinary(NOT_OCTETS)],
  ['WS_CONTENT', (engine) => engine.sendBinary(new Uint16Array(1) as unknown as Uint8Array)],
  ['WS_CONTENT', (engine) => engine.sendBinary('text' as unknown as Uint8Array)],
  ['WS_CONTENT', (engine) => engine.ping(NOT_OCTETS)],
  ['WS_CONTROL', (engine) => engine.ping(new Uint8Array(126))],
  ['WS_CONTROL', (engine) => engine.pong(new Uint8Array(126))],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, -1, NaN, Infinity, 1000.5, 3000.5].map((code): Row => [
    'WS_CLOSE_CODE',
    (engine) => engine.close(code, 'reason'),
  ]),
  ['WS_CLOSE_CODE', (engine) => engine.close('1000' as unknown as number)],
  ['WS_CLOSE_REASON', (engine) => engine.close(1000, 'x'.repeat(124))],
  ['WS_CLOSE_REASON', (engine) => engine.close(1000, 'ä'.repeat(62))],
]

/** In a text that is sent in pieces, of which half a character is out. */
const pieceRows: readonly Row[] = [
  ['WS_STATE', (engine) => engine.sendText('x')],
  ['WS_STATE', (engine) => engine.sendBinary(HALF)],
  ['WS_STATE', (engine) => engine.sendPrepared(new PreparedMessage('x'))],
  ['WS_STATE', (engine) => engine.beginMessage('text')],
  ['WS_CONTENT', (engine) => engine.sendPiece(NOT_OCTETS)],
  ['WS_UTF8', (engine) => engine.sendPiece(BROKEN)],
  ['WS_UTF8', (engine) => engine.sendPiece(Uint8Array.of(0xa9, 0xff))],
  ['WS_UTF8', (engine) => engine.sendPiece(Uint8Array.of(0xa9, 0xe2, 0x82, 0x41))],
  ['WS_UTF8', (engine) => engine.endMessage()],
  ['WS_CLOSE_CODE', (engine) => engine.close(1006)],
]

function outputOf(engine: WebSocketEngine): Uint8Array {
  const parts: Uint8Array[] = []
  for (let part = engine.output(); part !== undefined; part = engine.output()) parts.push(new Uint8Array(part))
  return concat(parts)
}

function makeIdle(client: boolean, deflate: boolean): WebSocketEngine {
  const engine = engineOf(client, { deflate: deflate ? negotiated(15, 15, true) : undefined, thresholdBytes: 0 })
  engine.start(0)
  engine.sendText('before')
  outputOf(engine)
  return engine
}

function makeInPieces(client: boolean, deflate: boolean): WebSocketEngine {
  const engine = makeIdle(client, deflate)
  engine.beginMessage('text')
  engine.sendPiece(HALF)
  outputOf(engine)
  return engine
}

function goOn(engine: WebSocketEngine): Uint8Array {
  if (engine.describeState()['sent'] === 'message') {
    engine.sendPiece(Uint8Array.of(0xa9))
    engine.endMessage()
  }
  engine.sendText('hello hello hello')
  engine.ping()
  engine.close(3000, 'bye')
  return outputOf(engine)
}

function checkRow(make: () => WebSocketEngine, [code, command]: Row): void {
  const engine = make()
  const before = JSON.stringify([engine.describeState(), engine.deadline(), engine.outputBytes])
  assert.throws(
    () => command(engine),
    (error) => error instanceof UsageError && error.code === code && error.message !== '',
  )
  assert.equal(JSON.stringify([engine.describeState(), engine.deadline(), engine.outputBytes]), before)
  assert.equal(engine.output(), undefined)
  assert.equal(engine.poll(), undefined)
  // Nothing of it stays in what is remembered: the same as without it goes out next.
  assert.deepEqual(goOn(engine), goOn(make()))
}

describe('misuse of WebSocket engines throws a UsageError and changes nothing', () => {
  for (const client of [false, true])
    for (const deflate of [false, true]) {
      const name = `${client ? 'client' : 'server'}${deflate ? ' with deflate' : ''}`
      for (const [index, row] of idleRows.entries())
        test(`${name}, between messages, ${index}: ${row[0]}`, () => checkRow(() => makeIdle(client, deflate), row))
      for (const [index, row] of pieceRows.entries())
        test(`${name}, in a message, ${index}: ${row[0]}`, () => checkRow(() => makeInPieces(client, deflate), row))
    }

  test('whatever pieces of a text are refused, those that are right make it', () => {
    check(
      1000,
      fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 20 }), fc.boolean(), (pieces, deflate) => {
        const engine = makeIdle(false, deflate)
        engine.beginMessage('text')
        const taken: Uint8Array[] = []
        for (const piece of pieces) {
          try {
            engine.sendPiece(new Uint8Array(piece))
            taken.push(piece)
          } catch (error) {
            assert.ok(error instanceof UsageError && error.code === 'WS_UTF8')
          }
        }
        const octets = concat(taken)
        const text = Buffer.from(octets).toString()
        const whole = sameBytes(Buffer.from(text), octets)
        if (!whole) return assert.throws(() => engine.endMessage(), { code: 'WS_UTF8' })
        engine.endMessage()
        const peer = engineOf(true, { deflate: deflate ? negotiated(15, 15, true) : undefined })
        peer.start(0)
        peer.receive(outputOf(deflate ? withBefore(pieces) : engine), 0)
        const events = [peer.poll(), peer.poll()].filter((event) => event?.type === 'text')
        assert.equal(events.at(-1)?.text, text)
      }),
    )
  })

  test('limits that are none', () => {
    const wrong: Record<string, unknown>[] = [
      { unknown: 1 },
      { messageBytesMax: -1 },
      { messageBytesMax: '5' },
      { idleMs: NaN },
      { __proto__: null, toString: 1 },
    ]
    for (const limits of wrong) {
      assert.throws(() => new WebSocketServer({ limits }), { code: 'WS_LIMIT' })
      assert.throws(() => new WebSocketClient({ limits, maskingKey: () => 0 }), { code: 'WS_LIMIT' })
    }
    for (const limits of [null, false, 5] as unknown as Partial<WebSocketLimits>[])
      assert.throws(() => new WebSocketServer({ limits }), { code: 'WS_LIMIT' })
    assert.ok(new WebSocketServer({ limits: webSocketLimits }))
    assert.ok(new WebSocketServer({ limits: { messageBytesMax: Infinity, idleMs: Infinity } }))
  })

  test('what has no engine yet', () => {
    const deflate = negotiated(15, 15, false)
    assert.throws(() => new WebSocketServer({ deflate }), { code: 'WS_COMPRESSION' })
    assert.throws(() => new PreparedMessage(NOT_OCTETS), { code: 'WS_CONTENT' })
    assert.throws(() => handshakeFields({ key: 'short' }), { code: 'WS_KEY' })
    assert.throws(() => handshakeFields({ key: '', protocols: ['a', 'a'] }), { code: 'WS_PROTOCOL' })
    assert.throws(() => handshakeFields({ key: '', deflate: { serverMaxWindowBits: 7 } }), { code: 'WS_WINDOW_BITS' })
    const handshake = { key: '', protocols: ['a'], extensions: [] }
    assert.throws(() => acceptHandshake(handshake, { protocol: 'b' }, String), { code: 'WS_PROTOCOL' })
    const released = new ZlibCompression().deflater(15)
    released.release()
    assert.throws(() => released.deflate(HALF, true), { code: 'WS_COMPRESSION' })
  })

  test('every code of the engine has its row', () => {
    const covered = new Set([...idleRows, ...pieceRows].map(([code]) => code))
    for (const code of ['WS_LIMIT', 'WS_COMPRESSION', 'WS_KEY', 'WS_PROTOCOL', 'WS_WINDOW_BITS']) covered.add(code)
    // These are of what is built on the engine.
    for (const code of ['CLIENT_URL', 'WS_FIELD', 'WS_LISTENER', 'WS_ORIGIN', 'WS_ROOM', 'WS_SPEC']) covered.add(code)
    assert.deepEqual(
      Object.keys(webSocketUsageCodes).filter((code) => !covered.has(code)),
      [],
    )
  })
})

/** The same pieces to an engine whose output was not taken before: a peer with context must see all of it. */
function withBefore(pieces: readonly Uint8Array[]): WebSocketEngine {
  const engine = engineOf(false, { deflate: negotiated(15, 15, true), thresholdBytes: 0 })
  engine.start(0)
  engine.sendText('before')
  engine.beginMessage('text')
  for (const piece of pieces) {
    try {
      engine.sendPiece(new Uint8Array(piece))
    } catch {
      // As before.
    }
  }
  engine.endMessage()
  return engine
}
