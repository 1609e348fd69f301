/**
 * Chunk invariance: any cut of any input, malformed input included, gives the same events and the same output. Run
 * these checks over your own engine, or over ours with your own application behind it.
 */

import { sameBytes, escapeBytes } from './bytes.js'
import type { TypedEvent } from './snapshot.js'
import { ContractError, trace, traceTogether } from './trace.js'
import type { MakeSubject, Scripted, Step, Trace } from './trace.js'

/** `bytes` cut at `positions` (in any order, doubles and positions outside 1..length-1 ignored). No chunk is empty. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const inside = positions.filter((position) => position > 0 && position < bytes.length)
  const sorted = [...new Set(inside)].toSorted((a, b) => a - b)
  const chunks: Uint8Array[] = []
  let from = 0
  for (const position of [...sorted, bytes.length]) {
    if (position > from) chunks.push(bytes.subarray(from, position))
    from = position
  }
  return chunks
}

/** `bytes` cut into chunks of `size` octets, the last one shorter where it must be. */
export function cutEvery(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += size) chunks.push(bytes.subarray(from, from + size))
  return chunks
}

/**
 * The script with its octets cut at `positions`, which count over all `bytes` steps; the other steps keep their places.
 */
export function cutScript(script: readonly Step[], positions: readonly number[]): Step[] {
  const steps: Step[] = []
  let before = 0
  for (const step of script) {
    if (step.type !== 'bytes') {
      steps.push(step)
      continue
    }
    const from = before
    const inStep = positions.map((position) => position - from)
    for (const bytes of cutAt(step.bytes, inStep)) steps.push({ type: 'bytes', bytes })
    before += step.bytes.length
  }
  return steps
}

/** How many octets the script brings. */
export function scriptBytes(script: readonly Step[]): number {
  return script.reduce((sum, step) => sum + (step.type === 'bytes' ? step.bytes.length : 0), 0)
}

/**
 * Runs the script as it stands and cut at `positions`; throws a ContractError that names the first difference.
 * Returns the trace of the script as it stands, for further checks.
 */
export function checkChunkInvariance<Event extends TypedEvent>(
  make: MakeSubject<Event>,
  script: readonly Step[],
  positions: readonly number[],
): Trace {
  const whole = trace(make, script)
  compareTraces(whole, trace(make, cutScript(script, positions)), `cut at ${positions.join(', ')}`)
  return whole
}

/** Which cuts `checkEveryCut` tries. */
export interface EveryCutOptions {
  /** Every chunk size from 1 to this one. Default 64. */
  readonly sizeMax?: number
  /** Each position at which the input can be cut in two, `step` apart. Default 1: all of them. */
  readonly step?: number
}

/**
 * Runs the script whole, octet by octet, cut in two at every position and in chunks of every size up to `sizeMax`; all
 * must agree. Throws a ContractError that names the cut and the first difference. Returns the trace of the whole.
 */
export function checkEveryCut<Event extends TypedEvent>(
  make: MakeSubject<Event>,
  script: readonly Step[],
  options: EveryCutOptions = {},
): Trace {
  const { sizeMax = 64, step = 1 } = options
  const whole = trace(make, script)
  const length = scriptBytes(script)
  for (let position = step; position < length; position += step)
    compareTraces(whole, trace(make, cutScript(script, [position])), `cut at ${position}`)
  for (let size = 1; size <= sizeMax && size < length; size++) {
    const positions: number[] = []
    for (let position = size; position < length; position += size) positions.push(position)
    compareTraces(whole, trace(make, cutScript(script, positions)), `chunks of ${size}`)
  }
  return whole
}

/**
 * Connections share nothing that can be seen: conversations that run beside each other, a step here and a step there
 * (see `traceTogether`), give what each gives alone. Throws a ContractError.
 */
export function checkIndependence<Event extends TypedEvent>(
  conversations: readonly Scripted<Event>[],
  order: readonly number[],
): void {
  const together = traceTogether(conversations, order)
  for (const [which, { make, script }] of conversations.entries())
    compareTraces(trace(make, script), together[which]!, `conversation ${which} beside others`)
}

/** Throws a ContractError that names the first thing in which two traces differ. `how` says where `other` came from. */
export function compareTraces(expected: Trace, other: Trace, how: string): void {
  const lines = Math.max(expected.log.length, other.log.length)
  for (let i = 0; i < lines; i++)
    if (expected.log[i] !== other.log[i])
      throw differ(how, `event ${i}`, expected.log[i] ?? '(none)', other.log[i] ?? '(none)')
  if (!sameBytes(expected.output, other.output))
    throw differ(how, 'output', escapeBytes(expected.output), escapeBytes(other.output))
  if (expected.outputMarks.join() !== other.outputMarks.join())
    throw differ(how, 'time of output', expected.outputMarks.join(), other.outputMarks.join())
  if (expected.deadline !== other.deadline)
    throw differ(how, 'deadline', String(expected.deadline), String(other.deadline))
}

function differ(how: string, what: string, expected: string, got: string): ContractError {
  return new ContractError(`${how}: ${what} differs\n  expected ${expected}\n  got      ${got}`)
}

/**
 * The borrow check: runs the script a second time with a driver that overwrites each chunk after its drain and each
 * output block once taken. Nothing that was delivered may change, and the trace must stay the same. Throws a
 * ContractError.
 */
export function checkBorrow<Event extends TypedEvent>(make: MakeSubject<Event>, script: readonly Step[]): Trace {
  const plain = trace(make, script)
  compareTraces(plain, trace(make, script, { overwrite: true }), 'with memory overwritten')
  return plain
}
