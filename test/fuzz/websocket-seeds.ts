/** The fuzz corpora that the WebSocket vectors give: of all with the same log, but for texts, the shortest. */

import { createHash } from 'node:crypto'
import { concat, Random } from 'skitai/testing'
import { readVectors, type Vector } from '../vectors/vector-file.js'
import { deflated, encodeFrames } from '../vectors/websocket-notation.js'

/** Longer ones are nearly all content. */
const SEED_BYTES_MAX = 1500
const OPERATIONS = 40

/** The seeds of each target: name of the file and octets. */
export function webSocketSeeds(): Map<string, Map<string, Uint8Array>> {
  const vectors = [...readVectors('websocket', (lines) => new TextEncoder().encode(lines.join('\n'))).values()].flat()
  return new Map([
    // What is said to one role, masked or not, is said to the other as well.
    ['websocket-server', named(shortest(vectors).map((vector) => seedOf(vector, true)))],
    ['websocket-client', named(shortest(vectors).map((vector) => seedOf(vector, false)))],
    ['websocket-deflate', named(deflateSeeds())],
    // No vector has both roles: these are chance, which is what commands can be.
    ['websocket-operations', named(Array.from({ length: OPERATIONS }, (_, seed) => new Random(seed).bytes(150)))],
  ])
}

function inputOf({ input }: Vector, masked: boolean): Uint8Array {
  return concat(
    input.flatMap((step) =>
      step.type === 'bytes' ? [encodeFrames(new TextDecoder().decode(step.bytes).split('\n'), masked)] : [],
    ),
  )
}

/** The mood, as `fuzz/websocket-subjects.ts` has it, and the input. */
function seedOf(vector: Vector, masked: boolean): Uint8Array {
  const { flags } = vector
  const deflate = !flags.includes('deflate') ? 0 : flags.includes('takeover') ? 8 : 4
  const mood = (Object.keys(vector.limits).length > 0 ? 1 : 0) | (flags.includes('pieces') ? 2 : 0) | deflate
  return concat([Uint8Array.of(mood), inputOf(vector, masked)])
}

function shortest(vectors: readonly Vector[]): Vector[] {
  const kept = new Map<string, Vector>()
  for (const vector of vectors) {
    const shape = vector.events.map((event) => event.replace(/"[^"]*"/g, '""').replace(/ @.*/, '')).join('\n')
    const { length } = inputOf(vector, true)
    const before = kept.get(shape + vector.flags.join())
    if (length === 0 || length > SEED_BYTES_MAX) continue
    if (before === undefined || length < inputOf(before, true).length) kept.set(shape + vector.flags.join(), vector)
  }
  return [...kept.values()]
}

/** Options, then messages with their lengths: compressed ones, and ones to compress. */
function deflateSeeds(): Uint8Array[] {
  const random = new Random(1)
  const contents = [
    new Uint8Array(0),
    Buffer.from('Hello'),
    Buffer.from('again and again and again and again'),
    new Uint8Array(250),
    random.bytes(40),
    Buffer.from('ä€😀'.repeat(20)),
  ]
  const lists = [contents, ...contents.map((content) => [content, content])]
  return lists.flatMap((list, i) => [
    concat([
      Uint8Array.of(7 | (i % 2 === 0 ? 8 : 0) | (i % 3 === 0 ? 16 : 0)),
      ...list.flatMap((each) => lengthed(deflated(each))),
    ]),
    concat([Uint8Array.of(64 | (i % 8) | (i % 2 === 0 ? 8 : 0)), ...list.flatMap(lengthed)]),
  ])
}

function lengthed(octets: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(Math.min(255, octets.length)), octets.subarray(0, 255)]
}

function named(inputs: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(
    inputs.map((input) => [`vector-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`, input]),
  )
}
