/** What one endpoint sends is what the other one gets, in all ways that a message can go. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  concat,
  encodeWebSocketFrames,
  snapshot,
  type Snapshot,
  trace,
  webSocketArbitraries,
  type WebSocketMessage,
  webSocketMessageFrames,
} from 'skitai/testing'
import { type DeflateParameters, PreparedMessage, type WebSocketEngine, type WebSocketOptions } from 'skitai/websocket'
import { ZlibCompression } from 'skitai/io'
import { check } from './run.js'
import { deflated, echo, engineOf, negotiated } from './websocket-support.js'

const RUNS = 500
const arbitraries = webSocketArbitraries(fc, { deflate: deflated })
const plain = webSocketArbitraries(fc)

const bits = fc.integer({ min: 8, max: 15 })
const deflate: fc.Arbitrary<DeflateParameters | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.tuple(bits, bits, fc.boolean()).map(([server, client, takeover]) => negotiated(server, client, takeover)),
)

/** A message, however it is told of. */
interface Told {
  readonly kind: string
  readonly octets: Uint8Array
}

/** The messages that events tell of. */
function messagesOf(events: readonly Snapshot[]): Told[] {
  const messages: Told[] = []
  let kind = ''
  let parts: Uint8Array[] = []
  for (const event of events) {
    if (event.type === 'text') messages.push({ kind: 'text', octets: utf8(event['text'] as string) })
    else if (event.type === 'binary') messages.push({ kind: 'binary', octets: event['bytes'] as Uint8Array })
    else if (event.type === 'message') [kind, parts] = [event['kind'] as string, []]
    else if (event.type === 'data') parts.push(event['bytes'] as Uint8Array)
    else if (event.type === 'end') messages.push({ kind, octets: concat(parts) })
  }
  return messages
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function told({ kind, octets }: WebSocketMessage): Told {
  return { kind, octets }
}

/** What the other end makes of all that waits to be written. */
function carry(from: WebSocketEngine, to: WebSocketEngine): Snapshot[] {
  const events: Snapshot[] = []
  for (let octets = from.output(); octets !== undefined; octets = from.output()) {
    to.receive(new Uint8Array(octets), 0)
    // Time passes where much is inflated at once.
    for (let now = 0, event = to.poll(); event !== undefined || to.deadline() < 1000; event = to.poll()) {
      if (event !== undefined) events.push(snapshot(event))
      else to.advance((now += 100))
    }
  }
  return events
}

describe('frames of any peer', () => {
  for (const client of [false, true])
    test(`give their messages, to a ${client ? 'client' : 'server'}, whole and in pieces`, () => {
      check(
        RUNS,
        fc.property(
          arbitraries.messages,
          fc.boolean(),
          fc.boolean(),
          fc.integer().map((key) => key >>> 0),
          (messages, compressed, pieces, key) => {
            const list = compressed ? messages : messages.map((each) => ({ ...each, compressed: false }))
            const frames = list.flatMap((each) =>
              webSocketMessageFrames(each, each.compressed ? deflated(each.octets) : each.octets),
            )
            const octets = encodeWebSocketFrames(frames.map((frame) => ({ ...frame, ...(client ? {} : { key }) })))
            const options = { pieces, deflate: compressed ? negotiated(15, 15, false) : undefined }
            const { events } = trace(() => echo(client, options), [{ type: 'bytes', bytes: octets }])
            assert.deepEqual(messagesOf(events), list.map(told))
            const controls = frames.filter(({ opcode }) => opcode > 8).map(({ payload }) => payload)
            const seen = events.filter(({ type }) => type === 'ping' || type === 'pong').map(({ bytes }) => bytes)
            assert.deepEqual(seen, controls)
          },
        ),
      )
    })
})

/** Sends a message in one way or another. */
function send(engine: WebSocketEngine, { kind, octets, cuts: at, compressed }: WebSocketMessage, way: number): void {
  const text = kind === 'text' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets) : undefined
  if (way === 0 && text !== undefined) return engine.sendText(text, compressed)
  if (way === 0) return engine.sendBinary(new Uint8Array(octets), compressed)
  if (way === 1) return engine.sendPrepared(new PreparedMessage(text ?? octets), compressed)
  engine.beginMessage(kind, compressed)
  let from = 0
  for (const to of [...at.map((each) => Math.min(each, octets.length)).toSorted((a, b) => a - b), octets.length]) {
    engine.sendPiece(octets.slice(from, to))
    if (from % 2 === 1) engine.ping(Uint8Array.of(from & 0xff))
    from = to
  }
  engine.endMessage()
}

