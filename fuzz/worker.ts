/** One session in a thread of its own, so that the main one can see when an input never comes back. */

import { parentPort, workerData } from 'node:worker_threads'
import { loadTarget, mutatorOf, readCorpus, runSession, type TargetName } from './session.js'

/** What the main thread hands over. `current` holds the count of runs, the length of the input, then the input. */
export interface WorkerInput {
  readonly name: TargetName
  readonly seed: number
  readonly seconds: number
  readonly current: SharedArrayBuffer
}

/** What comes back. */
export interface WorkerOutput {
  readonly runs: number
  readonly finding: { readonly input: Uint8Array; readonly message: string } | undefined
}

/** Two numbers of 32 bits before the input. */
export const CURRENT_HEAD_BYTES = 8

if (parentPort !== null) {
  const { name, seed, seconds, current } = workerData as WorkerInput
  const numbers = new Uint32Array(current, 0, 2)
  const octets = new Uint8Array(current, CURRENT_HEAD_BYTES)
  const onInput = (input: Uint8Array): void => {
    octets.set(input.subarray(0, octets.length))
    Atomics.store(numbers, 1, Math.min(input.length, octets.length))
    Atomics.add(numbers, 0, 1)
  }
  const target = await loadTarget(name)
  const options = { seed, seconds, onInput, mutate: mutatorOf(name) }
  const { runs, finding } = await runSession(target, readCorpus(name), options)
  const message = finding?.error.stack ?? ''
  const output: WorkerOutput = { runs, finding: finding && { input: finding.input, message } }
  parentPort.postMessage(output, [])
}
