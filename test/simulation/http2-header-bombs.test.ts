import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HpackEncoder } from 'skitai/hpack'
import { Flags, FrameTypes, Http2Client, http2Limits, type Http2ServerEvent } from 'skitai/http2'
import { concat } from 'skitai/testing'
import { encodeLines, frame, plainBlock } from '../vectors/http2-notation.js'
import {
  answer,
  attackedClient,
  attackedServer,
  Bystander,
  get,
  nth,
  OUTPUT_BYTES_MAX,
  type Victim,
} from './http2-victim.js'
import { heldBytes } from './http2-heap.js'

const NOTHING = new Uint8Array(0)
const { fieldCountMax, crumbCountMax, fieldBytesMax, continuationsMax, faultBurst } = http2Limits
const REQUEST = [':method', 'GET', ':scheme', 'https', ':authority', 'a', ':path', '/']
/** What the section above takes by the count of RFC 9113 section 6.5.2. */
const REQUEST_BYTES = sizeOf(REQUEST)

function sizeOf(fields: readonly string[]): number {
  return fields.reduce((sum, text) => sum + text.length, (fields.length / 2) * 32)
}

function repeat(count: number, name: string, value: string): string[] {
  return Array.from({ length: count }, () => [name, value]).flat()
}

/** A field block in as many frames as it needs, of so many octets each. */
function frames(streamId: number, block: Uint8Array, flags: number, size = 16_384): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at === 0 || at < block.length; at += size) {
    const last = at + size >= block.length ? Flags.endHeaders : 0
    const type = at === 0 ? FrameTypes.headers : FrameTypes.continuation
    parts.push(frame(type, last | (at === 0 ? flags : 0), streamId, block.subarray(at, at + size)))
  }
  return concat(parts)
}

function request(streamId: number, fields: readonly string[]): Uint8Array {
  return frames(streamId, plainBlock([...REQUEST, ...fields]), Flags.endStream)
}

describe('SECURITY 16: too many or too large fields', () => {
  const room = fieldBytesMax - REQUEST_BYTES
  const one = (bytes: number): string[] => ['x', 'v'.repeat(bytes - 33)]
  const rows: readonly (readonly [name: string, fields: readonly string[], fits: boolean])[] = [
    ['one field less than allowed', repeat(fieldCountMax - 1, 'x', 'y'), true],
    ['as many fields as allowed', repeat(fieldCountMax, 'x', 'y'), true],
    ['one field more than allowed', repeat(fieldCountMax + 1, 'x', 'y'), false],
    ['as many crumbs as allowed', repeat(crumbCountMax, 'cookie', 'y'), true],
    ['one crumb more than allowed', repeat(crumbCountMax + 1, 'cookie', 'y'), false],
    ['90 crumbs and 90 fields', [...repeat(90, 'cookie', 'a=b'), ...repeat(90, 'x', 'y')], true],
    ['an octet less than allowed', one(room - 1), true],
    ['as many octets as allowed', one(room), true],
    ['an octet more than allowed', one(room + 1), false],
    ['a section ten times as large', repeat(fieldCountMax * 10, 'x', 'v'.repeat(200)), false],
  ]

  for (const [name, fields, fits] of rows)
    test(`a request with ${name} is ${fits ? 'taken' : 'refused, and the next one is taken'}`, () => {
      const victim = attackedServer()
      victim.send(request(1, fields))
      assert.equal(victim.count('request'), fits ? 1 : 0)
      assert.deepEqual([...victim.faults], fits ? [] : [['H2_FIELDS_TOO_LARGE', 1]])
      victim.sendLines(...get(3))
      assert.equal(victim.count('request'), fits ? 2 : 1)
      assert.equal(victim.end, '')
      assert.equal(victim.written(FrameTypes.headers), 2)
    })

  for (const [name, fields] of rows.slice(0, 6))
    test(`trailers with ${name}`, () => {
      const victim = attackedServer()
      victim.sendLines('HEADERS 1', ...get(1).slice(1))
      victim.send(frames(1, plainBlock(fields.filter((_, i) => !isCookie(fields, i))), Flags.endStream))
      const count = fields.filter((_, i) => !isCookie(fields, i)).length / 2
      assert.deepEqual([...victim.faults.keys()], count > fieldCountMax ? ['H2_TRAILERS_TOO_LARGE'] : [])
      assert.equal(victim.end, '')
    })

  for (const [name, fields, fits] of rows)
    test(`a response with ${name} is ${fits ? 'taken' : 'refused'}`, () => {
      const victim = attackedClient()
      victim.command((engine) => engine.sendRequest({ method: 'GET', authority: 'a' }))
      // The status line is that much shorter.
      const status = [':status', '200', 'y', 'v'.repeat(REQUEST_BYTES - sizeOf([':status', '200']) - 33)]
      const crowded = fields.length / 2 === fieldCountMax && fields[0] === 'x'
      victim.send(frames(1, plainBlock([...(crowded ? status.slice(0, 2) : status), ...fields]), Flags.endStream))
      assert.equal(victim.count('response'), fits ? 1 : 0)
      assert.deepEqual([...victim.faults.keys()], fits ? [] : ['H2_FIELDS_TOO_LARGE'])
      assert.equal(victim.end, '')
    })
})

