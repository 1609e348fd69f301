/** `was.mbox`: messages for the next page that a client sees, whichever that is. */

import type { Sealer } from './seal.js'
import { COOKIE_BYTES_MAX } from './cookie-text.js'
import { tooLate } from './late.js'
import type { SessionOrigin } from './session-carrier.js'
import type { SessionSettings } from './session-options.js'
import type { MessageBoxOptions } from './state-options.js'

/** A message. */
export interface BoxMessage {
  /** Counts from 1, once a box. */
  readonly id: number
  readonly category: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
  /** Seconds for which it is shown again and again; 0 for once, whenever it is read. */
  readonly validSeconds: number
  readonly message: string
  /** What was sent along. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** How a message is kept. */
export interface SendMessageOptions {
  /** Default 0: shown once. */
  readonly validSeconds?: number
  readonly extra?: Readonly<Record<string, unknown>>
}

/** Messages that nobody reads go, the oldest first. */
const MESSAGES_MAX = 32
const BOX_SECONDS = 30 * 24 * 60 * 60

interface Box {
  nextId: number
  address: string
  messages: BoxMessage[]
}

/**
 * The messages of one client, sealed in a cookie. What is read in the request that sent it is never in a cookie. When
 * there are more than 32, or more than a cookie has room for, the oldest ones go.
 */
export class MessageBox {
  readonly #settings: SessionSettings
  readonly #sealer: Sealer
  readonly #origin: SessionOrigin
  readonly #mount: (name: string, options?: MessageBoxOptions) => MessageBox
  #box: Box | undefined
  #offered = false
  #changed = false

  /** `mount` makes a box of another name. */
  constructor(
    settings: SessionSettings,
    sealer: Sealer,
    origin: SessionOrigin,
    mount: (name: string, options?: MessageBoxOptions) => MessageBox = () => this,
  ) {
    this.#settings = settings
    this.#sealer = sealer
    this.#origin = origin
    this.#mount = mount
  }

