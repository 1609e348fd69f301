/** WebSockets to an engine, over HTTP/1.1 and over a stream of HTTP/2, each with and without TLS. */

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after } from 'node:test'
import { connect as connectTls } from 'node:tls'
import {
  Driver,
  type DriverHandler,
  type SelfSigned,
  SocketTransport,
  StreamTransport,
  type Transport,
  WebSocketLink,
  zlibCompression,
} from '#src/io/index.js'
import { Fields, Http1Client, type Http1ClientEvent } from '#src/protocols/http1/index.js'
import { Http2Client, type Http2ClientEvent, type RequestToSend } from '#src/protocols/http2/index.js'
import {
  type Agreement,
  type DeflateOptions,
  handshakeFields,
  readAnswer,
  WebSocketClient,
  type WebSocketOptions,
} from '#src/protocols/websocket/index.js'
import { App, type Skitai, type SkitaiOptions } from '#src/server/index.js'
import { makeCertificate } from '../io/certificate.js'
import { type Served, serve } from './serving.js'

/** What a client asks for. */
export interface SocketRequest {
  /** Flat list: name, value. */
  readonly fields?: readonly string[]
  readonly protocols?: readonly string[]
  readonly deflate?: DeflateOptions
  readonly options?: WebSocketOptions
  readonly host?: string
}

/** What came of it. */
export interface Opened {
  /** 101, or 200 over HTTP/2; another one when the server has refused. */
  readonly status: number
  readonly fields: Fields
  readonly protocol: string
  /** Only where it was accepted. */
  readonly link: WebSocketLink
  /** What carries it, all of it. */
  readonly connection: Transport
}

/** A way to open WebSockets. */
export interface Carrier {
  readonly name: string
  readonly server: Served
  open(target: string, request?: SocketRequest): Promise<Opened>
}

const sha1 = (key: string): string => createHash('sha1').update(key).digest('base64')
const maskingKey = (): number => randomBytes(4).readUInt32BE()

/** One engine for plain sockets and one for TLS, and all ways to them. */
export async function carriers(
  mount: (engine: Skitai) => unknown,
  options: SkitaiOptions = {},
): Promise<readonly Carrier[]> {
  const tls = makeCertificate()
  const plain = await serve(mount, options)
  const secure = await serve(mount, options, { tls })
  return [
    carrier('HTTP/1.1', plain, undefined, false),
    carrier('HTTP/1.1 over TLS', secure, tls, false),
    carrier('HTTP/2', plain, undefined, true),
    carrier('HTTP/2 over TLS', secure, tls, true),
  ]
}

function carrier(name: string, server: Served, tls: SelfSigned | undefined, http2: boolean): Carrier {
  return {
    name,
    server,
    open: async (target, request = {}) => {
      const socket = await connected(server.port, tls, http2)
      const connection = new SocketTransport(socket)
      after(() => connection.destroy())
      const host = request.host ?? `localhost:${server.port}`
      return http2 ? new Stream(connection).open(host, target, request) : openPlain(connection, host, target, request)
    },
  }
}

async function connected(port: number, tls: SelfSigned | undefined, http2: boolean): Promise<Socket> {
  const host = '127.0.0.1'
  const socket =
    tls === undefined
      ? connect({ port, host, allowHalfOpen: true })
      : connectTls({ port, host, servername: 'localhost', ca: tls.cert, ALPNProtocols: [http2 ? 'h2' : 'http/1.1'] })
  await once(socket, tls === undefined ? 'connect' : 'secureConnect')
  return socket
}

function linkOn(transport: Transport, agreement: Agreement, request: SocketRequest): WebSocketLink {
  const engine = new WebSocketClient({
    ...request.options,
    maskingKey,
    deflate: agreement.deflate,
    compression: zlibCompression,
  })
  return new WebSocketLink(transport, engine)
}

function agreementOf(fields: Fields, asked: Parameters<typeof readAnswer>[1]): Agreement {
  const agreement = readAnswer(fields, asked, sha1)
  if (typeof agreement === 'string') throw new Error(agreement)
  return agreement
}

function openPlain(connection: Transport, host: string, target: string, request: SocketRequest): Promise<Opened> {
  const asked = { key: randomBytes(16).toString('base64'), protocols: request.protocols, deflate: request.deflate }
  const engine = new Http1Client()
  return new Promise((resolve, reject) => {
    let status = 0
    let fields = Fields.empty
    let rest: Uint8Array = new Uint8Array(0)
    const handler: DriverHandler<Http1ClientEvent> = {
      onEvent: (event) => {
        if (event.type === 'handover') rest = event.rest
        if (event.type !== 'response') return
        ;({ status, fields } = event)
        if (status !== 101) resolve({ status, fields, protocol: '', link: undefined as never, connection })
      },
      onFlushed: () => {},
      onClosed: () => reject(new Error('the connection ended before an answer came')),
      onReleased: (transport) => {
        try {
          const agreement = agreementOf(fields, asked)
          const link = linkOn(transport, agreement, request)
          link.start(rest)
          resolve({ status, fields, protocol: agreement.protocol, link, connection })
        } catch (error) {
          reject(error as Error)
        }
      },
    }
    const driver = new Driver(connection, engine, handler)
    driver.start()
    driver.enter()
    engine.sendRequest('GET', target, ['Host', host, ...handshakeFields(asked), ...(request.fields ?? [])])
  })
}

