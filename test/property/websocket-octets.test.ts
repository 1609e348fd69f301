/** Masks and UTF-8 beside the plainest way to do the same. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeWebSocketFrame, maskedOctets, webSocketArbitraries } from 'skitai/testing'
import { WebSocketServer } from 'skitai/websocket'
import { mask, maskInto, wordMemory } from '#src/protocols/websocket/mask.js'
import { Utf8Check, VALID } from '#src/protocols/websocket/utf8.js'
import { check } from './run.js'

const { nearlyText, cuts } = webSocketArbitraries(fc)
const RUNS = 3000

function allocate(size: number): Uint8Array {
  return new Uint8Array(size)
}

describe('masking is what section 5.3 says', () => {
  const places = fc.record({
    octets: fc.uint8Array({ maxLength: 400, size: 'max' }),
    key: fc.integer().map((key) => key >>> 0),
    start: fc.nat(9),
    at: fc.nat(9),
    phase: fc.nat(3),
  })

  test('from any octet to any place, at any phase, by octets and by words', () => {
    check(
      RUNS,
      fc.property(places, ({ octets, key, start, at, phase }) => {
        const from = Math.min(start, octets.length)
        const expected = maskedOctets(new Uint8Array([...new Uint8Array(phase), ...octets.subarray(from)]), key)
        const into = new Uint8Array(at + octets.length + 5).fill(0xaa)
        mask(octets, from, octets.length, into, at, key, phase)
        const memory = wordMemory(at + octets.length + 5, allocate)
        memory.octets.fill(0xaa)
        maskInto(octets, from, octets.length, memory, at, key, phase)
        for (const result of [into, memory.octets]) {
          const end = at + octets.length - from
          assert.deepEqual(result.subarray(at, end), expected.subarray(phase))
          assert.ok([...result.subarray(0, at), ...result.subarray(end)].every((octet) => octet === 0xaa))
        }
      }),
    )
  })

  test('in place', () => {
    check(
      RUNS,
      fc.property(places, ({ octets, key }) => {
        const expected = maskedOctets(octets, key)
        mask(octets, 0, octets.length, octets, 0, key, 0)
        assert.deepEqual(octets, expected)
      }),
    )
  })
})

function isText(octets: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets)
    return true
  } catch {
    return false
  }
}

/** Whether anything makes a text of what begins with these octets: up to three more are enough. */
function mayBecomeText(octets: Uint8Array): boolean {
  const { length } = octets
  return [
    [],
    [0x80],
    [0xa0],
    [0x90],
    [0x80, 0x80],
    [0xa0, 0x80],
    [0x90, 0x80],
    [0x80, 0x80, 0x80],
    [0x90, 0x80, 0x80],
  ].some((more) => {
    const all = new Uint8Array(length + more.length)
    all.set(octets)
    all.set(more, length)
    return isText(all)
  })
}

