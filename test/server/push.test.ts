import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, describe, it } from 'node:test'
import { App, Skitai, type Was } from '#src/server/index.js'
import { ask } from './asking.js'
import { Http2Session } from './http2-client.js'
import { quiet, signal } from './serving.js'

// The clock never keeps a process alive, and there is no socket here that would.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

const pushing = (options = {}): App =>
  new App({ push: true, ...options })
    .get('/page/', (was) => {
      was.push(was.request.query.get('what') ?? '/style.css')
      return 'page'
    })
    .get('/hint', ({ response }) => {
      response.hintPromise('/style.css?v=1#part')
      return 'hinted'
    })
    .get('/later', async (was) => {
      await new Promise((resolve) => setImmediate(resolve))
      was.push('/style.css')
      return 'later'
    })
    .get('/many', (was) => {
      for (let i = 0; i < 40; i++) was.push(`/numbered?n=${i}`)
      return 'many'
    })
    .get('/numbered', ({ request }) => request.queryString)
    .get('/chain', (was) => {
      was.push('/chain')
      return 'chain'
    })
    .get('/style.css', ({ request: { version, headers } }) => ({ version, headers: headers.entries() }))
    .get('/page/below', () => 'below')

const FIELDS = ['accept-encoding', 'gzip', 'accept-language', 'en', 'cookie', 'a=b', 'user-agent', 'me', 'x-other', '1']

const session = (app: App, push = true): Http2Session => {
  const { engine } = quiet()
  engine.mount('/', app)
  return Http2Session.to(engine, { push })
}

