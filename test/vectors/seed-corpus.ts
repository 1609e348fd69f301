/**
 * Writes the fuzz corpora anew from the vectors: `node build/test/vectors/seed-corpus.js`. Of all inputs with the same
 * log of events, but for what the peer chose freely, one is kept: the shortest.
 */

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { concat } from 'skitai/testing'
import { readVectors, type Vector } from './vector-file.js'

const root = new URL('../../../fuzz/corpus/', import.meta.url)

function inputOf({ input }: Vector): Uint8Array {
  return concat(input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : [])))
}

/** What happened, without names and values. */
function shapeOf({ events }: Vector): string {
  const lines = events.map((event) => {
    if (event.startsWith('fatal')) return event.replace(/ @.*/, '')
    if (event.startsWith('request')) return event.replace(/request \S+ \S+/, 'request').replace(/"[^"]*"/g, '""')
    if (event.startsWith('  ')) return ''
    return event.replace(/"[^"]*"/g, '""')
  })
  return lines.join('\n')
}

function shortest(vectors: readonly Vector[]): Vector[] {
  const kept = new Map<string, Vector>()
  for (const vector of vectors) {
    const before = kept.get(shapeOf(vector))
    if (before === undefined || inputOf(vector).length < inputOf(before).length) kept.set(shapeOf(vector), vector)
  }
  return [...kept.values()].filter((vector) => inputOf(vector).length > 0)
}

function write(target: string, inputs: readonly Uint8Array[]): void {
  const folder = new URL(`${target}/`, root)
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(folder)) if (file.startsWith('vector-')) rmSync(new URL(file, folder))
  for (const input of inputs) {
    const name = createHash('sha256').update(input).digest('hex').slice(0, 12)
    writeFileSync(new URL(`vector-${name}.bin`, folder), input)
  }
}

/** A `receive` of the operations target, in pieces of at most 255 octets. */
function receiveOperations(input: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < input.length; at += 255) {
    const piece = input.subarray(at, at + 255)
    parts.push(Uint8Array.of(0, piece.length), piece)
  }
  return concat(parts)
}

const vectors = [...readVectors('http1').values()].flat()
const requests = shortest(vectors.filter((vector) => vector.requests === undefined)).map(inputOf)
const responses = shortest(vectors.filter((vector) => vector.requests !== undefined))

/** The mood that answers at the end, by a whole response. */
const PLAIN = 2
/** Commands of the operations target: requests without content, pipelined. */
const GET = Uint8Array.of(121, 0, 0)

write(
  'http1-request',
  requests.map((input) => concat([Uint8Array.of(PLAIN), input])),
)
write(
  'http1-response',
  responses.map((vector) => {
    const method = vector.requests?.[0] ?? ''
    const first = method.includes('HEAD') ? 1 : method.includes('CONNECT') ? 3 : 0
    const upgrade = method.includes('Upgrade') ? 2 : 0
    return concat([Uint8Array.of(first, upgrade | (((vector.requests?.length ?? 1) - 1) << 6)), inputOf(vector)])
  }),
)
write('http1-operations', [
  ...requests.map((input) => concat([Uint8Array.of(0), receiveOperations(input)])),
  ...responses.map((vector) => concat([Uint8Array.of(1), GET, GET, receiveOperations(inputOf(vector))])),
])