describe('the check of UTF-8', () => {
  test('knows of every code point, and of all that is none', () => {
    const utf8 = new Utf8Check()
    for (let code = 0; code <= 0x10_ffff; code += code < 0x1_0000 ? 1 : 17) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const octets = Buffer.from(String.fromCodePoint(code))
      assert.equal(utf8.check(octets, 0, octets.length), VALID, code.toString(16))
      assert.ok(utf8.complete)
    }
  })

  test('agrees with a TextDecoder on any two octets, and on any three and four at the edges', () => {
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed]
    edges.push(0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff)
    const agree = (octets: Uint8Array): void => {
      const utf8 = new Utf8Check()
      const right = utf8.check(octets, 0, octets.length) === VALID && utf8.complete
      if (right !== isText(octets)) assert.fail(`${String(octets)}: ${right}`)
    }
    for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) agree(Uint8Array.of(a, b))
    for (const a of edges)
      for (const b of edges)
        for (const c of edges) {
          agree(Uint8Array.of(a, b, c))
          if (a >= 0xe0) for (const d of edges) agree(Uint8Array.of(a, b, c, d))
        }
  })

  test('agrees with it on any octets, and finds the first one that cannot be right', () => {
    check(
      RUNS,
      fc.property(nearlyText, (octets) => {
        const utf8 = new Utf8Check()
        const at = utf8.check(octets, 0, octets.length)
        assert.equal(at === VALID && utf8.complete, isText(octets))
        if (at === VALID) return assert.ok(mayBecomeText(octets))
        assert.ok(mayBecomeText(octets.subarray(0, at)), `${at} is too late`)
        assert.ok(!mayBecomeText(octets.subarray(0, at + 1)), `${at} is too early`)
      }),
    )
  })

  test('gives the same by words and by octets, in one piece and in many', () => {
    check(
      RUNS,
      fc.property(nearlyText, cuts, fc.nat(5), (octets, positions, before) => {
        const memory = wordMemory(before + octets.length + 8, allocate)
        // What stands around it must not be seen.
        memory.octets.fill(0xff)
        memory.octets.set(octets, before)
        const expected = new Utf8Check().check(octets, 0, octets.length)
        const utf8 = new Utf8Check()
        let at: number = VALID
        let from = 0
        for (const position of [...positions.toSorted((a, b) => a - b), octets.length]) {
          const to = Math.min(position, octets.length)
          at = utf8.check(memory.octets, before + from, before + to, memory.words)
          if (at !== VALID) break
          from = to
        }
        assert.equal(at, expected === VALID ? VALID : before + expected)
      }),
    )
  })

  test('looks at a text that is longer than what is shared for short ones', () => {
    const octets = Buffer.from('ä'.repeat(50_000))
    for (const [wrongAt, offset] of [
      [-1, -1],
      [99_998, 14 + 99_998],
    ] as const) {
      const engine = new WebSocketServer()
      engine.start(0)
      const payload = new Uint8Array(octets)
      if (wrongAt >= 0) payload[wrongAt] = 0xff
      engine.receive(encodeWebSocketFrame({ opcode: 1, payload, key: 0x01020304 }), 0)
      const event = engine.poll()!
      if (offset < 0) assert.equal(event.type === 'text' && event.text, octets.toString())
      else assert.equal(event.type === 'fatal' && event.offset, offset)
    }
  })

  test('is what a message goes by, whole, in frames and in pieces', () => {
    check(
      RUNS,
      fc.property(nearlyText, fc.boolean(), fc.nat(60), fc.boolean(), (octets, split, at, pieces) => {
        const cut = split ? Math.min(at, octets.length) : octets.length
        const frames = split ? [octets.subarray(0, cut), octets.subarray(cut)] : [octets]
        const engine = new WebSocketServer({ pieces })
        engine.start(0)
        let position = 0
        const heads: number[] = []
        for (const [i, frame] of frames.entries()) {
          const long = frame.length > 125 ? [0xfe, frame.length >> 8, frame.length & 0xff] : [0x80 | frame.length]
          const head = [(i === frames.length - 1 ? 0x80 : 0) | (i === 0 ? 1 : 0), ...long, 0, 0, 0, 0]
          position += head.length
          heads.push(position)
          position += frame.length
          engine.receive(Uint8Array.from([...head, ...frame]), 0)
        }
        let text = ''
        let fault = -1
        const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
        for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
          if (event.type === 'text') text = event.text
          else if (event.type === 'data') text += decoder.decode(event.bytes, { stream: true })
          else if (event.type === 'fatal') fault = event.offset
        }
        if (isText(octets)) {
          assert.equal(fault, -1)
          return assert.equal(text, new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets))
        }
        const wrong = new Utf8Check().check(octets, 0, octets.length)
        const place = wrong === VALID ? position : wrong < cut ? heads[0]! + wrong : heads[1]! + wrong - cut
        assert.equal(fault, place)
      }),
    )
  })
})
