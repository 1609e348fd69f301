import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { fetchHandler, useLightResponse } from '#src/server/index.js'
import { ask, type Asked } from '../asking.js'
import { quiet, serve, signal, Wire } from '../serving.js'

const NativeResponse = globalThis.Response

/** What a handler finds out about a request. */
async function about(
  find: (request: Request) => unknown,
  asked: Asked & { readonly target?: string } = {},
): Promise<unknown> {
  const { engine, errors } = quiet()
  engine.mount(
    '/',
    fetchHandler(async (request) => NativeResponse.json((await find(request)) ?? null)),
  )
  const { text } = await ask(engine, asked.target ?? '/', asked)
  assert.deepEqual(errors, [])
  return JSON.parse(text) as unknown
}

const POST: Asked = { method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } }

describe('the request of a fetch handler', () => {
  it('is a Request', async () => {
    assert.deepEqual(
      await about((request) => [
        request instanceof Request,
        Object.prototype.toString.call(request),
        request.method,
        request.headers === request.headers,
        request.headers.get('host'),
        request.signal instanceof AbortSignal,
        request.signal.aborted,
        request.body,
        request.bodyUsed,
      ]),
      [true, '[object Request]', 'GET', true, 'example.com', true, false, null, false],
    )
  })

  it('has what only a real one knows', async () => {
    assert.deepEqual(
      await about(({ cache, mode, redirect, credentials, keepalive, referrer, integrity, duplex }) => [
        cache,
        mode,
        redirect,
        credentials,
        keepalive,
        referrer,
        integrity,
        duplex,
      ]),
      ['default', 'cors', 'follow', 'same-origin', false, 'about:client', '', 'half'],
    )
  })

  for (const [target, url, host] of [
    ['/', 'http://example.com/', undefined],
    ['/a%20b?c=d%20e', 'http://example.com/a%20b?c=d%20e', undefined],
    ["/it's?it's", "http://example.com/it's?it%27s", undefined],
    ['/x', 'http://example.com:8080/x', 'EXAMPLE.com:8080'],
    ['/x', 'http://example.com/x', 'example.com:80'],
    ['/x', 'http://localhost/x', ''],
    ['http://other.example/x?y', 'http://other.example/x?y', 'other.example'],
    ['/?a=/../b', 'http://example.com/?a=/../b', undefined],
  ] as const)
    it(`has the URL ${url} for ${target} at ${host ?? 'example.com'}`, async () => {
      const asked = { target, ...(host !== undefined && { host }), version: host === '' ? '1.0' : '1.1' }
      assert.equal(await about((request) => request.url, asked), url)
    })

  it('reads its content in every way', async () => {
    assert.equal(await about((request) => request.text(), POST), '{"a":1}')
    assert.deepEqual(await about((request) => request.json(), POST), { a: 1 })
    assert.equal(await about(async (request) => (await request.arrayBuffer()).byteLength, POST), 7)
    assert.equal(
      await about(
        async (request) => (await (request as unknown as { bytes(): Promise<Uint8Array> }).bytes()).length,
        POST,
      ),
      7,
    )
    assert.deepEqual(await about(async (request) => ((blob) => [blob.size, blob.type])(await request.blob()), POST), [
      7,
      'application/json',
    ])
    const form = { ...POST, body: 'a=1&b=2', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
    assert.deepEqual(await about(async (request) => [...(await request.formData())], form), [
      ['a', '1'],
      ['b', '2'],
    ])
    assert.equal(
      await about(async (request) => {
        let size = 0
        for await (const piece of request.body!) size += piece.length
        return [size, request.bodyUsed].join()
      }, POST),
      '7,true',
    )
  })

  it('is read once', async () => {
    const error = (reason: Error): string => reason.name
    assert.deepEqual(
      await about(
        async (request) => [
          await request.text(),
          request.bodyUsed,
          await request.text().catch(error),
          await request.arrayBuffer().catch(error),
        ],
        POST,
      ),
      ['{"a":1}', true, 'TypeError', 'TypeError'],
    )
    assert.equal(
      await about(async (request) => {
        await request.text()
        try {
          return request.clone().method
        } catch (reason) {
          return error(reason as Error)
        }
      }, POST),
      'TypeError',
    )
    assert.equal(await about((request) => request.json().catch(error), { ...POST, body: '{' }), 'SyntaxError')
  })

  it('becomes another one', async () => {
    assert.deepEqual(await about(async (request) => [await request.clone().text(), await request.text()], POST), [
      '{"a":1}',
      '{"a":1}',
    ])
    assert.equal(await about((request) => new Request(request).text(), POST), '{"a":1}')
    assert.equal(await about((request) => new Request('http://example.com/y', request).text(), POST), '{"a":1}')
    assert.equal(
      await about((request) => new Request(request, { headers: { 'x-a': 'a' } }).headers.get('x-a'), POST),
      'a',
    )
  })

  it('has no content for GET, whatever came', async () => {
    assert.deepEqual(
      await about(async (request) => [request.body, await request.text()], { method: 'GET', body: 'x' }),
      [null, ''],
    )
  })

  it('is aborted when the client leaves', async () => {
    const begun = signal()
    const aborted = signal<unknown>()
    const { port } = await serve((engine) =>
      engine.mount(
        '/',
        fetchHandler(async ({ signal: left }) => {
          begun.resolve()
          await once(left, 'abort')
          aborted.resolve((left.reason as Error).name)
          return new Response('late')
        }),
      ),
    )
    const wire = await Wire.to(port)
    wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await begun.promise
    wire.reset()
    assert.equal(await aborted.promise, 'AbortError')
  })
})

describe('the light response', () => {
  const restore = useLightResponse()
  after(restore)

  it('is a Response, and the one of the runtime is one, too', () => {
    const light = new Response('x')
    const native = new NativeResponse('x')
    assert.notEqual(Response, NativeResponse)
    assert.equal(Response.name, 'Response')
    for (const one of [light, native])
      assert.deepEqual([one instanceof Response, one instanceof NativeResponse], [true, true])
    assert.equal({} instanceof Response, false)
    assert.equal(Object.prototype.toString.call(light), '[object Response]')
  })

  for (const [name, given] of Object.entries<ConstructorParameters<typeof Response>>({
    nothing: [],
    null: [null],
    text: ['text'],
    'text with a type': ['<p>', { headers: { 'Content-Type': 'text/html', 'X-Number': 5 as never } }],
    bytes: [new Uint8Array([1, 2])],
    'a buffer': [new ArrayBuffer(3)],
    status: ['x', { status: 404 }],
    'status text': ['x', { status: 201, statusText: 'Made' }],
    'a list': [
      'x',
      {
        headers: [
          ['a', 'b'],
          ['a', 'c'],
        ],
      },
    ],
    Headers: ['x', { headers: new Headers({ a: 'b' }) }],
    parameters: [new URLSearchParams({ a: 'b' })],
    blob: [new Blob(['x'], { type: 'text/x' })],
    'no content': [null, { status: 204 }],
    'not modified': [null, { status: 304, headers: { etag: '"a"' } }],
    'another response': ['x', new NativeResponse('', { status: 202, headers: { a: 'b' } })],
  }))
    it(`has what the one of the runtime has: ${name}`, async () => {
      const seen = async (one: Response): Promise<unknown> => [
        one.status,
        one.ok,
        one.statusText,
        one.type,
        one.url,
        one.redirected,
        [...one.headers],
        one.bodyUsed,
        one.body === null,
        await one.clone().text(),
        Buffer.from(await one.arrayBuffer()).toString('hex'),
        one.bodyUsed,
      ]
      assert.deepEqual(await seen(new Response(...given)), await seen(new NativeResponse(...given)))
    })

  for (const [name, given] of Object.entries<ConstructorParameters<typeof Response>>({
    'a status below 200': ['x', { status: 101 }],
    'a status above 599': ['x', { status: 600 }],
    'content where there is none': ['x', { status: 204 }],
    'content that was not modified': ['x', { status: 304 }],
    'a status text that splits': ['x', { statusText: 'a\r\nb' }],
  }))
    it(`refuses what the one of the runtime refuses: ${name}`, () => {
      assert.throws(() => new NativeResponse(...given))
      assert.throws(() => new Response(...given))
    })

  it('has headers that can be set, also for its copy', async () => {
    const light = new Response('x', { headers: { a: 'b' } })
    light.headers.set('c', 'd')
    assert.equal(light.clone().headers.get('c'), 'd')
    assert.equal(new Response(light.body, light).headers.get('c'), 'd')
    const read = new Response('y')
    await read.clone().text()
    read.headers.set('e', 'f')
    assert.equal(read.headers.get('e'), 'f')
    assert.equal(await (await read.blob()).text(), 'y')
    assert.deepEqual(await new Response('{}').json(), {})
    assert.deepEqual([...(await new Response(new URLSearchParams({ a: 'b' })).formData())], [['a', 'b']])
  })

  it('does not change with the bytes that it was made of', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      fetchHandler(() => {
        const bytes = new Uint8Array([65, 66]).buffer
        const response = new Response(bytes)
        new Uint8Array(bytes).fill(0)
        return response
      }),
    )
    assert.equal((await ask(engine, '/')).text, 'AB')
  })

  it('has its statics', () => {
    assert.equal(Response.json({}).status, 200)
    assert.equal(Response.redirect('http://a/', 302).status, 302)
    assert.equal(Response.error().type, 'error')
  })

  it('can be derived from', () => {
    class Mine extends Response {
      readonly mine = true
    }
    const one = new Mine('x', { status: 201 })
    assert.deepEqual([one.mine, one.status, one instanceof Response, one instanceof Mine], [true, 201, true, true])
  })

  it('is taken back', () => {
    restore()
    assert.equal(globalThis.Response, NativeResponse)
    useLightResponse()
  })
})

