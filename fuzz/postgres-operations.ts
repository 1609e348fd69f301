/**
 * Sequences of commands on both roles at once, with octets that go to and fro in pieces, and time that passes. A
 * command works, or throws a UsageError and changes nothing; no engine finds a fault in the other; what was asked is
 * told, and what was said is heard.
 */

import {
  PostgresClient,
  type PostgresClientEvent,
  PostgresServer,
  type PostgresServerEvent,
  UsageError,
} from 'skitai/postgres'
import { ensure } from './http1-oracles.js'
import { COPY_NAME, type Kind, PostgresModel } from './postgres-model.js'
import { authOptions, digests } from './postgres-subjects.js'

/** One octet chooses what happens, the next ones say with what. */
export function fuzz(data: Uint8Array): void {
  const run = new Run(data)
  while (!run.empty) run.step()
  run.finish()
}

/** What an honest peer may bring about: deadlines, and an end at any place. */
const HONEST: readonly string[] = ['PG_STARTUP_TIMEOUT', 'PG_WRITE_TIMEOUT', 'PG_TRUNCATED']

const KINDS: readonly Kind[] = [
  'query',
  'parse',
  'bind',
  'describeStatement',
  'describePortal',
  'execute',
  'close',
  'sync',
  'functionCall',
  'execute',
  'sync',
  'bind',
]
const NAMES = ['', 'a', COPY_NAME, 'été']

/** One end: what it has written that is not carried over, and its last event. */
interface End {
  readonly name: string
  readonly engine: PostgresClient | PostgresServer
  wire: Uint8Array[]
  last: string
}

class Run {
  readonly #data: Uint8Array
  #at = 0
  #now = 0
  readonly #client: PostgresClient
  readonly #server: PostgresServer
  readonly #model = new PostgresModel()
  readonly #ends: readonly [client: End, server: End]
  /** The server answers by itself. */
  #settling = false

