import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type Was } from '#src/server/index.js'
import { ask, type Answer, type Asked } from '../asking.js'
import { quiet } from '../serving.js'

const asking = (app: App): ((target: string, asked?: Asked) => Promise<Answer>) => {
  const { engine } = quiet()
  engine.mount('/', app)
  return (target, asked) => ask(engine, target, asked)
}

/** The content of the answer, or its status when it is none of ours. */
const got = async (asked: Promise<Answer>): Promise<string | number> => {
  const { status, text } = await asked
  return status === 200 ? text : status
}

describe('APP-17, APP-18, APP-19: methods', () => {
  const app = new App()
    .get('/x', () => 'get')
    .post('/x', () => 'post')
    .put('/x', () => 'put')
    .patch('/x', () => 'patch')
    .delete('/x', () => 'delete')
    .route('/all', (was) => was.request.method)
    .route('/own', { methods: ['OPTIONS', 'BREW'] }, (was) => `own ${was.request.method}`)
    .post('/post', () => 'post')
    .get('/<name>', () => 'any')
  const to = asking(app)

  it('choose among the functions of a rule', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
      assert.equal(await got(to('/x', { method })), method.toLowerCase())
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
      assert.equal(await got(to('/all', { method })), method)
    assert.equal(await got(to('/own', { method: 'BREW' })), 'own BREW')
  })

  it('that are not known are 405 with Allow', async () => {
    const answer = await to('/x', { method: 'BREW' })
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'])
    // The rule with a parameter knows the path, too.
    const post = await to('/post', { method: 'PUT' })
    assert.deepEqual([post.status, post.headers['allow']], [405, 'POST, GET, HEAD, OPTIONS'])
    assert.equal((await to('/all', { method: 'get' })).status, 405)
    const connect = await to('example.com:443', { method: 'CONNECT', host: 'example.com:443' })
    assert.equal(connect.status, 405)
  })

  it('fall to the next rule that has them', async () => {
    assert.equal(await got(to('/post')), 'any')
    assert.equal(await got(to('/post', { method: 'POST' })), 'post')
  })

  it('HEAD and OPTIONS work by themselves', async () => {
    const head = await to('/x', { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length'], head.rest], [200, '3', ''])
    assert.equal((await to('/post/', { method: 'HEAD' })).status, 404)
    const options = await to('/x', { method: 'OPTIONS' })
    assert.deepEqual([options.status, options.headers['allow']], [204, 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'])
    assert.equal(await got(to('/own', { method: 'OPTIONS' })), 'own OPTIONS')
    assert.equal((await to('/a/b', { method: 'OPTIONS' })).status, 404)
    const server = await to('*', { method: 'OPTIONS' })
    assert.deepEqual([server.status, server.headers['allow']], [204, 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'])
  })

  it('are refused where they are no methods, or there twice', () => {
    for (const methods of [['get'], ['A B'], ['']])
      assert.throws(() => app.route('/y', { methods }, () => 1), TypeError)
    assert.throws(() => app.get('/x', () => 1), /the route \/x is there twice for GET/)
    assert.throws(() => app.route('/all', () => 1), /the route \/all is there twice/)
    assert.throws(() => app.route('/z', {}, undefined as never), /has no handler/)
  })
})

describe('APP-18: content types', () => {
  const app = new App()
    .route('/json', { methods: ['POST'], contentTypes: ['Application/JSON'] }, () => 'json')
    .route('/text', { contentTypes: ['text/*', 'a/b'] }, () => 'text')
    .route('/any', { contentTypes: ['*/*'] }, () => 'any')
  const to = asking(app)
  const post = (target: string, type?: string): Promise<string | number> =>
    got(to(target, { method: 'POST', body: 'x', ...(type !== undefined && { headers: { 'Content-Type': type } }) }))

  it('are 415 when they are not listed', async () => {
    assert.equal(await post('/json', 'application/json'), 'json')
    assert.equal(await post('/json', 'application/JSON; charset=utf-8'), 'json')
    assert.equal(await post('/text', 'text/plain'), 'text')
    assert.equal(await post('/text', 'a/b'), 'text')
    assert.equal(await post('/any', 'x/y'), 'any')
    for (const type of [
      'text/plain',
      'application/jsonx',
      'xapplication/json',
      'application/json, text/plain',
      'json',
      '',
    ])
      assert.equal(await post('/json', type), 415, type)
    assert.equal(await post('/text', 'textual/plain'), 415)
    assert.equal(await post('/any', undefined), 415)
    assert.equal(await post('/any', 'nonsense'), 415)
  })

  it('do not matter without content', async () => {
    assert.equal(await got(to('/json', { method: 'POST' })), 'json')
    assert.equal(await got(to('/text')), 'text')
  })
})

describe('APP-21: parameters', () => {
  const app = new App()
    .get('/int/<int:n>', (_was, { n }) => ({ n }))
    .get('/float/<float:x>', (_was, { x }) => ({ x }))
    .get('/name/<name>', (_was, { name }) => ({ name }))
    .get('/string/<string:s>', (_was, { s }) => ({ s }))
    .get('/file/<path:rest>', (_was, { rest }) => ({ rest }))
    .get('/two/<int:a>/<b>/end', (_was, params) => params)
    .get('/v<int:major>.<int:minor>', (_was, params) => params)
    .get('/day/<y>-<m>-<d>', (_was, params) => params)
    .get('/page/<title>.html', (_was, params) => params)
  const to = asking(app)

  it('are converted', async () => {
    const table: [string, string | number][] = [
      ['/int/0042', '{"n":42}'],
      ['/int/9007199254740991', '{"n":9007199254740991}'],
      ['/int/9007199254740993', 404],
      ['/int/-1', 404],
      ['/int/1.5', 404],
      ['/int/', 404],
      ['/int/1/2', 404],
      ['/float/1.50', '{"x":1.5}'],
      ['/float/2', '{"x":2}'],
      ['/float/1.', 404],
      ['/float/1e5', 404],
      [`/float/${'9'.repeat(400)}`, 404],
      ['/name/a_b%20c', '{"name":"a b c"}'],
      ['/name/%E2%82%AC', '{"name":"\u20ac"}'],
      ['/name/', 404],
      ['/string/a_b', '{"s":"a_b"}'],
      ['/file/a/b_c/d.txt', '{"rest":"a/b_c/d.txt"}'],
      ['/file/a/', '{"rest":"a/"}'],
      ['/file/', 404],
      ['/two/1/x/end', '{"a":1,"b":"x"}'],
      ['/two/1/x/end/', 404],
      ['/v1.20', '{"major":1,"minor":20}'],
      ['/day/2026-03-01', '{"y":"2026","m":"03","d":"01"}'],
      ['/day/2026-03-01-x', '{"y":"2026","m":"03","d":"01-x"}'],
      ['/day/2026-03', 404],
      ['/page/a.b.html.html', '{"title":"a.b.html"}'],
    ]
    for (const [target, expected] of table) assert.equal(await got(to(target)), expected, target)
  })

  it('are found in linear time', async () => {
    const started = performance.now()
    assert.equal(await got(to(`/day/${'-'.repeat(8000)}/`)), 404)
    assert.equal(await got(to(`/day/${'x-'.repeat(4000)}/`)), 404)
    // Dividing 8,000 characters in all ways takes seconds.
    assert.ok(performance.now() - started < 250)
  })

  it('have names that no prototype knows', async () => {
    const hostile = new App().get('/<__proto__>/<constructor>', (_was, params) =>
      JSON.stringify(['toString' in params, Object.entries(params)]),
    )
    assert.equal(await got(asking(hostile)('/a/b')), '[false,[["__proto__","a"],["constructor","b"]]]')
    const plain = new App().get('/<a>', (_was, params) =>
      JSON.stringify(['constructor', '__proto__'].map((name) => name in params)),
    )
    assert.equal(await got(asking(plain)('/a')), '[false,false]')
  })

  it('stand in rules that are checked', () => {
    for (const rule of [
      'x',
      '',
      '/<',
      '/>',
      '/<>',
      '/<a b>',
      '/<1>',
      '/<uuid:x>',
      '/<int:>',
      '/<a><b>',
      '/<a>/<a>',
      '/<path:a>/b',
      '/<<a>>',
    ])
      assert.throws(() => new App().get(rule, () => 1), TypeError, rule)
  })

  it('leave characters of patterns alone', async () => {
    const odd = asking(new App().get('/a.b+(c)/<x>', () => 'odd').get('/$^[', () => 'exact'))
    assert.equal(await got(odd('/a.b+(c)/1')), 'odd')
    assert.equal(await got(odd('/aXb+(c)/1')), 404)
    assert.equal(await got(odd('/$%5E%5B')), 'exact')
  })
})

describe('order and ends', () => {
  it('APP-22: exact rules come first, then the longest beginning', async () => {
    const app = new App()
      .get('/<path:rest>', () => 'path')
      .get('/a/<x>', () => 'x')
      .get('/a/<int:n>', () => 'never: the same beginning, later')
      .get('/a/b/<x>', () => 'b')
      .get('/a/b', () => 'exact')
    const to = asking(app)
    const table = { '/a/b': 'exact', '/a/c': 'x', '/a/1': 'x', '/a/b/c': 'b', '/a/b/c/d': 'path', '/z': 'path' }
    for (const [target, expected] of Object.entries(table)) assert.equal(await got(to(target)), expected)
    assert.equal(await got(to('/')), 404)
  })

  it('APP-20: a rule with a slash at its end takes the path without it', async () => {
    const to = asking(new App().get('/docs/', () => 'docs').get('/a', () => 'a'))
    const moved = await to('/docs?x=%20&y=1')
    assert.deepEqual([moved.status, moved.headers['location']], [301, '/docs/?x=%20&y=1'])
    assert.equal((await to('/docs', { method: 'POST' })).status, 301)
    assert.equal(await got(to('/docs/')), 'docs')
    assert.equal(await got(to('/a/')), 404)
  })

  it('APP-23: the last parameter may be left out when it has a default', async () => {
    const app = new App()
      .route('/ep/<int:id>', { defaults: { id: 7 } }, (_was, { id }) => ({ id }))
      .route('/<name>', { defaults: { name: 'nobody' } }, (_was, { name }) => ({ name }))
      .route('/two/<int:a>/<int:b>', { defaults: { b: 1 } }, (_was, params) => params)
    const to = asking(app)
    assert.equal(await got(to('/ep/3')), '{"id":3}')
    assert.equal(await got(to('/ep')), '{"id":7}')
    assert.equal(await got(to('/ep/')), '{"id":7}')
    assert.equal(await got(to('/')), 404)
    assert.equal(await got(to('/two/1')), 404)
    assert.equal(await got(to('/two/1/2')), '{"a":1,"b":2}')
    // Further methods of the short path are told apart like any other.
    app.route('/ep/<int:id>', { methods: ['POST'], defaults: { id: 8 } }, (_was, { id }) => ({ posted: id }))
    assert.equal(await got(to('/ep', { method: 'POST' })), '{"posted":8}')
  })
})

describe('APP-31, APP-32: was.request', () => {
  const describeRequest = async (was: Was): Promise<object> => {
    const { request } = was
    return {
      plain: [request.method, request.uri, request.path, request.version, request.scheme, request.host],
      more: [request.queryString, request.scriptName, request.remoteAddress, request.query.getAll('a')],
      headers: [request.headers.get('X-ONE'), request.getHeader('x-one'), request.getHeader('x-none', 'none')],
      types: [request.getContentType(), request.getMainType(), request.getSubType()],
      names: [request.getScheme(), request.getRemoteAddr(), request.getUserAgent(), request.getHeaders().length],
      body: Buffer.from(await request.getBody()).toString(),
      route: [request.routable?.rule, typeof request.routedFunction, was.app?.name],
      g: [Object.getPrototypeOf(was.g), was.g === was.g],
      ids: [was.gtid.length > 0, was.ltid],
    }
  }

  it('tells all of the request', async () => {
    const { engine } = quiet()
    engine.mount('/sub', new App({ name: 'sub' }).route('/<path:p>', describeRequest))
    const { text } = await ask(engine, '/sub/x%20y?a=1&b&a=%32', {
      method: 'POST',
      body: 'content',
      headers: { 'X-One': '1', 'x-one': '2', 'Content-Type': 'Text/HTML; charset=x', 'User-Agent': 'me' },
    })
    assert.deepEqual(JSON.parse(text), {
      plain: ['POST', '/sub/x%20y?a=1&b&a=%32', '/sub/x y', '1.1', 'http', 'example.com'],
      more: ['a=1&b&a=%32', '/sub', 'memory', ['1', '2']],
      headers: ['1, 2', '1, 2', 'none'],
      types: ['text/html', 'text', 'html'],
      names: ['http', 'memory', 'me', 7],
      body: 'content',
      route: ['/<path:p>', 'function', 'sub'],
      g: [null, true],
      ids: [true, '1000'],
    })
  })

  it('tells of a request without fields, in absolute-form, over 1.0', async () => {
    const { engine } = quiet()
    engine.mount('/', describeRequest)
    const { text } = await ask(engine, 'http://other.example:81/p?q', { version: '1.0', host: '' })
    const told = JSON.parse(text) as Record<string, unknown>
    assert.deepEqual(told['plain'], ['GET', 'http://other.example:81/p?q', '/p', '1.0', 'http', 'other.example:81'])
    assert.deepEqual(told['types'], [null, null, null])
    assert.deepEqual(told['route'], [null, 'undefined', null])
  })

  it('holds hostile names like any other', async () => {
    const { engine } = quiet()
    engine.mount('/', async ({ request }) => {
      const json = (await request.json()) as Record<string, unknown>
      return [Object.keys(json), ({} as Record<string, unknown>)['polluted'], request.query.get('__proto__')]
    })
    const body = '{"__proto__":{"polluted":1},"constructor":2}'
    const headers = { __proto__x: 'y', constructor: 'c', 'X-A': '1' }
    const { text } = await ask(engine, '/?__proto__=q', { method: 'POST', body, headers })
    assert.equal(text, '[["__proto__","constructor"],null,"q"]')
  })
})

describe('was.response', () => {
  const to = (make: (was: Was) => unknown, asked?: Asked): Promise<Answer> =>
    asking(new App().get('/', make as () => string))('/', asked)

  it('APP-40: makes responses in all forms', async () => {
    const made = await to((was) => was.response(201, 'made', { 'X-A': 1, 'x-b': ['1', '2'] }))
    assert.deepEqual([made.status, made.text, made.headers['x-a'], made.headers['x-b']], [201, 'made', '1', '1, 2'])
    assert.equal((await to((was) => was.response('404 Not Found', 'x'))).reason, 'Not Found')
    assert.equal((await to((was) => was.response('204', null))).status, 204)
    const explained = await to((was) => was.response('503 Busy'))
    assert.match(explained.text, /<h1>503 Service Unavailable<\/h1>/)
    assert.equal(explained.headers['content-type'], 'text/html; charset=utf-8')
    assert.match((await to((was) => was.response())).text, /<h1>200 OK<\/h1>/)
    const json = await to((was) => was.response(200, { a: 1 }, [['content-type', 'application/ld+json']]))
    assert.deepEqual([json.headers['content-type'], json.text], ['application/ld+json', '{"a":1}'])
    for (const status of [0, 100, 199, 600, 200.5, 'OK', '20', '2000', Number.NaN])
      assert.equal((await to((was) => was.response(status, 'x'))).status, 500)
  })

  it('APP-41: keeps fields for whatever is returned', async () => {
    const set = async (was: Was): Promise<unknown> => {
      const { response } = was
      response.setStatus('202 Accepted')
      response.setHeader('X-One', 1)
      response.setHeader('x-one', 2)
      response.addHeader('X-Two', 'a')
      response.addHeader('X-Two', 'b')
      response.setHeaders({ 'x-three': ['c', 'd'], 'x-gone': 'x' })
      response.setHeaders([['X-Gone', 'y']])
      response.delHeader('x-GONE')
      return [response.getStatus(), response.getHeader('X-ONE'), response.getHeader('x-gone'), response.getHeaders()]
    }
    const answer = await to(set)
    const fields = [
      ['x-one', '2'],
      ['X-Two', 'a'],
      ['X-Two', 'b'],
      ['x-three', 'c'],
      ['x-three', 'd'],
    ]
    assert.deepEqual(JSON.parse(answer.text), ['202 Accepted', '2', null, fields])
    assert.equal(answer.status, 202)
    assert.deepEqual(
      [answer.headers['x-one'], answer.headers['x-two'], answer.headers['x-three']],
      ['2', 'a, b', 'c, d'],
    )
    assert.equal((await to((was) => was.response.getStatus())).text, '200 OK')
  })

  it('lets the call win over what was set, but for cookies', async () => {
    const answer = await to((was) => {
      was.response.setHeader('X-A', 'set')
      was.response.setHeader('X-B', 'set')
      was.response.addHeader('Set-Cookie', 'a=1')
      return was.response(200, 'x', { 'x-a': 'called', 'set-cookie': 'b=2' })
    })
    assert.deepEqual([answer.headers['x-a'], answer.headers['x-b']], ['called', 'set'])
    assert.deepEqual(
      answer.lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
      ['a=1', 'b=2'],
    )
  })

  it('sends early hints first, but not over 1.0', async () => {
    const hint = (was: Was): string => (was.earlyHints(['link', '</a.css>; rel=preload']), 'x')
    const first = await to(hint)
    assert.deepEqual([first.status, first.headers['link']], [103, '</a.css>; rel=preload'])
    assert.match(first.rest, /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal((await to(hint, { version: '1.0' })).status, 200)
  })
})
