/**
 * Whole conversations in memory: two engines back to back over two links, under a clock that jumps to what is due next.
 */

import type { Millis } from '../protocols/core/engine.js'
import { concat, copyOf } from './bytes.js'
import { Link } from './link.js'
import type { LinkOptions } from './link.js'
import { Random } from './random.js'
import { formatEvent, mergeData, snapshot } from './snapshot.js'
import type { Snapshot, TypedEvent } from './snapshot.js'
import { ContractError } from './trace.js'
import type { Subject } from './trace.js'

/** What an application in a simulation may do beside giving commands to its engine. */
export interface Controls {
  /** The virtual time. */
  now(): Millis
  /** Runs something `ms` later, unless the connection has ended by then. */
  later(ms: Millis, run: () => void): void
  /** Half-closes: the other side sees the end of its input behind all that was written. */
  halfClose(): void
  /** Writes octets past the engine; for the protocol that a connection was handed over to. */
  sendRaw(bytes: Uint8Array): void
  /** The generator of the whole simulation: chance that is a function of the seed. */
  readonly random: Random
}

/** One conversation. The same options give the same conversation. */
export interface SimulationOptions<Left extends TypedEvent, Right extends TypedEvent> {
  readonly seed: number
  readonly left: (controls: Controls) => Subject<Left>
  readonly right: (controls: Controls) => Subject<Right>
  readonly leftToRight?: LinkOptions
  readonly rightToLeft?: LinkOptions
  /** More steps than this are a livelock. Default 100,000. */
  readonly stepsMax?: number
}

/** What one side saw. */
export interface SideReport {
  /** The events in order, adjacent `data` merged. */
  readonly events: readonly Snapshot[]
  /** The same, one line each. */
  readonly log: readonly string[]
  /** All octets that the engine wrote. */
  readonly sent: Uint8Array
  /** What came behind a `handover`, its `rest` included. */
  readonly raw: Uint8Array
  /** The type of the last event when it was one after which nothing follows, else empty. */
  readonly last: '' | 'closed' | 'fatal' | 'handover'
}

/** How a conversation went. */
export interface Conversation {
  readonly left: SideReport
  readonly right: SideReport
  /** `ended`: both sides had their last event. `quiet`: nothing is due any more, and nobody would ever act again. */
  readonly outcome: 'ended' | 'quiet'
  /** The virtual time at the end. */
  readonly nowMs: Millis
  readonly steps: number
}

const STEPS_MAX = 100_000

/**
 * Runs a conversation to its end. Throws a ContractError that names the seed when an engine breaks the contract (an
 * event or a deadline after its last event) or makes no progress; whatever an application throws carries the seed as
 * well.
 */
export function simulate<Left extends TypedEvent, Right extends TypedEvent>(
  options: SimulationOptions<Left, Right>,
): Conversation {
  try {
    return new Simulation(options).run()
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new ContractError(`seed ${options.seed}: ${text}`, { cause })
  }
}

interface Timer {
  readonly at: Millis
  readonly run: () => void
}

class Simulation<Left extends TypedEvent, Right extends TypedEvent> {
  readonly #random: Random
  readonly #left: Side<Left>
  readonly #right: Side<Right>
  readonly #stepsMax: number

