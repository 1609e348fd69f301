/** WebSockets of an app with clients that others have written: `ws`, undici's, which Node brings along, and Bun's. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import WebSocket, { type ClientOptions } from 'ws'
import { App, type CloseInfo } from '#src/server/index.js'
import { installPackages, platformProgram } from '../../tools/packages.js'
import { plainEnvironment } from '../../tools/repo.js'
import { makeCertificate } from '../io/certificate.js'
import { serve } from '../server/serving.js'

const closes: CloseInfo[] = []

function appOf(): App {
  const app = new App()
  app.websocket(
    '/echo?<name>',
    {
      deflate: true,
      protocols: ['echo'],
      onOpen: (was) => was.websocket.params.name,
      onClose: (_was, info) => void closes.push(info),
    },
    (_was, message) => message,
  )
  app.websocket('/room?<room>', { spec: 'GROUPCHAT' }, (_was, message) => message)
  return app
}

const certificate = makeCertificate()
const plain = await serve((engine) => engine.mount('/', appOf()))
const secure = await serve((engine) => engine.mount('/', appOf()), {}, { tls: certificate })

/** A client, and all that comes to it. */
class Client {
  readonly socket: WebSocket
  readonly messages: (string | Buffer)[] = []

  constructor(
    path: string,
    options: ClientOptions = {},
    url = `ws://127.0.0.1:${plain.port}`,
    protocols: string[] = [],
  ) {
    this.socket = new WebSocket(`${url}${path}`, protocols, options)
    this.socket.on('message', (data, binary) => this.messages.push(binary ? (data as Buffer) : String(data as Buffer)))
  }

  async next(): Promise<string | Buffer> {
    while (this.messages.length === 0) await once(this.socket, 'message')
    return this.messages.shift()!
  }

  async close(code: number, reason: string): Promise<number> {
    this.socket.close(code, reason)
    const [got] = (await once(this.socket, 'close')) as [number]
    return got
  }
}

describe('the client `ws`', { timeout: 60_000 }, () => {
  const ways: readonly (readonly [string, string, ClientOptions])[] = [
    ['as it is', `ws://127.0.0.1:${plain.port}`, {}],
    ['over TLS', `wss://localhost:${secure.port}`, { ca: certificate.cert }],
    ['without compression', `ws://127.0.0.1:${plain.port}`, { perMessageDeflate: false }],
    [
      'with its context kept',
      `ws://127.0.0.1:${plain.port}`,
      { perMessageDeflate: { threshold: 0, serverMaxWindowBits: 10 } },
    ],
  ]
  for (const [name, url, options] of ways)
    it(`talks ${name}`, async () => {
      closes.length = 0
      const client = new Client('/echo?name=Ada', options, url, ['other', 'echo'])
      assert.equal(await client.next(), 'Ada')
      assert.equal(client.socket.protocol, 'echo')
      for (const message of ['', 'héllo € 😀', 'x'.repeat(500_000), Buffer.alloc(500_000, 7), Buffer.alloc(0)]) {
        client.socket.send(message)
        assert.deepEqual(await client.next(), message)
      }
      client.socket.send('frag', { fin: false })
      client.socket.ping('beat')
      client.socket.send('ment', { fin: true })
      const [beat] = (await once(client.socket, 'pong')) as [Buffer]
      assert.equal(String(beat), 'beat')
      assert.equal(await client.next(), 'fragment')
      assert.equal(await client.close(4321, 'enough'), 4321)
      assert.deepEqual(closes, [{ code: 4321, reason: 'enough', error: undefined }])
    })

  it('meets others in a room', async () => {
    const clients = Array.from({ length: 20 }, (_, i) => new Client(`/room?room=${i % 2}`))
    await Promise.all(clients.map(({ socket }) => once(socket, 'open')))
    clients[0]!.socket.send('even')
    clients[1]!.socket.send('odd')
    for (const [i, client] of clients.entries()) assert.equal(await client.next(), i % 2 === 0 ? 'even' : 'odd')
    await Promise.all(clients.map((client) => client.close(1000, '')))
  })

  it('is told why it is refused', async () => {
    for (const [path, options, status] of [
      ['/nothing', {}, 404],
      ['/echo', {}, 400],
      ['/echo?name=a', { origin: 'https://evil.example' }, 403],
      ['/echo?name=a', { protocolVersion: 8 }, 426],
    ] as const) {
      const { socket } = new Client(path, options)
      const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
      assert.equal(answer.statusCode, status)
      socket.on('error', () => {})
      socket.terminate()
    }
  })
})

/** A program for any runtime that has the WebSocket of browsers. */
const PROGRAM = `
  const socket = new WebSocket(process.argv.at(-1), ['echo'])
  socket.binaryType = 'arraybuffer'
  const got = []
  socket.onmessage = ({ data }) => {
    got.push(typeof data === 'string' ? data : new Uint8Array(data).length)
    if (got.length === 1) for (const message of ['', 'h\\u00e9llo', new Uint8Array(70000)]) socket.send(message)
    if (got.length === 4) socket.close(4321, 'enough')
  }
  socket.onclose = ({ code }) => console.log(JSON.stringify([socket.protocol, ...got, code]))`

installPackages('test/portability')
const flags = 'WebSocket' in globalThis ? [] : ['--experimental-websocket']

for (const [name, program, args] of [
  ['undici, as Node has it', process.execPath, flags],
  ['Bun', platformProgram('test/portability', '@oven', 'bin/bun'), []],
] as const)
  describe(`the client of ${name}`, { timeout: 60_000 }, () => {
    it('talks', async () => {
      const url = `ws://127.0.0.1:${plain.port}/echo?name=Ada`
      const { stdout } = await promisify(execFile)(program, [...args, '-e', PROGRAM, url], { env: plainEnvironment() })
      assert.deepEqual(JSON.parse(stdout), ['echo', 'Ada', '', 'héllo', 70_000, 4321])
    })
  })
