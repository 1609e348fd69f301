/**
 * The fuzz corpora that the vectors give: of all with the same log, but for what the peer chose freely, the shortest.
 */

import { createHash } from 'node:crypto'
import { concat } from 'skitai/testing'
import { readVectors, type Vector } from '../vectors/vector-file.js'

/** The seeds of each target: name of the file and octets. */
export function seedsOf(protocol: 'http1'): Map<string, Map<string, Uint8Array>> {
  const vectors = [...readVectors(protocol).values()].flat()
  const requests = shortest(vectors.filter((vector) => vector.requests === undefined)).map(inputOf)
  const responses = shortest(vectors.filter((vector) => vector.requests !== undefined))
  return new Map([
    ['http1-request', named(requests.map((input) => concat([Uint8Array.of(PLAIN), input])))],
    ['http1-response', named(responses.map(responseSeed))],
    [
      'http1-operations',
      named([
        ...requests.map((input) => concat([Uint8Array.of(0), receiveOperations(input)])),
        ...responses.map((vector) => concat([Uint8Array.of(1), GET, GET, receiveOperations(inputOf(vector))])),
      ]),
    ],
  ])
}

/** The mood that answers at the end, by a whole response. */
const PLAIN = 2
/** Commands of the operations target: a request without content. */
const GET = Uint8Array.of(121, 0, 0)

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

function named(inputs: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(
    inputs.map((input) => [`vector-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`, input]),
  )
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

function responseSeed(vector: Vector): Uint8Array {
  const [method = '', ...more] = vector.requests ?? []
  const first = method.includes('HEAD') ? 1 : method.includes('CONNECT') ? 3 : 0
  const upgrade = method.includes('Upgrade') ? 2 : 0
  return concat([Uint8Array.of(first, upgrade | (Math.min(more.length, 3) << 6)), inputOf(vector)])
}