describe('responses of a fetch handler', () => {
  it('the global class is lighter while the handler runs, and only then', async () => {
    const { engine } = quiet()
    const seen: unknown[] = []
    engine.mount(
      '/',
      fetchHandler(async () => {
        seen.push(Response === NativeResponse)
        await undefined
        seen.push(Response === NativeResponse)
        return new Response('x')
      }),
    )
    engine.mount(
      '/runtime',
      fetchHandler(
        () => {
          seen.push(Response === NativeResponse)
          return new Response('y')
        },
        { lightResponse: false },
      ),
    )
    engine.mount(
      '/throws',
      fetchHandler(() => {
        throw new Error('thrown')
      }),
    )
    assert.equal((await ask(engine, '/')).text, 'x')
    assert.equal((await ask(engine, '/runtime/')).text, 'y')
    assert.equal((await ask(engine, '/throws/')).status, 500)
    assert.deepEqual([...seen, Response === NativeResponse], [false, true, true, true])
    class Replaced extends NativeResponse {}
    globalThis.Response = Replaced
    engine.mount(
      '/replaced',
      fetchHandler(() => new Response(String(Response === Replaced))),
    )
    assert.equal((await ask(engine, '/replaced/')).text, 'true')
    globalThis.Response = NativeResponse
  })

  for (const [name, make] of Object.entries({ 'of the runtime': NativeResponse, light: undefined }))
    it(`${name}: content with a length, HEAD, and statuses without content`, async () => {
      const restore = useLightResponse()
      const Made = make ?? globalThis.Response
      restore()
      const { engine } = quiet()
      engine.mount(
        '/',
        fetchHandler(({ url }) => {
          const { pathname } = new URL(url)
          if (pathname === '/204') return new Made(null, { status: 204, headers: { 'content-length': '5' } })
          if (pathname === '/205') return new Made(null, { status: 205 })
          if (pathname === '/304') return new Made(null, { status: 304, headers: { 'content-length': '5' } })
          if (pathname === '/empty') return new Made(null, { headers: { 'content-length': '7' } })
          if (pathname === '/own')
            return new Made('x', {
              headers: { connection: 'close', 'transfer-encoding': 'chunked', 'keep-alive': 'x', trailer: 'a' },
            })
          return new Made('content', { headers: { 'set-cookie': 'a=1' } })
        }),
      )
      const got = async (path: string, method = 'GET'): Promise<unknown> => {
        const { status, headers, text, complete } = await ask(engine, path, { method })
        return [status, headers['content-length'], text, complete, headers['trailer']]
      }
      assert.deepEqual(await got('/'), [200, '7', 'content', true, undefined])
      assert.deepEqual(await got('/', 'HEAD'), [200, '7', '', true, undefined])
      assert.deepEqual(await got('/204'), [204, undefined, '', true, undefined])
      assert.equal(((await got('/205')) as unknown[])[0], 205)
      assert.deepEqual(await got('/304'), [304, '5', '', true, undefined])
      assert.deepEqual(await got('/empty', 'HEAD'), [200, '7', '', true, undefined])
      assert.deepEqual(await got('/own'), [200, '1', 'x', true, undefined])
    })

  it('what fetch has decoded is sent as it is now', async () => {
    const { url } = await serve((engine) =>
      engine.mount(
        '/',
        fetchHandler(async () => {
          const packed = await new NativeResponse(
            new Blob(['packed']).stream().pipeThrough(new CompressionStream('gzip')),
          ).arrayBuffer()
          return new NativeResponse(packed, { headers: { 'content-encoding': 'gzip', 'x-a': 'a' } })
        }),
      ),
    )
    const { engine } = quiet()
    engine.mount(
      '/',
      fetchHandler(() => fetch(url)),
    )
    const { text, headers } = await ask(engine, '/')
    assert.deepEqual([text, headers['content-encoding'], headers['x-a']], ['packed', undefined, 'a'])
  })
})
