import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { App, type HandlerValue, type SkitaiOptions, type Was } from '#src/server/index.js'
import { Http2Session } from './http2-client.js'
import { octets, quiet, signal, type Quiet } from './serving.js'

// The clock never keeps a process alive, and there is no socket here that would.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const giving = (make: (was: Was) => unknown, options: SkitaiOptions = {}): Quiet => {
  const made = quiet(options)
  made.engine.mount('/', make as () => HandlerValue)
  return made
}

const session = (make: (was: Was) => unknown, options: SkitaiOptions = {}): Http2Session & { errors: unknown[] } => {
  const { engine, errors } = giving(make, options)
  return Object.assign(Http2Session.to(engine), { errors })
}

/** One CANCEL; another error code would be our mistake. */
const INTERNAL_ERROR = 2

describe('an exchange over HTTP/2', () => {
  it('has the request as over HTTP/1.1, with Host and without pseudo-header fields', async () => {
    const client = session(({ request }) => ({
      version: request.version,
      host: request.host,
      uri: request.uri,
      path: request.path,
      scheme: request.scheme,
      headers: request.getHeaders(),
      named: request.getHeader('HOST'),
    }))
    const { status, text } = await client.ask('/a%20b?c=d', { fields: ['x-a', 'b', 'cookie', 'a=b'] })
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), {
      version: '2.0',
      host: 'example.com',
      uri: '/a%20b?c=d',
      path: '/a b',
      scheme: 'http',
      headers: [
        ['host', 'example.com'],
        ['x-a', 'b'],
        ['cookie', 'a=b'],
      ],
      named: 'example.com',
    })
  })

  it('is answered while others wait', async () => {
    const slow = signal<string>()
    const client = session(({ request }) => (request.path === '/slow' ? slow.promise : request.path))
    const first = client.send('/slow')
    assert.equal((await client.ask('/one')).text, '/one')
    assert.equal((await client.ask('/two')).text, '/two')
    assert.equal(client.seen(first).status, 0)
    slow.resolve('at last')
    assert.equal((await client.answer(first)).text, 'at last')
  })

  it('sends interim responses, trailers, and nothing to HEAD', async () => {
    const client = session(async function* (was) {
      was.response.setTrailer('X-Sum', '1')
      yield 'content'
      await Promise.resolve()
    })
    const { text, trailers, fields } = await client.ask('/')
    // A generator begins to run when its first piece is taken, behind the head.
    assert.deepEqual([text, trailers.get('x-sum'), fields.has('trailer')], ['content', '1', false])
    const head = await client.ask('/', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text, head.trailers.count], [200, '', 0])

    const hinting = session((was) => {
      was.earlyHints(['link', '</a.css>; rel=preload'])
      was.response.setTrailer('X-Sum', '2')
      return 'content'
    })
    const answer = await hinting.ask('/')
    assert.deepEqual(
      answer.informs.map(([status, list]) => [status, list.get('link')]),
      [[103, '</a.css>; rel=preload']],
    )
    assert.deepEqual(
      [answer.text, answer.trailers.get('x-sum'), answer.fields.get('trailer')],
      ['content', '2', 'X-Sum'],
    )
  })

  it('drops fields about a connection, and refuses what the engine writes', async () => {
    const client = session(({ request, response }) =>
      response(200, 'x', { [request.path.slice(1)]: 'close', 'x-kept': 'yes' }),
    )
    for (const name of ['connection', 'Keep-Alive', 'proxy-connection', 'Upgrade', 'te']) {
      const { status, fields } = await client.ask(`/${name}`)
      assert.deepEqual([status, fields.has(name), fields.get('x-kept')], [200, false, 'yes'], name)
    }
    for (const name of ['transfer-encoding', 'Content-Length']) assert.equal((await client.ask(`/${name}`)).status, 500)
  })

  it('shows what broke off, and lives on', async () => {
    const client = session(async function* ({ request }) {
      yield 'begun'
      await Promise.resolve()
      if (request.path === '/cut') throw new Error('cut')
    })
    const cut = await client.ask('/cut')
    assert.deepEqual([cut.status, cut.complete, cut.resetCode], [200, false, INTERNAL_ERROR])
    assert.match(String(client.errors[0]), /cut/)
    assert.equal((await client.ask('/whole')).text, 'begun')
  })

  it('has no content where the status has none', async () => {
    const client = session(({ request, response }) =>
      request.path === '/205' ? response(205, '') : request.path === '/304' ? response(304, 'x') : undefined,
    )
    for (const [target, status] of [
      ['/204', 204],
      ['/205', 205],
      ['/304', 304],
    ] as const) {
      const answer = await client.ask(target)
      assert.deepEqual([answer.status, answer.text], [status, ''])
    }
  })
})