describe('two engines, with every window, with context and without', () => {
  for (const client of [false, true])
    test(`a ${client ? 'client' : 'server'} sends whole, prepared and in pieces`, () => {
      check(
        RUNS,
        fc.property(
          fc.array(fc.tuple(plain.message, fc.boolean(), fc.nat(2)), { minLength: 1, maxLength: 8 }),
          deflate,
          fc.boolean(),
          fc.constantFrom(0, 20, 200),
          (sends, parameters, pieces, thresholdBytes) => {
            const options: WebSocketOptions = { deflate: parameters, thresholdBytes }
            const from = engineOf(client, options)
            const to = engineOf(!client, { ...options, pieces })
            from.start(0)
            to.start(0)
            const events: Snapshot[] = []
            for (const [message, compressed, way] of sends) {
              send(from, { ...message, compressed }, way)
              events.push(...carry(from, to))
            }
            assert.deepEqual(
              messagesOf(events),
              sends.map(([message]) => told(message)),
            )
            assert.equal(
              events.find(({ type }) => type === 'fatal'),
              undefined,
            )
          },
        ),
      )
    })

  for (let windowBits = 8; windowBits <= 15; windowBits++)
    test(`long messages that refer to each other, with a window of ${windowBits} bits`, () => {
      check(
        40,
        fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(70_000)), { maxLength: 6 }), fc.boolean(), (parts, pieces) => {
          const from = engineOf(false, { deflate: negotiated(windowBits, 15, true), thresholdBytes: 0 })
          const to = engineOf(true, { deflate: negotiated(windowBits, 15, true), pieces })
          from.start(0)
          to.start(0)
          const expected: Told[] = []
          const events: Snapshot[] = []
          for (const [seed, size] of parts) {
            const octets = Uint8Array.from({ length: size }, (_, i) => (i * i * (seed + 1)) >>> ((i % 5) + 4))
            expected.push({ kind: 'binary', octets })
            from.sendBinary(new Uint8Array(octets))
            events.push(...carry(from, to))
          }
          assert.deepEqual(messagesOf(events), expected)
        }),
      )
    })
})

describe('a prepared message', () => {
  test('of a server is the same octets as a message that is sent', () => {
    check(
      RUNS,
      fc.property(
        plain.message,
        deflate,
        fc.boolean(),
        fc.constantFrom(0, 50),
        (message, parameters, again, threshold) => {
          // With context a prepared message goes without it, so that all connections can use it.
          const without = parameters && { ...parameters, serverNoContextTakeover: true }
          const outputs = [0, 1].map((way) => {
            const engine = engineOf(false, { deflate: without, thresholdBytes: threshold })
            engine.start(0)
            send(engine, { ...message, compressed: true }, way)
            if (again) send(engine, { ...message, compressed: false }, way)
            const parts: Uint8Array[] = []
            for (let part = engine.output(); part !== undefined; part = engine.output()) parts.push(part)
            return concat(parts)
          })
          const shorter = without !== undefined && message.octets.length >= threshold
          // What grows by compression is sent as it is, unless it was prepared for all.
          if (!shorter || outputs[0]!.length === outputs[1]!.length) assert.deepEqual(outputs[1], outputs[0])
          else assert.ok(outputs[1]!.length > outputs[0]!.length)
        },
      ),
    )
  })

  test('goes to many connections, and changes none of their contexts', () => {
    check(
      RUNS / 5,
      fc.property(
        fc.array(plain.message, { minLength: 1, maxLength: 5 }),
        fc.array(deflate, { minLength: 2, maxLength: 4 }),
        (list, all) => {
          const compression = new ZlibCompression()
          const pairs = all.map((parameters) => {
            const options = { deflate: parameters, thresholdBytes: 0, compression }
            const pair = { from: engineOf(false, options), to: engineOf(true, options), events: [] as Snapshot[] }
            pair.from.start(0)
            pair.to.start(0)
            return pair
          })
          for (const message of list) {
            const prepared = new PreparedMessage(message.octets)
            for (const { from, to, events } of pairs) {
              from.sendBinary(new Uint8Array(message.octets))
              from.sendPrepared(prepared)
              from.sendBinary(new Uint8Array(message.octets))
              events.push(...carry(from, to))
            }
          }
          const expected = list.flatMap(({ octets }) => [octets, octets, octets])
          for (const { events } of pairs)
            assert.deepEqual(
              messagesOf(events).map(({ octets }) => octets),
              expected,
            )
        },
      ),
    )
  })
})

describe('contexts that are used again', () => {
  test('refer to nothing that another connection has sent', () => {
    check(
      RUNS / 5,
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 300 }), bits, (secret, windowBits) => {
        const options = { deflate: negotiated(windowBits, windowBits, true), thresholdBytes: 0 }
        const compression = new ZlibCompression()
        for (let round = 0; round < 3; round++) {
          const from = engineOf(false, { ...options, compression })
          const to = engineOf(true, options)
          from.start(0)
          to.start(0)
          from.sendBinary(new Uint8Array(secret))
          assert.deepEqual(messagesOf(carry(from, to)), [{ kind: 'binary', octets: secret }])
          from.abort()
        }
      }),
    )
  })
})
