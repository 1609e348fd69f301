/** Servers that somebody else has written, for clients to talk to: `ws`, alone and behind `node:http2`. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { SelfSigned } from '#src/io/index.js'

/** A server. */
export interface Peer {
  /** As `ws://127.0.0.1:1234`. */
  readonly url: string
  readonly port: number
  /** Ends it, and all of its connections. */
  close(): void
}

const host = '127.0.0.1'

/** What `ws` serves, over HTTP/1.1, with TLS or without. By default it sends back what comes. */
export async function wsPeer(
  options: ServerOptions = {},
  onConnection: (socket: WebSocket, fields: NodeJS.Dict<string | string[]>) => void = echo,
  tls?: SelfSigned,
): Promise<Peer> {
  const server = tls === undefined ? createServer() : createHttps(tls)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => void sockets.add(socket))
  const webSockets = new WebSocketServer({ server, ...options })
  webSockets.on('connection', (socket, request) => onConnection(socket, request.headers))
  const port = await listen(server)
  const close = (): void => {
    webSockets.close()
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `${tls === undefined ? 'ws' : 'wss'}://${host}:${port}`, port, close }
}

/** Sends back what comes, as it came. */
export function echo(socket: WebSocket): void {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
}

/** A TCP server that does what it is told with each connection. */
export async function tcpPeer(onSocket: (socket: Socket) => void): Promise<Peer> {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  const port = await listen(server)
  const close = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `ws://${host}:${port}`, port, close }
}

/** What is made of an extended CONNECT. */
export type OnTunnel = (stream: ServerHttp2Stream, fields: NodeJS.Dict<string | string[]>) => void

/** A server of `node:http2` that knows extended CONNECT, unless `connectProtocol` is false. */
export async function http2Peer(
  onTunnel: OnTunnel,
  { tls, connectProtocol = true, streamsMax = 100 }: Http2PeerOptions = {},
): Promise<Peer> {
  const settings = { enableConnectProtocol: connectProtocol, maxConcurrentStreams: streamsMax }
  const server: Http2Server =
    tls === undefined
      ? createHttp2Server({ settings })
      : (createSecureServer({ ...tls, settings }) as unknown as Http2Server)
  const sockets = new Set<Socket>()
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => void sockets.add(socket))
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onTunnel(stream, headers)
  })
  const port = await listen(server)
  const close = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `${tls === undefined ? 'ws' : 'wss'}://${host}:${port}`, port, close }
}

/** How such a server is. */
export interface Http2PeerOptions {
  readonly tls?: SelfSigned
  readonly connectProtocol?: boolean
  readonly streamsMax?: number
}

/** Hands tunnels on to a server over HTTP/1.1, as a proxy does. */
export function forwardTo({ port }: Peer): OnTunnel {
  return (stream, fields) => {
    const upstream = connect(port, host)
    upstream.on('error', () => stream.close())
    stream.on('close', () => upstream.destroy())
    const asked = Object.entries(fields).filter(([name]) => name.startsWith('sec-websocket-'))
    const lines = [
      `GET ${String(fields[':path'])} HTTP/1.1`,
      `Host: ${host}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...asked.map(([name, value]) => `${name}: ${String(value)}`),
    ]
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`)
    let head = ''
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      upstream.off('data', onData)
      const answered = head.slice(0, end).split('\r\n').slice(1)
      const kept = answered.map((line) => line.toLowerCase().split(': ') as [string, string])
      const said = kept.filter(([name]) => name.startsWith('sec-websocket-') && name !== 'sec-websocket-accept')
      stream.respond({ ':status': 200, ...Object.fromEntries(said) })
      stream.write(Buffer.from(head.slice(end + 4), 'latin1'))
      stream.pipe(upstream).pipe(stream)
    }
    upstream.on('data', onData)
  }
}

async function listen(server: Server | Http2Server): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
