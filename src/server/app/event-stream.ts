/** Server-sent events (WHATWG HTML section 9.2), written so that no text can begin an event or a field of its own. */

import { inspect } from 'node:util'
import type { OpenStreams } from './open-streams.js'

/** One event. */
export interface ServerSentEvent {
  /** Text; each of its lines becomes a line of data. Anything but text is sent as JSON. */
  readonly data?: unknown
  /** The type that clients listen to; without line ends. `message` by default. */
  readonly event?: string
  /** What the client names in Last-Event-ID when it comes back; without line ends and NUL. */
  readonly id?: string
  /** After how long a client comes back, in whole milliseconds. */
  readonly retryMs?: number
  /** A remark that clients do not see. */
  readonly comment?: string
}

/** How a stream is kept alive. */
export interface EventStreamOptions {
  /** A comment is sent after so long without an event, so that nobody between takes the stream for dead. Default 15. */
  readonly keepAliveSeconds?: number
}

const KEEP_ALIVE_SECONDS = 15
const KEEP_ALIVE = ':\n\n'
// CR LF is one end, CR and LF alone are ends as well.
const LINE_END = /\r\n|\r|\n/

/**
 * The text of an event. Throws `TypeError` for a line end in `id` or `event`, NUL in `id`, or a `retryMs` that is none.
 */
export function encodeEvent({ data, event, id, retryMs, comment }: ServerSentEvent): string {
  let text = ''
  if (comment !== undefined) for (const line of comment.split(LINE_END)) text += `: ${line}\n`
  if (event !== undefined) text += `event: ${oneLine('event', event)}\n`
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`
  if (retryMs !== undefined) {
    if (!Number.isSafeInteger(retryMs) || retryMs < 0) throw new TypeError(`not a time in milliseconds: ${retryMs}`)
    text += `retry: ${retryMs}\n`
  }
  if (data !== undefined) {
    const lines = typeof data === 'string' ? data : ((JSON.stringify(data) as string | undefined) ?? '')
    for (const line of lines.split(LINE_END)) text += `data: ${line}\n`
  }
  return `${text}\n`
}

/** Throws `TypeError` for what a client would see nothing of. */
function eventOf(value: unknown): ServerSentEvent {
  if (typeof value === 'string') return { data: value }
  if (typeof value === 'object' && value !== null && MEMBERS.some((name) => name in value)) return value
  throw new TypeError(`an event is text, or an object with any of ${MEMBERS.join(', ')}; not ${inspect(value)}`)
}

const MEMBERS: readonly (keyof ServerSentEvent)[] = ['data', 'event', 'id', 'retryMs', 'comment']

function oneLine(name: string, value: string): string {
  // NUL makes clients ignore an id (section 9.2.6).
  if (/[\r\n]/.test(value) || (name === 'id' && value.includes('\0')))
    throw new TypeError(`the ${name} of an event has no line end: ${JSON.stringify(value)}`)
  return value
}

type EventSource = AsyncIterator<ServerSentEvent | string> | Iterator<ServerSentEvent | string>

type Came = { readonly result: IteratorResult<ServerSentEvent | string> } | { readonly error: unknown }

/** The content of a response: the events as they come, and a sign of life in between; it ends when `streams` do. */
export function eventStream(
  events: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
  { keepAliveSeconds = KEEP_ALIVE_SECONDS }: EventStreamOptions = {},
  streams?: OpenStreams,
): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator]: () =>
      new EventTexts(
        Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator](),
        keepAliveSeconds * 1000,
        streams,
      ),
  }
}

/**
 * No generator: the end of one waits for the event that it waits for itself, and a client that left would not be seen.
 */
class EventTexts implements AsyncIterator<string> {
  readonly #source: EventSource
  readonly #silenceMs: number
  /** Whether the source was asked for an event that nobody was given yet. */
  #asked = false
  /** What it has answered. */
  #came: Came | undefined
  /** Ends the waiting for it. */
  #wake: () => void = () => {}
  #timer: NodeJS.Timeout | undefined
  readonly #streams: OpenStreams | undefined
  #begun = false
  #ended = false
  readonly #end = (): void => {
    this.#ended = true
    this.#wake()
  }

  constructor(source: EventSource, silenceMs: number, streams: OpenStreams | undefined) {
    this.#source = source
    this.#silenceMs = silenceMs
    this.#streams = streams
  }

  async next(): Promise<IteratorResult<string>> {
    if (!this.#begun) this.#streams?.add(this.#end)
    this.#begun = true
    if (this.#ended) return this.#finish()
    this.#ask()
    if (this.#came === undefined) await this.#silence()
    clearTimeout(this.#timer)
    const came = this.#came
    if (came === undefined) return this.#ended ? this.#finish() : { done: false, value: KEEP_ALIVE }
    this.#came = undefined
    this.#asked = false
    if ('error' in came || came.result.done === true) this.#streams?.delete(this.#end)
    if ('error' in came) throw came.error
    if (came.result.done === true) return { done: true, value: undefined }
    try {
      return { done: false, value: encodeEvent(eventOf(came.result.value)) }
    } catch (error) {
      // Nobody asks again, and the source does not know.
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<string>> {
    clearTimeout(this.#timer)
    this.#streams?.delete(this.#end)
    this.#wake()
    await this.#source.return?.()
    return { done: true, value: undefined }
  }

  /** The engine closes: a source that waits for its next event is not waited for. */
  #finish(): IteratorResult<string> {
    this.return().catch(() => {})
    return { done: true, value: undefined }
  }

  /** One listener an event, however long it takes: a race for each sign of life would keep them all. */
  #ask(): void {
    if (this.#asked) return
    this.#asked = true
    Promise.resolve(this.#source.next()).then(
      (result) => this.#take({ result }),
      (error: unknown) => this.#take({ error }),
    )
  }

  #take(came: Came): void {
    this.#came = came
    this.#wake()
  }

  /** Passes when something has come, or nothing for so long. */
  #silence(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#silenceMs < Infinity) this.#timer = setTimeout(resolve, this.#silenceMs)
    })
  }
}
