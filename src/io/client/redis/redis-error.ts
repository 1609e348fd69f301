/** What goes wrong with a command: the server says no, the connection is gone, or it takes too long. */

/** The server's answer to a command that it has refused. The arguments of the command are no part of it. */
export class RedisError extends Error {
  override readonly name = 'RedisError'
  /** The first word of the answer, as `WRONGTYPE`; `ERR` for errors without a word of their own. */
  readonly code: string
  /** The name of the command, in capital letters; empty for what concerns the connection. */
  readonly command: string

  constructor(message: string, command: string) {
    super(message)
    const blank = message.indexOf(' ')
    this.code = blank < 0 ? message : message.slice(0, blank)
    this.command = command
  }
}

/** The connection is gone, or could not be had: what was to be done has no answer. */
export class RedisConnectionError extends Error {
  override readonly name = 'RedisConnectionError'
  /**
   * Why: a code of the system (`ECONNRESET`), of a fault of the server (`REDIS_TRUNCATED`), `REDIS_QUEUE_FULL` or
   * `REDIS_QUEUE_TIMEOUT` when there was no connection and no more waiting, `REDIS_PING_TIMEOUT` when the server has
   * fallen silent, or `REDIS_CLOSED` when it was us.
   */
  readonly code: string
  /** Whether the server may have executed the command. False when nothing of it was sent: it can be tried again. */
  readonly mayHaveRun: boolean

  constructor(code: string, message: string, mayHaveRun: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.mayHaveRun = mayHaveRun
  }
}

/** A command was given up, because it took longer than its caller would wait. The server may still execute it. */
export class RedisTimeoutError extends Error {
  override readonly name = 'RedisTimeoutError'
  readonly code = 'REDIS_TIMEOUT'
  readonly timeoutMs: number
  /** Whether the command was sent. */
  readonly mayHaveRun: boolean

  constructor(timeoutMs: number, mayHaveRun: boolean) {
    super(`no answer in ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
    this.mayHaveRun = mayHaveRun
  }
}
