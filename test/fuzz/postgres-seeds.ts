/** The fuzz corpus that the PostgreSQL vectors give: of all with the same log, but for texts, the shortest. */

import { createHash } from 'node:crypto'
import { concat } from 'skitai/testing'
import { encodeMessages } from '../vectors/postgres-notation.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'

/** Longer ones are nearly all content. */
const SEED_BYTES_MAX = 1500

/** The seeds of each target: name of the file and octets. */
export function postgresSeeds(): Map<string, Map<string, Uint8Array>> {
  const files = [...readVectors('postgres', encodeMessages)]
  const vectors = files.filter(([file]) => !file.startsWith('server-')).flatMap(([, list]) => list)
  const kept = new Map<string, Uint8Array>()
  for (const vector of vectors) {
    const shape = vector.events.map((event) => event.replace(/".*|@.*/, '')).join('\n') + vector.flags.join()
    const seed = seedOf(vector)
    const before = kept.get(shape)
    if (seed.length > 1 && seed.length <= SEED_BYTES_MAX && (before === undefined || seed.length < before.length))
      kept.set(shape, seed)
  }
  return new Map([['postgres-client', named([...kept.values()])]])
}

/** The mood, as `fuzz/postgres-client.ts` has it, and the input. */
function seedOf({ requests = [], flags, input }: Vector): Uint8Array {
  const program = requests.length === 0 ? 0 : !requests[0]!.startsWith('query') ? 3 : requests.length > 1 ? 2 : 1
  const octets = input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : []))
  return concat([Uint8Array.of(program | (flags.includes('raw') ? 4 : 0)), ...octets])
}

function named(seeds: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(seeds.map((seed) => [`vector-${createHash('sha256').update(seed).digest('hex').slice(0, 12)}`, seed]))
}