function isCookie(fields: readonly string[], index: number): boolean {
  return fields[index - (index % 2)] === 'cookie'
}

describe('SECURITY 22: CONTINUATION flood', () => {
  const begin = frame(FrameTypes.headers, Flags.endStream, 1, plainBlock(REQUEST))
  const kinds: readonly (readonly [name: string, payload: Uint8Array])[] = [
    ['empty frames', NOTHING],
    ['frames of an octet', Uint8Array.of(0x82)],
    ['frames of a field', plainBlock(['x', 'y'])],
    ['full frames of fields', plainBlock(repeat(4000, 'x', 'y')).subarray(0, 16_384)],
  ]

  for (const [name, payload] of kinds)
    for (const client of [false, true])
      test(`${name} without end, to the ${client ? 'client' : 'server'}`, () => {
        const victim = client ? attackedClient() : attackedServer()
        if (client)
          (victim as ReturnType<typeof attackedClient>).command((e) => e.sendRequest({ method: 'GET', authority: 'a' }))
        const bystander = new Bystander()
        victim.peak.inputBytes = 0
        victim.send(client ? frame(FrameTypes.headers, 0, 1, plainBlock([':status', '200'])) : begin)
        const rounds = victim.flood(10_000, () => frame(FrameTypes.continuation, 0, 1, payload))
        assert.equal(rounds, continuationsMax + 1)
        assert.equal(victim.peak.inputBytes, 0, 'nothing of a block is kept as octets')
        victim.assertEnded('H2_CONTINUATIONS_TOO_MANY', 'ENHANCE_YOUR_CALM')
        bystander.ask()
      })

  test('a block that is sent slowly does not last longer than a frame may', () => {
    const victim = attackedServer()
    victim.send(begin)
    for (let i = 0; i < continuationsMax && victim.end === ''; i++) {
      victim.wait(1000)
      victim.send(frame(FrameTypes.continuation, 0, 1, NOTHING))
    }
    assert.equal(victim.now, http2Limits.frameMs)
    victim.assertEnded('H2_FRAME_TIMEOUT', 'ENHANCE_YOUR_CALM')
  })

  test('a large header in four frames is none, nor is one in as many as allowed', () => {
    const block = plainBlock([...REQUEST, 'x', 'v'.repeat(fieldBytesMax - REQUEST_BYTES - 33)])
    for (const count of [4, continuationsMax + 1]) {
      const victim = attackedServer()
      for (let i = 0; i < 50; i++) victim.send(frames(nth(i), block, Flags.endStream, Math.ceil(block.length / count)))
      victim.assertWell()
      assert.equal(victim.count('request'), 50)
    }
  })
})

/** Adds a field of almost the whole table to it (RFC 7541 section 6.2.1); 0xbe refers to it. */
const ENTRY = concat([Uint8Array.of(0x40), plainBlock(['x', 'v'.repeat(4000)]).subarray(1)])
const REFERENCE = 0xbe