  constructor(data: Uint8Array) {
    this.#data = data
    const options = this.#octet()
    const limits = { scramIterationsMax: 10, ...((options & 1) !== 0 && { outputBytesMax: 60 }) }
    this.#client = new PostgresClient({
      user: 'user',
      password: 'pencil',
      digests,
      nonce: () => 'rOprNGfwEbeRWgbNEkqO',
      version: options & 2 ? '3.2' : '3.0',
      limits,
    })
    this.#server = new PostgresServer({
      auth: authOptions,
      limits: { ...((options & 4) !== 0 && { outputBytesMax: 60 }), pipelinedMax: options & 8 ? 4 : 1 },
    })
    this.#ends = [
      { name: 'client', engine: this.#client, wire: [], last: '' },
      { name: 'server', engine: this.#server, wire: [], last: '' },
    ]
    for (const { engine } of this.#ends) engine.start(0)
    this.#drain()
    this.#settle()
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  step(): void {
    const choice = this.#octet()
    const [client, server] = this.#ends
    if (choice < 70) {
      const [from, to] = choice & 1 ? [client, server] : [server, client]
      this.#carry(from, to, choice < 40 ? Infinity : this.#octet())
    } else if (choice < 74) this.#pass(this.#octet() * 100)
    else if (choice === 74) this.#ends[this.#octet() & 1]!.engine.receiveEnd(this.#now)
    else if (choice < 165) this.#command(() => this.#byClient(choice))
    else this.#command(() => this.#byServer(choice))
    this.#drain()
  }

  finish(): void {
    for (const { engine } of this.#ends) engine.hold(false)
    this.#settling = true
    this.#settle()
    const [client, server] = this.#ends
    if (client.last === '' && server.last === '') {
      this.#model.ensureHeard()
      this.#client.terminate()
      this.#drain()
      this.#settle()
      ensure(this.#server.over, 'the server goes on behind Terminate')
    }
    this.#client.abort()
    this.#server.abort()
    this.#drain()
    for (const { name, last } of this.#ends) ensure(last !== '', `the ${name} has no last event`)
  }

  #octet(): number {
    return this.#data[this.#at++] ?? 0
  }

  /** Carries at most so many octets from one end to the other. */
  #carry(from: End, to: End, most: number): void {
    for (let left = most; left > 0 && from.wire.length > 0;) {
      // A driver pauses when no input is wanted.
      if (!to.engine.wantsInput && to.last === '') return
      const block = from.wire[0]!
      const part = block.slice(0, Math.min(left, block.length))
      if (part.length === block.length) from.wire.shift()
      else from.wire[0] = block.subarray(part.length)
      left -= part.length
      to.engine.receive(part, this.#now)
      this.#drain()
    }
  }

  /** Carries all there is, and lets the server answer, until nothing moves. */
  #settle(): void {
    const [client, server] = this.#ends
    for (let left = 3000, moved = true; moved; left--) {
      ensure(left > 0, 'octets without end')
      moved = false
      for (const [from, to] of [this.#ends, [server, client]] as const) {
        const before = from.wire.reduce((sum, { length }) => sum + length, 0)
        this.#carry(from, to, Infinity)
        if (from.wire.reduce((sum, { length }) => sum + length, 0) < before) moved = true
      }
      if (!this.#settling || client.last !== '' || server.last !== '') continue
      if (this.#model.owes) {
        // The second of all ways leads to an end.
        this.#model.answer(this.#server, 1)
        moved = true
      } else if (this.#client.describeState()['copying'] === true) {
        this.#client.copyDone()
        moved = true
      }
      this.#drain()
    }
  }

  #pass(ms: number): void {
    this.#now += ms
    for (const { engine } of this.#ends)
      for (let left = 100; engine.deadline() <= this.#now; left--) {
        ensure(left > 0, 'a deadline that stays due')
        engine.advance(this.#now)
        this.#drain()
      }
  }

  #command(act: () => void): void {
    const state = (): string =>
      JSON.stringify(this.#ends.map(({ engine }) => [engine.describeState(), engine.deadline()]))
    for (const { engine } of this.#ends) engine.advance(this.#now)
    this.#drain()
    const before = state()
    try {
      act()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      ensure(before === state(), `${error.message}: changed ${before} to ${state()}`)
    }
  }

  #byClient(choice: number): void {
    const client = this.#client
    if (choice < 140) {
      const name = NAMES[this.#octet() & 3]!
      const kind = KINDS[choice % KINDS.length]!
      if (client.ready && this.#model.mayAsk(client))
        this.#model.ask(client, kind, name, [name, null, Uint8Array.of(choice)])
    } else if (choice < 150) this.#copyData()
    else if (choice < 154) client.copyDone()
    else if (choice < 157) client.copyFail('enough')
    else if (choice < 159) client.flush()
    else if (choice < 162) client.hold(this.#octet() < 128)
    else if (choice === 162 && this.#octet() < 30) client.terminate()
    else if (choice === 163 && this.#octet() < 30) client.abort()
  }

  #copyData(): void {
    const octets = new Uint8Array(this.#octet())
    if (this.#client.describeState()['copying'] === true) this.#model.copyData(this.#client, octets)
    else this.#client.copyData(octets)
  }

  #byServer(choice: number): void {
    const server = this.#server
    if (choice < 235) {
      if (!server.over) this.#model.answer(server, choice)
    } else if (choice < 238) server.hold(this.#octet() < 128)
    else if (choice < 242) server.sendNotice({ message: 'hello' })
    else if (choice < 245) server.sendNotification(7, 'channel', 'payload')
    else if (choice < 248) server.sendParameter('name', 'value')
    else if (choice === 248 && this.#octet() < 30) server.close({ message: 'bye' })
    else if (choice === 249 && this.#octet() < 30) server.abort()
    else if (choice === 250) server.authenticate({ method: 'none' })
    else if (choice === 251) server.sendKeyData(1, new Uint8Array(4))
    // What fits nothing that is under way: a UsageError, whatever the state.
    else if (server.over || server.pendingCount === 0) server.sendCopyDone()
  }

  #drain(): void {
    for (const end of this.#ends) {
      const { engine } = end
      for (let left = 20_000, more = true; more;) {
        more = false
        for (let event = engine.poll(); event !== undefined; event = engine.poll(), more = true) {
          ensure(--left > 0, 'events without end')
          this.#see(end, event)
        }
        for (let block = engine.output(); block !== undefined; block = engine.output(), more = true) {
          ensure(--left > 0 && block.length > 0, 'output without end, or empty')
          end.wire.push(new Uint8Array(block))
        }
      }
      ensure(engine.outputBytes === 0, 'outputBytes after all was taken')
      ensure(end.last === '' || engine.deadline() === Infinity, 'a deadline is left')
    }
  }

  #see(end: End, event: PostgresClientEvent | PostgresServerEvent): void {
    ensure(end.last === '', `${event.type} after ${end.last}`)
    if (event.type === 'closed' || event.type === 'fatal') {
      end.last = event.type
      const code = event.type === 'fatal' ? event.code : ''
      ensure(code === '' || HONEST.includes(code), `the ${end.name} finds ${code} in the other`)
    } else if (end.engine === this.#client) {
      this.#model.heard(event as PostgresClientEvent)
    } else {
      this.#serve(event as PostgresServerEvent)
    }
  }

  #serve(event: PostgresServerEvent): void {
    const server = this.#server
    if (event.type === 'startup') server.authenticate({ method: 'scram-sha-256', password: 'pencil' })
    else if (event.type === 'authenticated') {
      server.sendKeyData(7, new Uint8Array(4))
      server.sendReady()
    } else this.#model.told(event)
  }
}
