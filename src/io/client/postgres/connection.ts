/** One connection to a server: operations are sent as they come, and answered in their order. */

import { UsageError } from '../../../protocols/core/errors.js'
import { PostgresClient } from '../../../protocols/postgres/client.js'
import { postgresFaults } from '../../../protocols/postgres/errors.js'
import type {
  AuthMethod,
  NoticeFields,
  NotificationEvent,
  PostgresClientEvent,
  TransactionStatus,
} from '../../../protocols/postgres/events.js'
import type { PostgresLimits } from '../../../protocols/postgres/limits.js'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import { digests, scramNonce } from '../../digests.js'
import { Driver, type DriverHandler } from '../../driver.js'
import { type Transport, TransportError } from '../../transport.js'
import { Cancelling } from './cancelling.js'
import type { CancelKey } from './cancel.js'
import type { Operation, Session } from './operation.js'
import { OperationQueue } from './operation-queue.js'
import { PostgresConnectionError, PostgresError } from './postgres-error.js'
import { type Descriptions, StatementCache } from './statement-cache.js'

/** Who a connection logs in as, and how it is used. */
export interface ConnectionSettings {
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** Parameters of the session, as `application_name`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly requireAuth: readonly AuthMethod[] | undefined
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  readonly version: '3.0' | '3.2'
  readonly limits: Partial<PostgresLimits>
  readonly types: TypeRegistry
  /** Shared by all connections to the database. */
  readonly descriptions: Descriptions
  /** Prepared statements that are kept; 0 for none. */
  readonly statementCacheMax: number
  /** What the names of prepared statements begin with. */
  readonly statementPrefix: string
  /** Connects to the same server once more, to cancel. */
  readonly openCancel: (signal: AbortSignal) => Promise<Transport>
  /** How long a statement that was cancelled may take to end, in milliseconds; then the connection is ended. */
  readonly cancelTimeoutMs: number
}

/** Who is told what happens on a connection. All of it is optional; nothing of it may throw. */
export interface ConnectionListener {
  /** An operation is over. */
  readonly onSettled?: ((connection: PostgresConnection) => void) | undefined
  readonly onNotification?: ((event: NotificationEvent) => void) | undefined
  readonly onNotice?: ((notice: NoticeFields) => void) | undefined
  /** The connection is gone; once. */
  readonly onClosed?: ((connection: PostgresConnection) => void) | undefined
}

/** So many operations are under way at the most; further ones wait here. */
const SENT_MAX = 1024

/** From so much output on that the server has not taken, further operations wait. */
const OUTPUT_BYTES_MAX = 1_048_576

/** So much output does not wait for the end of the turn: the server can begin while the rest is being made. */
const EARLY_BYTES = 4096

/** Behind these the server ends the connection. */
const LAST_SEVERITIES: ReadonlySet<string> = new Set(['FATAL', 'PANIC'])

/** A connection that is logged in. */
export class PostgresConnection implements DriverHandler<PostgresClientEvent>, Session {
  readonly engine: PostgresClient
  readonly statements: StatementCache
  readonly descriptions: Descriptions
  readonly types: TypeRegistry
  /** The method by which the server knows us. */
  authMethod: AuthMethod = 'none'
  /** The error with which the server has answered last. */
  lastError: NoticeFields | undefined
  listener: ConnectionListener = {}
  /** Resolves when the connection is gone; with the reason unless it was us. */
  readonly closed: Promise<PostgresConnectionError | undefined>
  readonly #driver: Driver<PostgresClientEvent>
  readonly #sent: OperationQueue = new OperationQueue()
  readonly #waiting: OperationQueue = new OperationQueue()
  readonly #parameters: Map<string, string> = new Map()
  readonly #cancelling: Cancelling
  #key: CancelKey | undefined
  #status: TransactionStatus = 'idle'
  #minor: number
  #closing = false
  #gone = false
  /** The last word of the server. */
  #dismissal: PostgresError | undefined
  #faultCode: keyof typeof postgresFaults | undefined
  #onReady: (() => void) | undefined
  #onClosed!: (error: PostgresConnectionError | undefined) => void
  #error: PostgresConnectionError | undefined

