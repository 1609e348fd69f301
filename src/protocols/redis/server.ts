/**
 * The server role of a Redis connection: commands come as events, and are answered with values, one answer a command,
 * in the order in which they came. It keeps no data: it is for tools and tests.
 */

import { UsageError } from '../core/errors.js'
import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import { native } from '../core/native.js'
import { OutputQueue } from '../core/output.js'
import { CommandReader, READ_COMMAND, READ_FAULT } from './command-reader.js'
import { type RedisFaultCode, redisFaults } from './errors.js'
import type { RedisFatalEvent, RedisServerEvent } from './events.js'
import { limitsOf, type RedisLimits } from './limits.js'
import { type AnswerValue, checkReply, writePush, writeReply } from './reply-writer.js'

/** What a server connection is given. */
export interface RedisServerOptions {
  readonly limits?: Partial<RedisLimits> | undefined
}

const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** One server connection. Commands do nothing once the connection is over. */
export class RedisServer implements Engine<RedisServerEvent> {
  /** The version in which answers leave. A server that accepts HELLO sets it before it answers. */
  protocol: 2 | 3 = 2

  readonly #limits: RedisLimits
  readonly #out: OutputQueue = new OutputQueue()
  readonly #input: Input = new Input()
  readonly #reader: CommandReader
  #unanswered = 0
  #now: Millis = 0
  #outputSince: Millis = -1
  #ended = false
  #held = false
  #over = false
  #final: RedisServerEvent | undefined

  constructor(options: RedisServerOptions = {}) {
    this.#limits = limitsOf(options.limits)
    this.#reader = new CommandReader(this.#limits)
  }

  start(now: Millis): void {
    this.#now = now
  }

  receive(chunk: Uint8Array, now: Millis): void {
    this.#now = now
    if (!this.#over && !this.#ended) this.#input.push(chunk)
  }

  receiveEnd(now: Millis): void {
    this.#now = now
    this.#ended = true
  }

  advance(now: Millis): void {
    this.#now = now
    if (this.#over || now < this.deadline()) return
    this.#out.clear()
    this.#finish(fatal('REDIS_WRITE_TIMEOUT', -1, -1, -1))
  }

  poll(): RedisServerEvent | undefined {
    const event = this.#over || !this.#mayRead() ? undefined : this.#next()
    if (event !== undefined) return event
    if (this.#over) {
      const final = this.#final
      this.#final = undefined
      return final
    }
    this.#input.hold()
    return undefined
  }

  output(): Uint8Array | undefined {
    const octets = this.#out.take()
    if (octets !== undefined) this.#outputSince = -1
    return octets
  }

  deadline(): Millis {
    if (this.#over || this.#out.bytes === 0) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.#now
    return this.#outputSince + this.#limits.writeMs
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended && this.#mayRead()
  }

  get outputBytes(): number {
    return this.#out.bytes
  }

  /** Whether the connection has ended: the last event was, or is about to be, delivered. */
  get over(): boolean {
    return this.#over
  }

  /** Commands that are not answered. */
  get unansweredCount(): number {
    return this.#unanswered
  }

  /** Stops or resumes events; while held, `wantsInput` is false. */
  hold(hold: boolean): void {
    this.#held = hold
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      protocol: this.protocol,
      unanswered: this.#unanswered,
      inputBytes: this.#input.size,
      outputBytes: this.#out.bytes,
      ended: this.#ended,
      held: this.#held,
      over: this.#over,
    }
  }

  /** Answers the command that has waited longest. Throws `UsageError` when there is none, and for what is no value. */
  reply(value: AnswerValue): void {
    if (this.#over) return
    if (this.#unanswered === 0) throw new UsageError('REDIS_STATE', 'there is no command to answer')
    checkReply(value)
    writeReply(this.#out, this.protocol, value)
    this.#unanswered--
  }

  /**
   * Sends what is no answer to anything, as messages of a subscription and their confirmations; with RESP2 it is an
   * array. `answers` tells that a command is answered by it.
   */
  push(values: readonly AnswerValue[], answers = false): void {
    if (this.#over) return
    if (values.length === 0) throw new UsageError('REDIS_VALUE', 'a push begins with its kind')
    if (answers && this.#unanswered === 0) throw new UsageError('REDIS_STATE', 'there is no command to answer')
    for (const value of values) checkReply(value, 1)
    writePush(this.#out, this.protocol, values)
    if (answers) this.#unanswered--
  }

  /** Ends the connection in order, once what was answered has left. */
  close(): void {
    if (!this.#over) this.#finish(CLOSED.local)
  }

  /** Ends the connection now. */
  abort(): void {
    if (this.#over) return
    this.#out.clear()
    this.#finish(CLOSED.local)
  }

  #mayRead(): boolean {
    return !this.#held && this.#out.bytes < this.#limits.outputBytesMax
  }

  #next(): RedisServerEvent | undefined {
    const reader = this.#reader
    const read = reader.read(this.#input)
    if (read === READ_COMMAND) {
      const [name, ...args] = reader.take()
      this.#unanswered++
      return { type: 'command', name: native.latin1Slice(name!, 0, name!.length).toUpperCase(), args }
    }
    if (read === READ_FAULT) {
      const { code, at, limit, got } = reader.fault!
      this.#fail(code, this.#input.position(at), limit, got)
    } else if (this.#ended) this.#onEnd()
    return undefined
  }

  #onEnd(): void {
    if (this.#reader.inside || this.#input.size > 0)
      this.#finish(fatal('REDIS_TRUNCATED', this.#input.position(this.#input.end), -1, -1))
    // What is not answered yet has somebody who waits for it.
    else if (this.#unanswered === 0) this.#finish(CLOSED.remote)
  }

  /** Answers what is wrong, as Redis does. Where an earlier command waits, it would be taken for its answer. */
  #fail(code: RedisFaultCode, offset: number, limit: number, got: number): void {
    if (this.#unanswered === 0) this.#out.latin1(`-ERR Protocol error: ${redisFaults[code].text}\r\n`)
    this.#finish(fatal(code, offset, limit, got))
  }

  #finish(event: RedisServerEvent): void {
    this.#over = true
    this.#final = event
    this.#input.clear()
  }
}

function fatal(code: RedisFaultCode, offset: number, limit: number, got: number): RedisFatalEvent {
  return { type: 'fatal', code, wireCode: 0, offset, limit, got }
}
