/** Commands that wait until they are sent again. */

import { clock, type Timed } from '../../clock.js'
import type { RoutedCommand } from './cluster-command.js'

/** By which pauses vary, so that not all that wait come back at once. */
const JITTER = 0.25

/** The waiting room. It keeps the process alive while anybody is inside. */
export class WaitingCommands implements Timed {
  readonly #waiting: Set<RoutedCommand> = new Set()
  readonly #send: (routed: RoutedCommand) => void
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #onEmpty: (() => void)[] = []

  constructor(send: (routed: RoutedCommand) => void) {
    this.#send = send
  }

  get count(): number {
    return this.#waiting.size
  }

  add(routed: RoutedCommand, ms: number): void {
    routed.dueAt = performance.now() + ms * (1 - JITTER * Math.random())
    this.#waiting.add(routed)
    clock.add(this)
    this.#arm(routed.dueAt)
  }

  remove(routed: RoutedCommand): void {
    if (this.#waiting.delete(routed)) this.#left()
  }

  /** Sends those that need not wait any longer. */
  wake(isReady: (routed: RoutedCommand) => boolean): void {
    // Who is sent may come back and wait again.
    const all = [...this.#waiting]
    for (const routed of all) {
      if (!isReady(routed)) continue
      this.#waiting.delete(routed)
      if (!routed.command.settled) this.#send(routed)
    }
    this.#left()
  }

  failAll(error: Error): void {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const { command } of all) command.fail(error)
    this.#left()
  }

  /** Resolves when nobody waits. */
  async whenEmpty(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }

  onTick(now: number): void {
    for (const routed of this.#waiting) {
      if (now >= routed.command.deadline) routed.command.expire()
      if (routed.command.settled) this.remove(routed)
    }
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => this.#onDue(), Math.max(0, at - performance.now()))
  }

  #onDue(): void {
    this.#timerAt = Infinity
    // Timers may be early by a part of a millisecond.
    const now = performance.now() + 1
    this.wake(({ dueAt }) => dueAt <= now)
    let next = Infinity
    for (const { dueAt } of this.#waiting) next = Math.min(next, dueAt)
    if (next < Infinity) this.#arm(next)
  }

  #left(): void {
    if (this.#waiting.size > 0) return
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
    clock.remove(this)
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }
}
