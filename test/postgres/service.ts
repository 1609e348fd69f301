/** A service over our server engine on real sockets, for tests with clients of others: a tiny database of one table. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import {
  type BindEvent,
  type ParameterValue,
  PostgresServer,
  type PostgresServerEvent,
  type PostgresServerOptions,
  type ServerAuth,
} from 'skitai/postgres'
import { digests } from '../vectors/postgres-commands.js'

/** What a service is given. */
export interface ServiceOptions {
  /** How each user proves who he is; the default lets everybody in. */
  readonly auth?: (user: string) => ServerAuth
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Without TLS nobody gets in. */
  readonly tlsRequired?: boolean
}

/** The rows that it has: copied in, and copied or selected out. */
export class Service {
  readonly rows: string[] = []
  /** A statement has begun that lasts until it is cancelled. */
  onSleep: () => void = () => {}
  /** What clients have done wrong. */
  readonly faults: string[] = []
  readonly #options: ServiceOptions
  readonly #server: Server
  readonly #sessions: Map<number, Session> = new Map()
  readonly #secret = randomBytes(16)
  #lastId = 0

  private constructor(options: ServiceOptions) {
    this.#options = options
    this.#server = createServer((socket) => void this.begin(socket, false))
  }

  /** Listens on a free port of the loopback. */
  static async open(options: ServiceOptions = {}): Promise<Service> {
    const service = new Service(options)
    service.#server.listen(0, '127.0.0.1')
    await once(service.#server, 'listening')
    return service
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const { socket } of this.#sessions.values()) socket.destroy()
    await once(this.#server, 'close')
  }

  /** A connection, or what TLS has made of one. */
  begin(socket: Socket, encrypted: boolean): void {
    const { tls, tlsRequired = false } = this.#options
    const id = ++this.#lastId
    const encryption = encrypted ? 'active' : tls === undefined ? 'none' : tlsRequired ? 'required' : 'offered'
    const auth = { digests, random: (bytes: number) => randomBytes(bytes), secret: this.#secret }
    const session = new Session(id, this, socket, { encryption, auth }, this.#options)
    this.#sessions.set(id, session)
    socket.once('close', () => this.#sessions.delete(id))
  }

  /** The session whose number and key these are is told to stop. */
  cancel(processId: number, key: Uint8Array): void {
    const session = this.#sessions.get(processId)
    if (session !== undefined && Buffer.from(key).equals(session.key)) session.cancel()
  }
}

const TEXT = 25
const INT8 = 20

class Session {
  readonly key: Buffer = randomBytes(4)
  readonly socket: Socket
  readonly #id: number
  readonly #service: Service
  readonly #options: ServiceOptions
  readonly #engine: PostgresServer
  readonly #statements = new Map<string, string>()
  readonly #portals = new Map<string, { readonly sql: string; readonly values: readonly ParameterValue[] }>()
  #copied = ''
  #isSimple = true
  /** The socket belongs to TLS. */
  #isSecured = false
  #sleep: NodeJS.Timeout | undefined

  constructor(id: number, service: Service, socket: Socket, engine: PostgresServerOptions, options: ServiceOptions) {
    this.#id = id
    this.#service = service
    this.socket = socket
    this.#options = options
    this.#engine = new PostgresServer(engine)
    this.#engine.start(0)
    socket.on('data', (chunk: Uint8Array) => {
      this.#engine.receive(chunk, 0)
      this.#drain()
    })
    socket.on('end', () => {
      this.#engine.receiveEnd(0)
      this.#drain()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => clearTimeout(this.#sleep))
  }

  cancel(): void {
    if (this.#sleep === undefined) return
    this.#wake()
    this.#engine.sendError({ code: '57014', message: 'canceling statement due to user request' })
    if (this.#isSimple) this.#engine.sendReady()
    this.#drain()
  }

  #wake(): void {
    clearTimeout(this.#sleep)
    this.#sleep = undefined
  }

  #drain(): void {
    const engine = this.#engine
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) this.#onEvent(event)
    for (let octets = engine.output(); octets !== undefined; octets = engine.output()) this.socket.write(octets)
    if (engine.over && !this.#isSecured) this.socket.end()
  }

  #onEvent(event: PostgresServerEvent): void {
    const engine = this.#engine
    switch (event.type) {
      case 'handover':
        return this.#secure(event.rest)
      case 'cancel':
        return this.#service.cancel(event.processId, event.key)
      case 'startup':
        engine.authenticate(this.#options.auth?.(event.user) ?? { method: 'none' })
        if (this.#options.auth === undefined) this.#greet()
        return
      case 'authenticated':
        return this.#greet()
      case 'fatal':
        this.#service.faults.push(event.code)
        return
      case 'closed':
        return
      default:
        this.#onCommand(event)
    }
  }

  #greet(): void {
    const engine = this.#engine
    for (const [name, value] of Object.entries({ server_version: '18.0', client_encoding: 'UTF8', TimeZone: 'UTC' }))
      engine.sendParameter(name, value)
    engine.sendKeyData(this.#id, this.key)
    engine.sendReady()
  }

  #onCommand(event: PostgresServerEvent): void {
    const engine = this.#engine
    switch (event.type) {
      case 'query':
        this.#isSimple = true
        return this.#run(event.sql, [], true)
      case 'parse':
        this.#statements.set(event.name, event.sql)
        return engine.sendParsed()
      case 'bind':
        return this.#bind(event)
      case 'describe': {
        const sql = event.what === 'statement' ? this.#statements.get(event.name) : this.#portals.get(event.name)?.sql
        if (event.what === 'statement') engine.sendParameters([TEXT])
        return sql?.startsWith('select') === true ? engine.sendFields(FIELDS) : engine.sendNoData()
      }
      case 'execute': {
        const { sql, values } = this.#portals.get(event.portal)!
        this.#isSimple = false
        return this.#run(sql, values, false)
      }
      case 'close':
        return engine.sendClosed()
      case 'sync':
        return engine.sendReady()
      default:
        this.#onCopy(event)
    }
  }

  #bind({ portal, statement, values }: BindEvent): void {
    const sql = this.#statements.get(statement)
    if (sql === undefined) return this.#engine.sendError({ code: '26000', message: `no statement ${statement}` })
    this.#portals.set(portal, { sql, values })
    this.#engine.sendBound()
  }

  #onCopy(event: PostgresServerEvent): void {
    const engine = this.#engine
    if (event.type === 'copyData') {
      this.#copied += Buffer.from(event.bytes).toString()
      if (this.#copied.includes('poison')) engine.sendError({ code: '22P04', message: 'this cannot be copied' })
      else return
    } else if (event.type === 'copyFail') {
      engine.sendError({ code: '57014', message: `COPY from stdin failed: ${event.reason}` })
    } else if (event.type === 'copyDone') {
      const lines = this.#copied.split('\n').filter((line) => line !== '')
      this.#service.rows.push(...lines)
      engine.sendComplete(`COPY ${lines.length}`)
    } else return
    if (this.#isSimple) engine.sendReady()
  }

  #run(sql: string, values: readonly ParameterValue[], simple: boolean): void {
    const engine = this.#engine
    const { rows } = this.#service
    if (sql.startsWith('select pg_sleep')) {
      this.#sleep = setTimeout(() => {}, 60_000)
      return this.#service.onSleep()
    }
    if (/^copy .* from stdin/i.test(sql)) {
      this.#copied = ''
      return engine.sendCopy('in', 'text', ['text'])
    }
    if (/^copy .* to stdout/i.test(sql)) {
      engine.sendCopy('out', 'text', ['text'])
      for (const row of rows) engine.sendCopyData(Buffer.from(`${row}\n`))
      engine.sendCopyDone()
      engine.sendComplete(`COPY ${rows.length}`)
    } else if (sql.startsWith('select')) {
      if (simple) engine.sendFields(FIELDS)
      const [wanted = null] = values
      const found = rows
        .map((row, index) => [String(index + 1), row])
        .filter(([, row]) => wanted === null || row === wanted)
      for (const row of found) engine.sendRow(row)
      engine.sendComplete(`SELECT ${found.length}`)
    } else if (sql === '') {
      engine.sendEmpty()
    } else {
      engine.sendError({ code: '42601', message: 'syntax error', hint: 'say select', position: '1', detail: sql })
    }
    if (simple) engine.sendReady()
  }

  /** Goes on over TLS, behind what was answered. */
  #secure(rest: Uint8Array): void {
    const { socket } = this
    this.#isSecured = true
    for (let octets = this.#engine.output(); octets !== undefined; octets = this.#engine.output()) socket.write(octets)
    for (const name of ['data', 'end', 'error']) socket.removeAllListeners(name)
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    const secureContext = createSecureContext(this.#options.tls)
    const secured = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['postgresql'] })
    this.#service.begin(secured, true)
  }
}

const FIELDS = [{ name: 'n', typeOid: INT8 }, { name: 'text' }]
