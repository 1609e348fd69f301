/**
 * Which stream sends next (RFC 9218 section 10): the most urgent level first; within it, responses that are useful only
 * whole one after the other, in turns with those that are useful in pieces, which go round. So that no level starves,
 * one frame in `STARVATION_FRAMES` goes to the stream that has waited longest.
 */

import { URGENCY_LEVELS } from './priority.js'
import type { Stream } from './stream.js'

/** 1 MiB in frames of the usual size. */
const STARVATION_FRAMES = 64

class Level {
  readonly serial: Stream[] = []
  readonly rotating: Stream[] = []
  /** Whose turn it is when both have some. */
  rotatingNext = false

  get size(): number {
    return this.serial.length + this.rotating.length
  }

  first(): Stream {
    const { serial, rotating } = this
    if (serial.length === 0 || (rotating.length > 0 && this.rotatingNext)) return rotating[0]!
    return serial[0]!
  }

  list(stream: Stream): Stream[] {
    return stream.priority.incremental ? this.rotating : this.serial
  }
}

/** The streams that have something to send and a window to send it in. */
export class Scheduler {
  readonly #levels: (Level | undefined)[] = []
  #size = 0
  /** Frames that were sent. */
  #frames = 0
  #starvedAt = STARVATION_FRAMES

  /** How many streams stand in line. */
  get size(): number {
    return this.#size
  }

  /** Puts a stream in line; once. */
  add(stream: Stream): void {
    if (stream.scheduled) return
    stream.scheduled = true
    stream.waitsSince = this.#frames
    const level = (this.#levels[stream.priority.urgency] ??= new Level())
    const list = level.list(stream)
    // Responses that are sent whole go in the order of their requests.
    let at = list.length
    if (!stream.priority.incremental) while (at > 0 && list[at - 1]!.id > stream.id) at--
    if (at === list.length) list.push(stream)
    else list.splice(at, 0, stream)
    this.#size++
  }

  /** Takes a stream out of the line, if it stands there. */
  remove(stream: Stream): void {
    if (!stream.scheduled) return
    stream.scheduled = false
    const list = this.#levels[stream.priority.urgency]!.list(stream)
    list.splice(list.indexOf(stream), 1)
    this.#size--
  }

  /** The stream that may send one frame now; it stays in line. There must be one. */
  next(): Stream {
    const urgent = this.#mostUrgent()
    if (this.#frames < this.#starvedAt) return urgent.first()
    this.#starvedAt = this.#frames + STARVATION_FRAMES
    let longest = urgent.first()
    for (const level of this.#levels) {
      if (level === undefined || level.size === 0) continue
      const candidate = level.first()
      if (candidate.waitsSince < longest.waitsSince) longest = candidate
    }
    return longest
  }

  /** A stream has sent a frame: the next one of its kind has its turn. */
  sent(stream: Stream): void {
    this.#frames++
    stream.waitsSince = this.#frames
    if (!stream.scheduled) return
    const level = this.#levels[stream.priority.urgency]!
    level.rotatingNext = !stream.priority.incremental
    if (stream.priority.incremental && level.rotating.length > 1) {
      level.rotating.splice(level.rotating.indexOf(stream), 1)
      level.rotating.push(stream)
    }
  }

  #mostUrgent(): Level {
    for (let urgency = 0; urgency < URGENCY_LEVELS; urgency++) {
      const level = this.#levels[urgency]
      if (level !== undefined && level.size > 0) return level
    }
    throw new RangeError('no stream stands in line')
  }
}