describe('content over HTTP/2', () => {
  const reading = new App({ bodyBytesMax: 1000 })
    .post('/text', ({ request }) => request.text())
    .post('/length', async ({ request }) => String((await request.bytes({ limit: 10_000_000 })).length))
    .post('/stream', ({ request }) => request.stream())
    .post('/trailers', async ({ request }) => `${await request.text()} ${request.trailers.get('x-sum')}`)
    .post('/none', () => 'unread')

  it('is read whole, streamed, and limited', async () => {
    const { engine } = quiet()
    engine.mount('/', reading)
    const client = Http2Session.to(engine)
    assert.equal((await client.ask('/text', { method: 'POST', body: 'x'.repeat(1000) })).text, 'x'.repeat(1000))
    assert.equal((await client.ask('/text', { method: 'POST', body: 'x'.repeat(1001) })).status, 413)
    assert.equal((await client.ask('/stream', { method: 'POST', body: octets(300_000) })).text.length, 300_000)
    assert.equal((await client.ask('/length', { method: 'POST', body: octets(5_000_000) })).text, '5000000')
    const unsized = client.begin('/text')
    client.data(unsized, 'x'.repeat(600))
    client.data(unsized, 'x'.repeat(600))
    await client.until(() => client.seen(unsized).status === 413)
  })

  it('has trailers', async () => {
    const { engine } = quiet()
    engine.mount('/', reading)
    const client = Http2Session.to(engine)
    const streamId = client.begin('/trailers', ['trailer', 'x-sum'])
    client.driver.enter()
    client.engine.sendData(streamId, Buffer.from('hi'))
    client.engine.sendEnd(streamId, ['x-sum', '12'])
    assert.equal((await client.answer(streamId)).text, 'hi 12')
  })

  it('is asked for when the client waits', async () => {
    const { engine } = quiet()
    engine.mount('/', reading)
    const client = Http2Session.to(engine)
    const streamId = client.begin('/text', ['expect', '100-continue'])
    await client.until(() => client.seen(streamId).informs.length > 0)
    assert.equal(client.seen(streamId).informs[0]?.[0], 100)
    client.data(streamId, 'now', true)
    assert.equal((await client.answer(streamId)).text, 'now')
    const unwanted = await client.answer(client.begin('/none', ['expect', '100-continue']))
    assert.deepEqual([unwanted.text, unwanted.informs], ['unread', []])
  })

  it('waits in the client as long as nobody reads', async () => {
    const go = signal()
    const { engine } = quiet({ http2: { streamWindowBytes: 65_535 } })
    engine.mount('/', async ({ request }) => {
      await go.promise
      return String((await request.bytes()).length)
    })
    const client = Http2Session.to(engine)
    const streamId = client.send('/', { method: 'POST', body: octets(200_000) })
    await turns(50)
    assert.equal(client.engine.queuedBytes(streamId), 200_000 - 65_535)
    go.resolve()
    assert.equal((await client.answer(streamId)).text, '200000')
  })

  it('that nobody reads does not keep the connection shut for others', async () => {
    const { engine } = quiet({ http2: { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 } })
    engine.mount('/', reading)
    const client = Http2Session.to(engine)
    for (let i = 0; i < 5; i++) {
      const streamId = client.begin('/none')
      client.data(streamId, 'x'.repeat(50_000))
      assert.equal((await client.answer(streamId)).text, 'unread')
    }
    assert.equal((await client.ask('/length', { method: 'POST', body: octets(300_000) })).text, '300000')
  })

  it('is not waited for when its reader has gone', async () => {
    const { engine, errors } = quiet()
    const failed = signal<unknown>()
    engine.mount('/', ({ request }) => {
      request.text().catch((error: unknown) => failed.resolve(error))
      return 'early'
    })
    const client = Http2Session.to(engine)
    const streamId = client.begin('/')
    client.data(streamId, 'half')
    assert.equal((await client.answer(streamId)).text, 'early')
    assert.match(String(await failed.promise), /answered before it was read/)
    assert.deepEqual(errors, [])
  })
})

describe('a stream of content over HTTP/2', () => {
  it('is made as the client takes it', async () => {
    let made = 0
    const { engine } = giving(async function* () {
      for (; made < 100; made++) {
        yield octets(65_536)
        await Promise.resolve()
      }
    })
    const client = Http2Session.to(engine, { limits: { streamWindowBytes: 65_535 } })
    client.reading = false
    const streamId = client.send('/')
    await turns(100)
    assert.ok(made < 10, `${made} pieces were made`)
    client.reading = true
    client.driver.enter()
    client.engine.consume(streamId, 65_535)
    const { text } = await client.answer(streamId)
    assert.equal(text.length, 6_553_600)
  })

  it('ends when the client resets the stream, and the connection lives on', async () => {
    const ended = signal()
    const left = signal()
    const client = session(async function* ({ request }) {
      if (request.path === '/other') {
        yield 'other'
        return
      }
      request.signal.addEventListener('abort', () => left.resolve())
      try {
        for (;;) {
          yield octets(10_000)
          await Promise.resolve()
        }
      } finally {
        ended.resolve()
      }
    })
    client.reading = false
    const streamId = client.send('/')
    await client.until(() => client.seen(streamId).text.length > 0)
    client.reset(streamId)
    await Promise.all([ended.promise, left.promise])
    assert.equal((await client.ask('/other')).text, 'other')
    assert.deepEqual(client.errors, [])
  })

  it('ends when the connection does', async () => {
    const ended = signal()
    const client = session(async function* () {
      try {
        for (;;) {
          yield octets(10_000)
          await Promise.resolve()
        }
      } finally {
        ended.resolve()
      }
    })
    const streamId = client.send('/')
    await client.until(() => client.seen(streamId).text.length > 0)
    client.leave()
    await ended.promise
  })
})

