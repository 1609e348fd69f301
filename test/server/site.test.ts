import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { ask, exchange, type Asked } from './asking.js'
import { quiet } from './serving.js'
import { put, temporaryDirectory } from './static/site.js'

const root = temporaryDirectory()
put(root, 'outer/index.html', 'outer index')
put(root, 'outer/both.txt', 'from the file')
put(root, 'outer/inner/only-outer.txt', 'of the outer directory')
put(root, 'inner/index.html', 'inner index')
const outer = `${root}/outer`
const inner = `${root}/inner`

/** The content of the answer, or its status. */
const getter = (engine: Parameters<typeof ask>[0]) => async (target: string, asked?: Asked) => {
  const { status, text } = await ask(engine, target, asked)
  return status === 200 ? text : status
}

const saying = (name: string): App => new App({ name }).get('/', () => name).get('/both.txt', () => name)

describe('mounting', () => {
  const { engine } = quiet()

  it('refuses what is no point', () => {
    for (const point of ['', 'x', '//', '/a//b', '/a b', '/a?b', '/a#b', '/a%20b', '/a\\b'])
      assert.throws(() => engine.mount(point, () => 'x'), /not a mount point/, point)
  })

  it('refuses what cannot be mounted', () => {
    assert.throws(() => engine.mount('/', `${root}/missing`), /there is no file or directory .*missing/)
    assert.throws(() => engine.mount('/', `${root}/outer/both.txt`), /not a directory/)
    for (const target of [undefined, null, 1, {}])
      assert.throws(() => engine.mount('/', target as never), /cannot mount a .* an App, a directory or a function/)
    engine.mount('/f', () => 'x')
    assert.throws(() => engine.mount('/f/', () => 'y'), /a function is mounted at \/f already/)
  })

  it('refuses hosts that are none or taken', () => {
    for (const host of ['', ' ', 'a b..c', '*', 'a.com:80', 'http://a', '.', 'a.com.'])
      assert.throws(() => engine.mount('/', () => 'x', { host }), TypeError, host)
    engine.mount('/', () => 'x', { host: 'a.com  b.com' })
    engine.mount('/again', () => 'x', { host: 'B.com a.com' })
    assert.throws(() => engine.mount('/', () => 'x', { host: 'c.com a.com' }), /a\.com belongs to another group/)
    // Nothing of a list that is refused stays.
    engine.mount('/', () => 'x', { host: 'c.com' })
    assert.throws(() => engine.mount('/', () => 'x', { host: 'default d.com' }), /default belongs to another group/)
  })
})

describe('mount points', () => {
  const { engine } = quiet()
  engine
    .mount(
      '/',
      new App().get('/', () => 'root').get('/api/x', () => 'never'),
    )
    .mount(
      '/api',
      new App().route('/<path:p>', (was, { p }) => `${was.request.scriptName} ${p}`),
    )
    .mount('/api/v2', (was) => `v2 ${was.request.path} ${was.request.scriptName}`)
    .mount('/files', inner)
  const get = getter(engine)

  it('match on the boundary of a segment, the longest first', async () => {
    assert.equal(await get('/'), 'root')
    assert.equal(await get('/api/x'), '/api x')
    assert.equal(await get('/api/v2/y'), 'v2 /api/v2/y /api/v2')
    assert.equal(await get('/api/v20/y'), '/api v20/y')
    assert.equal(await get('/apix'), 404)
    assert.equal(await get('/files/'), 'inner index')
    assert.equal(await get('/filesx/'), 404)
  })

  it('lead to themselves with a slash', async () => {
    for (const [target, location] of [
      ['/api', '/api/'],
      ['/api?a=%22&b=<', '/api/?a=%22&b=<'],
      ['/files', '/files/'],
      ['http://other.example/api/v2?x', '/api/v2/?x'],
      ['/%61pi', '/api/'],
    ] as const)
      for (const method of ['GET', 'POST', 'HEAD']) {
        const answer = await ask(engine, target, { method })
        assert.deepEqual([answer.status, answer.headers['location']], [308, location])
      }
  })

  it('see one canonical path, decoded once', async () => {
    assert.equal(await get('/%61pi/x'), '/api x')
    assert.equal(await get('/api/a%2520b'), '/api a%20b')
    assert.equal(await get('/api%2fx'), 400)
    assert.equal(await get('/api%5cx'), 400)
    for (const target of ['/x/../api/y', '/./api', '/api/%2e%2e/x', '/api/.%2e', '/api/a%00b', '/api/%zz', '/api/%ff'])
      assert.equal(await get(target), 400, target)
    for (const target of ['//api/x', '/api//x']) assert.equal(await get(target), 404, target)
  })

  it('are asked about absolute-form and authority, too', async () => {
    assert.equal(await get('http://x.example/api/z'), '/api z')
    assert.equal(await get('http://x.example'), 'root')
  })
})

