/** What the tests of all vectors have in common; what a protocol makes of them stands in its own file. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkBorrow,
  checkEveryCut,
  concat,
  type MakeSubject,
  scriptBytes,
  type Step,
  type TypedEvent,
} from 'skitai/testing'
import type { Vector } from './vector-file.js'

/** A subject made anew for each run; the `do` steps of the script act on the engine of the run that is under way. */
export interface Runner<Event extends TypedEvent> {
  readonly make: MakeSubject<Event>
  readonly script: readonly Step[]
}

/** What a suite must come to. */
export interface Completeness {
  /** Vectors at the least. */
  readonly atLeast: number
  /** The error table of the protocol. */
  readonly faults: Readonly<Record<string, unknown>>
  /** Faults that need more than input and time, or the other role. */
  readonly others: readonly string[]
}

/** A test for each vector, and for what all of them come to. */
export function describeVectors(
  protocol: string,
  title: string,
  files: ReadonlyMap<string, readonly Vector[]>,
  check: (vector: Vector) => void,
  { atLeast, faults, others }: Completeness,
): void {
  for (const [file, vectors] of files)
    describe(`${protocol}/${file}`, () => {
      for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
    })

  describe(`the vectors of ${title}`, () => {
    const all = [...files.values()].flat()

    test(`are at least ${atLeast}, and no two share file and name`, () => {
      assert.ok(all.length >= atLeast, `${all.length} vectors`)
      assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
    })

    test('hit every fault that input, commands and time can cause', () => {
      const hit = new Set(all.flatMap(({ events }) => events.map((event) => FAULT.exec(event)?.[1])))
      assert.deepEqual(
        Object.keys(faults).filter((code) => !hit.has(code) && !others.includes(code)),
        [],
      )
    })
  })
}

const FAULT = /^(?:fatal|streamFault \d+) (\S+)/

/** The steps of a vector; `run` gives a command to the engine of the run that is under way. */
export function scriptOf(vector: Vector, limits: object, run: (command: string) => void): Step[] {
  for (const name of Object.keys(vector.limits)) assert.ok(name in limits, `no limit ${name}`)
  return vector.input.map((step): Step => {
    if (step.type !== 'do') return step
    return { type: 'command', run: () => run(step.command) }
  })
}

/** The script with octets in the same chunk as what came last, or as a chunk of their own. */
export function withMore(script: readonly Step[], bytes: Uint8Array | undefined): Step[] {
  if (bytes === undefined) return [...script]
  const last = script.at(-1)
  if (last?.type !== 'bytes') return [...script, { type: 'bytes', bytes }]
  return [...script.slice(0, -1), { type: 'bytes', bytes: concat([last.bytes, bytes]) }]
}

/** Whether octets behind a vector say anything: not where it does not end with octets, or says so itself. */
export function mayFollow({ skipFollowing, input }: Vector): boolean {
  return skipFollowing === undefined && input.at(-1)?.type === 'bytes'
}

const CHUNK_BYTES_MAX = 24

/** Cut anywhere, and with memory that is used again, it comes to the same. Long inputs are not cut at each octet. */
export function checkCuts<Event extends TypedEvent>({ make, script }: Runner<Event>, cutsMax = 1000): void {
  const step = Math.ceil(scriptBytes(script) / cutsMax)
  checkEveryCut(make, script, { sizeMax: Math.min(CHUNK_BYTES_MAX, cutsMax), step })
  checkBorrow(make, script)
}

/** Lines of output that say something. */
export function linesOf(output: readonly string[]): string[] {
  return output.filter((line) => line !== '')
}
