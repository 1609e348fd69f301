import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { maskingKey, memoryTransports, MessageStream, WebSocketClosedError, WebSocketLink } from 'skitai/io'
import type { CloseInfo, Message, Transport, WebSocketListener } from 'skitai/io'
import { PreparedMessage, UsageError, WebSocketClient, type WebSocketOptions, WebSocketServer } from 'skitai/websocket'

/** Nothing that is handed out may end the process when nobody looks. */
const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))
after(() => assert.deepEqual(unhandled, []))

interface Pair {
  readonly server: WebSocketLink
  readonly client: WebSocketLink
  readonly wires: readonly [Transport, Transport]
}

interface PairOptions {
  readonly server?: WebSocketOptions
  readonly client?: WebSocketOptions
  readonly listener?: WebSocketListener
}

function pair({ server = {}, client = {}, listener }: PairOptions = {}): Pair {
  const wires = memoryTransports()
  const made = {
    server: new WebSocketLink(wires[0], new WebSocketServer(server), listener),
    client: new WebSocketLink(wires[1], new WebSocketClient({ ...client, maskingKey })),
    wires,
  }
  made.server.start()
  made.client.start()
  return made
}

/** All that is due now has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function* slowly(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve))
    yield piece
  }
}

/** Gives one piece, then nothing for ever. */
async function* stuck(): AsyncGenerator<string> {
  yield 'one'
  await new Promise(() => {})
}

