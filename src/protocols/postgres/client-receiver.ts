/** What a server sends to a client, and when: messages become events by the rows of the lifecycle. */

import type { ClosedEvent, Engine, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { Authenticator, type AuthOptions } from './authenticator.js'
import { BodyReader, int32At } from './body-reader.js'
import type { PostgresFaultCode } from './errors.js'
import type { ErrorEvent, PostgresClientEvent } from './events.js'
import { lifecycle, ServerInputs, WaitStates } from './lifecycle.js'
import { limitsOf, type PostgresLimits } from './limits.js'
import { PendingCommands } from './pending-commands.js'
import { checkRow, columnsOf, ROW_COLUMNS, ROW_OK, RowCursor } from './row-cursor.js'
import {
  AuthCodes,
  readCopy,
  readFields,
  readFunctionResult,
  readNotice,
  readStatus,
  readTypeOids,
  readUnknownOptions,
  ServerMessages,
} from './server-messages.js'
import { MessageWriter } from './writer.js'

/** What the receiving side is given. */
export interface ClientReceiverOptions {
  readonly limits?: Partial<PostgresLimits> | undefined
}

const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}

/** Octets of the type and the length of a message. */
const HEAD_BYTES = 5

const KEY_BYTES_MIN = 4
const KEY_BYTES_MAX = 256

/** Severities behind which the server ends the connection. */
const LAST_SEVERITIES: ReadonlySet<string> = new Set(['FATAL', 'PANIC'])

/** The receiving side of one connection; `PostgresClient` adds the commands. */
export abstract class ClientReceiver implements Engine<PostgresClientEvent> {
  protected readonly out: OutputQueue = new OutputQueue()
  protected readonly writer: MessageWriter = new MessageWriter(this.out)
  /** The server waits for data of COPY, or for its end. */
  protected copying = false

  readonly #limits: PostgresLimits
  readonly #auth: Authenticator
  readonly #version: number
  readonly #input: Input = new Input()
  readonly #body: BodyReader = new BodyReader()
  readonly #rows: RowCursor = new RowCursor()
  readonly #pending: PendingCommands = new PendingCommands()
  /** What is waited for: a number of `WaitStates`. */
  #state: number = WaitStates.startup
  #ready = false
  #authenticated = false
  #parameters = 0
  #notices = 0
  /** Columns of the rows that come. */
  #columns = 0
  /** An error was the last word of the server: it ends the connection. */
  #dismissed = false
  #now: Millis = 0
  #startedAt: Millis = 0
  #outputSince: Millis = -1
  #ended = false
  #held = false
  #over = false
  #final: PostgresClientEvent | undefined

  /** `version` is the one that is asked for. */
  protected constructor(options: ClientReceiverOptions, auth: AuthOptions, version: number) {
    this.#version = version
    this.#limits = limitsOf(options.limits)
    this.#auth = new Authenticator(auth, this.writer, this.#limits.scramIterationsMax)
  }

  start(now: Millis): void {
    this.#now = now
    this.#startedAt = now
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
    if (this.#outputStall() <= now) {
      this.out.clear()
      this.#fail('PG_WRITE_TIMEOUT', -1)
    } else {
      this.#fail('PG_STARTUP_TIMEOUT', -1)
    }
  }

  poll(): PostgresClientEvent | undefined {
    while (!this.#over && this.#mayRead()) {
      const event = this.#next()
      if (event === undefined) break
      if (event !== true) return event
    }
    if (this.#over) {
      const final = this.#final
      this.#final = undefined
      return final
    }
    this.#input.hold()
    return undefined
  }

