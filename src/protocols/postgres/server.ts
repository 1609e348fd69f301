/**
 * The server role of a PostgreSQL connection, protocol 3.0 and 3.2: for tools, proxies and tests. Commands of the
 * client come as events, one at a time unless `pipelinedMax` says otherwise, and what is sent answers the oldest of
 * them.
 */

import { UsageError } from '../core/errors.js'
import { NO_TRANSITION } from '../core/transitions.js'
import type { BodyReader } from './body-reader.js'
import type { TransactionStatus } from './events.js'
import { lifecycle, ServerInputs, WaitStates } from './lifecycle.js'
import {
  type ProofVerdict,
  type ServerAuth,
  ServerAuthenticator,
  type ServerAuthOptions,
} from './server-authenticator.js'
import { AuthCodes, ServerMessages } from './server-messages.js'
import { ReadStates } from './server-lifecycle.js'
import { ServerReceiver, type ServerReceiverOptions } from './server-receiver.js'
import type { FieldToSend, NoticeToSend } from './server-writer.js'
import type { TypeCodec } from './types/type-codec.js'
import { checkBytes, type ParameterValue } from './writer.js'

/** What a server connection is given. */
export interface PostgresServerOptions extends ServerReceiverOptions {
  /** Needed for every way to authenticate but `none`. */
  readonly auth?: ServerAuthOptions | undefined
}

const KEY_BYTES_MIN = 4
const KEY_BYTES_MAX = 256

const COPY_MESSAGES = {
  in: ServerMessages.copyInResponse,
  out: ServerMessages.copyOutResponse,
  both: ServerMessages.copyBothResponse,
} as const
const COPY_INPUTS = { in: ServerInputs.copyIn, out: ServerInputs.copyOut, both: ServerInputs.copyBoth } as const

/**
 * One server connection. Behind `startup` it is `authenticate`, then parameters, the key and `sendReady`; behind each
 * command its answer. Commands throw `UsageError` when they do not fit the answer that is due, and do nothing once the
 * connection is over.
 */
export class PostgresServer extends ServerReceiver {
  readonly #authOptions: ServerAuthOptions | undefined
  #authenticator: ServerAuthenticator | undefined
  /** Columns of the rows that are sent; -1 when nothing has told. */
  #columns = -1

  constructor(options: PostgresServerOptions = {}) {
    super(options)
    this.#authOptions = options.auth
  }