/** What a promise has come to, without waiting for it. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  await settled()
  return Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    Promise.resolve('pending'),
  ])
}

function isClosed(error: unknown): boolean {
  return error instanceof WebSocketClosedError
}

async function octetsOf(message: unknown): Promise<Uint8Array> {
  return message instanceof MessageStream ? message.bytes() : (message as Uint8Array)
}

describe('a WebSocket link', () => {
  test('carries messages both ways, and ends in order', async () => {
    const { server, client } = pair()
    await Promise.all([client.send('hello'), client.send(Uint8Array.of(1, 2)), client.send(new PreparedMessage('p'))])
    server.write('to you')
    const came: unknown[] = []
    const serving = (async () => {
      for await (const message of server) came.push(typeof message === 'string' ? message : await octetsOf(message))
    })()
    assert.equal(await client.receive(), 'to you')
    const info = await client.close(3001, 'done')
    assert.deepEqual(info, { code: 3001, reason: '', error: undefined })
    assert.deepEqual(await server.closed, { code: 3001, reason: 'done', error: undefined })
    await serving
    assert.deepEqual([came[0], [...(came[1] as Uint8Array)], came[2]], ['hello', [1, 2], 'p'])
    assert.equal(await client.receive(), undefined)
    assert.deepEqual([client.open, server.open], [false, false])
    assert.ok(client.bytesSent > 10 && client.bytesReceived === server.bytesSent)
  })

  test('gives messages to those who wait for them, in their order', async () => {
    const { server, client } = pair()
    const waiting = [server.receive(), server.receive(), server.receive()]
    for (const text of ['a', 'b']) client.write(text)
    await settled()
    void client.close()
    assert.deepEqual(await Promise.all(waiting), ['a', 'b', undefined])
  })

  test('measures a round trip, and many at once', async () => {
    const { client } = pair()
    for (const ms of await Promise.all([client.ping(), client.ping(), client.ping()])) assert.ok(ms >= 0)
    await client.close()
    await assert.rejects(client.ping(), isClosed)
  })

  test('gives the messages to a listener, and then nobody can ask for them', async () => {
    const messages: Message[] = []
    const ends: (CloseInfo | string)[] = []
    const listener: WebSocketListener = {
      onMessage: (message) => messages.push(message),
      onClosed: (info) => ends.push(info),
      onGone: () => ends.push('gone'),
    }
    const { server, client } = pair({ listener })
    assert.throws(() => server.receive(), { code: 'WS_LISTENER' })
    await client.send('x')
    await client.close()
    await settled()
    assert.deepEqual(messages, ['x'])
    assert.deepEqual(ends, [{ code: 1000, reason: '', error: undefined }, 'gone'])
  })

  test('tells of a peer that breaks the rules', async () => {
    const { server, wires } = pair()
    wires[1].write([Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)])
    const info = await server.closed
    assert.equal(info.code, 1006)
    assert.equal((info.error as { code?: string }).code, 'WS_OPCODE')
    assert.equal(await server.receive(), undefined)
  })

  test('tells of a peer that leaves without a word', async () => {
    const { server, client } = pair()
    client.terminate()
    const info = await server.closed
    assert.equal(info.code, 1006)
    assert.ok(info.error !== undefined)
    assert.deepEqual(await client.closed, { code: 1006, reason: '', error: undefined })
  })
})

describe('messages in pieces', () => {
  test('go out as their source gives them, and are one message', async () => {
    const { server, client } = pair()
    const sources: readonly (readonly [Parameters<WebSocketLink['send']>[0], unknown])[] = [
      [slowly('a', 'b', 'c'), 'abc'],
      [['x', '', 'y'], 'xy'],
      [
        [Uint8Array.of(1), Uint8Array.of(2)],
        [1, 2],
      ],
      [slowly('\ud83d', '\ude00!'), '😀!'],
      [slowly('\ud83d'), '\ufffd'],
      [slowly('ä', Buffer.from('ö')), 'äö'],
      [slowly('\ud83d', Buffer.from('ö')), '\ufffdö'],
      [slowly(), []],
      [new Blob(['from a stream']).stream(), [...Buffer.from('from a stream')]],
    ]
    for (const [source, expected] of sources) {
      await client.send(source)
      const message = await server.receive()
      assert.deepEqual(typeof message === 'string' ? message : [...(message as Uint8Array)], expected)
    }
    await client.send(slowly(), { kind: 'text' })
    assert.equal(await server.receive(), '')
    await client.send([Buffer.from('text')], { kind: 'text' })
    assert.equal(await server.receive(), 'text')
  })

  test('come while they arrive', async () => {
    const { server, client } = pair({ server: { pieces: true } })
    const sent = client.send(slowly('a', 'b', 'c'))
    const stream = (await server.receive()) as MessageStream
    assert.equal(stream.kind, 'text')
    assert.equal(await stream.text(), 'abc')
    assert.ok(stream.complete)
    await sent
    await client.send(Uint8Array.of(1, 2, 3))
    assert.deepEqual([...(await octetsOf(await server.receive()))], [1, 2, 3])
  })

  test('keep what is sent behind them in its order', async () => {
    const { server, client } = pair()
    const sends = [client.send(slowly('a', 'b')), client.send('second'), client.send(slowly('c', 'd'))]
    client.write('fourth')
    client.write(new PreparedMessage('fifth'))
    sends.push(client.send('sixth'))
    const came: unknown[] = []
    for (let i = 0; i < 6; i++) came.push(await server.receive())
    assert.deepEqual(came, ['ab', 'second', 'cd', 'fourth', 'fifth', 'sixth'])
    await Promise.all(sends)
    // Nothing is left of it.
    await client.send('last')
    assert.equal(await server.receive(), 'last')
  })

  test('leave a Ping through', async () => {
    const { client } = pair()
    const sent = client.send(stuck())
    assert.ok((await client.ping()) >= 0)
    client.terminate()
    await assert.rejects(sent, isClosed)
  })

  test('whose source fails before anything was sent harm nobody', async () => {
    const { server, client } = pair()
    const failing = new ReadableStream<string>({ start: (controller) => controller.error(new Error('the source')) })
    const sends = [client.send(failing), client.send('behind')]
    client.write('written')
    await assert.rejects(sends[0]!, /the source/)
    await sends[1]
    assert.deepEqual([await server.receive(), await server.receive()], ['behind', 'written'])
    await assert.rejects(client.send(5 as unknown as string), TypeError)
    assert.ok(client.open)
  })

  test('whose source fails in the midst end the connection, and all that waits', async () => {
    const { server, client } = pair()
    const failing = (async function* (): AsyncGenerator<string> {
      yield 'a'
      throw new Error('the source')
    })()
    const sends = [client.send(failing), client.send('behind'), client.send(slowly('x'))]
    client.write('written')
    await assert.rejects(sends[0]!, /the source/)
    await assert.rejects(sends[1]!, isClosed)
    await assert.rejects(sends[2]!, isClosed)
    assert.equal((await server.closed).code, 1011)
    assert.equal(await server.receive(), undefined)
  })

  test('that are no text end the connection', async () => {
    const { server, client } = pair()
    await assert.rejects(
      client.send([Uint8Array.of(0x61), Uint8Array.of(0xff)], { kind: 'text' }),
      (error) => error instanceof UsageError && error.code === 'WS_UTF8',
    )
    assert.equal((await server.closed).code, 1011)
  })

  for (const how of ['the peer closes', 'the peer leaves', 'we leave', 'we close'])
    test(`whose source gives nothing any more are given up when ${how}`, async () => {
      const { server, client } = pair()
      const sends = [client.send(stuck()), client.send('behind'), client.send(slowly('x'))]
      client.write('written')
      await settled()
      if (how === 'the peer closes') await server.close()
      else if (how === 'the peer leaves') server.terminate()
      else if (how === 'we leave') client.terminate()
      else await client.close()
      for (const sent of sends) await assert.rejects(sent, isClosed)
    })

  test('end their source when the connection has ended', async () => {
    const { server, client } = pair()
    let returned = false
    let next: () => void = () => {}
    const source = (async function* (): AsyncGenerator<string> {
      try {
        yield 'a'
        await new Promise<void>((resolve) => (next = resolve))
        yield 'b'
      } finally {
        returned = true
      }
    })()
    const sent = client.send(source)
    await settled()
    server.terminate()
    await assert.rejects(sent, isClosed)
    next()
    await settled()
    assert.ok(returned)
  })

  test('fail their reader when the connection ends before them', async () => {
    const { server, client } = pair({ server: { pieces: true } })
    void client.send(stuck())
    const stream = (await server.receive()) as MessageStream
    const read = stream.text()
    await settled()
    client.terminate()
    await assert.rejects(read, isClosed)
    assert.equal(stream.complete, false)
  })

  test('that nobody reads are passed over', async () => {
    const { server, client } = pair({ server: { pieces: true } })
    void client.send(slowly(...Array.from({ length: 20 }, () => new Uint8Array(20_000))))
    await server.receive()
    void client.send('next')
    assert.equal(await ((await server.receive()) as MessageStream).text(), 'next')
  })

  test('that are left in the midst are passed over, too', async () => {
    const { server, client } = pair({ server: { pieces: true } })
    void client.send(slowly(...Array.from({ length: 20 }, () => new Uint8Array(20_000))))
    void client.send('next')
    for await (const piece of (await server.receive()) as MessageStream) {
      assert.ok(piece.length > 0)
      break
    }
    assert.equal(await ((await server.receive()) as MessageStream).text(), 'next')
  })

  test('that a listener does not want are passed over', async () => {
    const listener: WebSocketListener = { onMessage: () => {}, onClosed: () => {} }
    const { server, client } = pair({ listener, server: { pieces: true } })
    await client.send(new Uint8Array(500_000))
    await client.send('next')
    await client.close()
    assert.equal((await server.closed).code, 1000)
  })

  test('go to a listener that wants them', async () => {
    const streams: MessageStream[] = []
    const listener: WebSocketListener = {
      onMessage: () => {},
      onStream: (stream) => streams.push(stream),
      onClosed: () => {},
    }
    const { client } = pair({ listener, server: { pieces: true } })
    await client.send('text')
    await settled()
    assert.equal(await streams[0]!.text(), 'text')
  })
})

describe('a peer that does not read', () => {
  test('makes the sender wait, with little in memory, and nothing is lost', async () => {
    const { server, client } = pair()
    server.hold(true)
    let sent = 0
    let peak = 0
    const sending = (async () => {
      for (; sent < 100; sent++) {
        await client.send(new Uint8Array(20_000).fill(sent))
        peak = Math.max(peak, client.outputBytes)
      }
    })()
    await settled()
    assert.ok(sent < 30, `${sent} messages`)
    server.hold(false)
    for (let i = 0; i < 100; i++) assert.equal(((await server.receive()) as Uint8Array)[0], i)
    await sending
    assert.ok(peak < 100_000, `${peak} octets`)
  })

  test('and asks for nothing makes it wait, too', async () => {
    const { server, client } = pair()
    let sent = 0
    const sending = (async () => {
      for (; sent < 2000; sent++) await client.send(`${sent} `.repeat(200))
    })()
    await settled()
    assert.ok(sent < 1000, `${sent} messages`)
    for (let i = 0; i < 2000; i++) assert.ok(((await server.receive()) as string).startsWith(`${i} `))
    await sending
  })

  test('and closes has what came so far, and is not kept waiting', async () => {
    const { server, client } = pair()
    const sending = (async () => {
      for (let i = 0; i < 2000; i++) await client.send(`${i} `.repeat(200))
    })()
    await settled()
    const closed = server.close(1000)
    await assert.rejects(sending, isClosed)
    assert.equal((await closed).error, undefined)
    let count = 0
    for await (const message of server) assert.ok((message as string).startsWith(`${count++} `))
    assert.ok(count > 0 && count < 1000, `${count} messages`)
  })

  test('and does not read a message in pieces makes it wait', async () => {
    const { server, client } = pair({ server: { pieces: true, limits: { messageBytesMax: Infinity } } })
    let given = 0
    const source = (async function* (): AsyncGenerator<Uint8Array> {
      for (; given < 200; given++) yield new Uint8Array(10_000).fill(given)
    })()
    const sent = client.send(source)
    const stream = (await server.receive()) as MessageStream
    await settled()
    assert.ok(given < 60, `${given} pieces`)
    assert.equal((await stream.bytes()).length, 2_000_000)
    await sent
  })

  test('is waited for by who sends, until it is gone', async () => {
    const { server, client } = pair()
    server.hold(true)
    const sends = Array.from({ length: 20 }, () => client.send(new Uint8Array(20_000)))
    assert.equal(await stateOf(sends.at(-1)!), 'pending')
    server.terminate()
    await assert.rejects(sends.at(-1)!, isClosed)
  })

  test('is given up when who sends does not wait', async () => {
    const { server, client } = pair({ client: { limits: { outputBytesMax: 500_000 } } })
    server.hold(true)
    for (let i = 0; i < 100; i++) client.write(new Uint8Array(20_000))
    const info = await client.closed
    assert.equal((info.error as { code?: string }).code, 'WS_OUTPUT_TOO_LARGE')
    await assert.rejects(client.send('x'), isClosed)
  })

  test('nor do messages pile up behind one in pieces', async () => {
    const { client } = pair()
    const sent = client.send(stuck())
    for (let i = 0; i < 40; i++) client.write(new Uint8Array(500_000))
    const info = await client.closed
    assert.equal((info.error as { code?: string }).code, 'WS_OUTPUT_TOO_LARGE')
    await assert.rejects(sent, isClosed)
  })
})

describe('a link that has ended', () => {
  for (const how of ['closed', 'terminated', 'left by its peer'])
    test(`in order or not, ${how}: does nothing any more, and says so`, async () => {
      const { server, client } = pair()
      if (how === 'closed') await client.close()
      else if (how === 'terminated') client.terminate()
      else server.terminate()
      const info = await client.closed
      assert.equal(client.open, false)
      client.write('x')
      client.write(new Uint8Array(100_000))
      client.hold(true)
      client.hold(false)
      assert.equal(client.outputBytes, 0)
      for (const message of ['x', Uint8Array.of(1), new PreparedMessage('x'), slowly('x'), ['x']])
        await assert.rejects(client.send(message), isClosed)
      await assert.rejects(client.ping(), isClosed)
      assert.equal(await client.close(), info)
      assert.equal(await client.closed, info)
      client.terminate()
      assert.equal(await client.receive(), undefined)
    })

  test('rejects the pings that were not answered', async () => {
    const { server, client } = pair()
    server.hold(true)
    const pings = [client.ping(), client.ping()]
    await settled()
    client.terminate()
    for (const ping of pings) await assert.rejects(ping, isClosed)
  })

  test('in the midst of a closing handshake: what is sent is refused, what was under way arrives', async () => {
    const { server, client } = pair()
    client.write('before')
    const closed = client.close()
    client.write('behind')
    await assert.rejects(client.send('behind'), isClosed)
    await assert.rejects(client.ping(), isClosed)
    assert.equal(await server.receive(), 'before')
    assert.equal(await server.receive(), undefined)
    assert.equal((await closed).code, 1000)
  })

  test('both ends may close at once', async () => {
    const { server, client } = pair()
    const infos = await Promise.all([client.close(1000), server.close(1001)])
    assert.deepEqual(
      infos.map(({ code, error }) => [code, error]),
      [
        [1001, undefined],
        [1000, undefined],
      ],
    )
  })
})

describe('misuse of a link', () => {
  test('is told to who does it, and harms nobody', async () => {
    const { server, client } = pair()
    // A code that the peer of a proxy has closed with is none that may be sent, and must not end the process.
    void client.close(1006)
    await assert.rejects(client.close(1006), { code: 'WS_CLOSE_CODE' })
    await assert.rejects(client.close(1000, 'x'.repeat(200)), { code: 'WS_CLOSE_REASON' })
    assert.throws(() => client.write(5 as unknown as string), { code: 'WS_CONTENT' })
    const sent = client.send(slowly('a', 'b'))
    assert.throws(() => client.write(5 as unknown as string), { code: 'WS_CONTENT' })
    await sent
    assert.equal(await server.receive(), 'ab')
    await client.send('still here')
    assert.equal(await server.receive(), 'still here')
  })
})
