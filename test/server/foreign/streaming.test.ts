import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { fetchHandler, nodeHandler, type Skitai } from '#src/server/index.js'
import { octets, quiet, serve, signal, Wire } from '../serving.js'
import { Http2Session } from '../http2-client.js'
import { ask, readAnswer, readAnswers, exchange } from '../asking.js'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

const PIECE = octets(65_536)
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const node =
  (listener: Listener) =>
  (engine: Skitai): Skitai =>
    engine.mount('/', nodeHandler(listener))

describe('SECURITY 33: a slow reader', () => {
  it('holds up a stream that is piped into a Node response', async () => {
    let taken = 0
    const { port } = await serve(
      node((_request, response) => {
        const source = new Readable({
          read() {
            taken++
            this.push(taken <= 2000 ? PIECE : null)
          },
        })
        source.pipe(response)
      }),
    )
    const wire = await Wire.to(port)
    wire.socket.pause()
    wire.send(GET)
    await until(() => taken > 0)
    const before = await settled(() => taken)
    assert.ok(before < 1000, `${before} pieces of 2000 were taken`)
    wire.reset()
  })

  it('holds up a web stream', async () => {
    let taken = 0
    const { port } = await serve((engine) =>
      engine.mount(
        '/',
        fetchHandler(
          () =>
            new Response(
              new ReadableStream(
                {
                  pull(controller) {
                    taken++
                    if (taken <= 2000) controller.enqueue(PIECE)
                    else controller.close()
                  },
                },
                { highWaterMark: 0 },
              ),
            ),
        ),
      ),
    )
    const wire = await Wire.to(port)
    wire.socket.pause()
    wire.send(GET)
    await until(() => taken > 0)
    const before = await settled(() => taken)
    assert.ok(before < 1000, `${before} pieces of 2000 were taken`)
    wire.reset()
  })

  it('gets all of a large body, and finish comes when it has most of it', async () => {
    const finished = signal()
    let done = false
    const { port } = await serve(
      node((_request, response) => {
        response.on('finish', () => {
          done = true
          finished.resolve()
        })
        response.end(octets(20_000_000))
      }),
    )
    const wire = await Wire.to(port)
    wire.socket.pause()
    wire.send(GET)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(done, false)
    wire.socket.resume()
    await finished.promise
    await until(() => wire.text.length > 20_000_000)
    wire.reset()
  })
})

