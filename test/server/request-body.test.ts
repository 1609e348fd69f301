import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Fields } from '#src/protocols/http1/index.js'
import { App, type Was } from '#src/server/index.js'
import { RequestBody } from '#src/server/request-body.js'
import { ask, readAnswer, readAnswers } from './asking.js'
import { octets, quiet, serve, signal, Wire } from './serving.js'

const chunked = (...parts: readonly string[]): string =>
  [...parts, ''].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')

const POST = (target: string, ...lines: readonly string[]): string =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

/** Answers with what reading the content gives, or fails with. */
const reading = new App({ bodyBytesMax: 1000 })
  .post('/text', ({ request }) => request.text())
  .post('/text-limit', ({ request }) => request.text({ limit: 10 }))
  .post('/json', async ({ request }) => ({ json: await request.json() }))
  .post('/bytes', ({ request }) => request.bytes())
  .post('/stream', ({ request }) => request.stream())
  .post('/stream-limit', async ({ request }) => {
    let count = 0
    for await (const piece of request.stream({ limit: 10 })) count += piece.length
    return String(count)
  })
  .post('/trailers', async ({ request }) => `${await request.text()} ${request.trailers.get('x-sum')}`)
  .post('/twice', async ({ request }) => `${await request.text()}${await request.text()}`)
  .post('/none', () => 'unread')
  .get('/none', async ({ request }) => `got "${await request.text()}"`)

describe('reading content', () => {
  const { engine, errors } = quiet()
  engine.mount('/', reading)
  const post = async (target: string, body: string, headers = {}): Promise<string | number> => {
    const { status, text } = await ask(engine, target, { method: 'POST', body, headers })
    return status === 200 ? text : status
  }

  it('gives text, JSON, bytes and a stream', async () => {
    assert.equal(await post('/text', 'h\xc3\xa9llo'), 'h\u00e9llo')
    assert.equal(await post('/text', '\xef\xbb\xbfno mark'), 'no mark')
    assert.equal(await post('/text', ''), '')
    assert.equal(await post('/json', '{"a":[1]}'), '{"json":{"a":[1]}}')
    assert.equal(await post('/bytes', 'raw'), 'raw')
    assert.equal(await post('/stream', 'x'.repeat(5000)), 'x'.repeat(5000))
    assert.equal((await ask(engine, '/none')).text, 'got ""')
  })

  it('is 400 for what is not UTF-8 or JSON', async () => {
    assert.equal(await post('/text', '\xff'), 400)
    assert.equal(await post('/json', '{'), 400)
    assert.equal(await post('/json', ''), 400)
    assert.equal(await post('/json', '\xff'), 400)
  })

  it('is 413 beyond the limit, declared or not', async () => {
    assert.equal(await post('/text', 'x'.repeat(1000)), 'x'.repeat(1000))
    assert.equal(await post('/text', 'x'.repeat(1001)), 413)
    assert.equal(await post('/bytes', 'x'.repeat(1001)), 413)
    assert.equal(await post('/text-limit', 'x'.repeat(10)), 'x'.repeat(10))
    assert.equal(await post('/text-limit', 'x'.repeat(11)), 413)
    assert.equal(await post('/stream-limit', 'x'.repeat(10)), '10')
    assert.equal(await post('/stream-limit', 'x'.repeat(11)), 413)
  })

  it('is 413 as soon as too much has come in chunks', async () => {
    const { port } = await serve((made) => made.mount('/', reading))
    for (const target of ['/text-limit', '/stream-limit']) {
      const wire = await Wire.to(port)
      // The content never ends.
      wire.send(`${POST(target, 'Transfer-Encoding: chunked')}6\r\nabcdef\r\n`).send('6\r\nabcdef\r\n')
      const answer = readAnswer(await wire.until(/<\/html>/))
      assert.equal(answer.status, 413)
      wire.socket.destroy()
    }
  })

  it('gives trailers', async () => {
    const { port } = await serve((made) => made.mount('/', reading))
    const wire = await Wire.to(port)
    wire.send(`${POST('/trailers', 'Transfer-Encoding: chunked', 'Connection: close')}1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n`)
    assert.equal(readAnswer(await wire.rest()).text, 'a 7')
  })

  it('twice is a mistake of the app', async () => {
    assert.deepEqual(errors, [])
    assert.equal(await post('/twice', 'x'), 500)
    assert.match(String(errors[0]), /was read before/)
  })

  it('after the answer fails, or gives what had come', async () => {
    const seen = signal<unknown[]>()
    const late = quiet()
    const readLater = (was: Was): string => {
      setImmediate(() => {
        const read = was.request.text()
        void Promise.allSettled([read]).then((settled) => seen.resolve(settled))
      })
      return 'answered'
    }
    late.engine.mount('/', readLater)
    await ask(late.engine, '/')
    assert.deepEqual(await seen.promise, [{ status: 'fulfilled', value: '' }])
    const { port } = await serve((made) => made.mount('/', (was) => (seenLater(was), 'answered')))
    const wire = await Wire.to(port)
    wire.send(POST('/', 'Content-Length: 5'))
    await wire.until(/answered/)
    const [settled] = await failed.promise
    assert.match(String((settled as PromiseRejectedResult).reason), /answered before it was read/)
    wire.socket.destroy()
  })
})