  /**
   * Lets the client in (`none`), or asks it for a proof: `authenticated` follows, or the end of the connection. Throws
   * `UsageError` when nobody waits for it, or for a verifier that does not fit.
   */
  authenticate(auth: ServerAuth): void {
    if (!this.#decides('authenticate')) return
    if (auth.method === 'none') {
      this.accept()
      return
    }
    if (this.#authOptions === undefined)
      throw new UsageError('PG_AUTH_OPTIONS', 'there are no digests to ask for a proof')
    const authenticator = new ServerAuthenticator(this.#authOptions, this.writer)
    authenticator.ask(this.user, auth)
    this.#authenticator = authenticator
    this.asked = 'authenticator'
    this.reading = auth.method === 'scram-sha-256' ? ReadStates.sasl : ReadStates.password
  }

  /**
   * Asks for the password in the clear: `password` has it, and `authenticate` with `none`, or `close`, answers that.
   */
  askPassword(): void {
    if (!this.#decides('askPassword')) return
    this.asked = 'application'
    this.writer.authentication(AuthCodes.cleartext)
    this.reading = ReadStates.password
  }

  /** Reports a parameter of the session, at the start and whenever it changes. */
  sendParameter(name: string, value: string): void {
    if (this.#speaks('sendParameter')) this.writer.texts(ServerMessages.parameterStatus, [name, value])
  }

  /** Tells what a CancelRequest must name: 4 octets in version 3.0, up to 256 in 3.2. At the start only. */
  sendKeyData(processId: number, key: Uint8Array): void {
    if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
      throw new UsageError('PG_KEY', `a key has ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} octets, not ${key.length}`)
    this.#answer(ServerInputs.keyData, 'sendKeyData', () => this.writer.keyData(processId, key))
  }

  /** Waits for the next command: behind the start, a simple query, a function call, or Sync. */
  sendReady(status: TransactionStatus = 'idle'): void {
    const isStart = this.answer === WaitStates.initializing
    if (!this.#answer(ServerInputs.ready, 'sendReady', () => this.writer.ready(status)) || !isStart) return
    this.isReady = true
    this.reading = ReadStates.commands
  }

  /** Describes the rows of a statement: in a simple query before they come, or as Describe asks for it. */
  sendFields(fields: readonly FieldToSend[]): void {
    this.#answer(ServerInputs.fields, 'sendFields', () => this.writer.fields(fields))
    if (this.answer === WaitStates.queryRows) this.#columns = fields.length
  }

  /** Says to Describe that there are no rows. */
  sendNoData(): void {
    this.#answer(ServerInputs.noData, 'sendNoData', () => this.writer.bare(ServerMessages.noData))
  }

  /** Says to Describe what types the parameters of a statement have; `sendFields` or `sendNoData` follows. */
  sendParameters(typeOids: readonly number[]): void {
    this.#answer(ServerInputs.parameters, 'sendParameters', () => this.writer.parameters(typeOids))
  }

  /** Sends a row. Octets are in the binary format of their column, and are copied. */
  sendRow(values: readonly ParameterValue[]): void {
    this.beginRow()
    try {
      for (const value of values) this.sendColumn(value)
      this.endRow()
    } catch (error) {
      this.writer.dropRow()
      throw error
    }
  }

  /** Begins a row; nothing but its columns may be sent before `endRow`. */
  beginRow(): void {
    if (this.over) return
    this.#check(ServerInputs.rows, 'beginRow')
    this.writer.beginRow()
  }

  /** Sends a column: text, octets in the binary format, or null. */
  sendColumn(value: ParameterValue): void {
    if (this.#inRow('sendColumn')) this.writer.column(value)
  }

  /** Sends a column in the binary format, written by the codec of its type where it leaves. */
  sendEncoded(codec: TypeCodec, value: unknown): void {
    if (this.#inRow('sendEncoded')) this.writer.encoded(codec, value)
  }

  /** Ends a row. It has as many columns as were described, and as the row before. */
  endRow(): void {
    if (!this.#inRow('endRow')) return
    const { rowColumns } = this.writer
    if (this.#columns >= 0 && rowColumns !== this.#columns)
      throw new UsageError('PG_ROW', `a row of ${rowColumns} columns among those of ${this.#columns}`)
    this.#columns = rowColumns
    this.writer.endRow()
  }

  /** A statement is complete, as `SELECT 5` or `INSERT 0 1`. */
  sendComplete(tag: string): void {
    if (!this.over && (this.copying === 'begun' || this.copying === 'failed'))
      throw new UsageError('PG_STATE', 'sendComplete does not fit: the client has not completed its copy')
    this.#answer(ServerInputs.complete, 'sendComplete', () => this.writer.texts(ServerMessages.commandComplete, [tag]))
  }

  /** The text of a statement was empty. */
  sendEmpty(): void {
    this.#answer(ServerInputs.empty, 'sendEmpty', () => this.writer.bare(ServerMessages.emptyQueryResponse))
  }

  /** The portal has more rows than were asked for. */
  sendSuspended(): void {
    this.#answer(ServerInputs.suspended, 'sendSuspended', () => this.writer.bare(ServerMessages.portalSuspended))
  }

  /** A statement is prepared. */
  sendParsed(): void {
    this.#answer(ServerInputs.parsed, 'sendParsed', () => this.writer.bare(ServerMessages.parseComplete))
  }

  /** A portal is made. */
  sendBound(): void {
    this.#answer(ServerInputs.bound, 'sendBound', () => this.writer.bare(ServerMessages.bindComplete))
  }

  /** A statement or a portal is closed, or was not there. */
  sendClosed(): void {
    this.#answer(ServerInputs.closed, 'sendClosed', () => this.writer.bare(ServerMessages.closeComplete))
  }

  /** What the function has given. */
  sendFunctionResult(value: ParameterValue): void {
    this.#answer(ServerInputs.functionResult, 'sendFunctionResult', () => this.writer.functionResult(value))
  }

  /**
   * Begins to copy: `in` from the client, `out` to it, or both ways. What the client sends comes as `copyData`, and
   * ends with `copyDone` or `copyFail`.
   */
  sendCopy(
    direction: 'in' | 'out' | 'both',
    format: 'text' | 'binary' = 'text',
    columnFormats: readonly ('text' | 'binary')[] = [],
  ): void {
    const write = (): void => this.writer.copy(COPY_MESSAGES[direction], format, columnFormats)
    if (!this.#answer(COPY_INPUTS[direction], 'sendCopy', write) || direction === 'out') return
    this.copying = 'begun'
    this.reading = ReadStates.copying
    // What was told already stands behind the statement: a Sync means nothing there, and all else is a fault.
    if (!this.pending.dropSyncsBehind()) this.failUnexpected()
  }

  /** Sends data of COPY, cut anywhere. The octets belong to the engine from now on. */
  sendCopyData(octets: Uint8Array): void {
    if (!(octets instanceof Uint8Array))
      throw new UsageError('PG_VALUE', `octets are a Uint8Array, not ${typeof octets}`)
    checkBytes(octets.length)
    this.#answer(ServerInputs.copyData, 'sendCopyData', () => this.writer.copyData(octets))
  }

  /** All data of COPY was sent. */
  sendCopyDone(): void {
    this.#answer(ServerInputs.copyDone, 'sendCopyDone', () => this.writer.bare(ServerMessages.copyDone))
  }

  /**
   * The command has failed. What the client has sent behind it is skipped: of an extended query up to the next Sync; a
   * simple query and a function call wait for `sendReady`. What ends the whole connection goes with `close`.
   */
  sendError(error: NoticeToSend): void {
    if (!this.#fits('sendError', this.isReady)) return
    const isAnswer = this.answer !== WaitStates.idle
    this.#answer(ServerInputs.error, 'sendError', () => this.writer.notice(ServerMessages.errorResponse, error))
    if (this.reading === ReadStates.copying) this.reading = ReadStates.commands
    if (isAnswer && this.answer === WaitStates.idle) this.reading = ReadStates.skipping
  }

  /** Says something that is no error. */
  sendNotice(notice: NoticeToSend): void {
    if (this.#fits('sendNotice', this.user !== '')) this.writer.notice(ServerMessages.noticeResponse, notice)
  }

  /** Tells of a NOTIFY. */
  sendNotification(processId: number, channel: string, payload: string): void {
    if (this.#fits('sendNotification', this.isReady)) this.writer.notification(processId, channel, payload)
  }

  /** Ends the connection, behind what was sent; with an error, whose severity is `FATAL`, if there is one. */
  close(error?: NoticeToSend): void {
    if (this.over) return
    this.writer.dropRow()
    if (error !== undefined) this.writer.notice(ServerMessages.errorResponse, { severity: 'FATAL', ...error })
    this.conclude('local')
  }

  /** Ends the connection now, without a word. */
  abort(): void {
    if (this.over) return
    this.out.clear()
    this.writer.clear()
    this.conclude('local')
  }

  protected override judge(reading: number, body: BodyReader): ProofVerdict {
    const authenticator = this.#authenticator!
    if (reading === ReadStates.password) return authenticator.judgePassword(body)
    return reading === ReadStates.sasl ? authenticator.judgeFirst(body) : authenticator.judgeProof(body)
  }

  /** Moves on by a row of the lifecycle. False when the connection is over. */
  #answer(input: number, command: string, write: () => void): boolean {
    if (this.over) return false
    const next = this.#check(input, command)
    write()
    this.answer = next
    this.#columns = -1
    if (input === ServerInputs.complete || input === ServerInputs.error) this.copying = 'none'
    if (next === WaitStates.done) {
      this.pending.shift()
      this.answer = this.pending.state
    } else if (next === WaitStates.failed) {
      this.pending.skip()
      this.answer = this.pending.state
    }
    return true
  }

  #check(input: number, command: string): number {
    const next = lifecycle.next(this.answer, input)
    if (this.writer.inRow || next === NO_TRANSITION)
      throw new UsageError('PG_STATE', `${command} does not fit: the answer is at ${lifecycle.states[this.answer]!}`)
    return next
  }

  #decides(command: string): boolean {
    const decides = this.reading === ReadStates.deciding && this.answer === WaitStates.startup
    return this.#fits(command, decides)
  }

  #speaks(command: string): boolean {
    return this.#fits(command, this.answer !== WaitStates.startup)
  }

  #inRow(command: string): boolean {
    if (this.over) return false
    if (!this.writer.inRow) throw new UsageError('PG_STATE', `${command} does not fit: no row has begun`)
    return true
  }

  #fits(command: string, fits: boolean): boolean {
    if (this.over) return false
    if (!fits || this.writer.inRow) throw new UsageError('PG_STATE', `${command} does not fit here`)
    return true
  }
}
