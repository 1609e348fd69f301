/**
 * What a conversation between a client and a server of Redis must be: the server is told what was asked, in order; the
 * client hears what was said, in order, each with the number of its own command, and messages between.
 */

import {
  type AnswerValue,
  Attributed,
  type RedisClient,
  type RedisClientEvent,
  type RedisServer,
  type RedisServerEvent,
  ReplyError,
  Streamed,
} from 'skitai/redis'
import { ensure } from './http1-oracles.js'

/** A command that the server was told of, and has not answered. */
interface Asked {
  readonly id: number
  readonly name: string
  readonly names: readonly string[]
}

const KINDS: Readonly<Record<string, string>> = { SUBSCRIBE: 'channel', PSUBSCRIBE: 'pattern', SSUBSCRIBE: 'shard' }

/** Channels and patterns are counted together. */
const TOGETHER = ['channel', 'pattern']

/** One conversation, as it should go. */
export class RedisModel {
  readonly #asked: Asked[] = []
  readonly #told: Asked[] = []
  readonly #expected: string[] = []
  /** As the server has them. */
  readonly #subscribed: Readonly<Record<string, Set<string>>> = {
    channel: new Set(),
    pattern: new Set(),
    shard: new Set(),
  }
  #count = 0

  /** Whether the server owes an answer. */
  get owes(): boolean {
    return this.#told.length > 0
  }

  /** Whether a message may be sent. */
  get hasSubscribers(): boolean {
    return Object.values(this.#subscribed).some(({ size }) => size > 0)
  }

  /** The client gives a command, if it fits: throws what the engine throws. */
  ask(client: RedisClient, name: string, names: readonly string[]): void {
    // Of two ends of one subscription nobody can tell which is which.
    if (client.over || (name === 'SUNSUBSCRIBE' && this.#isMoving())) return
    const id = client.command([name, ...names])
    this.#asked.push({ id, name, names })
  }

  /** The server is told of a command. */
  told({ name, args }: RedisServerEvent & { readonly type: 'command' }): void {
    const asked = this.#asked.shift()
    const words = args.map((each) => Buffer.from(each).toString())
    ensure(asked !== undefined, `${name} was never asked`)
    ensure(asked.name === name && asked.names.join() === words.join(), `${asked.name} was told as ${name}`)
    this.#told.push(asked)
  }

  /** The server answers the command that has waited longest; `how` chooses with what. */
  answer(server: RedisServer, how: number): void {
    const asked = this.#told.shift()
    if (asked === undefined || server.over) return
    const { id, name, names } = asked
    const kind = KINDS[name.replace(/^(.?)UN/, '$1')]
    const fails = how % 8 === 0 && name !== 'QUIT' && name !== 'RESET'
    const number = ++this.#count
    if (fails) {
      server.reply(new ReplyError(`ERR ${number}`))
      this.#expected.push(`error ${id} ERR ${number}`)
    } else if (kind !== undefined) this.#confirm(server, asked, kind)
    else if (name === 'RESET') this.#reset(server, id)
    else {
      server.reply(valueOf(how, number, names))
      this.#expected.push(`reply ${id}`)
    }
  }

  #confirm(server: RedisServer, { id, name, names }: Asked, kind: string): void {
    const ends = name.includes('UNSUB')
    const set = this.#subscribed[kind]!
    const all: (string | null)[] = names.length > 0 ? [...names] : [...set]
    if (all.length === 0) all.push(null)
    for (const [index, each] of all.entries()) {
      if (each !== null) {
        if (ends) set.delete(each)
        else set.add(each)
      }
      const count = this.#size(kind)
      const last = index === all.length - 1
      server.push([name.toLowerCase(), each, count], last)
      this.#expected.push(
        `${ends ? 'unsubscribed' : 'subscribed'} ${id} ${kind} ${each} ${count}${last ? ' last' : ''}`,
      )
    }
  }

  #size(kind: string): number {
    if (!TOGETHER.includes(kind)) return this.#subscribed[kind]!.size
    return TOGETHER.reduce((sum, each) => sum + this.#subscribed[each]!.size, 0)
  }

  #reset(server: RedisServer, id: number): void {
    server.reply('RESET')
    server.protocol = 2
    for (const set of Object.values(this.#subscribed)) set.clear()
    this.#expected.push(`reply ${id}`)
  }

  /** The server publishes something to whoever has subscribed. */
  publish(server: RedisServer): void {
    if (server.over) return
    const payload = String(++this.#count)
    for (const [kind, names] of Object.entries(this.#subscribed)) {
      const [name] = names
      if (name === undefined) continue
      if (kind === 'pattern') server.push(['pmessage', name, 'c', payload])
      else server.push([kind === 'shard' ? 'smessage' : 'message', name, payload])
      this.#expected.push(`message ${kind} ${kind === 'pattern' ? 'c' : name} ${payload}`)
    }
  }

  /** The server ends the subscription to a channel of a shard by itself: its slot has moved. */
  move(server: RedisServer): void {
    const { shard } = this.#subscribed
    const [name] = shard!
    if (name === undefined || server.over || this.#isUnsubscribing()) return
    shard!.delete(name)
    server.push(['sunsubscribe', name, shard!.size])
    this.#expected.push(`unsubscribed 0 shard ${name} ${shard!.size}`)
  }

  #isUnsubscribing(): boolean {
    return [...this.#asked, ...this.#told].some(({ name }) => name === 'SUNSUBSCRIBE')
  }

  /** The server has ended something, and the client does not know. */
  #isMoving(): boolean {
    return this.#expected.some((line) => line.startsWith('unsubscribed 0'))
  }

  /** The client hears something. */
  heard(event: RedisClientEvent): void {
    const line = lineOf(event)
    if (line === undefined) return
    const expected = this.#expected.shift()
    ensure(line === expected, `heard ${line}, not ${expected}`)
  }

  /** Whether all that was asked was answered, and all that was said was heard. */
  get settled(): boolean {
    return this.#asked.length === 0 && this.#told.length === 0 && this.#expected.length === 0
  }

  /** All that was said was heard, and all that was asked was answered. */
  ensureHeard(): void {
    ensure(this.#asked.length === 0 && this.#told.length === 0, 'a command is not answered')
    ensure(this.#expected.length === 0, `not heard: ${this.#expected.join(', ')}`)
  }
}

function lineOf(event: RedisClientEvent): string | undefined {
  switch (event.type) {
    case 'reply':
      return `reply ${event.id}`
    case 'error':
      return `error ${event.id} ${event.error.message}`
    case 'message':
      return `message ${event.kind} ${String(event.channel)} ${String(event.payload)}`
    case 'subscribed':
    case 'unsubscribed': {
      const { type, id, kind, channel, count, last } = event
      return `${type} ${id} ${kind} ${String(channel)} ${count}${last ? ' last' : ''}`
    }
    default:
      return undefined
  }
}

/** Something of every type. */
function valueOf(how: number, number: number, names: readonly string[]): AnswerValue {
  switch ((how >> 3) % 8) {
    case 0:
      return number
    case 1:
      return String(number).repeat(how)
    case 2:
      return [number, names, null]
    case 3:
      return { number, 1.5: new Set(names) }
    case 4:
      return new Attributed(names, { number })
    case 5:
      return new Streamed([number, new Streamed(new Map([[number, names]]))])
    case 6:
      return new Uint8Array(how * 40)
    default:
      return null
  }
}