const failed = signal<PromiseSettledResult<string>[]>()
function seenLater(was: Was): void {
  setImmediate(() => void Promise.allSettled([was.request.text()]).then(failed.resolve))
}

describe('100 (Continue)', () => {
  it('is sent when the handler reads', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    for (const target of ['/text', '/bytes']) {
      const wire = await Wire.to(port)
      wire.send(POST(target, 'Expect: 100-continue', 'Content-Length: 5', 'Connection: close'))
      await wire.until(/\r\n\r\n/)
      assert.equal(wire.text, 'HTTP/1.1 100 Continue\r\n\r\n')
      wire.send('hello')
      assert.equal(readAnswer(readAnswer(await wire.rest()).rest).text, 'hello')
    }
  })

  it('is not sent behind the head of a response that repeats the content', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    const wire = await Wire.to(port)
    wire.send(POST('/stream', 'Expect: 100-continue', 'Content-Length: 5'))
    await wire.until(/\r\n\r\n/)
    assert.match(wire.text, /^HTTP\/1\.1 200 OK/)
    assert.equal(readAnswer(await wire.send('hello').rest()).text, 'hello')
  })

  it('is not sent when it does not: the final answer closes', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    for (const [target, status] of [
      ['/none', 200],
      ['/text-limit', 413],
      ['/missing', 404],
    ] as const) {
      const wire = await Wire.to(port)
      wire.send(POST(target, 'Expect: 100-continue', 'Content-Length: 500'))
      const answer = readAnswer(await wire.rest())
      assert.deepEqual([answer.status, answer.headers['connection'], answer.rest], [status, 'close', ''])
    }
  })

  it('is not sent over 1.0, nor for another expectation', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    const old = await Wire.to(port)
    old.send('POST /text HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi')
    assert.equal(readAnswer(await old.rest()).text, 'hi')
    const other = await Wire.to(port)
    other.send(POST('/text', 'Expect: 200-ok', 'Content-Length: 2'))
    assert.equal(readAnswer(await other.rest()).status, 417)
  })
})

describe('an answer before the content was read', () => {
  it('keeps the connection when little is left', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    const wire = await Wire.to(port)
    wire.send(POST('/none', 'Content-Length: 5'))
    await wire.until(/unread/)
    wire
      .send('hello')
      .send(POST('/text', 'Content-Length: 2', 'Connection: close'))
      .send('hi')
    const answers = readAnswers(await wire.rest(), 'POST', 'POST')
    assert.deepEqual(
      answers.map(({ text }) => text),
      ['unread', 'hi'],
    )
  })

  it('closes when much is left, and the client still gets the answer', async () => {
    const { port } = await serve((engine) => engine.mount('/', reading))
    const wire = await Wire.to(port)
    wire.send(POST('/none', 'Content-Length: 1000000'))
    await wire.until(/unread/)
    assert.equal(readAnswer(wire.text).headers['connection'], 'close')
    wire.socket.write(octets(500_000))
    assert.equal(readAnswer(await wire.rest()).text, 'unread')
  })

  it('does not hold up the content of the next request', async () => {
    // The first content fills the queue of a handler that never reads, so the connection holds it back.
    const size = 100_000
    const full = signal()
    const { port } = await serve((engine) =>
      engine.mount(
        '/',
        new App()
          .post('/full', async ({ request }) => {
            const stream = request.stream()
            await stream.next()
            await full.promise
            return 'enough'
          })
          .post('/text', ({ request }) => request.text()),
      ),
    )
    const wire = await Wire.to(port)
    wire.send(POST('/full', `Content-Length: ${size}`))
    wire.socket.write(octets(size), () => full.resolve())
    await wire.until(/enough/)
    assert.equal(readAnswer(wire.text).headers['connection'], undefined)
    wire.send(POST('/text', 'Transfer-Encoding: chunked', 'Connection: close') + chunked('one', 'two'))
    assert.equal(readAnswers(await wire.rest(), 'POST', 'POST')[1]?.text, 'onetwo')
  })
})