describe('a reset', () => {
  it('in the batch of its request costs no handler', async () => {
    let handled = 0
    const client = session(() => {
      handled++
      return 'handled'
    })
    await client.ask('/')
    for (let i = 0; i < 10; i++) client.reset(client.send(`/${i}`))
    assert.equal((await client.ask('/')).text, 'handled')
    assert.equal(handled, 2)
  })

  it('keeps the place of a request until its handler has ended', async () => {
    const go = signal()
    let handled = 0
    const { engine } = quiet({ http2: { streamsMax: 3 } })
    engine.mount('/', async ({ request }) => {
      handled++
      if (request.path === '/slow') await go.promise
      return 'done'
    })
    const client = Http2Session.to(engine)
    await client.ask('/')
    for (let i = 0; i < 3; i++) {
      const streamId = client.send('/slow')
      await turns()
      assert.equal(handled, i + 2)
      client.reset(streamId)
      await turns()
    }
    assert.equal((await client.ask('/')).resetCode, 7)
    go.resolve()
    await turns()
    assert.equal((await client.ask('/')).text, 'done')
    assert.equal(handled, 5)
  })

  it('of one request after the other does not end the connection', async () => {
    const client = session(async () => {
      await Promise.resolve()
      return 'x'
    })
    for (let i = 0; i < 100; i++) {
      const streamId = client.send('/')
      if (i % 2 === 0) client.reset(streamId)
      else await client.answer(streamId)
    }
    assert.equal((await client.ask('/')).text, 'x')
  })
})

describe('an end in order', () => {
  it('serves what is under way and no new stream', async () => {
    const go = signal()
    const { engine } = giving(async () => {
      await go.promise
      return 'done'
    })
    const busy = Http2Session.to(engine)
    const idle = Http2Session.to(engine)
    const streamId = busy.send('/')
    idle.send('/')
    await turns()
    const other = Http2Session.to(engine)
    await turns()
    const closed = engine.close({ graceMs: 20 })
    await other.gone()
    assert.equal(other.fatal, undefined)
    await busy.until(() => busy.goaways.length === 2)
    assert.deepEqual(busy.goaways, [0x7f_ff_ff_ff, streamId])
    assert.equal(busy.engine.canRequest, false)
    go.resolve()
    assert.equal((await busy.answer(streamId)).text, 'done')
    await Promise.all([busy.gone(), idle.gone(), closed])
    assert.equal(busy.fatal, undefined)
  })

  it('comes when the last content has left', async () => {
    const { engine } = giving(() => octets(1_000_000))
    const client = Http2Session.to(engine, { limits: { streamWindowBytes: 65_535 } })
    const streamId = client.send('/')
    await turns()
    const closed = engine.close({ graceMs: 0 })
    assert.equal((await client.answer(streamId)).text.length, 1_000_000)
    await Promise.all([client.gone(), closed])
    assert.equal(client.fatal, undefined)
  })

  it('is forced when it takes too long', async () => {
    const { engine } = giving(() => new Promise(() => {}))
    const client = Http2Session.to(engine)
    client.send('/')
    await turns()
    await engine.close({ graceMs: 0, timeoutMs: 10 })
    await client.gone()
    assert.equal(engine.connectionCount, 0)
  })
})

describe('what a client does wrong', () => {
  it('on one stream costs the stream', async () => {
    const { engine } = quiet({ http2: { bodyBytesMax: 1000 } })
    const seen = signal<unknown>()
    engine.mount('/', ({ request }) => request.text().catch((error: unknown) => seen.resolve(error)))
    const client = Http2Session.to(engine)
    const streamId = client.begin('/')
    client.data(streamId, 'x'.repeat(500))
    await turns()
    client.data(streamId, 'x'.repeat(501))
    const answer = await client.answer(streamId)
    assert.deepEqual([answer.status, answer.complete], [413, true])
    assert.match(String(await seen.promise), /larger than the limit/)
    assert.equal((await client.ask('/')).status, 200)
  })

  it('on the connection costs the connection, and its requests are told', async () => {
    const left = signal()
    const { engine, errors } = giving(({ request }) => {
      request.signal.addEventListener('abort', () => left.resolve())
      return new Promise(() => {})
    })
    const client = Http2Session.to(engine)
    client.send('/')
    await turns()
    // A frame of type PING with 3 octets.
    client.driver.transport.write([Uint8Array.of(0, 0, 3, 6, 0, 0, 0, 0, 0, 1, 2, 3)])
    await left.promise
    await client.gone()
    while (engine.connectionCount > 0) await turns(1)
    assert.deepEqual(errors, [])
  })
})
