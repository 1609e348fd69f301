/** Engines that listen on a free port, and raw clients. */

import { once } from 'node:events'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { after } from 'node:test'
import { type App, type RunOptions, Skitai, type SkitaiOptions } from '#src/server/index.js'

/** An engine without a log whose unexpected errors are kept. */
export interface Quiet {
  readonly engine: Skitai
  readonly errors: unknown[]
}

export function quiet(options: SkitaiOptions = {}): Quiet {
  const errors: unknown[] = []
  return { engine: new Skitai({ log: false, onError: (error) => void errors.push(error), ...options }), errors }
}

/** The same with an app that is mounted at `/`. */
export function serving(app: App, options?: SkitaiOptions): Quiet {
  const made = quiet(options)
  made.engine.mount('/', app)
  return made
}

/** An engine that listens. */
export interface Served extends Quiet {
  readonly port: number
  readonly url: string
}

/** Runs an engine on a free port of this machine until the tests of the file are over. */
export async function serve(
  mount: (engine: Skitai) => unknown,
  options: SkitaiOptions = {},
  run: RunOptions = {},
): Promise<Served> {
  const made = quiet(options)
  mount(made.engine)
  const { port, url } = await made.engine.run({ address: '127.0.0.1', port: 0, signals: false, ...run })
  after(() => made.engine.close({ timeoutMs: 0 }))
  return { ...made, port, url }
}

/** A client that shows what is on the wire, one character an octet. */
export class Wire {
  readonly socket: Socket
  /** All that has come. */
  text = ''
  /** The server has half-closed. */
  ended = false
  /** The socket is gone. */
  closed = false
  /** Why, if not in order. */
  error: NodeJS.ErrnoException | undefined
  #waiting: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
      this.#tell()
    })
    socket.on('end', () => {
      this.ended = true
      this.#tell()
    })
    socket.on('error', (error) => void (this.error = error))
    socket.on('close', () => {
      this.closed = true
      this.#tell()
    })
  }

  /** Connects; the client's side stays open until it is ended. */
  static async to(place: number | NetConnectOpts): Promise<Wire> {
    const options = typeof place === 'number' ? { port: place, host: '127.0.0.1' } : place
    const socket = connect({ ...options, allowHalfOpen: true } as NetConnectOpts)
    const wire = new Wire(socket)
    await once(socket, 'connect')
    return wire
  }

  send(text: string): this {
    this.socket.write(Buffer.from(text, 'latin1'))
    return this
  }

  /** Waits until the text matches. Fails when the connection ends before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      if (this.closed) throw new Error(`the connection ended before ${pattern} came: ${JSON.stringify(this.text)}`)
      await this.#change()
    }
    return this.text
  }

  /** Waits for the end that the server makes, then closes. Gives all that came. */
  async rest(): Promise<string> {
    while (!this.ended && !this.closed) await this.#change()
    this.socket.end()
    await this.gone()
    return this.text
  }

  /** Waits until the socket is gone. */
  async gone(): Promise<void> {
    while (!this.closed) await this.#change()
  }

  /** Leaves without a word, as a client does that is killed. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** A promise with its ends in the open. */
export interface Signal<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
}

export function signal<Value = void>(): Signal<Value> {
  let resolve!: (value: Value) => void
  const promise = new Promise<Value>((done) => (resolve = done))
  return { promise, resolve }
}

/** Octets that many clients and servers make the same way. */
export const octets = (size: number): Buffer => Buffer.alloc(size, 'skitai 0123456789 ')
