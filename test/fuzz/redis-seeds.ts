/** The fuzz corpora that the Redis vectors give: of all with the same log, but for texts, the shortest. */

import { createHash } from 'node:crypto'
import { concat, Random } from 'skitai/testing'
import { flagsOf } from '../vectors/redis-commands.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'

/** Longer ones are nearly all content. */
const SEED_BYTES_MAX = 1000
const OPERATIONS = 60

/** The seeds of each target: name of the file and octets. */
export function redisSeeds(): Map<string, Map<string, Uint8Array>> {
  const files = [...readVectors('redis')]
  const vectorsOf = (server: boolean): Vector[] =>
    files.filter(([file]) => file.startsWith('server-') === server).flatMap(([, vectors]) => vectors)
  return new Map([
    ['redis-reply', named(shortest(vectorsOf(false), clientSeed))],
    ['redis-command', named(shortest(vectorsOf(true), serverSeed))],
    // No vector has both roles: these are chance, which is what commands can be.
    ['redis-operations', named(Array.from({ length: OPERATIONS }, (_, seed) => new Random(seed).bytes(200)))],
  ])
}

function shortest(vectors: readonly Vector[], seedOf: (vector: Vector) => Uint8Array): Uint8Array[] {
  const kept = new Map<string, Uint8Array>()
  for (const vector of vectors) {
    const shape = vector.events.map((event) => event.replace(/".*|@.*/, '')).join('\n') + vector.flags.join()
    const seed = seedOf(vector)
    const before = kept.get(shape)
    if (seed.length > 2 && seed.length <= SEED_BYTES_MAX && (before === undefined || seed.length < before.length))
      kept.set(shape, seed)
  }
  return [...kept.values()]
}

function octetsOf({ input }: Vector): Uint8Array[] {
  return input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : []))
}

/** Words of a program, as `fuzz/redis-reply.ts` has them, the rarest first. */
const PROGRAMS: readonly (readonly [word: string, program: number])[] = [
  ['SUBSCRIBE', 3],
  ['MONITOR', 4],
  ['RESET', 5],
  ['QUIT', 6],
  ['MULTI', 7],
]

/** The mood, how replies are read, and the input. */
function clientSeed(vector: Vector): Uint8Array {
  const { requests = [], flags, limits } = vector
  const asked = requests.join(' ').toUpperCase()
  const program = PROGRAMS.find(([word]) => asked.includes(word))?.[1] ?? Math.min(requests.length, 2)
  const begin = flags.includes('raw') ? 24 : flags.includes('resp2') ? 16 : 0
  const mood = program | begin | (Object.keys(limits).length > 0 ? 32 : 0)
  return concat([Uint8Array.of(mood, flagsOf(flags)), ...octetsOf(vector)])
}

function serverSeed(vector: Vector): Uint8Array {
  const limited = Object.keys(vector.limits).length > 0 ? 16 : 0
  return concat([Uint8Array.of(limited | (vector.answers === undefined ? 0 : 8)), ...octetsOf(vector)])
}

function named(seeds: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(seeds.map((seed) => [`vector-${createHash('sha256').update(seed).digest('hex').slice(0, 12)}`, seed]))
}
