/** What something keeps alive, in octets of memory. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A full collection; twice, since the first one may leave what finalizers held. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
}

function usedBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** How much more memory is in use while what `make` gives lives than before. */
export function heldBytes(make: () => unknown): number {
  const before = usedBytes()
  const held = make()
  const after = usedBytes()
  if (held === undefined) throw new Error('nothing is held')
  return after - before
}