/** A connection of HTTP/2 with one WebSocket on it. */
class Stream implements DriverHandler<Http2ClientEvent> {
  readonly connection: { transport: Transport }
  readonly #engine: Http2Client = new Http2Client()
  readonly #driver: Driver<Http2ClientEvent>
  readonly #stream: StreamTransport
  #streamId = 0
  #begin: (() => void) | undefined
  #awaiting = false
  #onResponse: (status: number, fields: Fields) => void = () => {}
  #onLost: (error: Error) => void = () => {}

  constructor(transport: Transport) {
    this.connection = { transport }
    this.#driver = new Driver(transport, this.#engine, this)
    this.#stream = new StreamTransport(this)
  }

  open(host: string, target: string, request: SocketRequest): Promise<Opened> {
    const asked = { key: '', protocols: request.protocols, deflate: request.deflate }
    const fields = [...handshakeFields(asked), ...(request.fields ?? [])]
    const scheme = this.connection.transport.encrypted ? 'https' : 'http'
    const head: RequestToSend = { method: 'CONNECT', protocol: 'websocket', scheme, authority: host, target, fields }
    return new Promise((resolve, reject) => {
      this.#begin = () => (this.#streamId = this.#engine.sendHead(head))
      this.#onLost = reject
      this.#onResponse = (status, answer) => {
        try {
          if (status !== 200)
            return resolve({
              status,
              fields: answer,
              protocol: '',
              link: undefined as never,
              connection: this.connection.transport,
            })
          const agreement = agreementOf(answer, asked)
          const link = linkOn(this.#stream, agreement, request)
          link.start(new Uint8Array(0))
          resolve({ status, fields: answer, protocol: agreement.protocol, link, connection: this.connection.transport })
        } catch (error) {
          reject(error as Error)
        }
      }
      this.#driver.start()
    })
  }

  onEvent(event: Http2ClientEvent): void {
    switch (event.type) {
      case 'settings':
        // Only a server that has said so knows extended CONNECT (RFC 8441 section 3).
        this.#begin?.()
        this.#begin = undefined
        return
      case 'response':
        this.#onResponse(event.status, event.fields)
        return
      case 'data':
        this.#stream.push(event.bytes)
        return
      case 'end':
        this.#stream.receiveEnd()
        return
      case 'reset':
        this.#lose('reset')
        return
      case 'fatal':
        this.#lose(event.code)
        return
      default:
    }
  }

  onFlushed(): void {
    if (this.#awaiting && this.#stream.flushed()) this.#awaiting = false
  }

  onClosed(): void {
    this.#lose('gone')
  }

  onReleased(): void {}

  get outputBytes(): number {
    return this.#engine.queuedBytes(this.#streamId)
  }

  sendData(octets: Uint8Array): void {
    this.#driver.enter()
    this.#engine.sendData(this.#streamId, octets)
  }

  endOutput(): void {
    this.#driver.enter()
    this.#engine.sendEnd(this.#streamId)
  }

  consume(octets: number): void {
    this.#driver.enter()
    this.#engine.consume(this.#streamId, octets)
  }

  resetStream(): void {
    this.#driver.enter()
    this.#engine.reset(this.#streamId)
  }

  awaitFlush(): void {
    this.#awaiting = true
    this.#driver.enter()
  }

  #lose(code: string): void {
    const error = Object.assign(new Error(`the stream is lost: ${code}`), { code, peer: '' })
    this.#onLost(error)
    this.#stream.lose(error as never)
  }
}

/** HTTP/1.1 and HTTP/2 without TLS, to an engine with an app at `/`, or with what `mount` mounts. */
export async function twoCarriers(mount: App | ((engine: Skitai) => unknown)): Promise<readonly [Carrier, Carrier]> {
  const server = await serve((engine) => (mount instanceof App ? engine.mount('/', mount) : mount(engine)))
  return [carrier('HTTP/1.1', server, undefined, false), carrier('HTTP/2', server, undefined, true)]
}

/** A handler that sends back what came. */
export const echo = (_was: unknown, message: string | Uint8Array): string | Uint8Array => message

/** The next message, which must be a text. */
export async function text(link: WebSocketLink): Promise<string> {
  const message = await link.receive()
  if (typeof message !== 'string') throw new Error(`no text came, but ${String(message)}`)
  return message
}
