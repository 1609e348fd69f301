/** Drives one engine over a script, as a driver would, and writes down all that comes out of it. */

import type { Engine, Millis } from '../protocols/core/engine.js'
import { concat, copyOf, sameBytes } from './bytes.js'
import { formatEvent, mergeData, snapshot } from './snapshot.js'
import type { Snapshot, TypedEvent } from './snapshot.js'

/** What happens to the engine: octets arrive, the peer half-closes, time passes, or our application does something. */
export type Step =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'wait'; readonly ms: Millis }
  | { readonly type: 'command'; readonly run: () => void }

/** An engine with an application behind it. */
export interface Subject<Event extends TypedEvent> {
  readonly engine: Engine<Event>
  /** Commands to issue right after `start`. */
  readonly begin?: () => void
  /** Sees each event inside the drain and may issue commands. */
  readonly onEvent?: (event: Event) => void
}

/** Makes a fresh subject for each run. It must do the same in each: no clock, no randomness that is not seeded. */
export type MakeSubject<Event extends TypedEvent> = () => Subject<Event>

/** All that came out of one run. Two runs over the same octets must give equal traces, however the octets were cut. */
export interface Trace {
  /** The events in order, adjacent `data` merged. */
  readonly events: readonly Snapshot[]
  /** The same events, one line each. */
  readonly log: readonly string[]
  /** All output. */
  readonly output: Uint8Array
  /** How much output there was before each step that is not `bytes`. */
  readonly outputMarks: readonly number[]
  /** The deadline that is armed at the end, `Infinity` for none. */
  readonly deadline: Millis
  /** Whether the last event was one after which nothing may follow: `closed`, `fatal` or `handover`. */
  readonly ended: boolean
}

/** The engine broke the engine contract, not the peer the protocol. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
}

/** How to run. */
export interface TraceOptions {
  /**
   * Plays the driver that reuses its memory: each chunk is overwritten with 0xEE after its drain, each output block
   * once it is taken, and everything that was delivered is compared with what it was. Default false.
   */
  readonly overwrite?: boolean
}

/**
 * Octets as the Buffer of Node has them: `slice` shares the memory. An engine that means to copy must do so here, too.
 */
class SharingBytes extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer>
  }
}

const OVERWRITTEN = 0xee
/** Events whose octets are gone with the next chunk. */
const BORROWED: readonly string[] = ['data', 'copyData']
const LAST: readonly string[] = ['closed', 'fatal', 'handover']

/** One drain may give so many events and blocks an octet of input, and this many more; beyond it is a livelock. */
const STEPS_PER_OCTET = 8
const STEPS_FREE = 10_000

/** Steps from chunks: a shorthand for input that is nothing but octets. */
export function stepsOf(chunks: readonly Uint8Array[]): Step[] {
  return chunks.map((bytes) => ({ type: 'bytes', bytes }))
}

/**
 * Runs a fresh subject over the script. The clock begins at 0 and moves in `wait` steps only, stopping at each deadline
 * on the way. Octets behind a `handover` are added to its `rest`, as the next protocol would see them. Throws a
 * ContractError when the engine breaks the contract: it goes on after its last event, leaves a deadline behind it,
 * makes no progress, writes into a chunk, or (with `overwrite`) changes what it has handed out.
 */
export function trace<Event extends TypedEvent>(
  make: MakeSubject<Event>,
  script: readonly Step[],
  options: TraceOptions = {},
): Trace {
  const run = new Run(make(), options.overwrite === true)
  run.begin()
  for (const step of script) run.step(step)
  return run.finish()
}

/** A subject, and what happens to it. */
export interface Scripted<Event extends TypedEvent> {
  readonly make: MakeSubject<Event>
  readonly script: readonly Step[]
}

/**
 * Runs conversations beside each other, as one process has many connections: the next step is one of the conversation
 * that stands next in `order` (numbers are taken modulo how many there are), and what is left over follows in turn.
 */
export function traceTogether<Event extends TypedEvent>(
  conversations: readonly Scripted<Event>[],
  order: readonly number[],
): Trace[] {
  const runs = conversations.map(({ make }) => new Run(make(), false))
  const next = conversations.map(() => 0)
  const step = (which: number): void => {
    const at = conversations[which]!.script[next[which]!++]
    if (at !== undefined) runs[which]!.step(at)
  }
  for (const run of runs) run.begin()
  for (const number of order) step(number % runs.length)
  for (const [which, { script }] of conversations.entries()) while (next[which]! < script.length) step(which)
  return runs.map((run) => run.finish())
}

interface Delivered<Event> {
  readonly event: Event
  readonly copy: Snapshot
}