describe('SECURITY 23: HPACK bombs', () => {
  const bomb = concat([plainBlock(REQUEST), new Uint8Array(16_000).fill(REFERENCE)])

  test('thousands of references to a large entry are refused, again and again, and then the connection ends', () => {
    const victim = attackedServer()
    const bystander = new Bystander()
    victim.send(frames(1, concat([plainBlock(REQUEST), ENTRY]), Flags.endStream))
    const rounds = victim.flood(10_000, (round) => frames(nth(round + 1), bomb, Flags.endStream))
    assert.ok(rounds <= faultBurst + 1)
    assert.equal(victim.count('request'), 1)
    assert.ok(victim.peak.outputBytes < OUTPUT_BYTES_MAX)
    victim.assertEnded('H2_FAULTS_TOO_MANY', 'ENHANCE_YOUR_CALM')
    bystander.ask()
  })

  test('while they arrive, no more is held than a section may have', () => {
    const largest = 17 * 16_384
    const block = concat([plainBlock(REQUEST), ENTRY, new Uint8Array(largest).fill(REFERENCE)]).subarray(0, largest)
    const unfinished = frames(1, block, Flags.endStream)
    const held = heldBytes(() =>
      Array.from({ length: 20 }, () => {
        const victim = attackedServer()
        // But for the last frame, so that the block is still open.
        victim.send(unfinished.subarray(0, -9))
        assert.equal(victim.end, '')
        return victim
      }),
    )
    assert.ok(held / 20 < 4 * fieldBytesMax, `${held / 20} octets a connection`)
  })

  test('a table is never larger than announced', () => {
    const victim = attackedServer()
    assert.ok(!victim.send(frame(FrameTypes.headers, Flags.endHeaders, 1, Uint8Array.of(0x3f, 0xe2, 0x1f))))
    victim.assertEnded('H2_COMPRESSION', 'COMPRESSION_ERROR')
  })

  const invalid: readonly (readonly [name: string, block: readonly number[]])[] = [
    ['index 0', [0x80]],
    ['an index behind the table', [0xff, 0x20]],
    ['an integer without end', [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a string longer than the block', [0x00, 0x7f, 0x00]],
    ['Huffman code with EOS', [0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]],
    ['a table size behind a field', [0x82, 0x20]],
  ]
  for (const [name, block] of invalid)
    for (const client of [false, true])
      test(`${name} ends the connection of the ${client ? 'client' : 'server'}, and nothing else`, () => {
        const bystander = new Bystander()
        const victim = client ? attackedClient() : attackedServer()
        if (victim.engine instanceof Http2Client) victim.engine.sendRequest({ method: 'GET', authority: 'a' })
        assert.ok(!victim.send(frame(FrameTypes.headers, Flags.endHeaders, 1, Uint8Array.from(block))))
        victim.assertEnded('H2_COMPRESSION', 'COMPRESSION_ERROR')
        bystander.ask()
      })

  test('a browser whose cookie of 3 KiB comes out of the table 1,000 times is none', () => {
    const victim = attackedServer()
    const encoder = new HpackEncoder()
    for (let i = 0; i < 1000; i++) {
      const block = encoder.encode([...REQUEST, 'cookie', `session=${'c'.repeat(3000)}`, 'x-page', String(i)])
      assert.ok(victim.send(frames(nth(i), block, Flags.endStream)))
    }
    victim.assertWell()
    assert.equal(victim.count('request'), 1000)
  })
})

describe('SECURITY 24: many near-empty fields, then a window that stays shut', () => {
  const CONNECTIONS = 32
  /**
   * Requests as small as they can be, for content that is never taken; what the engine and its application hold. No two
   * in a row are the same, since equal ones share what they mean.
   */
  function attack(blocks: readonly Uint8Array[], prelude: Uint8Array = NOTHING): { ratio: number; victims: Victim[] } {
    const opening = encodeLines(['SETTINGS initial_window_size=0'])
    const requests = (from: number): Uint8Array =>
      concat(Array.from({ length: 128 - from }, (_, i) => frames(nth(from + i), blocks[i % 2]!, Flags.endStream)))
    const victims: Victim[] = []
    const octets = requests(prelude.length > 0 ? 1 : 0)
    const content = new Uint8Array(1000)
    const held = heldBytes(() => {
      for (let i = 0; i < CONNECTIONS; i++) {
        // The application holds each request, as one does that works on it.
        const taken: Http2ServerEvent[] = []
        const victim = attackedServer((engine, event) => {
          if (event.type !== 'request') return
          taken.push(event)
          engine.sendResponse(event.streamId, 200, [], content)
        })
        victim.send(opening)
        if (prelude.length > 0) victim.send(prelude)
        victim.send(octets)
        assert.equal(taken.length, 128)
        victims.push(victim)
        Object.assign(victim, { taken })
      }
      return victims
    })
    return { ratio: held / CONNECTIONS / (prelude.length + octets.length), victims }
  }

  /** Indexed fields: a request, then an octet a field; and the same with one less. */
  const indexed = (...counts: readonly (readonly [count: number, octet: number])[]): [Uint8Array, Uint8Array] => {
    const octets = counts.flatMap(([count, octet]) => Array.from({ length: count }, () => octet))
    const all = Uint8Array.from([0x82, 0x87, 0x84, 0x01, 0x01, 0x61, ...octets])
    return [all, all.subarray(0, -1)]
  }
  /** `accept-charset` and `cookie`, empty, as the static table has them. */
  const FIELD = 0x8f
  const CRUMB = 0xa0
  const both = indexed([fieldCountMax, FIELD], [crumbCountMax, CRUMB])
  const cookie = plainBlock(['cookie', 'a=b']).subarray(1)
  const prelude = frames(1, concat([plainBlock(REQUEST), Uint8Array.of(0x40), cookie]), Flags.endStream)

  for (const [name, blocks, before] of [
    ['empty crumbs', indexed([crumbCountMax, CRUMB]), NOTHING],
    ['empty fields', indexed([fieldCountMax, FIELD]), NOTHING],
    ['empty fields and crumbs', both, NOTHING],
    ['crumbs out of the table', indexed([crumbCountMax, REFERENCE]), prelude],
  ] as const)
    test(`${name}: less than 50 octets are held for each that came`, () => {
      const { ratio, victims } = attack(blocks, before)
      assert.ok(ratio < 50, `${ratio}`)
      const [victim] = victims as [Victim, ...Victim[]]
      assert.equal(victim.streams.length, 128)
    })

  test('a request of a few octets costs less than 2 KiB', () => {
    const blocks = indexed([10, FIELD])
    const { ratio } = attack(blocks)
    const bytes = ratio * (9 + blocks[0].length)
    assert.ok(bytes < 2048, `${bytes}`)
  })

  test('increments of an octet do not prolong the life of a stream', () => {
    const { victims } = attack(both)
    const [victim] = victims as [Victim, ...Victim[]]
    const bystander = new Bystander()
    for (let second = 0; second < 40; second++) {
      for (let i = 0; i < 50; i++) victim.sendLines(`WINDOW_UPDATE ${nth((second * 50 + i) % 128)} 1`)
      victim.wait(1000)
    }
    assert.equal(victim.faults.get('H2_STREAM_STALLED'), 128)
    assert.deepEqual(victim.streams, [])
    victim.wait(http2Limits.idleMs)
    assert.equal(victim.end, 'closed')
    victim.assertEmpty()
    bystander.ask()
  })

  test('nor do windows that are opened and shut by SETTINGS', () => {
    const { victims } = attack(both)
    const [victim] = victims as [Victim, ...Victim[]]
    for (let second = 0; second < 40; second++) {
      victim.sendLines('SETTINGS initial_window_size=1', 'SETTINGS initial_window_size=0')
      victim.wait(1000)
    }
    assert.equal(victim.faults.get('H2_STREAM_STALLED'), 128)
  })

  test('a phone that takes 1 KiB a second is no such client', () => {
    const victim = attackedServer((engine, event) => {
      if (event.type === 'request') engine.sendResponse(event.streamId, 200, [], new Uint8Array(300_000))
    })
    victim.sendLines('SETTINGS initial_window_size=0', ...get(1))
    for (let second = 0; second < 300 && victim.streams.length > 0; second++) {
      victim.sendLines('WINDOW_UPDATE 1 1024', 'WINDOW_UPDATE 0 1024')
      victim.wait(1000)
    }
    victim.assertWell()
    assert.deepEqual(victim.streams, [])
  })

  test('90 crumbs are one cookie', () => {
    let joined = ''
    const victim = attackedServer((engine, event) => {
      if (event.type === 'request') joined = event.fields.get('cookie') ?? ''
      answer(engine, event)
    })
    victim.send(request(1, repeat(90, 'cookie', 'a=b')))
    assert.equal(joined, Array.from({ length: 90 }, () => 'a=b').join('; '))
    victim.assertWell()
  })
})
