/** How properties run here: the same cases each time, others on demand (`SKITAI_SEED=7 npm test -- test/property`). */

import fc from 'fast-check'

const SEED = 1

/** Checks a property over `numRuns` cases; the failure names the seed and the smallest case found. */
export function check<T>(numRuns: number, property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns, seed: Number(process.env['SKITAI_SEED'] ?? SEED) })
}
