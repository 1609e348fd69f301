/** Server-sent events (WHATWG HTML section 9.2), written so that no text can begin an event or a field of its own. */

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

function oneLine(name: string, value: string): string {
  // NUL makes clients ignore an id (section 9.2.6).
  if (/[\r\n]/.test(value) || (name === 'id' && value.includes('\0')))
    throw new TypeError(`the ${name} of an event has no line end: ${JSON.stringify(value)}`)
  return value
}

type EventSource = AsyncIterator<ServerSentEvent | string> | Iterator<ServerSentEvent | string>

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
  readonly #streams: OpenStreams | undefined
  #pending: Promise<IteratorResult<ServerSentEvent | string>> | undefined
  #timer: NodeJS.Timeout | undefined
  #begun = false
  #ended = false
  #wake: () => void = () => {}
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
    this.#pending ??= Promise.resolve(this.#source.next())
    const result = await Promise.race([this.#pending, this.#silence()])
    clearTimeout(this.#timer)
    if (result === undefined) return this.#ended ? this.#finish() : { done: false, value: KEEP_ALIVE }
    this.#pending = undefined
    if (result.done === true) {
      this.#streams?.delete(this.#end)
      return { done: true, value: undefined }
    }
    const event = typeof result.value === 'string' ? { data: result.value } : result.value
    return { done: false, value: encodeEvent(event) }
  }

  async return(): Promise<IteratorResult<string>> {
    clearTimeout(this.#timer)
    this.#streams?.delete(this.#end)
    // What is still to come has nobody to tell.
    this.#pending?.catch(() => {})
    await this.#source.return?.()
    return { done: true, value: undefined }
  }

  /** The engine closes: a source that waits for its next event is not waited for. */
  #finish(): IteratorResult<string> {
    this.return().catch(() => {})
    return { done: true, value: undefined }
  }

  /** Passes when nothing has come for so long, or nothing is to come any more. */
  #silence(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(undefined)
      if (this.#silenceMs < Infinity) this.#timer = setTimeout(() => resolve(undefined), this.#silenceMs)
    })
  }
}
