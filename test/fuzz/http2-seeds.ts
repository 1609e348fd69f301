/** The fuzz corpora that the HTTP/2 vectors give: of all with the same log, but for texts, the shortest. */

import { createHash } from 'node:crypto'
import { concat, Random } from 'skitai/testing'
import { encodeLines } from '../vectors/http2-notation.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'

/** Longer ones are nearly all content. */
const SEED_BYTES_MAX = 1500
const OPERATIONS = 40

/** The seeds of each target: name of the file and octets. */
export function http2Seeds(): Map<string, Map<string, Uint8Array>> {
  const vectors = [...readVectors('http2', encodeLines).values()].flat()
  const server = shortest(vectors.filter(({ requests }) => requests === undefined))
  const client = shortest(vectors.filter(({ requests }) => requests !== undefined))
  return new Map([
    ['http2-server', named(server.map((vector) => seedOf(vector, 0)))],
    ['http2-client', named(client.map((vector) => seedOf(vector, vector.flags.includes('push') ? 4 : 0)))],
    // No vector has both roles: these are chance, which is what commands can be.
    ['http2-operations', named(Array.from({ length: OPERATIONS }, (_, seed) => operations(seed)))],
  ])
}

function inputOf({ input }: Vector): Uint8Array {
  return concat(input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : [])))
}

/** Mood, whether the opening is part of the input, and the input. */
function seedOf(vector: Vector, mood: number): Uint8Array {
  const limits = Object.keys(vector.limits).length > 0 ? 1 : 0
  const raw = vector.flags.includes('raw') ? 255 : 0
  return concat([Uint8Array.of(mood | limits, raw), inputOf(vector)])
}

function shapeOf({ events }: Vector): string {
  return events.map((event) => event.replace(/"[^"]*"/g, '""').replace(/^ {2}.*/, '')).join('\n')
}

function shortest(vectors: readonly Vector[]): Vector[] {
  const kept = new Map<string, Vector>()
  for (const vector of vectors) {
    const { length } = inputOf(vector)
    const before = kept.get(shapeOf(vector))
    if (length === 0 || length > SEED_BYTES_MAX) continue
    if (before === undefined || length < inputOf(before).length) kept.set(shapeOf(vector), vector)
  }
  return [...kept.values()]
}

function operations(seed: number): Uint8Array {
  return new Random(seed).bytes(150)
}

function named(inputs: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(
    inputs.map((input) => [`vector-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`, input]),
  )
}
