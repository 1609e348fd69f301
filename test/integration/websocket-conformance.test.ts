/**
 * The public WebSocket conformance suite (Autobahn) needs Python 2, and is not to be had here: its cases are made again
 * from what they are known to do, class by class, and held against our running server and our client. Both send back
 * what comes; limits are raised as far as the cases of size go. Class 8 is empty, and 11 was never filled.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import WebSocket, { type PerMessageDeflateOptions } from 'ws'
import { type ClientWebSocket, type Message, websocket } from 'skitai/client'
import { App } from 'skitai'
import type { WebSocketLimits } from 'skitai/websocket'
import { serve } from '../server/serving.js'
import { wsPeer } from '../io/websocket-peers.js'
import { type Case, classes } from './websocket-cases.js'
import { Tester } from './websocket-tester.js'

const limits: Partial<WebSocketLimits> = { messageBytesMax: 2 ** 24, frameBytesMax: 2 ** 24, outputBytesMax: 2 ** 26 }
const CLOSE = 8

const app = new App()
app.websocket('/', { limits }, (_, message) => message)
app.websocket('/deflate', { limits, deflate: { thresholdBytes: 0 } }, (_, message) => message)
app.websocket(
  '/takeover',
  { limits, deflate: { thresholdBytes: 0, serverNoContextTakeover: false, clientNoContextTakeover: false } },
  (_, message) => message,
)

const server = await serve((engine) => engine.mount('/', app))

/**
 * Our client, which sends back what comes: at once, by a listener. Who iterates answers a little later, and no more
 * when a fault or a Close has come in the same chunk.
 */
async function echoing(url: string): Promise<void> {
  const listener = { onMessage: (message: Message) => socket.write(message), onClosed: () => {} }
  const socket: ClientWebSocket = await websocket(url, { limits, listener })
}

const roles: readonly (readonly [name: string, open: () => Promise<Tester>])[] = [
  ['our server', () => Tester.connect(server.port, '/')],
  ['our client', () => Tester.accept(echoing)],
]

async function run({ sends, chop, expects, ends }: Case, tester: Tester): Promise<void> {
  const sending = tester.send(sends, chop)
  for (const [opcode, payload] of expects) {
    const came = await tester.nextMessage()
    assert.deepEqual([came?.opcode, came?.rsv], [opcode, 0])
    assert.ok(came?.payload.equals(payload), `${came?.payload.length} of ${payload.length} octets`)
  }
  await sending
  if (ends === 'close') await tester.send([{ opcode: CLOSE, payload: Buffer.from([0x03, 0xe8]) }])
  const close = await tester.nextMessage()
  assert.deepEqual([close?.opcode, close?.rsv, close?.fin], [CLOSE, 0, true])
  const code = close!.payload.length === 0 ? undefined : close!.payload.readUInt16BE(0)
  assert.equal(code, ends === 'close' ? 1000 : typeof ends === 'number' ? ends : ends[0])
  await tester.end()
}

for (const [role, open] of roles)
  describe(`${role} passes the cases of class`, { timeout: 60_000 }, () => {
    for (const [name, cases] of classes)
      test(`${name}: ${cases.length} cases`, async () => {
        for (const each of cases) {
          const tester = await open()
          try {
            await run(each, tester)
          } catch (cause) {
            throw new Error(`case ${each.id}`, { cause })
          } finally {
            tester.destroy()
          }
        }
      })
  })

/** What messages of classes 12 and 13 hold, and how large they are. */
const SIZES = [0, 16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072] as const
const ROUNDS = 2

function contents(size: number, round: number): (string | Buffer)[] {
  const words = `{"id":${round},"name":"some words that come again","list":[1,2,3,${size}]},`
  const json = words.repeat(Math.ceil(size / words.length)).slice(0, size)
  const binary = Buffer.from(Array.from({ length: size }, (_, i) => (i * i * (round + 3)) >>> 3))
  return [json, binary, 'ä€😀'.repeat(Math.ceil(size / 9))]
}

/** The offers of class 13, and every window. */
const offers: readonly PerMessageDeflateOptions[] = [
  {},
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  ...[8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits) => [
    { serverMaxWindowBits: bits },
    { serverMaxWindowBits: bits, serverNoContextTakeover: true },
    // zlib itself cannot compress for a window of 8 bits.
    ...(bits > 8 ? [{ clientMaxWindowBits: bits }, { clientMaxWindowBits: bits, serverMaxWindowBits: bits }] : []),
  ]),
]

describe('our server passes the cases of class 12 and 13', { timeout: 60_000 }, () => {
  for (const target of ['/deflate', '/takeover'])
    for (const offer of offers)
      test(`${target}: ${JSON.stringify(offer)}`, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}${target}`, {
          perMessageDeflate: { ...offer, threshold: 0 },
        })
        await once(socket, 'open')
        assert.match(socket.extensions, /^permessage-deflate/)
        const expected: (string | Buffer)[] = []
        const came: (string | Buffer)[] = []
        const all = new Promise<void>((resolve, reject) => {
          socket.on('message', (data: Buffer, binary) => {
            came.push(binary ? data : data.toString())
            if (came.length === ROUNDS * SIZES.length * 3) resolve()
          })
          socket.on('close', (code) => reject(new Error(`closed: ${code}`)))
        })
        for (let round = 0; round < ROUNDS; round++)
          for (const size of SIZES)
            for (const message of contents(size, round)) {
              expected.push(message)
              // Whole, and in frames.
              const half = message.length >> 1
              if (round % 2 === 0) socket.send(message)
              else {
                socket.send(message.slice(0, half), { fin: false })
                socket.send(message.slice(half), { fin: true })
              }
            }
        await all
        for (const [i, message] of expected.entries()) assert.deepEqual(came[i], message)
        socket.removeAllListeners('close')
        socket.close()
        await once(socket, 'close')
      })
})

describe('our client passes the cases of class 12 and 13', { timeout: 60_000 }, () => {
  for (const offer of offers)
    test(JSON.stringify(offer), async () => {
      const peer = await wsPeer({ perMessageDeflate: { threshold: 0 }, maxPayload: 2 ** 24 })
      const { serverNoContextTakeover = false, clientNoContextTakeover = false } = offer
      const { serverMaxWindowBits, clientMaxWindowBits } = offer as Record<string, number | undefined>
      const socket = await websocket(peer.url, {
        limits,
        thresholdBytes: 0,
        deflate: { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits },
      })
      assert.ok(socket.compressed)
      for (let round = 0; round < ROUNDS; round++)
        for (const size of SIZES)
          for (const message of contents(size, round)) {
            const half = message.length >> 1
            const sent = socket.send(round % 2 === 0 ? message : [message.slice(0, half), message.slice(half)])
            const back = await socket.receive()
            await sent
            if (typeof message === 'string') assert.equal(back, message)
            else assert.ok(message.equals(back as Uint8Array))
          }
      assert.equal((await socket.close()).code, 1000)
      peer.close()
    })
})
