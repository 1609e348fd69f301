/** Extended CONNECT (RFC 8441) as it should not be, and early. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { Http2Session } from './http2-client.js'
import { quiet, signal } from './serving.js'

const HANDSHAKE = ['sec-websocket-version', '13']
/** A masked text `hi`, and a masked Close without a code. */
const HI = Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69)
const CLOSE = Uint8Array.of(0x88, 0x80, 0, 0, 0, 0)

describe('extended CONNECT', { timeout: 30_000 }, () => {
  const letIn = signal()
  const app = new App()
  app.websocket('/', (_was, message) => message)
  app.websocket('/later', { authenticate: () => letIn.promise }, (_was, message) => message)
  const { engine, errors } = quiet()
  engine.mount('/', app)

  async function session(): Promise<Http2Session> {
    const made = Http2Session.to(engine)
    await made.until(() => made.connectProtocol)
    return made
  }

  function connect(client: Http2Session, target: string, protocol = 'websocket', fields = HANDSHAKE): number {
    client.driver.enter()
    const head = { method: 'CONNECT', protocol, scheme: 'http', authority: 'example.com', target, fields }
    return client.engine.sendHead(head)
  }

  function send(client: Http2Session, streamId: number, ...pieces: readonly Uint8Array[]): void {
    client.driver.enter()
    for (const piece of pieces) client.engine.sendData(streamId, piece)
  }

  it('opens a WebSocket on a stream, beside others', async () => {
    const client = await session()
    const [one, two] = [connect(client, '/'), connect(client, '/')]
    send(client, one, HI)
    send(client, two, HI, CLOSE)
    await client.answer(two)
    assert.equal(client.seen(two).text, '\x81\x02hi\x88\x00')
    assert.equal(client.seen(one).text, '\x81\x02hi')
    assert.equal((await client.ask('/nothing')).status, 404)
    send(client, one, CLOSE)
    assert.equal((await client.answer(one)).status, 200)
    client.leave()
  })

  it('takes what came before it was let in', async () => {
    const client = await session()
    const streamId = connect(client, '/later')
    send(client, streamId, HI, CLOSE)
    client.driver.enter()
    client.engine.sendEnd(streamId)
    await client.ask('/nothing')
    letIn.resolve()
    assert.equal((await client.answer(streamId)).text, '\x81\x02hi\x88\x00')
    client.leave()
  })

  it('is refused for another protocol, another version, or none at all', async () => {
    const client = await session()
    assert.equal((await client.answer(connect(client, '/', 'other'))).status, 501)
    const refused = await client.answer(connect(client, '/', 'websocket', []))
    assert.equal(refused.status, 426)
    assert.equal(refused.fields.get('sec-websocket-version'), '13')
    assert.equal(refused.fields.has('upgrade'), false)
    client.leave()
  })

  it('does nothing for a client that has left before it was let in', async () => {
    const waiting = signal()
    const asked = signal()
    const left = new App()
    const authenticate = (): Promise<void> => {
      asked.resolve()
      return waiting.promise
    }
    left.websocket('/', { authenticate, onOpen: () => assert.fail('it was opened') }, () => {})
    const other = quiet()
    other.engine.mount('/', left)
    const client = Http2Session.to(other.engine)
    await client.until(() => client.connectProtocol)
    const streamId = connect(client, '/')
    await asked.promise
    client.reset(streamId)
    await client.ask('/nothing')
    waiting.resolve()
    await client.ask('/nothing')
    client.leave()
    assert.deepEqual(other.errors, [])
  })

  it('shuts the window of a stream whose messages wait, and no other', async () => {
    const busy = signal()
    let count = 0
    const slow = new App()
    slow.websocket('/', async () => {
      await busy.promise
      count++
    })
    const other = quiet({ http2: { streamWindowBytes: 65_535 } })
    other.engine.mount('/', slow)
    const client = Http2Session.to(other.engine)
    await client.until(() => client.connectProtocol)
    const streamId = connect(client, '/')
    const frame = Buffer.concat([Uint8Array.of(0x82, 0xfe, 0x40, 0, 0, 0, 0, 0), Buffer.alloc(0x4000)])
    for (let i = 0; i < 32; i++) send(client, streamId, frame)
    await client.ask('/nothing')
    assert.ok(client.engine.queuedBytes(streamId) > 100_000)
    send(client, streamId, CLOSE)
    busy.resolve()
    await client.until(() => client.engine.queuedBytes(streamId) === 0)
    await client.answer(streamId)
    assert.equal(count, 32)
    client.leave()
  })

  it('leaves no error behind', () => {
    assert.deepEqual(errors, [])
  })
})