  constructor(options: SimulationOptions<Left, Right>) {
    this.#random = new Random(options.seed)
    this.#stepsMax = options.stepsMax ?? STEPS_MAX
    const toRight = new Link(this.#random, options.leftToRight)
    const toLeft = new Link(this.#random, options.rightToLeft)
    this.#left = new Side('left', options.left, this.#random, toLeft, toRight)
    this.#right = new Side('right', options.right, this.#random, toRight, toLeft)
  }

  run(): Conversation {
    const [left, right] = [this.#left, this.#right]
    left.begin()
    right.begin()
    for (let steps = 0; steps < this.#stepsMax; steps++) {
      left.settle()
      right.settle()
      if (left.gone && right.gone) return this.#report('ended', steps)
      const next = Math.min(left.next(), right.next())
      if (next === Infinity) return this.#report(left.ended && right.ended ? 'ended' : 'quiet', steps)
      const [first, second] = this.#random.chance(0.5) ? [left, right] : [right, left]
      const now = Math.max(left.now, next)
      first.step(now)
      second.step(now)
    }
    throw new ContractError(`no end after ${this.#stepsMax} steps: ${left.describe()}; ${right.describe()}`)
  }

  #report(outcome: 'ended' | 'quiet', steps: number): Conversation {
    return { left: this.#left.report(), right: this.#right.report(), outcome, nowMs: this.#left.now, steps }
  }
}

class Side<Event extends TypedEvent> {
  now: Millis = 0
  readonly #name: string
  readonly #subject: Subject<Event>
  readonly #input: Link
  readonly #outputLink: Link
  readonly #events: Snapshot[] = []
  readonly #sent: Uint8Array[] = []
  readonly #raw: Uint8Array[] = []
  #timers: Timer[] = []
  #last: SideReport['last'] = ''
  #halfClosed = false
  /** What was taken from the engine and not by the link. */
  #pending: Uint8Array = new Uint8Array(0)

  constructor(name: string, make: (controls: Controls) => Subject<Event>, random: Random, input: Link, output: Link) {
    this.#name = name
    this.#input = input
    this.#outputLink = output
    this.#subject = make({
      now: () => this.now,
      later: (ms, run) => void this.#timers.push({ at: this.now + ms, run }),
      halfClose: () => void (this.#halfClosed = true),
      sendRaw: (bytes) => this.#outputLink.send(bytes, this.now),
      random,
    })
  }

  /** Whether the engine had its last event. */
  get ended(): boolean {
    return this.#last !== ''
  }

  /** Whether the connection is at its end, rather than in the hands of the next protocol. */
  get #finished(): boolean {
    return this.#last === 'closed' || this.#last === 'fatal'
  }

  /** The connection is over for this side: its last event is out and nothing is left to write. */
  get gone(): boolean {
    return this.#finished && (this.#unwrittenBytes === 0 || this.#outputLink.dead)
  }

  begin(): void {
    this.#subject.engine.start(this.now)
    this.#poll()
    this.#subject.begin?.()
  }

  /** When this side has to act next. */
  next(): Millis {
    const timer = this.#timers.reduce((least, { at }) => Math.min(least, at), Infinity)
    return Math.min(timer, this.#subject.engine.deadline(), this.#reads() ? this.#input.next() : Infinity)
  }

  /** Does what is due at `now`: timers, deadlines, and one arrival. */
  step(now: Millis): void {
    this.now = now
    const due = this.#timers.filter(({ at }) => at <= now)
    this.#timers = this.#timers.filter(({ at }) => at > now)
    for (const timer of due) {
      this.#subject.engine.advance(now)
      this.#poll()
      if (!this.#finished) timer.run()
      this.#poll()
    }
    if (this.#subject.engine.deadline() <= now) this.#subject.engine.advance(now)
    this.#poll()
    const arrival = this.#reads() ? this.#input.take(now) : undefined
    if (arrival !== undefined) this.#receive(arrival.bytes)
  }

  /** Drains events and output until neither gives anything or the link takes no more. */
  settle(): void {
    const { engine } = this.#subject
    // As a driver does when its transport takes output again: time is brought up first.
    if (engine.outputBytes > 0 && this.#outputLink.roomBytes > 0) engine.advance(this.now)
    for (let more = true; more;) {
      more = this.#poll()
      more = this.#write() || more
    }
    if ((this.#finished || this.#halfClosed) && this.#unwrittenBytes === 0) this.#outputLink.end(this.now)
    if (this.#last !== '' && engine.deadline() !== Infinity)
      throw new ContractError(`${this.#name}: a deadline is left at ${engine.deadline()} after ${this.#last}`)
  }

  /**
   * Writes as much as the link takes, in one piece: where an engine cuts its output says nothing, and a conversation
   * shall not depend on it.
   */
  #write(): boolean {
    const room = this.#outputLink.roomBytes
    const blocks = [this.#pending]
    let bytes = this.#pending.length
    for (let block; bytes < room && (block = this.#subject.engine.output()) !== undefined; bytes += block.length) {
      this.#sent.push(copyOf(block))
      blocks.push(block)
    }
    const all = concat(blocks)
    this.#pending = all.subarray(room)
    if (bytes === 0 || room === 0) return false
    this.#outputLink.send(all.subarray(0, room), this.now)
    return true
  }

  get #unwrittenBytes(): number {
    return this.#pending.length + this.#subject.engine.outputBytes
  }

  report(): SideReport {
    const events = mergeData(this.#events)
    let log: string[] | undefined
    return {
      events,
      // Most conversations are never printed.
      get log() {
        return (log ??= events.map(formatEvent))
      },
      sent: concat(this.#sent),
      raw: concat(this.#raw),
      last: this.#last,
    }
  }

  describe(): string {
    const { engine } = this.#subject
    const last = this.#events.at(-1)
    return `${this.#name} at ${this.now} ms, deadline ${engine.deadline()}, wants input ${engine.wantsInput}, ${
      engine.outputBytes
    } octets to write, last event ${last === undefined ? 'none' : formatEvent(last)}`
  }

  /** A side that has ended still takes what arrives, and drops it, as a closing socket does. */
  #reads(): boolean {
    return this.#last !== '' || this.#subject.engine.wantsInput
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (this.#last === 'handover' && bytes !== undefined) this.#raw.push(bytes)
    if (this.#last !== '') return
    if (bytes === undefined) this.#subject.engine.receiveEnd(this.now)
    else this.#subject.engine.receive(bytes, this.now)
    this.#poll()
  }

  #poll(): boolean {
    const { engine, onEvent } = this.#subject
    let any = false
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      any = true
      const copy = snapshot(event)
      if (this.#last !== '') throw new ContractError(`${this.#name}: ${formatEvent(copy)} came after ${this.#last}`)
      this.#events.push(copy)
      if (isLast(copy.type)) this.#last = copy.type
      if (copy.type === 'handover' && copy['rest'] instanceof Uint8Array) this.#raw.push(copy['rest'])
      onEvent?.(event)
    }
    return any
  }
}

function isLast(type: string): type is 'closed' | 'fatal' | 'handover' {
  return type === 'closed' || type === 'fatal' || type === 'handover'
}