describe('a push', () => {
  it('is promised before the response, with the fields that it depends on, and made by the usual way', async () => {
    for (const [target, pushed] of [
      ['/page/', '/style.css'],
      ['/hint', '/style.css?v=1'],
      ['/later', '/style.css'],
    ] as const) {
      const client = session(pushing())
      const { streamId } = await client.ask(target, { fields: FIELDS })
      assert.deepEqual(
        client.pushes.map((push) => [push.streamId, push.promisedId, push.target, push.fields.toList()]),
        [[streamId, 2, pushed, [...FIELDS.slice(0, 8), 'referer', `http://example.com${target}`]]],
      )
      const answer = await client.answer(2)
      assert.equal(answer.status, 200)
      const { version, headers } = JSON.parse(answer.text) as { version: string; headers: [string, string][] }
      assert.equal(version, '2.0')
      assert.deepEqual(new Map(headers).get('host'), 'example.com')
      assert.deepEqual(new Map(headers).get('cookie'), 'a=b')
    }
  })

  it('comes from where the request has come that it is promised with, behind a proxy', async () => {
    const app = new App({ push: true })
      .get('/', (was) => (was.push('/who'), ''))
      .get('/who', ({ request }) => `${request.realIp} ${request.scheme}`)
    const { engine } = quiet({ trustedProxies: ['unix'] })
    engine.mount('/', app)
    const client = Http2Session.to(engine, { push: true })
    await client.ask('/', { fields: ['x-forwarded-for', '203.0.113.7', 'x-forwarded-proto', 'https'] })
    assert.equal((await client.answer(2)).text, '203.0.113.7 https')
  })

  it('may be relative to the request, or of the same origin', async () => {
    for (const [what, target] of [
      ['below', '/page/below'],
      ['http://example.com/page/below', '/page/below'],
      ['../style.css', '/style.css'],
      ['//example.com/style.css', '/style.css'],
      ['/missing', '/missing'],
    ] as const) {
      const client = session(pushing())
      assert.equal((await client.ask(`/page/?what=${encodeURIComponent(what)}`)).text, 'page')
      assert.deepEqual(
        client.pushes.map((push) => push.target),
        [target],
      )
      assert.equal((await client.answer(2)).status, target === '/missing' ? 404 : 200)
    }
  })

  it('of another origin is an error, whatever the version', async () => {
    const { engine, errors } = quiet()
    engine.mount('/', pushing())
    for (const what of ['https://example.com/', 'http://other.example/', '//other.example/', 'http://[']) {
      const target = `/page/?what=${encodeURIComponent(what)}`
      assert.equal((await Http2Session.to(engine, { push: true }).ask(target)).status, 500)
      assert.equal((await ask(engine, target)).status, 500)
    }
    assert.equal(errors.length, 8)
    assert.match(
      String(errors[0]),
      /TypeError: only what is of this origin can be pushed, not https:\/\/example\.com\/$/,
    )
    assert.match(String(errors[7]), /TypeError: only a URI can be pushed, not http:\/\/\[$/)
  })

  it('is not made unless app or mount ask for it, nor where nobody takes it', async () => {
    const off = session(pushing({ push: false }))
    assert.equal((await off.ask('/page/')).text, 'page')
    assert.deepEqual(off.pushes, [])

    const refusing = session(pushing(), false)
    assert.equal((await refusing.ask('/page/')).text, 'page')
    assert.deepEqual(refusing.pushes, [])

    const { engine } = quiet()
    engine.mount('/', pushing({ push: false }), { push: true })
    engine.mount('/function', (was) => (was.push('/style.css'), 'function'), { push: true })
    assert.equal((await ask(engine, '/page/')).text, 'page')
    for (const target of ['/page/', '/function/']) {
      const client = Http2Session.to(engine, { push: true })
      await client.ask(target)
      assert.equal(client.pushes.length, 1)
      assert.equal((await client.answer(2)).status, 200)
    }
  })

  it('does not push again, and has a limit', async () => {
    const client = session(pushing())
    await client.ask('/chain')
    assert.equal((await client.answer(2)).text, 'chain')
    assert.equal(client.pushes.length, 1)
    const many = session(pushing())
    await many.ask('/many')
    assert.equal(many.pushes.length, 32)
    assert.equal((await many.answer(64)).text, 'n=31')
  })

  it('comes too late behind the response', async () => {
    const late = signal<Was>()
    const { engine, errors } = quiet()
    engine.mount('/', (was) => (late.resolve(was), 'done'), { push: true })
    const client = Http2Session.to(engine, { push: true })
    await client.ask('/')
    const was = await late.promise
    engine.push(was, '/style.css')
    assert.equal((await client.ask('/')).text, 'done')
    assert.deepEqual([client.pushes, errors], [[], []])
  })

  it('ends when the client cancels it', async () => {
    const left = signal()
    const { engine, errors } = quiet()
    engine.mount(
      '/',
      (was) => {
        if (was.request.path === '/slow') {
          was.request.signal.addEventListener('abort', () => left.resolve())
          return new Promise<string>(() => {})
        }
        engine.push(was, '/slow')
        return 'page'
      },
      { push: true },
    )
    const client = Http2Session.to(engine, { push: true })
    await client.ask('/')
    client.reset(2)
    await left.promise
    await client.ask('/')
    assert.equal(client.pushes.length, 2)
    assert.deepEqual(errors, [])
    client.leave()
  })

  it('is logged as PUSH', async () => {
    const sink = new PassThrough()
    const engine = new Skitai({ log: sink })
    engine.mount('/', pushing())
    const client = Http2Session.to(engine, { push: true })
    await client.ask('/hint', { fields: ['user-agent', 'me'] })
    await client.answer(2)
    client.leave()
    await engine.close()
    const lines = String(sink.read()).trim().split('\n')
    assert.match(lines[0]!, / memory example\.com GET \/hint 2\.0 0 200 6 \S+\.M-C1-R1 1000 - - - "me" - M 1 /)
    assert.match(lines[1]!, / memory example\.com PUSH \/style\.css\?v=1 2\.0 0 200 \d+ \S+\.M-C1-R2 1000 - - /)
    assert.match(lines[1]!, / "http:\/\/example\.com\/hint" "me" - M 1 /)
  })
})

describe('the request log of HTTP/2', () => {
  it('has a line for each request, but for those taken back before anybody knew', async () => {
    const sink = new PassThrough()
    const engine = new Skitai({ log: sink, http2: { bodyBytesMax: 1000, fieldCountMax: 10 } })
    const begun = signal()
    engine.mount('/', ({ request }) => {
      if (request.path !== '/slow') return 'x'
      begun.resolve()
      return new Promise<string>(() => {})
    })
    const client = Http2Session.to(engine)
    await client.ask('/one', { method: 'POST', body: 'four' })
    client.reset(client.send('/unseen'))
    const slow = client.send('/slow')
    await begun.promise
    client.reset(slow)
    const fields = Array.from({ length: 22 }, (_, i) => `x-${i}`)
    assert.equal((await client.ask('/fields', { fields })).status, 431)
    assert.equal((await client.ask('/large', { method: 'POST', body: 'x'.repeat(2000) })).status, 413)
    client.leave()
    await engine.close()
    const items = String(sink.read())
      .trim()
      .split('\n')
      .map((line) => line.split(' ').slice(4, 9).join(' '))
    assert.deepEqual(items, ['POST /one 2.0 4 200', 'GET /slow 2.0 0 499', '- - - 0 431', '- - - 0 413'])
  })
})
