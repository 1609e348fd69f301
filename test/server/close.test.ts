import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { readAnswer, readAnswers } from './asking.js'
import { quiet, serve, signal, Wire } from './serving.js'

const GET = (target = '/'): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`

describe('close', () => {
  it('resolves at once when nothing runs, also before run, and again', async () => {
    const { engine } = quiet()
    engine.mount('/', () => 'x')
    const first = engine.close()
    assert.equal(engine.close({ timeoutMs: 0 }), first)
    await first
    await assert.rejects(engine.run({ port: 0 }), /the engine is closed/)
  })

  it('stops accepting, finishes what is under way with Connection: close, and ends', async () => {
    const go = signal()
    const begun = signal()
    const { engine, port } = await serve((made) =>
      made.mount('/', async () => {
        begun.resolve()
        await go.promise
        return 'finished'
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET())
    await begun.promise
    const closed = engine.close({ timeoutMs: 10_000 })
    const refused = connect(port, '127.0.0.1')
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED')
    go.resolve()
    const answer = readAnswer(await wire.rest())
    assert.deepEqual([answer.text, answer.complete, answer.headers['connection']], ['finished', true, 'close'])
    await closed
    assert.equal(engine.connectionCount, 0)
  })

  it('answers a request that arrives on an idle connection in the grace period', async () => {
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'))
    const wire = await Wire.to(port)
    await wire.send(GET()).until(/x$/)
    wire.text = ''
    const closed = engine.close({ graceMs: 10_000, timeoutMs: 20_000 })
    wire.send(GET() + GET())
    const answers = readAnswers(await wire.rest())
    assert.deepEqual(
      answers.map(({ text, headers }) => [text, headers['connection']]),
      [['x', 'close']],
    )
    await closed
  })

  it('ends idle connections after the grace period, and lets a half request finish', async () => {
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'))
    const half = await Wire.to(port)
    half.send('GET / HTTP/1.1\r\nHo')
    const fresh = await Wire.to(port)
    const idle = await Wire.to(port)
    // What was sent before on another connection has been read when this is answered.
    await idle.send(GET()).until(/x$/)
    while (engine.connectionCount < 3) await new Promise((resolve) => setImmediate(resolve))
    const closed = engine.close({ graceMs: 10, timeoutMs: 10_000 })
    await Promise.all([idle.rest(), fresh.rest()])
    assert.equal(fresh.text, '')
    const answer = readAnswer(await half.send('st: x\r\n\r\n').rest())
    assert.deepEqual([answer.text, answer.headers['connection']], ['x', 'close'])
    await closed
  })

  it('cuts what takes longer than it may, and the handler learns it', async () => {
    const begun = signal()
    const aborted = signal()
    const { engine, port } = await serve((made) =>
      made.mount('/', async ({ request }) => {
        begun.resolve()
        await once(request.signal, 'abort')
        aborted.resolve()
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET())
    await begun.promise
    await engine.close({ timeoutMs: 20 })
    await aborted.promise
    assert.equal(await wire.rest(), '')
  })

  it('takes for ever when it is told to', async () => {
    const go = signal()
    const begun = signal()
    const { engine, port } = await serve((made) =>
      made.mount('/', async () => {
        begun.resolve()
        await go.promise
        return 'x'
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET())
    await begun.promise
    const closed = engine.close({ timeoutMs: Infinity })
    // A timer that is given Infinity fires after one millisecond.
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(engine.connectionCount, 1)
    go.resolve()
    assert.equal(readAnswer(await wire.rest()).text, 'x')
    await closed
  })

  it('ends connections that wait for their PROXY header', async () => {
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'), {}, { proxyProtocol: true })
    const wire = await Wire.to(port)
    wire.send('PROXY TCP4 ')
    const other = await Wire.to(port)
    other.send(`PROXY UNKNOWN\r\n${GET()}`)
    await other.until(/x$/)
    await engine.close({ timeoutMs: 5000, graceMs: 10 })
    await Promise.all([wire.rest(), other.rest()])
    assert.equal(wire.text, '')
  })

  it('during run leaves nothing that listens', async () => {
    const { engine } = quiet()
    engine.mount('/', () => 'x')
    const running = engine.run({ address: '127.0.0.1', port: 0, signals: false })
    await engine.close()
    await assert.rejects(running, /closed before it listened/)
  })
})

describe('event streams on close', () => {
  it('end in order, whatever their source waits for', async () => {
    const returned = signal()
    async function* waiting(): AsyncGenerator<string> {
      yield 'first'
      await new Promise<never>(() => {})
    }
    const news: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => {
        const source = waiting()
        return {
          next: () => source.next(),
          return: () => {
            returned.resolve()
            return source.return(undefined)
          },
        }
      },
    }
    const app = new App().get('/', (was) => was.response.events(news, { keepAliveSeconds: Infinity }))
    const { engine, port, errors } = await serve((skitai) => skitai.mount('/', app))
    const wire = await Wire.to(port)
    await wire.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').until(/data: first/)
    const closed = engine.close({ timeoutMs: 60_000, graceMs: 0 })
    assert.match(await wire.rest(), /data: first\n\n\r\n0\r\n\r\n$/)
    await Promise.all([closed, returned.promise])
    assert.deepEqual(errors, [])
  })

  it('that begin then end at once', async () => {
    const go = signal()
    const asked = signal()
    const app = new App().get('/', async (was) => {
      asked.resolve()
      await go.promise
      return was.response.events(['never seen'])
    })
    const { engine, port } = await serve((skitai) => skitai.mount('/', app))
    const wire = (await Wire.to(port)).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await asked.promise
    const closed = engine.close({ timeoutMs: 60_000, graceMs: 0 })
    go.resolve()
    assert.match(await wire.rest(), /^HTTP\/1\.1 200 [^]*text\/event-stream[^]*\r\n\r\n0\r\n\r\n$/)
    await closed
  })
})

describe('the log on close', () => {
  it('is written to its end', async () => {
    const sink = new PassThrough()
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'), { log: sink })
    const wire = await Wire.to(port)
    await wire.send(GET('/logged')).until(/x$/)
    wire.socket.destroy()
    await engine.close()
    assert.match(String(sink.read()), / GET \/logged 1\.1 0 200 1 /)
  })

  it('is not waited for longer than the time that is given', async () => {
    const stuck = new Writable({ write: () => {} })
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'), { log: stuck })
    const wire = await Wire.to(port)
    await wire.send(GET()).until(/x$/)
    wire.socket.destroy()
    await engine.close({ timeoutMs: 10 })
  })

  it('may throw: that ends the log, not the server', async () => {
    const warned = once(process, 'warning')
    const broken = { write: () => assert.fail('the disk'), once: () => {}, on: () => {}, off: () => {} }
    const { engine, port } = await serve((made) => made.mount('/', () => 'x'), { log: broken })
    const wire = await Wire.to(port)
    await wire.send(GET()).until(/x$/)
    assert.match(String((await warned)[0]), /the request log cannot be written: the disk/)
    wire.socket.destroy()
    await engine.close()
  })
})

describe('engines', () => {
  it('know nothing of each other', async () => {
    const one = await serve((made) =>
      made
        .mount('/', () => 'one')
        .mount(
          '/only',
          new App().get('/one', () => 1),
        ),
    )
    const two = await serve((made) => made.mount('/', () => 'two'))
    assert.equal(await (await fetch(one.url)).text(), 'one')
    assert.equal(await (await fetch(`${one.url}/only/one`)).text(), '1')
    await one.engine.close()
    assert.equal(await (await fetch(two.url)).text(), 'two')
    assert.equal(await (await fetch(`${two.url}/only/one`)).text(), 'two')
  })
})