describe('directories and apps', () => {
  it('at one point: the directory answers GET and HEAD, the app all else', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      new App().route('/both.txt', (was) => `app ${was.request.method}`).get('/app', () => 'app'),
    )
    engine.mount('/', outer)
    const get = getter(engine)
    assert.equal(await get('/both.txt'), 'from the file')
    assert.equal((await ask(engine, '/both.txt', { method: 'HEAD' })).headers['content-length'], '13')
    assert.equal(await get('/both.txt', { method: 'POST' }), 'app POST')
    assert.equal(await get('/app'), 'app')
    assert.equal(await get('/app', { method: 'POST' }), 405)
    assert.equal(await get('/'), 'outer index')
    assert.equal(await get('/missing'), 404)
  })

  it('nested: the innermost directory answers alone', async () => {
    const { engine } = quiet()
    engine.mount('/', outer).mount('/inner', inner)
    const get = getter(engine)
    assert.equal(await get('/inner/'), 'inner index')
    assert.equal(await get('/inner/only-outer.txt'), 404)
  })

  it('a file that changed while it is waited for goes to the apps, or to nobody', async () => {
    const { engine } = quiet()
    engine.mount('/', outer)
    engine.mount('/', () => 'the app')
    // A file that is new and large has no strong tag yet: the answer waits a little.
    put(root, 'outer/new.bin', Buffer.alloc(100_000, 'x'))
    assert.equal((await ask(engine, '/new.bin')).bytes.length, 100_000)
    assert.equal((await ask(engine, '/none.bin')).text, 'the app')
  })
})

describe('several apps at one point', () => {
  const { engine } = quiet()
  engine
    .mount('/', (was) => `function ${was.request.method}`)
    .mount(
      '/',
      new App()
        .get('/a', () => 'first')
        .get('/both', () => 'first')
        .get('/slash/', () => 'first slash'),
    )
    .mount(
      '/',
      new App()
        .get('/b', () => 'second')
        .get('/both', () => 'second')
        .get('/slash', () => 'second slash'),
    )
  const get = getter(engine)

  it('are asked in the order they were mounted, the function last', async () => {
    assert.equal(await get('/a'), 'first')
    assert.equal(await get('/b'), 'second')
    assert.equal(await get('/both'), 'first')
    assert.equal(await get('/c'), 'function GET')
    assert.equal(await get('/a', { method: 'PUT' }), 'function PUT')
  })

  it('have no redirect where another one has the path', async () => {
    assert.equal(await get('/slash'), 'second slash')
    const alone = quiet()
    alone.engine
      .mount(
        '/',
        new App().get('/slash/', () => 'x'),
      )
      .mount(
        '/',
        new App().post('/b', () => 'x'),
      )
    assert.equal(await getter(alone.engine)('/slash'), 301)
  })

  it('allow the methods of all', async () => {
    const both = quiet()
    both.engine
      .mount(
        '/',
        new App().get('/x', () => 1),
      )
      .mount(
        '/',
        new App().put('/x', () => 2),
      )
    const answer = await ask(both.engine, '/x', { method: 'DELETE' })
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, HEAD, OPTIONS, PUT'])
    assert.equal(await getter(both.engine)('/x', { method: 'OPTIONS' }), 204)
  })

  it('serve versions of a service', async () => {
    const versions = quiet()
    versions.engine.mount('/v1', saying('one')).mount('/v2', saying('two')).mount('/v2', outer)
    assert.equal(await getter(versions.engine)('/v1/both.txt'), 'one')
    assert.equal(await getter(versions.engine)('/v2/both.txt'), 'from the file')
    assert.equal(await getter(versions.engine)('/v2/'), 'outer index')
  })
})

