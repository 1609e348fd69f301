/** APP-42: values that are no text, octets or plain JSON have a result that is defined. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type Handler, HttpError, type InjectedResponse, ResponseValue } from '#src/server/index.js'
import { quiet, type Quiet } from '../serving.js'

type Make = Handler<Readonly<Record<string, never>>>

const mounted = (app: App): Quiet => {
  const made = quiet()
  made.engine.mount('/', app)
  return made
}

const answer = (make: Make, http2 = false): Promise<InjectedResponse> => new App().get('/', make).inject({ http2 })

const LARGE = 300_000

describe('a Blob or a File', () => {
  for (const http2 of [false, true])
    it(`is its octets, with type and length, over HTTP/${http2 ? 2 : 1.1}`, async () => {
      const blob = new Blob(['a'.repeat(LARGE), 'é'], { type: 'text/plain' })
      for (const make of [(): Blob => blob, async (): Promise<Blob> => blob]) {
        const response = await answer(make, http2)
        assert.equal(response.headers.get('content-type'), 'text/plain')
        assert.equal(response.headers.get('content-length'), String(LARGE + 2))
        assert.equal(response.text(), `${'a'.repeat(LARGE)}é`)
      }
      const untyped = await answer(() => new File([Uint8Array.of(1, 2)], 'x.bin'), http2)
      assert.equal(untyped.headers.get('content-type'), 'application/octet-stream')
      assert.deepEqual([...untyped.bytes], [1, 2])
      const empty = await answer(() => new Blob([]), http2)
      assert.deepEqual([empty.status, empty.headers.get('content-length'), empty.text()], [200, '0', ''])
    })

  it('has a status and fields by was.response, and no content for HEAD', async () => {
    const app = new App().get('/', (was) => was.response(201, new Blob(['abc'], { type: 'a/b' }), { 'x-y': 'z' }))
    const response = await app.inject('/')
    assert.deepEqual([response.status, response.headers.get('x-y'), response.text()], [201, 'z', 'abc'])
    const head = await app.inject({ method: 'HEAD' })
    assert.deepEqual([head.headers.get('content-type'), head.headers.get('content-length')], ['a/b', '3'])
    assert.equal(head.bytes.length, 0)
  })

  it('may have trailers, and then no length', async () => {
    const response = await answer((was) => {
      was.response.setTrailer('x-sum', '1')
      return new Blob(['abc'])
    })
    assert.equal(response.headers.get('content-length'), undefined)
    assert.deepEqual([response.text(), response.trailers.get('x-sum')], ['abc', '1'])
  })
})

describe('forms', () => {
  it('of URLSearchParams are urlencoded', async () => {
    const response = await answer(() => new URLSearchParams({ a: '1 2', b: 'é' }))
    assert.equal(response.headers.get('content-type'), 'application/x-www-form-urlencoded')
    assert.equal(response.text(), 'a=1+2&b=%C3%A9')
  })

  it('of FormData are multipart, as a client sends them', async () => {
    const form = new FormData()
    form.append('a', '1')
    form.append('file', new File(['content'], 'f.txt', { type: 'text/plain' }))
    const { headers, bytes } = await answer(() => form)
    const type = headers.get('content-type')!
    assert.match(type, /^multipart\/form-data; boundary=/)
    const read = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
    assert.equal(read.get('a'), '1')
    assert.equal(await (read.get('file') as File).text(), 'content')
  })
})

describe('an error that is returned', () => {
  it('is as one that is thrown', async () => {
    const app = new App()
      .get('/refused', () => new HttpError(410, 'sold out'))
      .get('/late', async () => new HttpError(410, 'sold out'))
      .get('/broken', () => new TypeError('a mistake'))
      .get('/within', (was) => was.response(200, new HttpError(409)))
    const { engine, errors } = mounted(app)
    assert.equal((await engine.inject('/refused')).status, 410)
    assert.match((await engine.inject('/late')).text(), /sold out/)
    assert.equal((await engine.inject('/within')).status, 409)
    assert.deepEqual(errors, [])
    const broken = await engine.inject('/broken')
    assert.equal(broken.status, 500)
    assert.doesNotMatch(broken.text(), /a mistake/)
    assert.match(String(errors), /a mistake/)
  })

  it('is what hooks see, and keeps nothing that was set', async () => {
    const seen: unknown[] = []
    const app = new App({ secureKey: 'a secret of thirty-two octets, ok' })
      .finishRequest(() => void seen.push('finished'))
      .failedRequest((_was, error) => void seen.push(error))
      .get('/', () => new HttpError(404))
    assert.equal((await app.inject('/')).status, 404)
    assert.deepEqual(
      seen.map((each) => (each as HttpError).status),
      [404],
    )

    const bare = new App({ secureKey: 'a secret of thirty-two octets, ok' }).get('/', (was) => {
      was.session.set('a', 1)
      return new HttpError(404)
    })
    const { status, headers } = await bare.inject('/')
    assert.deepEqual([status, headers.get('set-cookie')], [404, undefined])
  })

  it('has the page of its status', async () => {
    const app = new App().errorHandler(404, () => 'my page').get('/', () => new HttpError(404))
    assert.equal((await app.inject('/')).text(), 'my page')
  })
})

describe('what JSON has no form for', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  for (const [name, value, why] of [
    ['a Map', new Map([['a', 1]]), /a Map.*Object\.fromEntries\(map\)/],
    ['an empty Map', new Map(), /a Map/],
    ['a Set', new Set(['a']), /a Set.*\[\.\.\.set\]/],
    ['a BigInt in an object', { id: 1n }, /JSON has no form for: .*BigInt/],
    ['a cycle', cycle, /JSON has no form for: .*circular/],
    ['a promise in a response', new ResponseValue(200, Promise.resolve('x'), []), /await it first/],
  ] as const)
    it(`is a 500 that says so: ${name}`, async () => {
      const { engine, errors } = mounted(new App().get('/', () => value))
      assert.equal((await engine.inject('/')).status, 500)
      assert.match(String(errors), why)
    })

  it('tells what an app has thrown as it is', async () => {
    const refusal = { toJSON: (): never => assert.fail('in toJSON') }
    const { engine, errors } = mounted(new App().get('/', () => refusal))
    assert.equal((await engine.inject('/')).status, 500)
    assert.match(String(errors), /in toJSON/)
  })
})

describe('JSON', () => {
  it('is what JSON.stringify makes of dates, classes, and what lies within', async () => {
    class Point {
      readonly x = 1
      readonly #y = 2
      sum(): number {
        return this.x + this.#y
      }
    }
    class Money {
      toJSON(): string {
        return '5 EUR'
      }
    }
    const cases: readonly (readonly [() => object, string])[] = [
      [() => new Date(0), '"1970-01-01T00:00:00.000Z"'],
      [() => new Point(), '{"x":1}'],
      [() => new Money(), '"5 EUR"'],
      [() => Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
      [
        () => ({ when: new Date(0), map: new Map([[1, 2]]), late: Promise.resolve(1), no: undefined }),
        '{"when":"1970-01-01T00:00:00.000Z","map":{},"late":{}}',
      ],
    ]
    for (const [make, text] of cases) {
      const response = await answer(make)
      assert.equal(response.headers.get('content-type'), 'application/json')
      assert.equal(response.text(), text)
    }
  })
})

it('a handler that gives nothing is one, and a 204', async () => {
  const app = new App()
    .get('/', (was) => was.setlu('shop'))
    .get('/late', async (was): Promise<void> => was.setlu('shop'))
    .route('/route/<int:id>', { methods: ['GET'] }, (was, { id }) => was.setlu(`shop ${id}`))
  for (const path of ['/', '/late', '/route/5']) assert.equal((await app.inject(path)).status, 204, path)
})

it('headers are an object, pairs, a Map, or Headers', async () => {
  const pairs: [string, string][] = [
    ['x-a', '1'],
    ['x-b', '2'],
  ]
  for (const headers of [Object.fromEntries(pairs), pairs, new Map(pairs), new Headers(pairs)]) {
    const app = new App().get('/', (was) => was.response(200, was.request.getHeader('x-b', 'none'), headers))
    const response = await app.inject({ headers })
    assert.deepEqual([response.headers.get('x-a'), response.text()], ['1', '2'])
  }
})
