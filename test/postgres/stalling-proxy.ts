/** A network that can stop: between a client and a server, it takes everything and passes nothing on. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The network. */
export interface StallingProxy {
  readonly host: string
  readonly port: number
  /** From now on nothing passes any more, in either direction and on new connections, too. */
  stall(): void
  /** What comes from now on passes; the connections that were stalled are gone without a word. */
  heal(): void
  stop(): Promise<void>
}

/** Begins to pass on what comes. */
export async function stallingProxy(to: { readonly host: string; readonly port: number }): Promise<StallingProxy> {
  const sockets = new Set<Socket>()
  let stalled = false
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    keep(near)
    if (stalled) return
    const far = connect(to.port, to.host)
    keep(far)
    near.pipe(far).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.once('close', () => other.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  return {
    host,
    port,
    stall: () => {
      stalled = true
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    heal: () => {
      stalled = false
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