describe('virtual hosts', () => {
  const { engine } = quiet()
  for (const host of ['www.a.com', '.a.com', 'deep.er.a.com .er.a.com', 'b.com c.com', '[::1]', '127.0.0.1'])
    engine.mount('/', () => host, { host })
  const get = getter(engine)

  it('are compared whole, label by label', async () => {
    const table: [string, string | number][] = [
      ['www.a.com', 'www.a.com'],
      ['ww.a.com', '.a.com'],
      ['a.com', '.a.com'],
      ['xa.com', 404],
      ['www.a.com.evil.com', 404],
      ['a.com.evil', 404],
      ['com', 404],
      ['x.y.a.com', '.a.com'],
      ['er.a.com', 'deep.er.a.com .er.a.com'],
      ['x.er.a.com', 'deep.er.a.com .er.a.com'],
      ['xer.a.com', '.a.com'],
      ['c.com', 'b.com c.com'],
      ['x.c.com', 404],
      ['WWW.A.Com:8080', 'www.a.com'],
      ['www.a.com.', 'www.a.com'],
      ['www.a.com.:80', 'www.a.com'],
      ['a.com:', '.a.com'],
      ['[::1]', '[::1]'],
      ['[::1]:5000', '[::1]'],
      ['127.0.0.1:1', '127.0.0.1'],
      ['__proto__', 404],
      ['constructor', 404],
    ]
    for (const [host, expected] of table) {
      const text = await exchange(engine, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
      assert.equal(status === 200 ? text.split('\r\n\r\n')[1] : status, expected, host)
    }
  })

  it('take the authority of absolute-form before Host', async () => {
    assert.equal(await get('http://www.a.com/', { host: 'www.a.com' }), 'www.a.com')
    assert.equal(await get('http://b.com/', { host: 'www.a.com' }), 'b.com c.com')
  })

  it('do not look at forwarded fields', async () => {
    assert.equal(await get('/', { host: 'evil.com', headers: { 'X-Forwarded-Host': 'www.a.com' } }), 404)
  })

  it('are 404 without a default, and the default takes the others', async () => {
    assert.equal(await get('/', { host: 'other.com' }), 404)
    const open = quiet()
    open.engine.mount('/', saying('default')).mount('/', saying('x'), { host: 'x.com' })
    assert.equal(await getter(open.engine)('/', { host: 'other.com' }), 'default')
    assert.equal(await getter(open.engine)('/', { host: 'x.com' }), 'x')
    assert.equal(await getter(open.engine)('/', { host: '', version: '1.0' }), 'default')
  })

  it('have mounts of their own', async () => {
    const two = quiet()
    two.engine.mount('/', outer, { host: 'a.com' }).mount('/x', saying('x'), { host: 'b.com' })
    assert.equal(await getter(two.engine)('/', { host: 'a.com' }), 'outer index')
    assert.equal(await getter(two.engine)('/x', { host: 'a.com' }), 404)
    assert.equal(await getter(two.engine)('/x', { host: 'b.com' }), 308)
    assert.equal(await getter(two.engine)('/', { host: 'b.com' }), 404)
  })
})