  private constructor(transport: Transport, channelBindingData: Uint8Array | undefined, settings: ConnectionSettings) {
    const { user, password, database, parameters, requireAuth, channelBinding, version, limits } = settings
    this.engine = new PostgresClient({
      user,
      password,
      database,
      parameters,
      requireAuth,
      channelBinding,
      channelBindingData,
      version,
      digests,
      nonce: scramNonce,
      encrypted: transport.encrypted,
      // A server that waits until its answers are read must not wait for ever because we wait until it reads.
      limits: { ...limits, outputBytesMax: Infinity },
    })
    this.statements = new StatementCache(settings.statementCacheMax, settings.statementPrefix)
    this.descriptions = settings.descriptions
    this.types = settings.types
    this.#minor = version === '3.2' ? 2 : 0
    this.#cancelling = new Cancelling(this, settings.openCancel, settings.cancelTimeoutMs)
    this.closed = new Promise((resolve) => (this.#onClosed = resolve))
    this.#driver = new Driver(transport, this.engine, this)
  }

  /**
   * Logs in on a transport. Rejects with `PostgresError` when the server refuses, with `PostgresConnectionError` when
   * it does not behave or is gone, and with the reason of `signal`; then the transport is gone, too.
   */
  static async login(
    transport: Transport,
    channelBindingData: Uint8Array | undefined,
    settings: ConnectionSettings,
    signal: AbortSignal,
  ): Promise<PostgresConnection> {
    const connection = new PostgresConnection(transport, channelBindingData, settings)
    const onAbort = (): void => connection.destroy(signal.reason as Error)
    const ready = new Promise<void>((resolve) => (connection.#onReady = resolve))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else connection.#driver.start()
    await ready
    signal.removeEventListener('abort', onAbort)
    if (!connection.#gone && connection.#dismissal === undefined) return connection
    if (signal.aborted) throw signal.reason
    throw connection.#dismissal ?? connection.#error
  }

  get transport(): Transport {
    return this.#driver.transport
  }

  /** Whether operations can be given to it. */
  get isUsable(): boolean {
    return this.engine.ready && !this.#closing && !this.#gone && this.#dismissal === undefined
  }

  get transactionStatus(): TransactionStatus {
    return this.#status
  }

  /** The number of the server's process that serves this connection. */
  get processId(): number {
    return this.#key?.processId ?? 0
  }

  /** The key for cancelling; undefined where the server has given none. */
  get cancelKey(): CancelKey | undefined {
    return this.#key
  }

  /** The minor version of the protocol that is spoken. */
  get minorVersion(): number {
    return this.#minor
  }

  /** Operations that are not over. */
  get load(): number {
    return this.#sent.count + this.#waiting.count
  }

  /** A parameter of the session as the server has last reported it, as `server_version`. */
  parameter(name: string): string | undefined {
    return this.#parameters.get(name)
  }

  run(operation: Operation): void {
    operation.session = this
    operation.sent = false
    if (!this.isUsable) {
      operation.lose(this.#lossOf(operation))
    } else if (this.#sent.last?.streams === true) {
      operation.lose(new UsageError('PG_BUSY', 'COPY is under way: nothing else can be done on this connection'))
    } else if (this.#waiting.count > 0 || !this.#maySend()) {
      this.#waiting.push(operation)
    } else {
      this.#driver.enter()
      this.#send(operation)
      if (this.engine.outputBytes >= EARLY_BYTES) this.#driver.settle()
    }
  }

  enter(): void {
    this.#driver.enter()
  }

  cancel(operation: Operation): void {
    if (operation.sent) {
      if (operation === this.#sent.first) this.#cancelling.begin(operation)
    } else {
      this.#waiting.remove(operation)
      operation.drop()
      this.listener.onSettled?.(this)
    }
  }

  /** Ends the connection in order. What is under way is lost: wait for it before. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true
    this.#driver.enter()
    this.engine.terminate()
    await this.closed
  }

  destroy(error?: Error): void {
    this.#driver.destroy(error)
  }

  /** For `Cancelling`: the operation that is executed now. */
  get current(): Operation | undefined {
    return this.#sent.first
  }

  /** For `Cancelling`: what was sent behind the current one. */
  get behind(): readonly Operation[] {
    return this.#sent.rest()
  }

  /** For `Cancelling`: nothing is in the way any more. */
  proceed(): void {
    if (this.#gone) return
    this.#driver.enter()
    this.#pump()
  }

  onEvent(event: PostgresClientEvent): void {
    const operation = this.#sent.first
    switch (event.type) {
      case 'rows':
        return operation?.onRows(event.rows)
      case 'bound':
        return operation?.onBound()
      case 'complete':
        return operation?.onComplete(event.tag)
      case 'ready':
        return this.#onReadyForQuery(event.id, event.status)
      case 'parsed':
        return operation?.onParsed()
      case 'parameters':
        return operation?.onParameters(event.typeOids)
      case 'fields':
        return operation?.onFields(event.fields)
      case 'noData':
        return operation?.onNoData()
      case 'empty':
        return operation?.onComplete('')
      case 'suspended':
        return operation?.onSuspended()
      case 'copy':
        return operation?.onCopy(event)
      case 'copyData':
        return operation?.onCopyData(event.bytes)
      case 'copyDone':
      case 'statementClosed':
        return undefined
      case 'error':
        return this.#onErrorEvent(event.error)
      default:
        return this.#onOther(event)
    }
  }

  onPolled(): boolean {
    return this.#sent.first?.onPolled() === true
  }

  /** Inside of it nothing can be sent: the driver has just written. */
  onFlushed(): void {
    if (this.#waiting.count > 0 && this.isUsable && this.#maySend()) queueMicrotask(() => this.proceed())
    this.#sent.first?.onFlushed()
  }

  onClosed(error: Error | undefined): void {
    this.#gone = true
    this.engine.abort()
    this.#error = this.#closing && error === undefined ? undefined : this.#failure(error)
    this.#cancelling.end()
    for (const operation of [...this.#sent.takeAll(), ...this.#waiting.takeAll()])
      operation.lose(this.#lossOf(operation))
    this.#onReady?.()
    this.#onClosed(this.#error)
    this.listener.onClosed?.(this)
  }

  /** PostgreSQL stays what it is. */
  onReleased(transport: Transport): void {
    transport.destroy()
    this.onClosed(undefined)
  }

  #onOther(event: Exclude<PostgresClientEvent, { readonly type: 'rows' | 'ready' | 'error' }>): void {
    switch (event.type) {
      case 'authenticated':
        this.authMethod = event.method
        return
      case 'negotiated':
        this.#minor = event.minor
        return
      case 'parameter':
        this.#parameters.set(event.name, event.value)
        return
      case 'keyData':
        this.#key = event
        return
      case 'notice':
        this.listener.onNotice?.(event.notice)
        return
      case 'notification':
        this.listener.onNotification?.(event)
        return
      case 'fatal':
        this.#faultCode = event.code
        // There is nothing to tell the server, and nothing to wait for.
        this.#driver.cut()
        return
      case 'closed':
        if (event.initiator !== 'local') this.#driver.cut()
        return
      default:
        return
    }
  }

  #onErrorEvent(error: NoticeFields): void {
    if (this.engine.ready && !LAST_SEVERITIES.has(error.severity)) {
      this.lastError = error
      this.#sent.first?.onError(error)
      return
    }
    this.#dismissal = new PostgresError(error)
    this.#driver.cut()
  }

  #onReadyForQuery(id: number, status: TransactionStatus): void {
    this.#status = status
    if (id === 0) {
      this.#onReady?.()
      this.#onReady = undefined
      return
    }
    const operation = this.#sent.first!
    if (operation.onReady(status)) {
      this.#sent.shift()
      this.#cancelling.finished(operation)
      this.listener.onSettled?.(this)
      const next = this.#sent.first
      if (next?.reason !== undefined) this.#cancelling.begin(next)
    }
    if (this.#waiting.count > 0) this.#pump()
  }

  #maySend(): boolean {
    return (
      this.#sent.last?.blocks !== true &&
      !this.#cancelling.active &&
      this.#sent.count < SENT_MAX &&
      this.engine.outputBytes < OUTPUT_BYTES_MAX
    )
  }

  #pump(): void {
    while (this.#waiting.count > 0 && this.isUsable && this.#maySend()) this.#send(this.#waiting.shift()!)
  }

  #send(operation: Operation): void {
    this.#sent.push(operation)
    operation.sent = true
    operation.endangered = false
    operation.send(this)
  }

  #lossOf(operation: Operation): PostgresConnectionError {
    const { code, message, cause } = this.#error ?? this.#failure(undefined)
    return new PostgresConnectionError(code, message, operation.sent, cause)
  }

  /** Why the connection is gone, or cannot be used. */
  #failure(error: Error | undefined): PostgresConnectionError {
    const dismissal = this.#dismissal
    if (dismissal !== undefined)
      return new PostgresConnectionError(
        dismissal.code,
        `the server has ended the connection: ${dismissal.message}`,
        false,
        dismissal,
      )
    const fault = this.#faultCode
    if (fault !== undefined) return new PostgresConnectionError(fault, postgresFaults[fault].text, false, error)
    if (error === undefined) return new PostgresConnectionError('PG_CLOSED', 'the connection is closed', false)
    const code = error instanceof TransportError ? error.code : 'PG_CLOSED'
    return new PostgresConnectionError(code, `the connection is gone: ${error.message}`, false, error)
  }
}
