/** The request log of a server: one line a request, written in batches. */

import { BatchWriter, type LogSink } from './batch-writer.js'
import { LogFilter } from './log-filter.js'
import { LocalClock, requestLine, type RequestRecord } from './request-line.js'

export type { LogSink } from './batch-writer.js'
export type { RequestRecord } from './request-line.js'

/** How requests are logged. */
export interface RequestLogOptions {
  /** Where lines go. Default: standard output. */
  readonly sink?: LogSink
  /** The wall clock, in milliseconds since 1970. Default Date.now. */
  readonly now?: () => number
  /** Which requests leave no line. Default: all leave one. */
  readonly filter?: LogFilter
  /** Called once when the sink has failed. Default: a process warning. */
  readonly failed?: (error: Error) => void
}

/** Collects the lines of all requests. */
export class RequestLog {
  readonly #filter: LogFilter
  readonly #clock: LocalClock
  readonly #writer: BatchWriter

  constructor(options: RequestLogOptions = {}) {
    this.#filter = options.filter ?? new LogFilter()
    this.#clock = new LocalClock(options.now ?? Date.now)
    this.#writer = new BatchWriter(options.sink ?? process.stdout, {
      dropped: (count) =>
        `${this.#clock.stamp()} [warn:log] ${count} lines were dropped, the log was not written fast enough\n`,
      failed: options.failed ?? ((error) => process.emitWarning(`the request log cannot be written: ${error.message}`)),
    })
  }

  /** Whether a request for this target leaves a line: asked before a record is made. */
  logs(uri: string): boolean {
    return this.#filter.logs(uri)
  }

  /** Leaves the line of a request. */
  write(record: RequestRecord): void {
    this.#writer.write(requestLine(record, this.#clock.stamp()))
  }

  /** Resolves when all lines so far were written, or lost with the sink; a sink that takes nothing holds it up. */
  close(): Promise<void> {
    return this.#writer.close()
  }
}
