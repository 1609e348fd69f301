import assert from 'node:assert/strict'
import { EventEmitter, on, once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { App, type Was } from '#src/server/index.js'
import { readAnswer } from './asking.js'
import { octets, serve, signal, Wire } from './serving.js'

const GET = (target: string, method = 'GET'): string => `${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`

/** How a client leaves: with a reset, or in order. Both are noticed. */
const ways: [string, (wire: Wire) => void][] = [
  ['with a reset', (wire) => wire.reset()],
  ['in order', (wire) => wire.socket.destroy()],
]

const limits = { halfClosedMs: 50 }

describe('a client that leaves', () => {
  for (const [way, leave] of ways) {
    it(`${way} ends a generator, whose finally runs`, async () => {
      const ended = signal<string>()
      async function* endless(): AsyncGenerator<string> {
        try {
          for (;;) {
            yield 'again '
            await new Promise((resolve) => setImmediate(resolve))
          }
        } finally {
          ended.resolve('finally')
        }
      }
      const { port, errors } = await serve((engine) => engine.mount('/', endless), { limits })
      const wire = await Wire.to(port)
      await wire.send(GET('/')).until(/again/)
      leave(wire)
      assert.equal(await ended.promise, 'finally')
      assert.deepEqual(errors, [])
    })

    it(`${way} ends what waits with the signal of the request, and nobody is told`, async () => {
      const ended = signal<unknown>()
      const emitter = new EventEmitter()
      async function* news({ request }: Was): AsyncGenerator<string> {
        yield 'begun'
        try {
          for await (const [text] of on(emitter, 'news', { signal: request.signal })) yield String(text)
        } catch (error) {
          ended.resolve(error)
          throw error
        }
      }
      const { port, errors } = await serve((engine) => engine.mount('/', news))
      const wire = await Wire.to(port)
      await wire.send(GET('/')).until(/begun/)
      leave(wire)
      assert.equal(((await ended.promise) as Error).name, 'AbortError')
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(errors, [])
    })

    it(`${way} destroys a Node stream that waits`, async () => {
      let pushed = false
      const source = new Readable({ read: () => void (pushed || (pushed = source.push('begun'))) })
      const { port, errors } = await serve((engine) => engine.mount('/', () => source), { limits })
      const wire = await Wire.to(port)
      await wire.send(GET('/')).until(/begun/)
      leave(wire)
      await once(source, 'close')
      assert.deepEqual(errors, [])
    })

    it(`${way} cancels a web stream that waits`, async () => {
      const cancelled = signal<unknown>()
      const never = new Promise<void>(() => {})
      const source = (): ReadableStream =>
        new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.from('begun')),
          pull: () => never,
          cancel: (reason) => cancelled.resolve(reason),
        })
      const { port } = await serve((engine) => engine.mount('/', source), { limits })
      const wire = await Wire.to(port)
      await wire.send(GET('/')).until(/begun/)
      leave(wire)
      assert.match(String(await cancelled.promise), /nobody takes the rest/)
    })

    for (const method of ['GET', 'HEAD', 'POST'])
      it(`${way} aborts the signal of ${method} while its handler works`, async () => {
        const aborted = signal<unknown>()
        const begun = signal()
        const work = async ({ request }: Was): Promise<string> => {
          begun.resolve()
          await once(request.signal, 'abort')
          aborted.resolve(request.signal.reason)
          return 'nobody gets this'
        }
        const { port, errors } = await serve((engine) => engine.mount('/', work), { limits })
        const wire = await Wire.to(port)
        wire.send(GET('/', method))
        await begun.promise
        leave(wire)
        assert.match(String(await aborted.promise), /the client has left/)
        assert.deepEqual(errors, [])
      })

    it(`${way} fails the reader of its content`, async () => {
      const failed = signal<unknown>()
      const begun = signal()
      const read = async ({ request }: Was): Promise<string> => {
        begun.resolve()
        try {
          return await request.text()
        } catch (error) {
          failed.resolve(error)
          throw error
        }
      }
      const { port, errors } = await serve((engine) => engine.mount('/', read))
      const wire = await Wire.to(port)
      wire.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
      await begun.promise
      leave(wire)
      const error = (await failed.promise) as Error
      assert.equal(error.name, 'TransportError')
      assert.deepEqual(errors, [])
    })
  }

  it('has a signal that is aborted already when it is asked for late', async () => {
    const seen = signal<boolean>()
    const left = signal()
    const begun = signal()
    const { port } = await serve((engine) =>
      engine.mount('/', async ({ request }) => {
        void once(request.signal, 'abort').then(() => left.resolve())
        begun.resolve()
        await left.promise
        seen.resolve(request.signal.aborted)
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET('/'))
    await begun.promise
    wire.reset()
    assert.equal(await seen.promise, true)
  })

  it('leaves a signal alone when the answer was complete', async () => {
    const signals: AbortSignal[] = []
    const { port } = await serve((engine) => engine.mount('/', ({ request }) => (signals.push(request.signal), 'done')))
    const wire = await Wire.to(port)
    await wire.send(GET('/')).until(/done/)
    wire.reset()
    await wire.gone()
    const other = await Wire.to(port)
    await other.send(GET('/')).until(/done/)
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false, false],
    )
    other.socket.destroy()
  })

  it('still gets the answer when it has only closed its side', async () => {
    const seen = signal<boolean>()
    const app = new App()
      .get('/late', async ({ request }) => {
        await once(request.signal, 'abort')
        seen.resolve(request.signal.aborted)
        return 'late answer'
      })
      .get('/stream', async function* () {
        yield 'one '
        await new Promise((resolve) => setImmediate(resolve))
        yield 'two'
      } as () => AsyncGenerator<string>)
      .post('/post', ({ request }) => request.text())
    const { port } = await serve((engine) => engine.mount('/', app))
    for (const [request, expected] of [
      [GET('/late'), 'late answer'],
      [GET('/stream'), 'one two'],
      ['POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhalf', 'half'],
    ] as const) {
      const wire = await Wire.to(port)
      wire.socket.end(request)
      assert.equal(readAnswer(await wire.rest()).text, expected)
    }
    assert.equal(await seen.promise, true)
  })

  it('in the middle of an upload over a paused connection does not stay', async () => {
    const begun = signal()
    const lost = signal()
    const { port, engine } = await serve((made) =>
      made.mount('/', async ({ request }) => {
        begun.resolve()
        await once(request.signal, 'abort')
        lost.resolve()
      }),
    )
    const wire = await Wire.to(port)
    wire.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
    await begun.promise
    wire.socket.write(octets(30_000), () => wire.reset())
    await lost.promise
    assert.equal(engine.connectionCount <= 1, true)
  })
})

describe('a response that is cut', () => {
  const broken = async function* (): AsyncGenerator<string> {
    yield 'begun'
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('cut')
  }

  it('is incomplete for a client of 1.1', async () => {
    const { port, errors } = await serve((engine) => engine.mount('/', broken))
    const wire = await Wire.to(port)
    const answer = readAnswer(await wire.send(GET('/')).rest())
    assert.deepEqual([answer.status, answer.complete, answer.text], [200, false, 'begun'])
    assert.match(String(errors[0]), /cut/)
    await assert.rejects(async () => (await fetch(`http://127.0.0.1:${port}/`)).text(), /terminated/)
  })

  it('is a reset for a client of 1.0, whose content ends with the connection', async () => {
    const seen = signal()
    const { port } = await serve((engine) =>
      engine.mount('/', async function* () {
        yield 'begun'
        await seen.promise
        throw new Error('cut')
      } as () => AsyncGenerator<string>),
    )
    const wire = await Wire.to(port)
    await wire.send('GET / HTTP/1.0\r\n\r\n').until(/begun/)
    seen.resolve()
    await wire.gone()
    assert.equal(wire.error?.code, 'ECONNRESET')
    assert.equal(wire.ended, false)
  })
})
