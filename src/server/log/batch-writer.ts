/** Writes many short texts in few writes, and never holds more of them than it may. */

/** What lines are written to: a Node stream has all of it. */
export interface LogSink {
  /** False when the sink wants no more before it emits `drain`. */
  write(text: string, written?: (error?: Error | null) => void): boolean
  once(event: 'drain', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** Texts are written at the end of the turn, or as soon as this many characters have come together. */
const BATCH_CHARS = 65_536

/** Characters that wait for a sink that wants no more; what comes then is dropped and counted. */
const WAITING_CHARS_MAX = 1_048_576

/** How a batch writer tells what happened. */
export interface BatchWriterOptions {
  /** Called when the sink takes texts again after some were dropped: gives the text that says so. */
  readonly dropped: (count: number) => string
  /** Called once when the sink has failed. From then on everything is dropped. */
  readonly failed: (error: Error) => void
}

/** One writer a sink. */
export class BatchWriter {
  readonly #sink: LogSink
  readonly #options: BatchWriterOptions
  #waiting = ''
  #scheduled = false
  #stalled = false
  /** The sink has failed or is no longer ours. */
  #broken = false
  #droppedCount = 0
  /** Those who wait in `close`, until nothing is under way. */
  #closing: (() => void)[] = []
  #underWay = 0

  constructor(sink: LogSink, options: BatchWriterOptions) {
    this.#sink = sink
    this.#options = options
    sink.on('error', this.#fail)
  }

  /** Texts that were dropped and not told of yet. */
  get droppedCount(): number {
    return this.#droppedCount
  }

  /** Takes one line with its line end. */
  write(line: string): void {
    if (this.#broken || this.#waiting.length + line.length > WAITING_CHARS_MAX) {
      this.#droppedCount++
      return
    }
    this.#waiting += line
    if (this.#stalled) return
    if (this.#waiting.length >= BATCH_CHARS) this.#flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#flush()
      })
    }
  }

  /**
   * Resolves when all lines so far were written, or lost with the sink; not as long as the sink takes nothing. The sink
   * stays open and is left alone from then on: later lines are dropped.
   */
  async close(): Promise<void> {
    this.#flush()
    await new Promise<void>((resolve) => {
      this.#closing.push(resolve)
      this.#settle()
    })
    this.#broken = true
    this.#sink.off('error', this.#fail)
  }

  readonly #fail = (error: Error): void => {
    if (this.#broken) return
    this.#broken = true
    this.#droppedCount += countLines(this.#waiting)
    this.#waiting = ''
    this.#options.failed(error)
    this.#settle()
  }

  #flush(): void {
    if (this.#stalled || this.#waiting === '' || this.#broken) return
    const batch = this.#waiting
    this.#waiting = ''
    this.#underWay++
    let wantsMore
    try {
      wantsMore = this.#sink.write(batch, () => {
        this.#underWay--
        this.#settle()
      })
    } catch (error) {
      this.#underWay--
      this.#fail(error as Error)
      return
    }
    if (wantsMore) return
    this.#stalled = true
    this.#sink.once('drain', () => {
      this.#stalled = false
      if (this.#droppedCount > 0) {
        this.#waiting += this.#options.dropped(this.#droppedCount)
        this.#droppedCount = 0
      }
      this.#flush()
    })
  }

  #settle(): void {
    if (!this.#broken && (this.#underWay > 0 || this.#waiting !== '')) return
    for (const resolve of this.#closing.splice(0)) resolve()
  }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