  output(): Uint8Array | undefined {
    const octets = this.out.take()
    if (octets !== undefined) this.#outputSince = -1
    return octets
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    const startup = this.#ready ? Infinity : this.#startedAt + this.#limits.startupMs
    return Math.min(startup, this.#outputStall())
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended && this.#mayRead()
  }

  get outputBytes(): number {
    return this.out.bytes
  }

  /** Whether the connection has ended: the last event was, or is about to be, delivered. */
  get over(): boolean {
    return this.#over
  }

  /** Whether the server has been ready for commands, and the connection is not over. */
  get ready(): boolean {
    return this.#ready && !this.#over
  }

  /** Commands whose answer is not complete. */
  get pendingCount(): number {
    return this.#pending.count
  }

  /** Stops or resumes events; while held, `wantsInput` is false. */
  hold(hold: boolean): void {
    this.#held = hold
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      state: lifecycle.states[this.#state],
      pending: this.#pending.count,
      inputBytes: this.#input.size,
      outputBytes: this.out.bytes,
      copying: this.copying,
      ended: this.#ended,
      held: this.#held,
      over: this.#over,
    }
  }

  /** A command was written: its answer comes behind those before. */
  protected pend(id: number, state: number): void {
    this.#pending.add(id, state)
    // Behind an error all is skipped up to the next Sync.
    if (this.#state === WaitStates.failed) this.#pending.skip()
    if (this.#state === WaitStates.idle || (this.#state === WaitStates.failed && this.#pending.count > 0))
      this.#nextCommand()
  }

  protected conclude(initiator: ClosedEvent['initiator']): void {
    this.#finish(CLOSED[initiator])
  }

  #mayRead(): boolean {
    return !this.#held && this.out.bytes < this.#limits.outputBytesMax
  }

  /** The next event; true when a message had none, undefined when more input is needed, or the connection is over. */
  #next(): PostgresClientEvent | true | undefined {
    const input = this.#input
    const { bytes, at, end } = input
    if (end - at < HEAD_BYTES) return this.#ended ? this.#onEnd() : undefined
    const length = int32At(bytes, at + 1)
    if (length < 4) return this.#fail('PG_LENGTH', input.position(at + 1), 4, length)
    const max = this.#authenticated ? this.#limits.messageBytesMax : this.#limits.startupBytesMax
    if (length > max) return this.#fail('PG_MESSAGE_TOO_LARGE', input.position(at + 1), max, length)
    const next = at + 1 + length
    if (next > end) return this.#ended ? this.#onEnd() : undefined
    if (bytes[at] === ServerMessages.dataRow) return this.#readRows(next)
    const body = this.#body
    body.begin(bytes, at + HEAD_BYTES, next)
    const event = this.#read(bytes[at]!, body, at)
    if (this.#over) return undefined
    if (!body.complete) return this.#fail('PG_MESSAGE_MALFORMED', input.position(body.at))
    input.at = next
    return event
  }

  /** All rows that are there, up to a message of another type, or to one that is not complete. */
  #readRows(firstEnd: number): PostgresClientEvent | undefined {
    const input = this.#input
    const { bytes, at, end } = input
    const { id } = this.#pending
    if (!this.#step(ServerInputs.rows, at)) return undefined
    // How many columns there are, a description has said to whoever asked for one; rows of one result are alike.
    if (this.#columns < 0) this.#columns = columnsOf(bytes, at, firstEnd)
    const max = this.#limits.messageBytesMax
    let rowAt = at
    let rowEnd = firstEnd
    let count = 0
    let verdict = checkRow(bytes, at, firstEnd, this.#columns)
    while (verdict === ROW_OK) {
      count++
      rowAt = rowEnd
      if (end - rowAt < HEAD_BYTES || bytes[rowAt] !== ServerMessages.dataRow) break
      const length = int32At(bytes, rowAt + 1)
      if (length < 4 || length > max || rowAt + 1 + length > end) break
      rowEnd = rowAt + 1 + length
      verdict = checkRow(bytes, rowAt, rowEnd, this.#columns)
    }
    // What is wrong with a row comes behind those that are right.
    if (count === 0)
      return this.#fail(verdict === ROW_COLUMNS ? 'PG_COLUMN_COUNT' : 'PG_MESSAGE_MALFORMED', input.position(at))
    this.#rows.begin(bytes, at, rowAt, count, this.#columns)
    input.at = rowAt
    return { type: 'rows', id, rows: this.#rows }
  }

  #read(type: number, body: BodyReader, at: number): PostgresClientEvent | true | undefined {
    const { id } = this.#pending
    switch (type) {
      case ServerMessages.commandComplete:
        this.copying = false
        return this.#step(ServerInputs.complete, at) ? { type: 'complete', id, tag: body.string() } : undefined
      case ServerMessages.readyForQuery:
        return this.#readReady(body, at)
      case ServerMessages.rowDescription:
        return this.#readRowDescription(body, at)
      case ServerMessages.parseComplete:
        return this.#step(ServerInputs.parsed, at) ? { type: 'parsed', id } : undefined
      case ServerMessages.bindComplete:
        return this.#step(ServerInputs.bound, at) ? { type: 'bound', id } : undefined
      case ServerMessages.closeComplete:
        return this.#step(ServerInputs.closed, at) ? { type: 'statementClosed', id } : undefined
      case ServerMessages.emptyQueryResponse:
        return this.#step(ServerInputs.empty, at) ? { type: 'empty', id } : undefined
      case ServerMessages.portalSuspended:
        return this.#step(ServerInputs.suspended, at) ? { type: 'suspended', id } : undefined
      case ServerMessages.noData:
        return this.#step(ServerInputs.noData, at) ? { type: 'noData', id } : undefined
      case ServerMessages.parameterDescription:
        return this.#step(ServerInputs.parameters, at)
          ? { type: 'parameters', id, typeOids: readTypeOids(body) }
          : undefined
      case ServerMessages.errorResponse:
        return this.#readError(body, at)
      case ServerMessages.copyInResponse:
        return this.#readCopy(ServerInputs.copyIn, 'in', body, at)
      case ServerMessages.copyOutResponse:
        return this.#readCopy(ServerInputs.copyOut, 'out', body, at)
      case ServerMessages.copyBothResponse:
        return this.#readCopy(ServerInputs.copyBoth, 'both', body, at)
      case ServerMessages.copyData:
        if (!this.#step(ServerInputs.copyData, at)) return undefined
        body.at = body.end
        return { type: 'copyData', id, bytes: body.bytes.subarray(at + HEAD_BYTES, body.end) }
      case ServerMessages.copyDone:
        return this.#step(ServerInputs.copyDone, at) ? { type: 'copyDone', id } : undefined
      case ServerMessages.functionCallResponse:
        return this.#step(ServerInputs.functionResult, at)
          ? { type: 'functionResult', id, value: readFunctionResult(body) }
          : undefined
      default:
        return this.#readOther(type, body, at)
    }
  }

  /** What belongs to no command. */
  #readOther(type: number, body: BodyReader, at: number): PostgresClientEvent | true | undefined {
    switch (type) {
      case ServerMessages.authentication:
        return this.#readAuthentication(body, at)
      case ServerMessages.negotiateProtocolVersion:
        return this.#readNegotiation(body, at)
      case ServerMessages.backendKeyData:
        return this.#readKeyData(body, at)
      case ServerMessages.parameterStatus:
        if (!this.#authenticated) return this.#unexpected(at)
        if (!this.#ready && ++this.#parameters > this.#limits.parametersMax)
          return this.#fail('PG_PARAMETERS', this.#input.position(at), this.#limits.parametersMax)
        return { type: 'parameter', name: body.string(), value: body.string() }
      case ServerMessages.noticeResponse:
        if (!this.#ready && ++this.#notices > this.#limits.startupNoticesMax)
          return this.#fail('PG_NOTICES', this.#input.position(at), this.#limits.startupNoticesMax)
        return { type: 'notice', notice: readNotice(body) }
      case ServerMessages.notificationResponse:
        if (!this.#ready) return this.#unexpected(at)
        return { type: 'notification', processId: body.int32(), channel: body.string(), payload: body.string() }
      default:
        return this.#fail('PG_MESSAGE_TYPE', this.#input.position(at), -1, type)
    }
  }

  #readAuthentication(body: BodyReader, at: number): PostgresClientEvent | true | undefined {
    const auth = this.#auth
    const code = body.int32()
    const input = AUTH_INPUTS[code]
    if (input === undefined) return this.#fail('PG_AUTH_UNSUPPORTED', this.#input.position(at), -1, code)
    if (!this.#step(input, at)) return undefined
    const fault = AUTH_STEPS[code]!(auth, body)
    if (fault !== undefined) return this.#fail(fault, this.#input.position(at))
    if (code === AuthCodes.saslContinue || code === AuthCodes.saslFinal) body.at = body.end
    if (code !== AuthCodes.ok) return true
    this.#authenticated = true
    return { type: 'authenticated', method: auth.method }
  }

  #readNegotiation(body: BodyReader, at: number): PostgresClientEvent | undefined {
    if (!this.#step(ServerInputs.negotiate, at)) return undefined
    const version = body.uint32()
    const unknown = readUnknownOptions(body)
    // Only an older minor version is an answer to what we have asked for.
    if (version > this.#version || version >>> 16 > 3)
      return this.#fail('PG_VERSION', this.#input.position(at), -1, version)
    return { type: 'negotiated', minor: version & 0xff_ff, unknown }
  }

  #readKeyData(body: BodyReader, at: number): PostgresClientEvent | undefined {
    if (!this.#step(ServerInputs.keyData, at)) return undefined
    const processId = body.int32()
    const key = body.rest()
    if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
      return this.#fail('PG_KEY_DATA', this.#input.position(at), KEY_BYTES_MAX, key.length)
    return { type: 'keyData', processId, key }
  }

  #readReady(body: BodyReader, at: number): PostgresClientEvent | undefined {
    const { id } = this.#pending
    if (!this.#step(ServerInputs.ready, at)) return undefined
    this.#ready = true
    this.copying = false
    const status = readStatus(body)
    if (status === undefined) return this.#fail('PG_MESSAGE_MALFORMED', this.#input.position(at + HEAD_BYTES))
    return { type: 'ready', id, status }
  }

  #readRowDescription(body: BodyReader, at: number): PostgresClientEvent | undefined {
    const { id } = this.#pending
    if (!this.#step(ServerInputs.fields, at)) return undefined
    const fields = readFields(body)
    if (this.#state === WaitStates.queryRows) this.#columns = fields.length
    return { type: 'fields', id, fields }
  }

  #readCopy(
    input: number,
    direction: 'in' | 'out' | 'both',
    body: BodyReader,
    at: number,
  ): PostgresClientEvent | undefined {
    const { id } = this.#pending
    if (!this.#step(input, at)) return undefined
    this.copying = direction !== 'out'
    return readCopy(body, id, direction)
  }

  #readError(body: BodyReader, at: number): ErrorEvent | undefined {
    const { id } = this.#pending
    const error = readNotice(body)
    const isLast = LAST_SEVERITIES.has(error.severity)
    // A server that is shut down says so at any time, behind another error, too.
    const skipped = isLast && lifecycle.next(this.#state, ServerInputs.error) === NO_TRANSITION
    if (!skipped && !this.#step(ServerInputs.error, at)) return undefined
    this.copying = false
    if (!this.#ready || isLast) this.#dismissed = true
    return { type: 'error', id, error }
  }

  /** Moves on by a row of the lifecycle, or ends the connection. */
  #step(input: number, at: number): boolean {
    const next = lifecycle.next(this.#state, input)
    if (next === NO_TRANSITION) {
      this.#unexpected(at)
      return false
    }
    this.#state = next
    if (next === WaitStates.done) {
      this.#pending.shift()
      this.#nextCommand()
    } else if (next === WaitStates.failed) {
      this.#pending.skip()
      if (this.#pending.count > 0) this.#nextCommand()
    }
    return true
  }

  #nextCommand(): void {
    this.#state = this.#pending.state
    this.#columns = -1
  }

  #unexpected(at: number): undefined {
    const type = this.#input.bytes[at]!
    return this.#fail('PG_MESSAGE_UNEXPECTED', this.#input.position(at), -1, type)
  }

  /** The server has ended the connection: as it has told with its last error, or without a word. */
  #onEnd(): undefined {
    if (this.#dismissed && this.#input.size === 0) return this.#finish(CLOSED.remote)
    return this.#fail('PG_TRUNCATED', this.#input.position(this.#input.end))
  }

  #outputStall(): Millis {
    if (this.out.bytes === 0) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.#now
    return this.#outputSince + this.#limits.writeMs
  }

  /** Ends the connection for a fault of the server. `offset` is absolute; -1 for a deadline. */
  #fail(code: PostgresFaultCode, offset: number, limit = -1, got = -1): undefined {
    this.#finish({ type: 'fatal', code, wireCode: 0, offset, limit, got })
  }

  #finish(final: PostgresClientEvent): undefined {
    this.#over = true
    this.#final = final
    this.#input.clear()
  }
}

/** What an Authentication message is in the lifecycle. */
const AUTH_INPUTS: Readonly<Partial<Record<number, number>>> = {
  [AuthCodes.ok]: ServerInputs.authOk,
  [AuthCodes.cleartext]: ServerInputs.authPassword,
  [AuthCodes.md5]: ServerInputs.authPassword,
  [AuthCodes.sasl]: ServerInputs.authSasl,
  [AuthCodes.saslContinue]: ServerInputs.authContinue,
  [AuthCodes.saslFinal]: ServerInputs.authFinal,
}

type AuthStep = (auth: Authenticator, body: BodyReader) => PostgresFaultCode | undefined

const AUTH_STEPS: Readonly<Partial<Record<number, AuthStep>>> = {
  [AuthCodes.ok]: (auth) => auth.accept(),
  [AuthCodes.cleartext]: (auth) => auth.cleartext(),
  [AuthCodes.md5]: (auth, body) => auth.md5(body),
  [AuthCodes.sasl]: (auth, body) => auth.sasl(body),
  [AuthCodes.saslContinue]: (auth, body) => auth.saslContinue(body),
  [AuthCodes.saslFinal]: (auth, body) => auth.saslFinal(body),
}
