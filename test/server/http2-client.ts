/** A client of HTTP/2 over memory, which shows all that comes. */

import { Driver, type DriverHandler, memoryTransports, type Transport } from '#src/io/index.js'
import {
  Fields,
  Http2Client,
  type Http2ClientEvent,
  type Http2ClientOptions,
  type Http2FatalEvent,
} from '#src/protocols/http2/index.js'
import type { Skitai } from '#src/server/index.js'

/** An answer, as far as it has come. */
export interface Answered {
  readonly streamId: number
  status: number
  fields: Fields
  text: string
  trailers: Fields
  /** Statuses of interim responses, and their fields. */
  readonly informs: [number, Fields][]
  complete: boolean
  /** The error code with which the server has reset it; -1 when it has not. */
  resetCode: number
}

/** A promise that came. */
export interface Promised {
  readonly streamId: number
  readonly promisedId: number
  readonly target: string
  readonly fields: Fields
}

/** What is not given is a GET of `/` without content. */
export interface AskedStream {
  readonly method?: string
  readonly fields?: readonly string[]
  readonly body?: string | Uint8Array
  readonly authority?: string
}

/** One connection to an engine. */
export class Http2Session implements DriverHandler<Http2ClientEvent> {
  readonly engine: Http2Client
  readonly driver: Driver<Http2ClientEvent>
  readonly answers: Map<number, Answered> = new Map()
  readonly pushes: Promised[] = []
  /** The last streams that the server has named in GOAWAY. */
  readonly goaways: number[] = []
  fatal: Http2FatalEvent | undefined
  /** The server has said that it knows extended CONNECT. */
  connectProtocol = false
  closed = false
  /** Content is left where it is: windows do not open. */
  reading = true
  #waiting: (() => void)[] = []

  constructor(transport: Transport, options: Http2ClientOptions = {}) {
    this.engine = new Http2Client(options)
    this.driver = new Driver(transport, this.engine, this)
  }

  /** Connects to an engine, which is told of the transport. */
  static to(engine: Skitai, options: Http2ClientOptions = {}): Http2Session {
    const [ours, theirs] = memoryTransports()
    engine.serve(theirs)
    const session = new Http2Session(ours, options)
    session.driver.start()
    return session
  }

  /** Sends a whole request; gives the number of its stream. */
  send(target: string, asked: AskedStream = {}): number {
    const { method = 'GET', fields = [], body = '', authority = 'example.com' } = asked
    this.driver.enter()
    const streamId = this.engine.sendRequest({ method, scheme: 'http', authority, target, fields }, body)
    this.#answer(streamId)
    return streamId
  }

  /** Begins a request, whose content follows; gives the number of its stream. */
  begin(target: string, fields: readonly string[] = []): number {
    this.driver.enter()
    const head = { method: 'POST', scheme: 'http', authority: 'example.com', target, fields }
    const streamId = this.engine.sendHead(head)
    this.#answer(streamId)
    return streamId
  }

  /** Sends content, and the end with it. */
  data(streamId: number, text: string, end = false): void {
    this.driver.enter()
    this.engine.sendData(streamId, Buffer.from(text))
    if (end) this.engine.sendEnd(streamId)
  }

  reset(streamId: number): void {
    this.driver.enter()
    this.engine.reset(streamId)
  }

  /** The answer on a stream, complete or reset. */
  async answer(streamId: number): Promise<Answered> {
    const answer = this.#answer(streamId)
    await this.until(() => answer.complete || answer.resetCode >= 0)
    return answer
  }

  /** Asks, and waits for the answer. */
  ask(target: string, asked: AskedStream = {}): Promise<Answered> {
    return this.answer(this.send(target, asked))
  }

  /** What has come on a stream. */
  seen(streamId: number): Answered {
    return this.#answer(streamId)
  }

  /** Waits until something holds. Fails when the connection ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.closed) throw new Error(`the connection has ended: ${this.fatal?.code ?? 'in order'}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Waits for the end of the connection. */
  async gone(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Leaves without a word. */
  leave(): void {
    this.driver.destroy()
  }

  onEvent(event: Http2ClientEvent): void {
    switch (event.type) {
      case 'inform':
        this.#answer(event.streamId).informs.push([event.status, event.fields])
        break
      case 'response':
        this.#onResponse(event.streamId, event.status, event.fields, event.endStream)
        break
      case 'data':
        this.#answer(event.streamId).text += Buffer.from(event.bytes).toString('latin1')
        if (this.reading) this.engine.consume(event.streamId, event.bytes.length)
        break
      case 'end':
        this.#answer(event.streamId).complete = true
        this.#answer(event.streamId).trailers = event.trailers
        break
      case 'push':
        this.pushes.push(event)
        break
      case 'reset':
        this.#answer(event.streamId).resetCode = event.errorCode
        break
      case 'goaway':
        this.goaways.push(event.lastStreamId)
        break
      case 'settings':
        this.connectProtocol = event.settings.connectProtocol
        break
      case 'fatal':
        this.fatal = event
        break
      default:
        break
    }
    this.#tell()
  }

  onFlushed(): void {}

  onClosed(): void {
    this.closed = true
    this.#tell()
  }

  onReleased(): void {}

  #onResponse(streamId: number, status: number, fields: Fields, complete: boolean): void {
    const answer = this.#answer(streamId)
    answer.status = status
    answer.fields = fields
    answer.complete = complete
  }

  #answer(streamId: number): Answered {
    const known = this.answers.get(streamId)
    if (known !== undefined) return known
    const trailers = Fields.empty
    const answer = {
      streamId,
      status: 0,
      fields: trailers,
      text: '',
      trailers,
      informs: [],
      complete: false,
      resetCode: -1,
    }
    this.answers.set(streamId, answer)
    return answer
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