describe('a client that leaves', () => {
  it('ends a response that would never end', async () => {
    const closed = signal<unknown>()
    const { port } = await serve(
      node((request, response) => {
        const timer = setInterval(() => response.write('tick'), 5)
        response.on('close', () => {
          clearInterval(timer)
          closed.resolve([
            response.destroyed,
            request.destroyed,
            request.aborted,
            response.writableFinished,
            response.socket?.destroyed,
          ])
        })
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET)
    await wire.until(/tick/)
    wire.reset()
    assert.deepEqual(await closed.promise, [true, true, true, false, true])
  })

  it('with a half-close ends it, too', async () => {
    const closed = signal()
    const { port } = await serve(
      node((_request, response) => {
        response.write('begun')
        response.on('close', () => closed.resolve())
      }),
    )
    const wire = await Wire.to(port)
    wire.send(GET)
    await wire.until(/begun/)
    wire.socket.end()
    await closed.promise
  })

  it('of a stream ends that, and no other', async () => {
    const closed = signal<string | undefined>()
    const { engine } = quiet()
    const alive = setInterval(() => {}, 1000)
    node((request, response) => {
      if (request.url === '/other') return void response.end('other')
      response.write('begun')
      response.on('close', () => closed.resolve(request.url))
    })(engine)
    const session = Http2Session.to(engine)
    const streamId = session.send('/left')
    await session.until(() => session.seen(streamId).text === 'begun')
    session.reset(streamId)
    assert.equal(await closed.promise, '/left')
    assert.equal((await session.ask('/other')).text, 'other')
    session.leave()
    clearInterval(alive)
  })

  it('cancels a web stream', async () => {
    const cancelled = signal()
    const { port } = await serve((engine) =>
      engine.mount(
        '/',
        fetchHandler(
          () =>
            new Response(
              new ReadableStream({
                start: (controller) => controller.enqueue(Buffer.from('begun')),
                cancel: () => cancelled.resolve(),
              }),
            ),
        ),
      ),
    )
    const wire = await Wire.to(port)
    wire.send(GET)
    await wire.until(/begun/)
    wire.reset()
    await cancelled.promise
  })

  it('ends a request whose content is being read', async () => {
    const ended = signal<unknown>()
    const { port } = await serve(
      node((request, response) => {
        response.flushHeaders()
        request.on('error', (error: NodeJS.ErrnoException) =>
          ended.resolve([error.message, error.code, request.aborted]),
        )
        request.resume()
      }),
    )
    const wire = await Wire.to(port)
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    await wire.until(/200 OK/)
    wire.reset()
    assert.deepEqual(await ended.promise, ['aborted', 'ECONNRESET', true])
  })
})

describe('SECURITY 9, 10: requests on one connection', () => {
  it('are answered in their order, and share the socket', async () => {
    const sockets = new Set<unknown>()
    const { engine } = quiet()
    node((request, response) => {
      sockets.add(request.socket)
      setTimeout(() => response.end(request.url), request.url === '/1' ? 20 : 1)
    })(engine)
    const text = await exchange(
      engine,
      ['/1', '/2', '/3']
        .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${path === '/3' ? 'Connection: close\r\n' : ''}\r\n`)
        .join(''),
    )
    assert.deepEqual(
      readAnswers(text).map((answer) => answer.text),
      ['/1', '/2', '/3'],
    )
    assert.equal(sockets.size, 1)
  })

  it('content that nobody reads is passed over', async () => {
    const { engine } = quiet()
    node((_request, response) => void response.end('x'))(engine)
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /'
    const text = await exchange(engine, `${post}${post.replace('Host: a', 'Host: a\r\nConnection: close')}`)
    assert.equal(readAnswers(text).length, 2)
  })

  it('content of which too much is left ends the connection', async () => {
    const { port } = await serve(node((_request, response) => void response.end('answered')))
    const wire = await Wire.to(port)
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n')
    const { headers, text } = readAnswer(await wire.rest())
    assert.deepEqual([headers['connection'], text], ['close', 'answered'])
  })

  it('a reader of content that does not come whole is told', async () => {
    const told = signal<unknown>()
    const { port } = await serve(
      node((request, response) => {
        request.on('error', (error) => told.resolve(error.message))
        request.once('data', () => response.end('enough'))
      }),
    )
    const wire = await Wire.to(port)
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    assert.equal(await told.promise, 'aborted')
    assert.equal(readAnswer(await wire.until(/enough/)).text, 'enough')
    wire.reset()
  })

  it('Connection: close of the app ends the connection', async () => {
    const { port } = await serve(node((_request, response) => void response.setHeader('Connection', 'close').end('x')))
    const wire = await Wire.to(port)
    wire.send(GET)
    assert.equal(readAnswer(await wire.rest()).headers['connection'], 'close')
  })

  it('Connection: close of a web Response, too', async () => {
    const { port } = await serve((engine) =>
      engine.mount(
        '/',
        fetchHandler(() => new Response('x', { headers: { connection: 'close' } })),
      ),
    )
    const wire = await Wire.to(port)
    wire.send(GET)
    assert.equal(readAnswer(await wire.rest()).headers['connection'], 'close')
  })

  it('100 (Continue) comes when the content is read', async () => {
    const { port } = await serve(
      node((request, response) => {
        if (request.url === '/no') return void response.writeHead(403).end()
        request.pipe(response)
      }),
    )
    const wire = await Wire.to(port)
    wire.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
    await wire.until(/^HTTP\/1.1 100 Continue\r\n\r\n/)
    wire.send('ok')
    await wire.until(/\r\n\r\n2\r\nok\r\n0\r\n\r\n$/)
    wire.reset()
    const refused = await Wire.to(port)
    refused.send('POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
    assert.match(await refused.rest(), /^HTTP\/1.1 403 /)
  })
})

describe('the socket of a request', () => {
  it('writes nothing past the response', async () => {
    const { engine } = quiet()
    node((request, response) => {
      const { socket } = request
      const codes = (['write', 'end', 'pipe', 'setEncoding'] as const).map((name) => {
        try {
          ;(socket[name] as (text: string) => void)('raw')
          return 'written'
        } catch (error) {
          return (error as NodeJS.ErrnoException).code
        }
      })
      socket.setNoDelay().setKeepAlive().ref().unref().pause().resume()
      response.end([...codes, socket.bytesWritten, socket.writableNeedDrain, socket.pending].join(' '))
    })(engine)
    const code = 'ERR_METHOD_NOT_IMPLEMENTED'
    assert.equal((await ask(engine, '/')).text, `${code} ${code} ${code} ${code} 0 false false`)
  })

  it('is destroyed with the request, over HTTP/2 with the stream', async () => {
    const { engine } = quiet()
    const alive = setInterval(() => {}, 1000)
    node((request, response) => {
      if (request.url === '/') request.socket.destroySoon()
      else response.end(String(request.socket.destroyed))
    })(engine)
    const session = Http2Session.to(engine)
    assert.ok((await session.ask('/')).resetCode > 0)
    assert.equal((await session.ask('/other')).text, 'false')
    session.leave()
    clearInterval(alive)
  })
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The value, once it has stayed the same for a while. */
async function settled(value: () => number): Promise<number> {
  for (let before = -1, same = 0; ; before = value()) {
    same = value() === before ? same + 1 : 0
    if (same === 10) return before
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
