import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { describe, it } from 'node:test'
import { memoryTransports, type Transport, type TransportSink } from '#src/io/index.js'
import { App, type Was } from '#src/server/index.js'
import { exchange, readAnswer, readAnswers } from './asking.js'
import { octets, quiet, serve, signal, Wire } from './serving.js'

const GET = (target: string, ...lines: readonly string[]): string =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

const texts = (text: string): string[] => readAnswers(text).map((answer) => answer.text)

/** A transport that counts what goes through it. */
class Counting implements Transport {
  readonly inner: Transport
  writes = 0
  queuedBytesMax = 0

  constructor(inner: Transport) {
    this.inner = inner
  }

  get peer(): Transport['peer'] {
    return this.inner.peer
  }

  get local(): Transport['local'] {
    return this.inner.local
  }

  get encrypted(): boolean {
    return this.inner.encrypted
  }

  get protocol(): string {
    return this.inner.protocol
  }

  get clientCertificate(): Transport['clientCertificate'] {
    return this.inner.clientCertificate
  }

  get writable(): boolean {
    return this.inner.writable
  }

  open(sink: TransportSink): void {
    this.inner.open(sink)
  }

  write(pieces: readonly Uint8Array[]): void {
    this.writes++
    this.inner.write(pieces)
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }

  end(): void {
    this.inner.end()
  }

  destroy(reset?: boolean): void {
    this.inner.destroy(reset)
  }
}

/** Sends a request text to a handler and gives the answers with the number of writes that they took. */
const counted = async (mount: (was: Was) => unknown, request: string): Promise<{ text: string; writes: number }> => {
  const { engine } = quiet()
  engine.mount('/', mount as () => string)
  const [ours, theirs] = memoryTransports()
  const counting = new Counting(theirs)
  let text = ''
  const closed = new Promise<void>((resolve) =>
    ours.open({
      onData: (chunk) => void (text += Buffer.from(chunk).toString('latin1')),
      onEnd: () => ours.end(),
      onDrain: () => {},
      onClose: () => resolve(),
    }),
  )
  engine.serve(counting)
  ours.write([Buffer.from(request)])
  await closed
  return { text, writes: counting.writes }
}

const sixteen = Array.from({ length: 16 }, (_, i) => GET(`/${i}`, ...(i === 15 ? ['Connection: close'] : []))).join('')
const expected = Array.from({ length: 16 }, (_, i) => `/${i}`)

describe('pipelined requests', () => {
  it('are answered in one write, whether their handlers are async or not', async () => {
    const path = ({ request }: Was): string => request.path
    const chain = async (was: Was): Promise<string> => {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      return path(was)
    }
    const mixed = (was: Was): unknown => (Number(path(was).slice(1)) % 2 === 0 ? path(was) : chain(was))
    for (const [handler, writesMax] of [
      [path, 1],
      [async (was: Was) => path(was), 1],
      [chain, 1],
      [mixed, 2],
    ] as const) {
      const { text, writes } = await counted(handler, sixteen)
      assert.deepEqual(texts(text), expected)
      assert.ok(writes <= writesMax, `${writes} writes`)
    }
  })

  it('stay in order however long their handlers take, one at a time', async () => {
    let running = 0
    const delays = [3, 0, 7, 1, 0, 2, 5, 0, 1, 4, 0, 0, 2, 1, 3, 0]
    const { text } = await counted(async ({ request }) => {
      assert.equal(++running, 1)
      for (let turns = delays[Number(request.path.slice(1))]!; turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve))
      running--
      return request.path
    }, sixteen)
    assert.deepEqual(texts(text), expected)
  })

  it('behind a fault are not looked at', async () => {
    const seen: string[] = []
    const { engine } = quiet()
    engine.mount('/', ({ request }) => (seen.push(request.path), 'x'))
    const text = await exchange(engine, `${GET('/one')}GET /two HTTP/1.1\nHost: x\r\n\r\n${GET('/three')}`)
    assert.deepEqual(seen, ['/one'])
    assert.deepEqual(
      readAnswers(text).map(({ status }) => status),
      [200, 400],
    )
  })

  it('behind Connection: close are not looked at', async () => {
    const seen: string[] = []
    const { engine } = quiet()
    engine.mount('/', ({ request }) => (seen.push(request.path), 'x'))
    const text = await exchange(engine, GET('/one', 'Connection: close') + GET('/two'))
    assert.deepEqual([seen, readAnswers(text).length], [['/one'], 1])
  })

  it('wait for a stream, whose pieces leave as they come', async () => {
    const app = new App()
      .get('/stream', async function* () {
        for (let i = 0; i < 3; i++) {
          await new Promise((resolve) => setImmediate(resolve))
          yield `${i}`
        }
      } as () => AsyncGenerator<string>)
      .get('/next', () => 'next')
    const { engine } = quiet()
    engine.mount('/', app)
    assert.deepEqual(texts(await exchange(engine, GET('/stream') + GET('/next', 'Connection: close'))), ['012', 'next'])
  })
})

