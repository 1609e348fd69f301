/** What a client sends to a server, and when: messages become events by the rows of the server's lifecycle. */

import type { ClosedEvent, Engine, FatalEvent, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import { OutputQueue } from '../core/output.js'
import { NO_TRANSITION } from '../core/transitions.js'
import { BodyReader, int32At } from './body-reader.js'
import { CommandReader, readStartup, StartupCodes } from './client-messages.js'
import { type PostgresFaultCode, postgresFaults } from './errors.js'
import { WaitStates } from './lifecycle.js'
import { PendingCommands } from './pending-commands.js'
import type { ProofVerdict } from './server-authenticator.js'
import type { PostgresServerEvent } from './server-events.js'
import {
  ANSWER_STATES,
  COPY_TYPES,
  INPUT_OF_TYPE,
  LARGE_TYPES,
  ReadStates,
  serverLifecycle,
} from './server-lifecycle.js'
import { type PostgresServerLimits, serverLimitsOf } from './server-limits.js'
import { ServerMessages } from './server-messages.js'
import { ServerWriter } from './server-writer.js'
import { ClientMessages } from './writer.js'

/** What is to be said of TLS. */
export type Encryption = 'none' | 'offered' | 'required' | 'active'

/** What the receiving side is given. */
export interface ServerReceiverOptions {
  /**
   * The transport is not encrypted, and cannot be (`none`, the default); can be, if the client asks for it (`offered`),
   * or must be (`required`); or is encrypted (`active`).
   */
  readonly encryption?: Encryption | undefined
  readonly limits?: Partial<PostgresServerLimits> | undefined
}

const CLOSED: Readonly<Record<ClosedEvent['initiator'], ClosedEvent>> = {
  local: Object.freeze({ type: 'closed', initiator: 'local' }),
  remote: Object.freeze({ type: 'closed', initiator: 'remote' }),
  library: Object.freeze({ type: 'closed', initiator: 'library' }),
}
const FLUSH: PostgresServerEvent = Object.freeze({ type: 'flush' })
const NOTHING = new Uint8Array(0)

/** Octets of the type and the length of a message, and of the length and the version of a start. */
const HEAD_BYTES = 5
const START_HEAD_BYTES = 8

const YES = 0x53
const NO = 0x4e
/** The first octet of a TLS record that begins a handshake. */
const TLS_HANDSHAKE = 0x16

const MAJOR = 3
const MINOR_MAX = 2
const KEY_BYTES_MIN = 4
const KEY_BYTES_MAX = 256

/** Who has asked for the password: the application itself, or the authenticator in the form that it expects. */
type Asked = 'application' | 'authenticator'

/** The receiving side of one connection; `PostgresServer` adds the commands. */
export abstract class ServerReceiver implements Engine<PostgresServerEvent> {
  protected readonly out: OutputQueue = new OutputQueue()
  protected readonly writer: ServerWriter = new ServerWriter(this.out)
  protected readonly pending: PendingCommands = new PendingCommands()
  /** What the client is told next: a number of `WaitStates`. */
  protected answer: number = WaitStates.startup
  /** What is read next: a number of `ReadStates`. */
  protected reading: number = ReadStates.startup
  /** What the client copies, and how that has ended: `failed` asks for an error. */
  protected copying: 'none' | 'begun' | 'done' | 'failed' = 'none'
  protected asked: Asked = 'application'
  protected user = ''
  protected isReady = false

  readonly #limits: PostgresServerLimits
  readonly #encryption: Encryption
  readonly #input: Input = new Input()
  readonly #body: BodyReader = new BodyReader()
  readonly #commands: CommandReader
  #lastId = 0
  /** A request for TLS, or for encryption by GSSAPI, has been answered: there is one each. */
  #tlsAsked = false
  #gssAsked = false
  /** The client has begun to speak this protocol, of whatever version. */
  #understands = false
  #authenticated = false
  #now: Millis = 0
  #startedAt: Millis = 0
  #outputSince: Millis = -1
  #ended = false
  /** The client has said farewell, behind commands that are not answered. */
  #leaving = false
  #held = false
  #over = false
  #final: PostgresServerEvent | undefined

  protected constructor({ encryption = 'none', limits }: ServerReceiverOptions) {
    this.#encryption = encryption
    this.#limits = serverLimitsOf(limits)
    this.#commands = new CommandReader(this.#limits)
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
      this.writer.clear()
      this.#fail('PG_WRITE_TIMEOUT', -1)
    } else {
      this.#fail('PG_STARTUP_TIMEOUT', -1)
    }
  }

  poll(): PostgresServerEvent | undefined {
    while (!this.#over && this.#mayRead()) {
      const event = this.#readNext()
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
    this.writer.flush(true)
    const octets = this.out.take()
    if (octets !== undefined) this.#outputSince = -1
    return octets
  }

  deadline(): Millis {
    if (this.#over) return Infinity
    const startup = this.isReady ? Infinity : this.#startedAt + this.#limits.startupMs
    return Math.min(startup, this.#outputStall())
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended && this.#mayRead()
  }

  /** Octets that wait, a row that has not ended included. */
  get outputBytes(): number {
    return this.out.bytes + this.writer.bytes
  }

  /** Whether the connection has ended: the last event was, or is about to be, delivered. */
  get over(): boolean {
    return this.#over
  }

  /** Commands that are told and not answered. */
  get pendingCount(): number {
    return this.pending.count
  }

  /** Stops or resumes events; while held, `wantsInput` is false. */
  hold(hold: boolean): void {
    this.#held = hold
  }

  /** A small plain object for logs and test failures. */
  describeState(): Record<string, unknown> {
    return {
      reading: serverLifecycle.states[this.reading],
      answer: this.answer,
      pending: this.pending.count,
      inputBytes: this.#input.size,
      outputBytes: this.outputBytes,
      copying: this.copying,
      inRow: this.writer.inRow,
      ended: this.#ended,
      held: this.#held,
      over: this.#over,
    }
  }

  /** What has the proof shown, of the kind that was asked for. */
  protected abstract judge(reading: number, body: BodyReader): ProofVerdict

  /** The client is let in. */
  protected accept(): void {
    this.#authenticated = true
    this.writer.authentication(0)
    this.reading = ReadStates.deciding
    this.answer = WaitStates.initializing
  }

  protected conclude(initiator: ClosedEvent['initiator']): void {
    this.#finish(CLOSED[initiator])
  }

  /** The client has done at this place what it must not. */
  protected failUnexpected(): void {
    this.#fail('PG_MESSAGE_UNEXPECTED', this.#input.position(this.#input.at))
  }

  #mayRead(): boolean {
    if (this.#held || this.reading === ReadStates.deciding) return false
    if (this.outputBytes >= this.#limits.outputBytesMax) return false
    if (this.reading !== ReadStates.commands) return true
    return this.pending.count < (this.#leaving ? 1 : this.#limits.pipelinedMax)
  }

  /** The next event; true when a message had none, undefined when more input is needed, or the connection is over. */
  #readNext(): PostgresServerEvent | true | undefined {
    if (this.reading === ReadStates.startup) return this.#readStart()
    const input = this.#input
    const { bytes, at, end } = input
    if (at === end) return this.#ended ? this.#onEnd() : undefined
    const type = bytes[at]!
    // What no client sends is known by its first octet.
    const number = INPUT_OF_TYPE[type]
    if (number === undefined) return this.#fail('PG_MESSAGE_TYPE', input.position(at), -1, type)
    if (end - at < HEAD_BYTES) return this.#ended ? this.#onEnd() : undefined
    const length = int32At(bytes, at + 1)
    if (length < 4) return this.#fail('PG_LENGTH', input.position(at + 1), 4, length)
    const max = this.#bytesMax(type)
    if (length > max) return this.#fail('PG_MESSAGE_TOO_LARGE', input.position(at + 1), max, length)
    const next = serverLifecycle.next(this.reading, number)
    if (next === NO_TRANSITION) return this.#fail('PG_MESSAGE_UNEXPECTED', input.position(at), -1, type)
    const messageEnd = at + 1 + length
    if (messageEnd > end) return this.#ended ? this.#onEnd() : undefined
    this.#leaving = type === ClientMessages.terminate && this.reading === ReadStates.commands
    if (this.#leaving && this.pending.count > 0) return undefined
    const body = this.#body
    body.begin(bytes, at + HEAD_BYTES, messageEnd)
    const event = this.#read(type, body, at, next)
    if (this.#over) return undefined
    if (!body.complete) return this.#fail('PG_MESSAGE_MALFORMED', input.position(body.at))
    input.at = messageEnd
    return this.#told(event, next)
  }

  /** The message is right: what it says holds from now on. */
  #told(event: PostgresServerEvent | true | undefined, next: number): PostgresServerEvent | true | undefined {
    if (typeof event === 'object' && 'id' in event && ANSWER_STATES[event.type] !== undefined) {
      const { type } = event
      const state = type === 'describe' && event.what === 'statement' ? WaitStates.describeStatement : undefined
      this.pending.add(event.id, state ?? ANSWER_STATES[type]!)
      if (this.pending.count === 1) this.answer = this.pending.state
    }
    // Whoever was let in, or not, has moved it already.
    if (next !== ReadStates.deciding) this.reading = next
    if (next === ReadStates.over) this.#finish(CLOSED.remote)
    return event
  }

  #bytesMax(type: number): number {
    const { startupBytesMax, messageBytesMax, smallMessageBytesMax } = this.#limits
    if (!this.#authenticated) return startupBytesMax
    return LARGE_TYPES.has(type) ? messageBytesMax : smallMessageBytesMax
  }

  /** A start has no type; what stands in place of its version says what it is. */
  #readStart(): PostgresServerEvent | true | undefined {
    const input = this.#input
    const { bytes, at, end } = input
    if (at === end) return this.#ended ? this.#finish(CLOSED.remote) : undefined
    if (bytes[at] === TLS_HANDSHAKE && (this.#encryption === 'offered' || this.#encryption === 'required'))
      return this.#handOver(true)
    if (end - at < START_HEAD_BYTES) return this.#ended ? this.#onEnd() : undefined
    const length = int32At(bytes, at)
    if (length < START_HEAD_BYTES) return this.#fail('PG_LENGTH', input.position(at), START_HEAD_BYTES, length)
    const max = this.#limits.startupBytesMax
    if (length > max) return this.#fail('PG_MESSAGE_TOO_LARGE', input.position(at), max, length)
    if (at + length > end) return this.#ended ? this.#onEnd() : undefined
    const body = this.#body
    body.begin(bytes, at + 4, at + length)
    const event = this.#readCode(body, at)
    if (this.#over) return event
    if (!body.complete) return this.#fail('PG_MESSAGE_MALFORMED', input.position(body.at))
    input.at = at + length
    return event
  }

  #readCode(body: BodyReader, at: number): PostgresServerEvent | true | undefined {
    const code = body.uint32()
    switch (code) {
      case StartupCodes.tls:
        return this.#readTlsRequest(body, at)
      case StartupCodes.gss:
        if (this.#gssAsked) return this.#fail('PG_MESSAGE_UNEXPECTED', this.#input.position(at))
        this.#gssAsked = true
        this.writer.octet(NO)
        return true
      case StartupCodes.cancel:
        return this.#readCancel(body, at)
      default:
        return this.#readStartup(code, body, at)
    }
  }

  #readTlsRequest(body: BodyReader, at: number): PostgresServerEvent | true | undefined {
    const input = this.#input
    if (this.#tlsAsked || this.#encryption === 'active') return this.#fail('PG_MESSAGE_UNEXPECTED', input.position(at))
    if (!body.complete) return true
    this.#tlsAsked = true
    if (this.#encryption === 'none') {
      this.writer.octet(NO)
      return true
    }
    // It would be taken for what came through TLS (CVE-2021-23214).
    if (body.end !== input.end) return this.#fail('PG_TLS_REST', input.position(body.end))
    input.at = body.end
    this.writer.octet(YES)
    return this.#handOver(false)
  }

  #handOver(direct: boolean): undefined {
    const rest = direct ? this.#input.takeRest() : NOTHING
    this.#finish({ type: 'handover', direct, rest })
  }

  #readCancel(body: BodyReader, at: number): PostgresServerEvent | undefined {
    const processId = body.int32()
    const key = body.rest()
    if (body.malformed || key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
      return this.#fail('PG_MESSAGE_MALFORMED', this.#input.position(at))
    this.#finish(CLOSED.remote)
    return { type: 'cancel', processId, key }
  }

  #readStartup(version: number, body: BodyReader, at: number): PostgresServerEvent | undefined {
    const position = this.#input.position(at)
    this.#understands = true
    if (version >>> 16 !== MAJOR) return this.#fail('PG_VERSION', position, -1, version)
    if (this.#encryption === 'required') return this.#fail('PG_TLS_REQUIRED', position)
    const { parameters, unknown } = readStartup(body)
    if (!body.complete) return this.#fail('PG_MESSAGE_MALFORMED', this.#input.position(body.at))
    const user = parameters.get('user') ?? ''
    if (user === '') return this.#fail('PG_STARTUP', position)
    const asked = version & 0xff_ff
    const minor = Math.min(asked, MINOR_MAX)
    if (asked > MINOR_MAX || unknown.length > 0) this.writer.negotiate((MAJOR << 16) | minor, unknown)
    const database = parameters.get('database') ?? ''
    parameters.delete('user')
    parameters.delete('database')
    this.user = user
    this.reading = ReadStates.deciding
    return { type: 'startup', user, database: database === '' ? user : database, parameters, minor, unknown }
  }

  #read(type: number, body: BodyReader, at: number, next: number): PostgresServerEvent | true | undefined {
    if (type === ClientMessages.password) return this.#readPassword(body, at)
    if (COPY_TYPES.has(type)) return this.#readCopy(type, body)
    if (type === ClientMessages.flush) return this.reading === ReadStates.commands ? FLUSH : true
    if (type === ClientMessages.terminate) return true
    // What is skipped is not looked at.
    if (next === ReadStates.skipping || this.reading === ReadStates.copying) {
      body.at = body.end
      return true
    }
    return this.#readCommand(type, body, at)
  }

  #readCommand(type: number, body: BodyReader, at: number): PostgresServerEvent | undefined {
    const commands = this.#commands
    const event = commands.read(type, ++this.#lastId, body)
    const { excess } = commands
    if (excess !== undefined) return this.#fail(excess.code, this.#input.position(at), excess.limit, excess.got)
    return event
  }

  #readPassword(body: BodyReader, at: number): PostgresServerEvent | true | undefined {
    if (this.asked === 'application') {
      this.reading = ReadStates.deciding
      return { type: 'password', password: body.string() }
    }
    const verdict = this.judge(this.reading, body)
    if (typeof verdict === 'object') return this.#fail(verdict.fault, this.#input.position(at))
    if (verdict === 'more') return true
    this.accept()
    return { type: 'authenticated', method: verdict }
  }

  #readCopy(type: number, body: BodyReader): PostgresServerEvent | true {
    if (this.reading !== ReadStates.copying) {
      body.at = body.end
      return true
    }
    const { id } = this.pending
    if (type === ClientMessages.copyData) {
      const { at, end } = body
      body.at = end
      return { type: 'copyData', id, bytes: body.bytes.subarray(at, end) }
    }
    this.copying = type === ClientMessages.copyDone ? 'done' : 'failed'
    return type === ClientMessages.copyDone ? { type: 'copyDone', id } : { type: 'copyFail', id, reason: body.string() }
  }

  /** The client has ended: between two commands it may, though it should say so. */
  #onEnd(): undefined {
    // What it has asked for before is answered first.
    if (this.reading === ReadStates.commands && this.pending.count > 0) return
    const between = this.#input.size === 0 && this.reading !== ReadStates.copying
    if (between) return this.#finish(CLOSED.remote)
    return this.#fail('PG_TRUNCATED', this.#input.position(this.#input.end))
  }

  #outputStall(): Millis {
    // A row that has not ended cannot be taken.
    if (this.out.bytes === 0 && (this.writer.bytes === 0 || this.writer.inRow)) return Infinity
    if (this.#outputSince < 0) this.#outputSince = this.#now
    return this.#outputSince + this.#limits.writeMs
  }

  /** Ends the connection for a fault of the client. `offset` is absolute; -1 for a deadline. */
  #fail(code: PostgresFaultCode, offset: number, limit = -1, got = -1): undefined {
    const { sqlState, text } = postgresFaults[code]
    this.writer.dropRow()
    // Whoever has not begun to speak the protocol would not understand the answer.
    if (sqlState !== '' && this.#understands)
      this.writer.notice(ServerMessages.errorResponse, {
        severity: 'FATAL',
        code: sqlState,
        message: code === 'PG_AUTH_FAILED' ? `password authentication failed for user "${this.user}"` : text,
      })
    const fatal: FatalEvent<PostgresFaultCode> = { type: 'fatal', code, wireCode: 0, offset, limit, got }
    this.#finish(fatal)
  }

  #finish(final: PostgresServerEvent): undefined {
    this.#over = true
    this.writer.dropRow()
    this.#final = final
    this.#input.clear()
  }
}
