/** The fuzz corpora that the HPACK vectors give. */

import { createHash } from 'node:crypto'
import { concat } from 'skitai/testing'
import { type HpackVector, readHpackVectors } from '../vectors/hpack-file.js'

/** The seeds of each target: name of the file and octets. */
export function hpackSeeds(): Map<string, Map<string, Uint8Array>> {
  const vectors = [...readHpackVectors().values()].flat()
  const blocks = vectors.map(blocksOf).filter((seed) => seed.length > 1)
  // Huffman code begins behind the length of a string; what is in front of it does no harm to a corpus.
  const strings = vectors
    .filter(({ name }) => /^(?:5\.2|C\.[46])/.test(name))
    .flatMap(({ steps }) => steps.flatMap((step) => (step.type === 'block' ? [step.bytes.subarray(2)] : [])))
    .filter((seed) => seed.length > 0)
  return new Map([
    ['hpack-decode', named(blocks)],
    ['hpack-huffman', named(strings)],
  ])
}

/** Two bits each for the caps and the table: those that the vector is nearest to. */
function blocksOf({ steps, options }: HpackVector): Uint8Array {
  const section = options['sectionBytesMax'] === undefined ? 0 : 1
  const fields = options['fieldCountMax'] === undefined ? 0 : 1
  const table = options['tableBytesMax'] === undefined ? 0 : 2
  const parts = steps.map((step) => {
    if (step.type === 'table') return Uint8Array.of(255, Math.min(255, Math.ceil(step.bytes / 40)))
    const bytes = step.bytes.subarray(0, 254)
    return concat([Uint8Array.of(bytes.length), bytes])
  })
  return concat([Uint8Array.of(section | (fields << 2) | (table << 4)), ...parts])
}

function named(inputs: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(
    inputs.map((input) => [`vector-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`, input]),
  )
}