describe('keep-alive', () => {
  it('is for 1.0 clients that ask for it', async () => {
    const { port } = await serve((engine) => engine.mount('/', ({ request }) => request.version))
    const wire = await Wire.to(port)
    wire.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    const first = readAnswer(await wire.until(/1\.0$/))
    assert.equal(first.headers['connection'], 'keep-alive')
    wire.text = ''
    const second = readAnswer(await wire.send('GET / HTTP/1.0\r\n\r\n').rest())
    assert.deepEqual([second.text, second.headers['connection']], ['1.0', 'close'])
  })

  it('carries many requests of node:http and fetch over one connection', async () => {
    const served = await serve((engine) => engine.mount('/', ({ request }) => request.text()))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < 5; i++) {
      const sent = httpRequest(served.url, { method: 'POST', agent })
      sent.end(`body ${i}`)
      const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>]
      let text = ''
      for await (const chunk of answer) text += String(chunk)
      assert.equal(text, `body ${i}`)
    }
    assert.equal(served.engine.connectionCount, 1)
    agent.destroy()
    const body = 'x'.repeat(300_000)
    assert.equal(await (await fetch(served.url, { method: 'POST', body })).text(), body)
  })
})

describe('limits and deadlines', () => {
  it('of the engine reach its connections', async () => {
    const limits = { targetBytesMax: 20, fieldCountMax: 3, fieldBytesMax: 100, bodyBytesMax: 5, methodBytesMax: 5 }
    const { engine } = quiet({ limits })
    engine.mount('/', ({ request }) => request.text())
    const status = async (text: string): Promise<number> => readAnswer(await exchange(engine, text)).status
    assert.equal(await status(GET('/123456789', 'Connection: close')), 200)
    assert.equal(await status(GET('/12345678901234567890')), 414)
    assert.equal(await status(GET('/', 'A: 1', 'B: 2', 'C: 3')), 431)
    assert.equal(await status(GET('/', `A: ${'x'.repeat(100)}`)), 431)
    assert.equal(await status('METHOD / HTTP/1.1\r\nHost: x\r\n\r\n'), 501)
    assert.equal(await status('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n'), 413)
    assert.equal(
      await status('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n'),
      413,
    )
    assert.equal(await status('GET / HTTP/2.0\r\n\r\n'), 505)
  })

  it('end a connection that says nothing, a slow head, a slow content and an idle connection', async () => {
    const limits = { firstByteMs: 40, headMs: 40, idleMs: 40, bodyMs: 40 }
    const { port } = await serve((engine) => engine.mount('/', ({ request }) => request.text()), { limits })
    const silent = await Wire.to(port)
    assert.equal(await silent.rest(), '')
    const head = await Wire.to(port)
    const dripping = setInterval(() => head.socket.write('X'), 10)
    head.send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    assert.equal(readAnswer(await head.rest()).status, 408)
    clearInterval(dripping)
    const body = await Wire.to(port)
    body.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx')
    assert.equal(readAnswer(await body.rest()).status, 408)
    const idle = await Wire.to(port)
    const { complete, rest } = readAnswer(await idle.send(GET('/')).rest())
    assert.deepEqual([complete, rest], [true, ''])
  })

  it('end a client that takes nothing', async () => {
    const lost = signal()
    const { port, engine } = await serve(
      (made) =>
        made.mount('/', async function* () {
          try {
            for (;;) yield octets(65_536)
          } finally {
            lost.resolve()
          }
        } as () => AsyncGenerator<Buffer>),
      { limits: { writeMs: 40 } },
    )
    const wire = await Wire.to(port)
    wire.send(GET('/'))
    wire.socket.pause()
    await lost.promise
    while (engine.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve))
    wire.socket.destroy()
  })
})

