/**
 * Requests without a socket: the real engines of both sides, wired to each other in memory. What a test sees this way
 * is what a client sees.
 */

import { Driver, type DriverHandler } from '../../io/driver.js'
import { memoryTransports } from '../../io/memory-transport.js'
import type { Transport } from '../../io/transport.js'
import type { Engine } from '../../protocols/core/engine.js'
import { Fields } from '../../protocols/core/fields.js'
import { Http1Client } from '../../protocols/http1/client.js'
import { http1Faults } from '../../protocols/http1/errors.js'
import type { Http1ClientEvent } from '../../protocols/http1/events.js'
import { Http2Client } from '../../protocols/http2/client.js'
import { http2Faults } from '../../protocols/http2/errors.js'
import type { Http2ClientEvent } from '../../protocols/http2/events.js'
import { type InjectedRequest, InjectedResponse, type PreparedRequest, prepareRequest } from './messages.js'

/** Takes the server's end of a connection. */
export type Serve = (transport: Transport) => void

/**
 * Sends one request over a connection of its own, and resolves with the response. Rejects with `UsageError` for a
 * request that cannot be sent, and when the server breaks off.
 */
export async function inject(serve: Serve, request: InjectedRequest | string): Promise<InjectedResponse> {
  const prepared = await prepareRequest(request)
  const http2 = typeof request !== 'string' && request.http2 === true
  prepared.signal?.throwIfAborted()
  const [here, there] = memoryTransports()
  serve(there)
  return new Promise((resolve, reject) => {
    const result = new Result(prepared, resolve, reject)
    if (http2) new Http2Asker(here, result).start()
    else new Http1Asker(here, result).start()
  })
}

/** What has come so far. */
class Result {
  readonly request: PreparedRequest
  /** Called once the response is complete, or never will be. */
  onSettled: () => void = () => {}
  readonly #resolve: (response: InjectedResponse) => void
  readonly #reject: (error: Error) => void
  #status = 0
  #fields: Fields = Fields.empty
  #pieces: Uint8Array[] = []

  constructor(request: PreparedRequest, resolve: (response: InjectedResponse) => void, reject: (error: Error) => void) {
    this.request = request
    this.#resolve = resolve
    this.#reject = reject
    request.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  head(status: number, fields: Fields): void {
    this.#status = status
    this.#fields = fields
  }

  /** A view that is valid during the call. */
  data(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice())
  }

  end(trailers: Fields): void {
    this.#resolve(new InjectedResponse(this.#status, this.#fields, trailers, Buffer.concat(this.#pieces)))
    this.#settle()
  }

  fail(message: string): void {
    const { method, path } = this.request
    this.#reject(new Error(`${method} ${path}: ${message}`))
    this.#settle()
  }

  /** Ends it with an error of this side. */
  refuse(error: unknown): void {
    this.#reject(error as Error)
    this.#settle()
  }

  #settle(): void {
    this.request.signal?.removeEventListener('abort', this.#onAbort)
    this.onSettled()
  }

  readonly #onAbort = (): void => {
    this.refuse(this.request.signal!.reason)
  }
}

/** A client of one request. */
abstract class Asker<Event extends { readonly type: string }> implements DriverHandler<Event> {
  protected readonly result: Result
  readonly #driver: Driver<Event>

  constructor(transport: Transport, engine: Engine<Event>, result: Result) {
    this.#driver = new Driver(transport, engine, this)
    this.result = result
    result.onSettled = () => this.#driver.destroy()
  }

  start(): void {
    try {
      this.#driver.start(undefined, () => this.ask(this.result.request))
    } catch (error) {
      // The server waits for a request on its end of the connection.
      this.result.refuse(error)
    }
  }

  protected abstract ask(request: PreparedRequest): void
  abstract onEvent(event: Event): void

  onFlushed(): void {}

  onClosed(error: Error | undefined): void {
    this.result.fail(error?.message ?? 'the server has broken off')
  }

  onReleased(transport: Transport): void {
    transport.destroy()
  }
}

class Http1Asker extends Asker<Http1ClientEvent> {
  readonly #engine: Http1Client

  constructor(transport: Transport, result: Result) {
    const engine = new Http1Client()
    super(transport, engine, result)
    this.#engine = engine
  }

  protected ask({ method, path, authority, fields, body }: PreparedRequest): void {
    this.#engine.sendRequest(method, path, ['host', authority, ...fields], body)
  }

  onEvent(event: Http1ClientEvent): void {
    switch (event.type) {
      case 'response':
        this.result.head(event.status, event.fields)
        return
      case 'data':
        this.result.data(event.bytes)
        return
      case 'end':
        this.result.end(event.trailers)
        return
      case 'handover':
        this.result.end(Fields.empty)
        return
      case 'fatal':
        this.result.fail(http1Faults[event.code].text)
        return
      default:
        return
    }
  }
}

class Http2Asker extends Asker<Http2ClientEvent> {
  readonly #engine: Http2Client

  constructor(transport: Transport, result: Result) {
    const engine = new Http2Client()
    super(transport, engine, result)
    this.#engine = engine
  }

  protected ask({ method, path, authority, fields, body }: PreparedRequest): void {
    this.#engine.sendRequest({ method, scheme: 'http', authority, target: path, fields }, body)
  }

  onEvent(event: Http2ClientEvent): void {
    switch (event.type) {
      case 'response':
        this.result.head(event.status, event.fields)
        if (event.endStream) this.result.end(Fields.empty)
        return
      case 'data':
        this.result.data(event.bytes)
        this.#engine.consume(event.streamId, event.bytes.length)
        return
      case 'end':
        this.result.end(event.trailers)
        return
      case 'reset':
        this.result.fail(`the server has reset the stream with error code ${event.errorCode}`)
        return
      case 'streamFault':
      case 'fatal':
        this.result.fail(http2Faults[event.code].text)
        return
      default:
        return
    }
  }
}