describe('a handler that does not read', () => {
  it('stops the client, and gets all of it later', async () => {
    const size = 24 * 1024 * 1024
    const go = signal()
    const { port } = await serve((engine) =>
      engine.mount('/', async ({ request }) => {
        await go.promise
        let count = 0
        for await (const piece of request.stream()) count += piece.length
        return String(count)
      }),
    )
    const wire = await Wire.to(port)
    wire.send(POST('/', `Content-Length: ${size}`, 'Connection: close'))
    const piece = octets(1024 * 1024)
    let sent = 0
    // Writes until the system takes no more: it takes what its buffers hold, not all of it.
    while (sent < size && wire.socket.writableLength < 4 * piece.length) {
      wire.socket.write(piece)
      sent += piece.length
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(sent < size, 'the client was never stopped')
    go.resolve()
    for (; sent < size; sent += piece.length) if (!wire.socket.write(piece)) await once(wire.socket, 'drain')
    assert.equal(readAnswer(await wire.rest()).text, String(size))
  })
})

describe('pieces of content', () => {
  it('stay as they were given, however they come and are taken', async () => {
    const consumed: number[] = []
    const body = new RequestBody(
      { hold: () => {}, begin: () => {}, consume: (size) => void (size > 0 && consumed.push(size)) },
      -1,
    )
    const given: Uint8Array[] = []
    const copies: string[] = []
    const all = octets(400_000)
    let at = 0
    const push = (size: number): void => {
      const piece = Buffer.from(all.subarray(at, at + size))
      body.push(piece)
      piece.fill(0)
      at += size
    }
    const take = async (read: Promise<Uint8Array | undefined>): Promise<void> => {
      const piece = await read
      if (piece === undefined) return
      given.push(piece)
      copies.push(Buffer.from(piece).toString('latin1'))
    }
    for (let round = 1; round < 30; round++) {
      push(round)
      push(round * 100)
      await take(body.read())
      for (let size = 1; size < 5000; size *= 3) push(size)
      while (body.queuedBytes > 0) await take(body.read())
      const waiting = take(body.read())
      push(round * 7)
      push(round)
      await waiting
    }
    while (body.queuedBytes > 0) await take(body.read())
    body.end(Fields.empty)
    assert.equal(await body.read(), undefined)
    assert.equal(copies.join(''), all.subarray(0, at).toString('latin1'))
    for (const [index, piece] of given.entries()) assert.equal(Buffer.from(piece).toString('latin1'), copies[index])
    assert.equal(
      consumed.reduce((sum, size) => sum + size),
      at,
    )
  })

  it('is lent piece by piece, in memory that is used again', async () => {
    const body = new RequestBody({ hold: () => {}, begin: () => {}, consume: () => {} }, -1)
    const all = octets(4_000_000)
    let at = 0
    const push = (size: number): void => {
      body.push(all.subarray(at, at + size))
      at += size
    }
    const memory = new Set<ArrayBufferLike>()
    const read: string[] = []
    const lent = (async () => {
      for await (const piece of body.lend(Infinity)) {
        const text = Buffer.from(piece).toString('latin1')
        // Others come while this one is read, and leave it as it is.
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
        assert.equal(Buffer.from(piece).toString('latin1'), text)
        read.push(text)
        memory.add(piece.buffer)
      }
    })()
    for (let round = 0; round < 100; round++) {
      for (const size of [1, 3000, 25_000, 700]) push(size)
      do await new Promise((resolve) => setImmediate(resolve))
      while (body.queuedBytes > (round % 2) * 20_000)
    }
    body.end(Fields.empty)
    await lent
    assert.ok(read.join('') === all.subarray(0, at).toString('latin1'))
    assert.ok(memory.size < 20, `${memory.size} blocks`)
  })

  it('are put together when the length is known, wherever they lie', async () => {
    const body = new RequestBody({ hold: () => {}, begin: () => {}, consume: () => {} }, 30)
    for (const text of ['a', 'bb', 'ccc']) body.push(Buffer.from(text))
    const whole = body.collect(100)
    body.push(Buffer.from('d'.repeat(24)))
    body.end(Fields.empty)
    assert.equal(Buffer.from(await whole).toString(), `abbccc${'d'.repeat(24)}`)
  })
})