describe('a slow reader', () => {
  const MIB = 1024 * 1024

  it('pauses the producer, and memory stays bounded', async () => {
    let produced = 0
    const piece = octets(MIB)
    const stream = async function* (): AsyncGenerator<Buffer> {
      for (; produced < 64 * MIB; produced += MIB) yield piece
    }
    const served = await serve((engine) => engine.mount('/', stream))
    const socket = (await Wire.to(served.port)).socket
    socket.removeAllListeners('data')
    socket.pause()
    socket.write(GET('/', 'Connection: close'))
    // The producer has stopped when nothing new comes in many turns: what the system's buffers hold is gone by then.
    for (let last = -1, still = 0; still < 200; still = produced === last ? still + 1 : 0) {
      last = produced
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(produced > 0 && produced < 32 * MIB, `${produced / MIB} MiB were made for a client that takes nothing`)
    let received = 0
    socket.on('data', (chunk: Buffer) => void (received += chunk.length))
    socket.on('end', () => socket.end())
    socket.resume()
    await once(socket, 'close')
    assert.ok(received > 64 * MIB)
    assert.equal(produced, 64 * MIB)
  })

  it('gets the end of a response that closes, however late it reads', async () => {
    const size = 6 * MIB
    const { port } = await serve((engine) => engine.mount('/', () => octets(size)))
    const wire = await Wire.to(port)
    wire.socket.pause()
    wire.send(GET('/', 'Connection: close'))
    // Longer than a connection lingers that has nothing more to write.
    await new Promise((resolve) => setTimeout(resolve, 2300))
    wire.socket.resume()
    assert.equal(readAnswer(await wire.rest()).complete, true)
  })

  it('gets it when it has closed its own side in between', async () => {
    const { port } = await serve((engine) => engine.mount('/', () => octets(4 * MIB)))
    const wire = await Wire.to(port)
    wire.socket.pause()
    wire.send(GET('/', 'Connection: close'))
    wire.socket.end()
    await once(wire.socket, 'finish')
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
    wire.socket.resume()
    assert.equal(readAnswer(await wire.rest()).complete, true)
  })
})

describe('garbage', () => {
  it('of any kind ends its own connection only', async () => {
    const { port, errors } = await serve((engine) => engine.mount('/', ({ request }) => request.text()))
    const steady = await Wire.to(port)
    steady.send(GET('/'))
    const nasty = [
      '\0'.repeat(1000),
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\r\n'.repeat(100),
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf',
      'x'.repeat(100_000),
    ]
    for (const text of nasty)
      for (const leave of [false, true]) {
        const wire = await Wire.to(port)
        wire.send(text)
        if (leave) wire.reset()
        else wire.socket.end()
        await wire.gone()
      }
    await steady.until(/\r\n\r\n/)
    steady.text = ''
    assert.equal(readAnswer(await steady.send(GET('/', 'Connection: close')).rest()).status, 200)
    assert.deepEqual(errors, [])
  })
})
