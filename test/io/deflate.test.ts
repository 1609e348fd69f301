/** DEFLATE over zlib: what engines rely on, with every window, and the contexts that connections share. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { ZlibCompression } from '#src/io/index.js'
import {
  type Compression,
  type DeflateParameters,
  type Inflater,
  UsageError,
  WebSocketClient,
  type WebSocketEvent,
  WebSocketServer,
} from '#src/protocols/websocket/index.js'

const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15]
const EMPTY_BLOCK = [0x00, 0x00, 0x00, 0xff, 0xff]
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

const compression = new ZlibCompression()

/** Octets that nobody can compress, the same ones in every run. */
function noise(size: number, seed = 1): Buffer {
  const octets = Buffer.alloc(size)
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    octets[i] = state >>> 24
  }
  return octets
}

function json(seed: number): Buffer {
  const rows = Array.from({ length: 12 }, (_, i) => ({ id: seed + i, name: `user ${(seed + i) * 7919}`, active: true }))
  return Buffer.from(JSON.stringify(rows))
}

/** Repeats itself at every distance that matters to a small window. */
function repetitive(): Buffer {
  const block = noise(700)
  const parts: Buffer[] = []
  for (let distance = 240; distance < 700; distance += 3) parts.push(block.subarray(0, distance), json(distance))
  return Buffer.concat(parts)
}

/** Inflates all of `input`, at most `outputBytes` a call; undefined when it is not DEFLATE. */
function inflateAll(inflater: Inflater, input: Uint8Array, outputBytes = 4096): Buffer | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const output = Buffer.alloc(outputBytes)
    if (!inflater.inflate(input, at, input.length, output)) return undefined
    parts.push(output.subarray(0, inflater.produced))
    at += inflater.consumed
    if (at === input.length && inflater.produced < outputBytes) return Buffer.concat(parts)
  }
}

describe('a deflater', () => {
  for (const windowBits of WINDOWS)
    it(`never refers further back than a window of ${windowBits} bits goes`, () => {
      const deflater = compression.deflater(windowBits)
      const inflater = compression.inflater(windowBits)
      for (const message of [json(1), repetitive(), json(2), noise(5000), repetitive(), json(1)]) {
        const compressed = deflater.deflate(message, true)
        assert.deepEqual([...compressed.subarray(-4)], [...TAIL])
        // With one octet of output at a time the window is all that zlib has of what was before.
        assert.deepEqual(inflateAll(inflater, compressed, 1), message)
      }
      deflater.release()
      inflater.release()
    })

  it('refers to messages before, until it is told to forget them', () => {
    const deflater = compression.deflater(15)
    const first = deflater.deflate(json(1), true)
    const second = deflater.deflate(json(1), true)
    assert.ok(second.length < first.length / 2, `${second.length} of ${first.length}`)
    deflater.reset()
    deflater.reset()
    assert.deepEqual(deflater.deflate(json(1), true), first)
    deflater.release()
  })

  it('compresses a message in pieces', () => {
    const deflater = compression.deflater(15)
    const pieces = [json(1), Buffer.alloc(0), noise(200_000), json(2)]
    const compressed = pieces.map((piece) => deflater.deflate(piece, false))
    compressed.push(deflater.deflate(Buffer.alloc(0), true))
    const inflater = compression.inflater(15)
    assert.deepEqual(inflateAll(inflater, Buffer.concat(compressed)), Buffer.concat(pieces))
    deflater.release()
    inflater.release()
  })

  it('ends what is empty with an empty block, behind another one, too', () => {
    const deflater = compression.deflater(15)
    assert.deepEqual([...deflater.deflate(Buffer.alloc(0), true)], EMPTY_BLOCK)
    assert.deepEqual([...deflater.deflate(Buffer.alloc(0), true)], EMPTY_BLOCK)
    deflater.deflate(json(1), true)
    assert.deepEqual([...deflater.deflate(Buffer.alloc(0), true)], EMPTY_BLOCK)
    deflater.release()
  })

  it('gives octets that stay as they are', () => {
    const deflater = compression.deflater(15)
    const given = deflater.deflate(json(1), true)
    const before = Buffer.from(given)
    given.fill(7)
    deflater.deflate(json(2), true)
    assert.ok(given.every((octet) => octet === 7))
    deflater.reset()
    assert.deepEqual(Buffer.from(deflater.deflate(json(1), true)), before)
    deflater.release()
  })

  it('is made for levels 1 to 9', () => {
    const rows = Buffer.concat(Array.from({ length: 30 }, (_, i) => json(i * 17)))
    const sizes = [1, 3, 9].map((level) => new ZlibCompression({ level }).deflater(15).deflate(rows, true).length)
    assert.ok(sizes[0]! > sizes[2]!, String(sizes))
    for (const level of [0, 10, 1.5, Number.NaN])
      assert.throws(() => new ZlibCompression({ level }), { name: 'UsageError', code: 'WS_COMPRESSION' })
  })
})

