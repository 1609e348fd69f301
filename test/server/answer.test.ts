import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { Readable, PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { App, type HandlerValue, HttpError, ResponseValue, type Was } from '#src/server/index.js'
import { ask, exchange, requestText, type Answer, type Asked } from './asking.js'
import { quiet, type Quiet } from './serving.js'

/** An engine whose only handler gives what `make` gives. */
const giving = (make: (was: Was) => unknown, options = {}): Quiet => {
  const made = quiet()
  made.engine.mount('/', new App(options).route('/', make as () => HandlerValue))
  return made
}

const answerTo = (make: (was: Was) => unknown, asked: Asked = {}): Promise<Answer> =>
  ask(giving(make).engine, '/', asked)

/** The answer is a plain 500, and the error was told. */
const refused = async (make: (was: Was) => unknown, message: RegExp): Promise<void> => {
  const { engine, errors } = giving(make)
  const { status, complete, text } = await ask(engine, '/')
  assert.deepEqual({ status, complete }, { status: 500, complete: true })
  assert.doesNotMatch(text, message)
  assert.equal(errors.length, 1)
  assert.match(String(errors[0]), message)
}

/** A name that the linter lets nobody give to a property by accident; here it is on purpose. */
const THEN = ['th', 'en'].join('')

async function* pieces(): AsyncGenerator<string | Uint8Array> {
  yield 'one '
  yield Buffer.from('two ')
  yield 'thr\u00e9e'
}

const webStream = (): ReadableStream<Uint8Array> => new Response('from the web').body!

describe('what a handler returns', () => {
  const kinds: [string, () => unknown, string | undefined, string][] = [
    ['a string', () => 'h\u00e9llo', 'text/html; charset=utf-8', 'h\u00e9llo'],
    ['an empty string', () => '', 'text/html; charset=utf-8', ''],
    ['bytes', () => new Uint8Array([104, 105]), 'application/octet-stream', 'hi'],
    ['a Buffer', () => Buffer.from('hi'), 'application/octet-stream', 'hi'],
    ['an ArrayBuffer', () => new Uint8Array([104, 105]).buffer, 'application/octet-stream', 'hi'],
    ['another view', () => new Uint16Array([0x6968]), 'application/octet-stream', 'hi'],
    ['a DataView', () => new DataView(new Uint8Array([0, 104, 105]).buffer, 1), 'application/octet-stream', 'hi'],
    ['an object', () => ({ a: [1, null], b: 'x' }), 'application/json', '{"a":[1,null],"b":"x"}'],
    ['an array', () => [1, 'two'], 'application/json', '[1,"two"]'],
    ['a number', () => 0, 'application/json', '0'],
    ['false', () => false, 'application/json', 'false'],
    ['an object without a prototype', () => Object.create(null), 'application/json', '{}'],
    ['a date', () => new Date(0), 'application/json', '"1970-01-01T00:00:00.000Z"'],
    ['a Node stream', () => Readable.from([Buffer.from('a'), Buffer.from('b')]), 'application/octet-stream', 'ab'],
    ['a web stream', webStream, 'application/octet-stream', 'from the web'],
    ['an async iterable', pieces, 'text/html; charset=utf-8', 'one two thr\u00e9e'],
    ['an iterable', () => ['a', 'b'].values(), 'text/html; charset=utf-8', 'ab'],
    ['an iterable of nothing', () => [].values(), 'text/html; charset=utf-8', ''],
  ]
  for (const [name, make, type, content] of kinds) {
    it(`is sent when it is ${name}, now or by promise`, async () => {
      for (const give of [make, async () => make()]) {
        const answer = await answerTo(give)
        assert.deepEqual([answer.status, answer.complete, answer.headers['content-type']], [200, true, type])
        assert.equal(answer.text, content)
      }
    })
  }

  it('is 204 when it is nothing', async () => {
    for (const make of [() => undefined, () => null, async () => {}]) {
      const answer = await answerTo(make)
      assert.deepEqual([answer.status, answer.rest, answer.headers['content-length']], [204, '', undefined])
    }
    assert.equal((await answerTo((was) => was.response.setStatus(202))).status, 202)
  })

  it('may be a web Response, with its cookies apart and without the fields of its connection', async () => {
    const answer = await answerTo(() => {
      const headers = new Headers({
        'content-type': 'text/plain',
        connection: 'x',
        'transfer-encoding': 'gzip',
        te: 'a',
      })
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response('moved', { status: 201, headers })
    })
    assert.deepEqual([answer.status, answer.text], [201, 'moved'])
    const cookies = answer.lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
    assert.deepEqual(cookies, ['a=1', 'b=2'])
    assert.equal(answer.headers['connection'], 'close')
    assert.equal(answer.headers['te'], undefined)
    const bare = await answerTo(() => new Response(null, { status: 404 }))
    assert.deepEqual([bare.status, bare.headers['content-length']], [404, '0'])
    assert.deepEqual((await answerTo(() => Response.json({ a: 1 }))).text, '{"a":1}')
  })

  it('may be a thenable that settles more than once: the first one counts', async () => {
    const { engine, errors } = giving(() =>
      thenable((resolve, reject) => {
        resolve('first')
        resolve('second')
        reject(new Error('late'))
      }),
    )
    assert.equal((await ask(engine, '/')).text, 'first')
    assert.deepEqual(errors, [])
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const unsendable: [string, () => unknown, RegExp][] = [
    ['a function', () => () => 1, /cannot be sent/],
    ['a symbol', () => Symbol('x'), /cannot be sent/],
    ['a bigint', () => 1n, /BigInt/],
    ['a circular object', () => circular, /circular/],
    ['a Map', () => new Map([['a', 1]]), /returned a Map.*Object\.fromEntries/],
    ['a Set', () => new Set(['a']), /returned a Set.*\[\.\.\.set\]/],
    ['an iterable of numbers', () => [1].values(), /strings or bytes, not a number/],
    ['an iterable that fails at once', () => ({ [Symbol.iterator]: () => assert.fail('at once') }), /at once/],
    ['a stream that is locked', () => lockedStream(), /locked/],
    ['a stream that has ended', () => destroyedStream(), /was read before/],
    ['a Response that was read', () => readResponse(), /read before/],
    ['an error Response', () => Response.error(), /200 to 599, not with 0/],
    ['an interim status', () => new ResponseValue(101, 'x', ['upgrade', 'x']), /200 to 599, not with 101/],
    ['a status without content, and content', () => new ResponseValue(204, 'x', []), /204 has no content/],
    ['a thenable that throws', () => thenable(() => assert.fail('in then')), /in then/],
    ['a getter that throws', () => Object.defineProperty({}, THEN, { get: () => assert.fail('get') }), /get/],
  ]
  for (const [name, make, message] of unsendable)
    it(`is a 500 when it is ${name}`, async () => {
      await refused(make, message)
      await refused(async () => make(), message)
    })
})

function thenable(run: (resolve: (value: unknown) => void, reject: (error: Error) => void) => void): object {
  return Object.fromEntries([[THEN, run]])
}

function lockedStream(): ReadableStream {
  const stream = webStream()
  stream.getReader()
  return stream
}

function destroyedStream(): Readable {
  return new PassThrough().destroy()
}

async function readResponse(): Promise<Response> {
  const response = new Response('x')
  await response.text()
  return response
}

describe('an error', () => {
  const fail = (): never => {
    throw new TypeError('the <secret> & more')
  }

  it('is a page without its detail', async () => {
    for (const make of [fail, async () => fail()]) {
      const { engine, errors } = giving(make)
      const answer = await ask(engine, '/')
      assert.equal(answer.status, 500)
      assert.match(answer.text, /<h1>500 Internal Server Error<\/h1>/)
      assert.doesNotMatch(answer.text, /secret/)
      assert.deepEqual(errors.map(String), ['TypeError: the <secret> & more'])
    }
  })

  it('shows its detail in debug, escaped', async () => {
    const page = await ask(giving(fail, { debug: true }).engine, '/')
    assert.match(page.text, /<pre>TypeError: the &lt;secret&gt; &amp; more\n/)
    const json = await ask(giving(fail, { debug: true }).engine, '/', { headers: { Accept: 'application/json' } })
    assert.equal((JSON.parse(json.text) as { traceback: string[] }).traceback[0], 'TypeError: the <secret> & more')
    const odd = await ask(giving(() => Promise.reject(Object.create(null)), { debug: true }).engine, '/')
    assert.match(odd.text, /\[Object: null prototype\]/)
  })

  it('is what an HttpError says', async () => {
    const make = (): never => {
      throw new HttpError(403, 'Not <you>', ['x-why', 'because'])
    }
    const { engine, errors } = giving(make)
    const page = await ask(engine, '/')
    assert.deepEqual([page.status, page.headers['x-why']], [403, 'because'])
    assert.match(page.text, /<p>Not &lt;you&gt;<\/p>/)
    const json = await ask(engine, '/', { headers: { Accept: 'application/json' } })
    assert.equal(json.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(json.text), { code: 403, message: 'Forbidden', detail: 'Not <you>' })
    assert.deepEqual(errors, [])
  })

  it('is a 500 when an HttpError cannot be sent', async () => {
    for (const error of [
      new HttpError(99),
      new HttpError(204),
      new HttpError(400, '', ['x', 'a\r\nb: c']),
      new HttpError(400, '', ['content-length', '1']),
    ])
      for (const make of [() => Promise.reject(error), () => thrown(error)]) {
        const { engine, errors } = giving(make)
        const { status, complete, headers } = await ask(engine, '/')
        assert.deepEqual([status, complete, headers['b']], [500, true, undefined])
        assert.equal(errors.length, 1)
      }
  })

  it('does not get out of onError', async () => {
    const { engine } = quiet({ onError: () => assert.fail('in onError') })
    engine.mount('/', async () => fail())
    assert.equal((await ask(engine, '/')).status, 500)
  })

  it('behind the head cuts the connection, and is told', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'begun'
      throw new Error('in the middle')
    }
    const web = (): ReadableStream => {
      let count = 0
      return new ReadableStream({
        pull: (controller) => (count++ ? thrown(new Error('in the middle')) : controller.enqueue(Buffer.from('begun'))),
      })
    }
    const node = (): Readable => Readable.from(broken(), { objectMode: false })
    function* sync(): Generator<string | number> {
      yield 'begun'
      yield 1
    }
    for (const make of [broken, web, node, sync]) {
      const { engine, errors } = giving(make)
      const { status, complete } = await ask(engine, '/')
      assert.deepEqual([status, complete], [200, false])
      assert.match(String(errors[0]), /in the middle|not a number/)
      assert.equal(errors.length, 1)
    }
  })

  it('of a file that is not there does not end the process', async () => {
    const { engine, errors } = giving(() => createReadStream('/nowhere/at/all'))
    assert.equal((await ask(engine, '/')).complete, false)
    assert.match(String(errors[0]), /ENOENT/)
    // Nobody reads it, and nobody listens.
    let closed: Promise<void> | undefined
    const unread = (): Readable => {
      const stream = createReadStream('/nowhere/at/all')
      closed = new Promise((resolve) => stream.on('close', resolve))
      return stream
    }
    assert.equal((await ask(giving(unread).engine, '/', { method: 'HEAD' })).status, 200)
    await closed
  })
})

function thrown(error: Error): never {
  throw error
}

describe('HEAD, and statuses without content', () => {
  it('get the fields of GET and no content', async () => {
    const { engine } = giving(() => 'h\u00e9llo')
    const head = await ask(engine, '/', { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length'], head.rest], [200, '6', ''])
  })

  it('let go of a stream that is not wanted', async () => {
    for (const [status, method] of [
      [200, 'HEAD'],
      [204, 'GET'],
      [205, 'GET'],
      [304, 'GET'],
    ] as const) {
      const source = Readable.from(endless())
      const node = await answerTo((was) => was.response(status, source), { method })
      assert.deepEqual([node.status, node.rest, source.destroyed], [status, '', true])
      let cancelled = false
      const web = new ReadableStream({ cancel: () => void (cancelled = true) })
      assert.equal((await answerTo((was) => was.response(status, web), { method })).status, status)
      assert.equal(cancelled, true)
      let returned = false
      const iterator = { next: () => assert.fail('read'), return: () => thrown(new Error(String((returned = true)))) }
      const iterable = { [Symbol.asyncIterator]: () => iterator }
      assert.equal((await answerTo((was) => was.response(status, iterable), { method })).status, status)
      assert.equal(returned, true)
    }
  })
})

function* endless(): Generator<string> {
  for (;;) yield 'again '
}

describe('injection', () => {
  const attempts: [string, (was: Was) => unknown][] = [
    ['a value with a line end', (was) => was.response(200, 'x', { 'x-a': 'b\r\nx-evil: 1' })],
    ['a value with LF', (was) => was.response(200, 'x', { 'x-a': 'b\nx-evil: 1' })],
    ['a value with NUL', (was) => was.response(200, 'x', { 'x-a': 'b\0' })],
    ['a name with a line end', (was) => was.response(200, 'x', { 'x-a: b\r\nx-evil': '1' })],
    ['an empty name', (was) => was.response(200, 'x', { '': '1' })],
    ['a set value', (was) => (was.response.setHeader('x-a', 'b\r\nx-evil: 1'), 'x')],
    ['an added value', (was) => (was.response.addHeader('x-a', 'b\r\nx-evil: 1'), 'x')],
    ['several set values', (was) => (was.response.setHeaders([['x-a', 'b\r\nx-evil: 1']]), 'x')],
    ['a field of a stream', (was) => was.response(200, pieces(), { 'x-a': 'b\r\nx-evil: 1' })],
    ['a type', (was) => was.response(200, 'x', { 'content-type': 'a\r\nx-evil: 1' })],
    ['Content-Length', (was) => was.response(200, 'x', { 'Content-Length': '100' })],
    ['Transfer-Encoding', (was) => was.response(200, 'x', { 'transfer-encoding': 'chunked' })],
    ['early hints', (was) => (was.earlyHints(['link', 'a\r\nx-evil: 1']), 'x')],
    ['a value that is no string', (was) => was.response(200, 'x', { 'x-a': [{}] as unknown as string[] })],
  ]
  for (const [name, make] of attempts)
    it(`is refused: ${name}`, async () => {
      const { engine, errors } = giving(make)
      const text = await exchange(engine, requestText('/', { headers: { Connection: 'close' } }))
      assert.match(text, /^HTTP\/1\.1 500 /)
      assert.doesNotMatch(text, /evil/)
      assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
      assert.match(String(errors[0]), /UsageError/)
    })

  it('leaves out what says how long a connection lives', async () => {
    const fields = { Connection: 'keep-alive', 'Keep-Alive': 'timeout=5', 'Proxy-Connection': 'close', 'x-a': 'b' }
    const { engine, errors } = giving((was) => was.response(200, 'x', fields))
    const text = await exchange(engine, requestText('/', { headers: { Connection: 'close' } }))
    assert.match(text, /^HTTP\/1\.1 200 [^]*\r\nx-a: b\r\n/)
    assert.deepEqual(text.match(/^.*connection.*$/gim), ['Connection: close'])
    assert.doesNotMatch(text, /keep-alive/i)
    assert.deepEqual(errors, [])
  })

  it('is escaped where a path comes back', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      new App().get(`/a"&'/`, () => 'x'),
    )
    const answer = await ask(engine, `/a%22&%27?q="><script>`)
    assert.equal(answer.status, 301)
    assert.equal(answer.headers['location'], `/a%22%26'/?q="><script>`)
    assert.match(answer.text, /<a href="\/a%22%26&#39;\/\?q=&quot;&gt;&lt;script&gt;">/)
  })
})
