/**
 * Sequences of commands on both roles of Redis at once, with octets that go to and fro in pieces, and time that passes.
 * A command works, or throws a UsageError and changes nothing; no engine finds a fault in the other; what was asked is
 * told, and what was said is heard.
 */

import { RedisClient, type RedisClientEvent, RedisServer, type RedisServerEvent, UsageError } from 'skitai/redis'
import { ensure } from './http1-oracles.js'
import { RedisModel } from './redis-model.js'

/** One octet chooses what happens, the next ones say with what. */
export function fuzz(data: Uint8Array): void {
  const run = new Run(data)
  while (!run.empty) run.step()
  run.finish()
}

/** What an honest peer may bring about: deadlines, and an end at any place. */
const HONEST: readonly string[] = ['REDIS_STARTUP_TIMEOUT', 'REDIS_WRITE_TIMEOUT', 'REDIS_TRUNCATED']

/** What a client may ask for. */
export const ASKED = ['GET', 'GET', 'MULTI', 'EXEC', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE'] as const
const MORE = ['PUNSUBSCRIBE', 'SUNSUBSCRIBE', 'PING', 'RESET', 'HELLO', 'GET', 'GET', 'GET'] as const
const NAMES = ['a', 'b', 'été', 'x'.repeat(50)]

/** One end: what it has written that is not carried over, and its last event. */
interface End {
  readonly name: string
  readonly engine: RedisClient | RedisServer
  wire: Uint8Array[]
  last: string
}

class Run {
  readonly #data: Uint8Array
  #at = 0
  #now = 0
  readonly #client: RedisClient
  readonly #server: RedisServer
  readonly #model = new RedisModel()
  readonly #ends: readonly [client: End, server: End]
  /** The server answers by itself. */
  #settling = false

  constructor(data: Uint8Array) {
    this.#data = data
    const options = this.#octet()
    const limits = (options & 1) !== 0 ? { outputBytesMax: 60 } : {}
    this.#client = new RedisClient({ limits, protocol: options & 2 ? 2 : 3 })
    this.#server = new RedisServer({ limits: (options & 4) !== 0 ? { outputBytesMax: 60 } : {} })
    this.#ends = [
      { name: 'client', engine: this.#client, wire: [], last: '' },
      { name: 'server', engine: this.#server, wire: [], last: '' },
    ]
    for (const { engine } of this.#ends) engine.start(0)
    this.#drain()
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  step(): void {
    const choice = this.#octet()
    const [client, server] = this.#ends
    if (choice < 80) {
      const [from, to] = choice & 1 ? [client, server] : [server, client]
      this.#carry(from, to, choice < 50 ? Infinity : this.#octet())
    } else if (choice < 84) this.#pass(this.#octet() * 100)
    else if (choice === 84) this.#ends[this.#octet() & 1]!.engine.receiveEnd(this.#now)
    else if (choice < 180) this.#command(() => this.#byClient(choice))
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
      this.#client.close()
      this.#drain()
      this.#server.receiveEnd(this.#now)
      this.#drain()
      ensure(this.#server.over, 'the server goes on behind the end')
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
        const before = from.wire.length
        this.#carry(from, to, Infinity)
        if (from.wire.length < before) moved = true
      }
      if (this.#settling && this.#model.owes && server.last === '') {
        this.#model.answer(this.#server, left)
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
    if (choice < 165) {
      const how = this.#octet()
      const name = (how & 8 ? MORE : ASKED)[how & 7]!
      const names = NAMES.slice(0, (how >> 4) & 3)
      // With RESP2 nothing but PING is answered while something is subscribed to, and that is not known yet.
      if (name.endsWith('SUBSCRIBE') && client.protocol === 2 && client.pendingCount > 0) return
      if (client.protocol === 2 && name !== 'PING' && this.#model.hasSubscribers && !name.endsWith('SUBSCRIBE')) return
      this.#model.ask(client, name, name.endsWith('SUBSCRIBE') && !name.includes('UN') ? [NAMES[how & 3]!] : names)
    } else if (choice < 172) client.hold(this.#octet() < 128)
    else if (choice === 172 && this.#octet() < 30) client.close()
    else if (choice === 173 && this.#octet() < 30) client.abort()
  }

  #byServer(choice: number): void {
    const server = this.#server
    if (choice < 235) this.#model.answer(server, this.#octet())
    else if (choice < 238) server.hold(this.#octet() < 128)
    else if (choice < 245) this.#model.publish(server)
    else if (choice < 247) this.#model.move(server)
    else if (choice === 248 && this.#octet() < 30) server.close()
    else if (choice === 249 && this.#octet() < 30) server.abort()
    // What fits nothing: a UsageError, whatever the state.
    else if (choice === 250) server.push([])
    else if (server.unansweredCount === 0) server.reply(1)
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

  #see(end: End, event: RedisClientEvent | RedisServerEvent): void {
    ensure(end.last === '', `${event.type} after ${end.last}`)
    if (event.type === 'closed' || event.type === 'fatal') {
      end.last = event.type
      const code = event.type === 'fatal' ? event.code : ''
      ensure(code === '' || HONEST.includes(code), `the ${end.name} finds ${code} in the other`)
    } else if (event.type !== 'command') {
      this.#model.heard(event)
    } else if (event.name === 'HELLO') {
      this.#server.protocol = 3
      this.#server.reply({ proto: 3 })
    } else {
      this.#model.told(event)
    }
  }
}