describe('an inflater', () => {
  it('never gives more than its output holds, and goes on where it stopped', () => {
    const message = Buffer.alloc(100_000, 'x')
    const compressed = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH })
    for (const outputBytes of [1, 7, 4096, 99_999, 100_000, 100_001]) {
      const inflater = compression.inflater(15)
      assert.deepEqual(inflateAll(inflater, compressed, outputBytes), message)
      inflater.release()
    }
  })

  it('takes input from where it is told, up to where it is told', () => {
    const compressed = compression.deflater(15).deflate(json(1), true)
    const around = Buffer.concat([noise(9), compressed, noise(9)])
    const output = Buffer.alloc(4096)
    const inflater = compression.inflater(15)
    assert.ok(inflater.inflate(around, 9, 9 + compressed.length, output))
    assert.equal(inflater.consumed, compressed.length)
    assert.deepEqual(output.subarray(0, inflater.produced), json(1))
    assert.ok(inflater.inflate(around, 9, 9, output))
    assert.deepEqual([inflater.consumed, inflater.produced], [0, 0])
    inflater.release()
  })

  it('begins anew behind a final block, wherever its octets are cut', () => {
    // RFC 7692 section 7.2.3.4: an octet of zeros stands behind it, so that the tail makes an empty block.
    const final = Buffer.concat([deflateRawSync(json(1)), deflateRawSync(json(2)), Buffer.of(0)])
    const whole = Buffer.concat([final, TAIL])
    for (let cut = 0; cut <= whole.length; cut++) {
      const inflater = compression.inflater(15)
      const parts = [whole.subarray(0, cut), whole.subarray(cut)].map((part) => inflateAll(inflater, part, 64))
      assert.deepEqual(Buffer.concat(parts as Buffer[]), Buffer.concat([json(1), json(2)]), String(cut))
      inflater.release()
    }
  })

  it('says when its input is not DEFLATE, and that costs nobody else', () => {
    const inflater = compression.inflater(15)
    assert.equal(inflateAll(inflater, Buffer.from([0xff, 0xff, 0xff])), undefined)
    assert.equal(inflateAll(inflater, json(1)), undefined)
    inflater.release()
    const next = compression.inflater(15)
    assert.deepEqual(inflateAll(next, compression.deflater(15).deflate(json(1), true)), json(1))
    next.release()
  })

  it('has no window beyond its own', () => {
    const far = Buffer.concat([noise(400), noise(400)])
    const compressed = deflateRawSync(far, { finishFlush: constants.Z_SYNC_FLUSH })
    const inflater = compression.inflater(8)
    assert.equal(inflateAll(inflater, compressed, 1), undefined)
    inflater.release()
  })
})

describe('contexts', () => {
  it('come to the next connection without what they have seen', () => {
    const fresh = new ZlibCompression()
    const expected = fresh.deflater(15).deflate(json(5), true)
    for (let i = 0; i < 20; i++) {
      const deflater = fresh.deflater(15)
      assert.deepEqual(deflater.deflate(json(5), true), expected)
      // What is under way when a connection is lost goes, too.
      deflater.deflate(noise(100), false)
      deflater.release()
    }
    const inflater = fresh.inflater(15)
    assert.deepEqual(inflateAll(inflater, expected), json(5))
    inflater.release()
    const other = fresh.inflater(15)
    const deflater = fresh.deflater(15)
    deflater.deflate(json(5), true)
    assert.equal(inflateAll(other, deflater.deflate(json(5), true)), undefined, 'refers to what another one has seen')
  })

  it('are used by one owner only, even if it gives them back twice', () => {
    const fresh = new ZlibCompression()
    const one = fresh.deflater(15)
    one.release()
    one.release()
    const [two, three] = [fresh.deflater(15), fresh.deflater(15)]
    const first = two.deflate(json(1), true)
    assert.deepEqual(three.deflate(json(1), true), first)
    assert.throws(() => one.deflate(json(1), true), UsageError)
    assert.throws(() => one.reset(), UsageError)
  })

  it('are thrown away beyond those that are kept', () => {
    const fresh = new ZlibCompression()
    const many = Array.from({ length: 30 }, () => fresh.deflater(15))
    const expected = many[0]!.deflate(json(1), true)
    for (const deflater of many.slice(1)) assert.deepEqual(deflater.deflate(json(1), true), expected)
    for (const deflater of many) deflater.release()
    for (let i = 0; i < 30; i++) assert.deepEqual(fresh.deflater(15).deflate(json(1), true), expected)
  })
})

describe('a decompression bomb', () => {
  const deflate: DeflateParameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  }

  /** 10 MB of zeros in some 10 KB, as a client sends them. */
  function bomb(): Uint8Array[] {
    const client = new WebSocketClient({ deflate, compression, maskingKey: () => 1, limits: { outputBytesMax: 1e8 } })
    client.start(0)
    client.sendBinary(new Uint8Array(10_000_000))
    const chunks: Uint8Array[] = []
    for (let chunk = client.output(); chunk !== undefined; chunk = client.output()) chunks.push(chunk)
    return chunks
  }

  for (const pieces of [false, true])
    it(`costs no more than its limits, ${pieces ? 'in pieces' : 'whole'}`, () => {
      const chunks = bomb()
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
      assert.ok(bytes < 50_000, String(bytes))
      let inflated = 0
      const counting: Compression = {
        deflater: (windowBits) => compression.deflater(windowBits),
        inflater: (windowBits) => {
          const inner = compression.inflater(windowBits)
          const inflate: Inflater['inflate'] = (...args) => {
            const valid = inner.inflate(...args)
            inflated += inner.produced
            return valid
          }
          return {
            get consumed() {
              return inner.consumed
            },
            get produced() {
              return inner.produced
            },
            inflate,
            release: () => inner.release(),
          }
        },
      }
      const before = process.memoryUsage().arrayBuffers
      const server = new WebSocketServer({
        deflate,
        compression: counting,
        pieces,
        limits: { messageBytesMax: 100_000 },
      })
      server.start(0)
      const seen: WebSocketEvent['type'][] = []
      for (const chunk of chunks) {
        server.receive(chunk, 0)
        for (let event = server.poll(); event !== undefined; event = server.poll()) seen.push(event.type)
      }
      assert.equal(seen.at(-1), 'fatal')
      assert.ok(inflated < 300_000, String(inflated))
      const grown = process.memoryUsage().arrayBuffers - before
      assert.ok(grown < 4_000_000, String(grown))
    })
})
