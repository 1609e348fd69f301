/** permessage-deflate beside another implementation: `ws` as client of our server, with every window both ways. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { App, Skitai } from 'skitai'

const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15]

const rows = (seed: number): string =>
  JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ id: seed + i, name: `user ${(seed + i) * 7919}` })))

describe('ws as client of our server', () => {
  const server = new Skitai({ log: false })
  let port = 0

  before(async () => {
    const app = new App()
    for (const takeover of [false, true])
      for (const bits of WINDOWS) {
        const deflate = {
          serverNoContextTakeover: !takeover,
          clientNoContextTakeover: !takeover,
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
          thresholdBytes: 0,
        }
        app.websocket(
          `/${takeover ? 'with' : 'without'}/${bits}`,
          { spec: 'SIMPLE', deflate },
          (_was, message) => message,
        )
      }
    server.mount('/', app)
    ;({ port } = await server.run({ address: '127.0.0.1', port: 0 }))
  })

  after(() => server.close({ timeoutMs: 1000 }))

  for (const takeover of ['without', 'with'])
    for (const bits of WINDOWS)
      it(`agrees on windows of ${bits} bits ${takeover} context takeover`, async () => {
        const perMessageDeflate = { threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 15 }
        const socket = new WebSocket(`ws://127.0.0.1:${port}/${takeover}/${bits}`, { perMessageDeflate })
        await once(socket, 'open')
        assert.equal(socket.extensions, 'permessage-deflate')
        for (const message of [rows(1), '', rows(2), 'x', rows(1), rows(1) + rows(7)]) {
          socket.send(message)
          const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean]
          assert.equal(String(data), message)
          assert.equal(binary, false)
        }
        const octets = Buffer.alloc(200_000, rows(3))
        // In pieces, some of them empty: the context goes on from frame to frame.
        for (let at = 0; at < octets.length; at += 50_000) socket.send(octets.subarray(at, at + 50_000), { fin: false })
        socket.send('', { fin: true, binary: true })
        const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean]
        assert.ok(binary && data.equals(octets))
        socket.close()
        await once(socket, 'close')
      })
})