  /**
   * Leaves a message, and gives its id. `validSeconds` above 0 shows it in each request for so long. Throws
   * `RangeError` for one that fits in no cookie, `TypeError` for what JSON has no form for.
   */
  send(message: string, category = 'info', { validSeconds = 0, extra = {} }: SendMessageOptions = {}): number {
    if (typeof message !== 'string') throw new TypeError('a message is a string')
    if (!(validSeconds >= 0)) throw new TypeError(`validSeconds is 0 or more, not ${validSeconds}`)
    const box = this.#load()
    const sent = { id: box.nextId, category, createdMs: this.#origin.nowMs(), validSeconds, message, extra }
    if (Buffer.byteLength(JSON.stringify(sent)) > COOKIE_BYTES_MAX / 2)
      throw new RangeError(`a message of ${message.length} characters fits in no cookie: keep it in the session`)
    this.#change()
    box.nextId++
    box.messages.push(sent)
    if (box.messages.length > MESSAGES_MAX) box.messages.shift()
    box.address = this.#origin.address
    return sent.id
  }

  /** The same as `send`. */
  push(message: string, category?: string, options?: SendMessageOptions): number {
    return this.send(message, category, options)
  }

  /**
   * The messages, those of a category, or those with this value in `extra`; what is shown once is gone then.
   */
  get(): BoxMessage[]
  get(category: string): BoxMessage[]
  get(key: string, value: unknown): BoxMessage[]
  get(...[key, value]: [key?: string, value?: unknown]): BoxMessage[] {
    const box = this.#load()
    const found = box.messages.filter((each) =>
      key === undefined ? true : value === undefined ? each.category === key : extraOf(each, key) === value,
    )
    if (found.some(({ validSeconds }) => validSeconds === 0)) {
      this.#change()
      box.messages = box.messages.filter((each) => each.validSeconds > 0 || !found.includes(each))
    }
    return found
  }

  /** The same as `get`, but from another address than the last message was sent from, none, and the box is empty. */
  getv(): BoxMessage[]
  getv(category: string): BoxMessage[]
  getv(key: string, value: unknown): BoxMessage[]
  getv(...given: [key?: string, value?: unknown]): BoxMessage[] {
    if (this.sourceVerified()) return this.get(...(given as [string, unknown]))
    this.clear()
    return []
  }

  /** The ids of messages that have `key` in `extra`, with `value` if one is given. They stay. */
  search(key: string, value?: unknown): number[] {
    return this.#load()
      .messages.filter((each) => Object.hasOwn(each.extra, key) && (value === undefined || each.extra[key] === value))
      .map(({ id }) => id)
  }

  /** Removes a message; false if there is none. */
  remove(id: number): boolean {
    const box = this.#load()
    const at = box.messages.findIndex((each) => each.id === id)
    if (at < 0) return false
    this.#change()
    box.messages.splice(at, 1)
    return true
  }

  /** Removes all messages. */
  clear(): this {
    const box = this.#load()
    if (box.messages.length > 0) {
      this.#change()
      box.messages = []
    }
    return this
  }

  /** Whether the request comes from the address of the last message. */
  sourceVerified(): boolean {
    const { address } = this.#load()
    return address !== '' && address === this.#origin.address
  }

  /** Whether there is any message (in the box of that name). */
  exists(name?: string): boolean {
    return name === undefined ? this.#load().messages.length > 0 : this.#mount(name).exists()
  }

  /**
   * A box of its own beside this one, in a cookie of its own; what the options leave open is as the app says for all
   * boxes. Within a request, a name is the box that it was first. Throws `TypeError` for options that cannot be.
   */
  mount(name: string, options?: MessageBoxOptions): MessageBox {
    return this.#mount(name, options)
  }

  /** For the server: writes the box into its cookie. */
  static commit(box: MessageBox): void {
    if (!box.#changed) return
    box.#changed = false
    box.#commit()
  }

  #load(): Box {
    if (this.#box !== undefined) return this.#box
    const sent = this.#origin.cookies.get(this.#settings.cookie)
    this.#offered = sent !== undefined
    const nowMs = this.#origin.nowMs()
    const opened = sent === undefined ? undefined : this.#sealer.open(sent, this.#settings.context, nowMs)
    const box = (opened && readBox(opened.text)) ?? { nextId: 1, address: '', messages: [] }
    box.messages = box.messages.filter(
      ({ validSeconds, createdMs }) => validSeconds === 0 || createdMs + validSeconds * 1000 > nowMs,
    )
    this.#box = box
    return box
  }

  /** Before each change. */
  #change(): void {
    if (this.#origin.answered()) throw tooLate('a message can be sent or read', 'send and read messages')
    if (this.#changed) return
    this.#changed = true
    this.#origin.onChange()
  }

  #commit(): void {
    const box = this.#load()
    const { cookie, place, secureByRequest, context } = this.#settings
    const options = { ...place, secure: place.secure === true || (secureByRequest && this.#origin.encrypted) }
    let sealed = ''
    const expiresAtMs = this.#origin.nowMs() + BOX_SECONDS * 1000
    while (box.messages.length > 0) {
      sealed = this.#sealer.seal(boxText(box), context, expiresAtMs)
      if (cookie.length + 1 + sealed.length <= COOKIE_BYTES_MAX) break
      box.messages.shift()
    }
    if (box.messages.length > 0) this.#origin.cookies.set(cookie, sealed, { ...options, expires: BOX_SECONDS })
    else if (this.#offered) this.#origin.cookies.set(cookie, '', { ...options, expires: 'now' })
  }
}

function extraOf({ extra }: BoxMessage, key: string): unknown {
  return Object.hasOwn(extra, key) ? extra[key] : undefined
}

function boxText({ nextId, address, messages }: Box): string {
  const list = messages.map(({ id, category, createdMs, validSeconds, message, extra }) => [
    id,
    category,
    createdMs,
    validSeconds,
    message,
    extra,
  ])
  return JSON.stringify([nextId, address, list])
}

/** Reads what `boxText` wrote: nobody else can have sealed it, but an older version of us may have. */
function readBox(text: string): Box | undefined {
  try {
    const [nextId, address, list] = JSON.parse(text) as [
      number,
      string,
      [number, string, number, number, string, object][],
    ]
    const messages = list.map(([id, category, createdMs, validSeconds, message, extra]) => ({
      id,
      category,
      createdMs,
      validSeconds,
      message,
      extra: extra as Readonly<Record<string, unknown>>,
    }))
    return { nextId, address, messages }
  } catch {
    return undefined
  }
}