class Run<Event extends TypedEvent> {
  readonly #subject: Subject<Event>
  readonly #engine: Engine<Event>
  readonly #overwrite: boolean
  readonly #delivered: Delivered<Event>[] = []
  readonly #output: Uint8Array[] = []
  readonly #marks: number[] = []
  readonly #handedOver: Uint8Array[] = []
  #outputBytes = 0
  #now: Millis = 0
  #last = ''
  #stepsLeft = STEPS_FREE

  constructor(subject: Subject<Event>, overwrite: boolean) {
    this.#subject = subject
    this.#engine = subject.engine
    this.#overwrite = overwrite
  }

  begin(): void {
    this.#engine.start(this.#now)
    this.#drain()
    this.#subject.begin?.()
    this.#drain()
  }

  step(step: Step): void {
    if (step.type === 'bytes') return this.#receive(step.bytes)
    this.#marks.push(this.#outputBytes)
    if (step.type === 'wait') return this.#wait(step.ms)
    if (step.type === 'command') this.#command(step.run)
    else if (this.#last !== 'handover') this.#engine.receiveEnd(this.#now)
    this.#drain()
  }

  /** As a driver does: time is brought up before a command outside the drain. */
  #command(run: () => void): void {
    this.#engine.advance(this.#now)
    this.#drain()
    run()
  }

  finish(): Trace {
    if (this.#overwrite) for (const delivered of this.#delivered) this.#compare(delivered, false)
    const events = mergeData(this.#delivered.map((delivered) => this.#completed(delivered.copy)))
    return {
      events,
      log: events.map(formatEvent),
      output: concat(this.#output),
      outputMarks: this.#marks,
      deadline: this.#engine.deadline(),
      ended: this.#last !== '',
    }
  }

  #completed(copy: Snapshot): Snapshot {
    if (copy.type !== 'handover') return copy
    return { ...copy, rest: concat([copy['rest'] as Uint8Array, ...this.#handedOver]) }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#last === 'handover') {
      this.#handedOver.push(bytes)
      return
    }
    const chunk = this.#overwrite ? new SharingBytes(bytes) : copyOf(bytes)
    const first = this.#delivered.length
    this.#stepsLeft += bytes.length * STEPS_PER_OCTET
    this.#engine.receive(chunk, this.#now)
    this.#drain()
    if (!sameBytes(chunk, bytes)) throw new ContractError('the engine wrote into the chunk')
    if (!this.#overwrite) return
    for (let i = first; i < this.#delivered.length; i++) this.#compare(this.#delivered[i]!, true)
    chunk.fill(OVERWRITTEN)
  }

  #wait(ms: Millis): void {
    const until = this.#now + ms
    for (let next = this.#engine.deadline(); next <= until; next = this.#engine.deadline()) {
      this.#spend('a deadline stays due after advance')
      this.#now = Math.max(this.#now, next)
      this.#engine.advance(this.#now)
      this.#drain()
    }
    this.#now = until
  }

  /** Polls and takes output until neither gives anything: taking output may let the engine go on. */
  #drain(): void {
    for (let more = true; more;) {
      more = false
      for (let event = this.#engine.poll(); event !== undefined; event = this.#engine.poll()) {
        more = true
        this.#deliver(event)
      }
      for (let block = this.#engine.output(); block !== undefined; block = this.#engine.output()) {
        more = true
        this.#spend('output without end')
        this.#outputBytes += block.length
        this.#output.push(copyOf(block))
        if (this.#overwrite) block.fill(OVERWRITTEN)
      }
    }
    if (this.#last !== '' && this.#engine.deadline() !== Infinity)
      throw new ContractError(`a deadline is left at ${this.#engine.deadline()} after ${this.#last}`)
  }

  #deliver(event: Event): void {
    this.#spend('events without end')
    if (this.#last !== '') throw new ContractError(`${formatEvent(snapshot(event))} came after ${this.#last}`)
    if (LAST.includes(event.type)) this.#last = event.type
    this.#delivered.push({ event, copy: snapshot(event) })
    this.#subject.onEvent?.(event)
  }

  #compare({ event, copy }: Delivered<Event>, borrowed: boolean): void {
    // Rows are there for their handler only; content up to the next chunk.
    if (copy.type === 'rows' || (BORROWED.includes(copy.type) && !borrowed)) return
    const before = formatEvent(copy)
    const now = formatEvent(snapshot(event))
    if (before !== now) throw new ContractError(`a delivered event changed\n  from ${before}\n  to   ${now}`)
  }

  #spend(what: string): void {
    if (--this.#stepsLeft < 0) throw new ContractError(`no progress: ${what}`)
  }
}
