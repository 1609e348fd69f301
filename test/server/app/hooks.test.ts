/** What is called around a request: hooks, steps, events, and apps within apps. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type ErrorInfo, HttpError, int, type LogEntry, Skitai, type Was } from '#src/server/index.js'
import { serving } from '../serving.js'

/** An app whose hooks write down that they were called. */
function noting(name: string, notes: string[], app: App = new App({ name })): App {
  return app
    .beforeRequest(() => void notes.push(`${name} before`))
    .finishRequest(() => notes.push(`${name} finish`))
    .failedRequest((_was, error) => void notes.push(`${name} failed ${(error as Error).message}`))
    .teardownRequest(() => notes.push(`${name} teardown`))
}

describe('APP-67, APP-68, APP-69, APP-70: hooks of requests', () => {
  it('are called in order around a handler', async () => {
    const notes: string[] = []
    const app = noting('app', notes).get('/', () => (notes.push('handler'), 'done'))
    assert.equal((await app.inject('/')).text(), 'done')
    assert.deepEqual(notes, ['app before', 'handler', 'app finish', 'app teardown'])
  })

  it('hear of a failure, and always of the end (TRP-10)', async () => {
    const notes: string[] = []
    const app = noting('app', notes).get('/', () => Promise.reject(new HttpError(409, 'no')))
    assert.equal((await app.inject('/')).status, 409)
    assert.deepEqual(notes, ['app before', 'app failed no', 'app teardown'])
  })

  it('answer in place of the handler, an empty string included (TRP-11)', async () => {
    for (const early of ['early', '']) {
      const notes: string[] = []
      const app = noting('app', notes).beforeRequest(() => early)
      app.get('/', () => (notes.push('handler'), 'done'))
      const { status, bytes } = await app.inject('/')
      assert.deepEqual([status, Buffer.from(bytes).toString()], [200, early])
      assert.deepEqual(notes, ['app teardown'])
    }
  })

  it('answer in place of an error', async () => {
    const app = new App().get('/', () => {
      throw new Error('oops')
    })
    app.failedRequest((was, error) => was.response(503, `sorry: ${(error as Error).message}`))
    const { engine, errors } = serving(app)
    const response = await engine.inject('/')
    assert.deepEqual([response.status, response.text(), errors.length], [503, 'sorry: oops', 0])
  })

  it('that throw are failures; a teardown that throws is reported and takes nothing', async () => {
    const before = new App().beforeRequest(() => {
      throw new HttpError(403, 'not you')
    })
    before.get('/', () => 'done')
    assert.equal((await before.inject('/')).status, 403)
    const finish = new App().get('/', () => 'done').finishRequest(() => Promise.reject(new HttpError(502)))
    assert.equal((await finish.inject('/')).status, 502)
    const { engine, errors } = serving(
      new App()
        .get('/', () => 'done')
        .teardownRequest(() => {
          throw new Error('left behind')
        }),
    )
    assert.equal((await engine.inject('/')).text(), 'done')
    assert.match(String(errors), /left behind/)
  })

  it('APP-71: one of a kind, the last one counts', async () => {
    const app = new App().beforeRequest(() => 'first').beforeRequest(() => 'second')
    app.get('/', () => 'handler')
    assert.equal((await app.inject('/')).text(), 'second')
    app.beforeRequest(undefined)
    assert.equal((await app.inject('/')).text(), 'handler')
  })

  it('APP-72: share was.g', async () => {
    const app = new App().beforeRequest((was) => void (was.g['user'] = 'ann')).get('/', (was) => String(was.g['user']))
    assert.equal((await app.inject('/')).text(), 'ann')
  })

  it('APP-77: steps of a route answer, or go on', async () => {
    const notes: string[] = []
    const refuse = (was: Was): string | undefined => (was.request.query.has('stop') ? 'stopped' : undefined)
    const steps = {
      runBefore: [() => void notes.push('one'), async (was: Was) => refuse(was)],
      runAfter: [() => notes.push('after')],
    }
    const app = new App().get('/', steps, () => (notes.push('handler'), 'done'))
    assert.equal((await app.inject('/')).text(), 'done')
    assert.equal((await app.inject('/?stop')).text(), 'stopped')
    assert.deepEqual(notes, ['one', 'handler', 'after', 'one'])
  })
})

describe('what stands around a handler', () => {
  it('APP-80: leaves it the parameters of its route, and their types', async () => {
    const options = {
      query: { page: int(1) },
      runBefore: [() => undefined],
      runAfter: [() => 'nobody looks'],
      emitAfter: 'seen',
      testpass: () => true,
    } as const
    const app = new App()
      .beforeRequest(() => null)
      .get('/<int:id>/<name>', options, (_was, { id, name, page }) => {
        const typed: [number, string, number] = [id, name, page]
        return typed
      })
    assert.deepEqual((await app.inject('/7/ann?page=2')).json(), [7, 'ann', 2])
  })

  it('APP-76: has logs by their category', async () => {
    const logs = new Map<string, string[]>()
    const onLog = ({ category, message }: LogEntry): void =>
      void logs.set(category, [...(logs.get(category) ?? []), message])
    const app = new App().get('/', (was) => {
      was.log('a request')
      was.log('sold a boot', 'sales')
      was.log('sold a hat', 'sales')
      return ''
    })
    await new Skitai({ log: false, onLog }).mount('/', app).inject('/')
    assert.deepEqual(Object.fromEntries(logs), { info: ['a request'], sales: ['sold a boot', 'sold a hat'] })
  })
})

describe('APP-84, APP-86: apps within apps', () => {
  it('have their routes behind the prefix, and their hooks inside those around them', async () => {
    const notes: string[] = []
    const inner = noting('inner', notes).get('/<int:id>', (was, { id }) => `${was.app?.name} ${id}`)
    const middle = noting('middle', notes).mount('/deep', inner)
    const outer = noting('outer', notes).mount('/admin', middle)
    assert.equal((await outer.inject('/admin/deep/5')).text(), 'outer 5')
    assert.deepEqual(notes, [
      'outer before',
      'middle before',
      'inner before',
      'inner finish',
      'inner teardown',
      'middle finish',
      'middle teardown',
      'outer finish',
      'outer teardown',
    ])
    notes.length = 0
    inner.get('/fail', () => {
      throw new HttpError(400, 'bad')
    })
    middle.failedRequest(() => 'saved')
    assert.equal((await outer.inject('/admin/deep/fail')).text(), 'saved')
    assert.deepEqual(notes, [
      'outer before',
      'middle before',
      'inner before',
      'inner failed bad',
      'inner teardown',
      'middle teardown',
      'outer finish',
      'outer teardown',
    ])
  })

  it('take routes and WebSockets later, go again, and may not stand twice', async () => {
    const part = new App().get('/a', () => 'a')
    const app = new App().get('/x/b', () => 'mine').mount('/x', part)
    part.get('/c', () => 'c').websocket('/ws', (_was, message) => message)
    assert.equal((await app.inject('/x/c')).text(), 'c')
    assert.equal((await app.inject('/x/ws')).status, 426)
    assert.throws(() => part.get('/b', () => 'b'), /there twice/)
    assert.throws(() => new App().get('/y/a', () => '').mount('/y', part), /there twice/)
    assert.throws(() => part.mount('/', app), /within itself/)
    for (const prefix of ['x', '/x/', '', '/<id>', '//'])
      assert.throws(() => app.mount(prefix, new App()), /not a prefix/)
    assert.equal(app.unmount(part), true)
    assert.equal(app.unmount(part), false)
    assert.deepEqual([(await app.inject('/x/c')).status, (await app.inject('/x/b')).text()], [404, 'mine'])
  })
})

describe('events', () => {
  it('APP-98: of requests come in order, and cannot break them', async () => {
    const notes: string[] = []
    const app = new App().get('/', () => 'done')
    for (const name of ['started', 'success', 'failed', 'teardown', 'finished'])
      app.on(`request:${name}`, () => {
        notes.push(name)
        throw new Error(`listener of ${name}`)
      })
    const { engine, errors } = serving(app)
    assert.equal((await engine.inject('/')).text(), 'done')
    assert.deepEqual(notes, ['started', 'success', 'teardown', 'finished'])
    assert.equal(errors.length, 4)
  })

  it('APP-99: of the app reach it and what lies in it, from within, too', async () => {
    const heard: unknown[] = []
    const inner = new App().on('bought', (_was: Was, what: string) => heard.push(`inner ${what}`))
    const app = new App().on('bought', (_was: Was, what: string) => heard.push(`outer ${what}`)).mount('/in', inner)
    inner.get('/buy', (was) => (was.emit('bought', 'hat'), inner.emit('bought', was, 'shoe'), 'thanks'))
    await app.inject('/in/buy')
    assert.deepEqual(heard, ['outer hat', 'inner hat', 'outer shoe', 'inner shoe'])
  })

  it('APP-99, APP-100: are emitted behind a handler that has not failed', async () => {
    const heard: string[] = []
    const app = new App({ name: 'one' })
      .on('saved', () => heard.push('one'))
      .onBroadcast('saved', () => heard.push('one, broadcast'))
    app.post('/', { emitAfter: 'saved' }, () => 'ok')
    app.put('/', { broadcastAfter: 'saved' }, () => 'ok')
    app.delete('/', { emitAfter: 'saved' }, () => Promise.reject(new HttpError(400)))
    const other = new App({ name: 'two' }).onBroadcast('saved', () => heard.push('two, broadcast'))
    const engine = new Skitai({ log: false }).mount('/', app).mount('/two', other)
    await engine.inject({ method: 'POST' })
    await engine.inject({ method: 'DELETE' })
    await engine.inject({ method: 'PUT' })
    assert.deepEqual(heard, ['one', 'two, broadcast', 'one, broadcast'])
  })

  it('APP-98: of the app come as it comes and goes', async () => {
    const told: string[] = []
    const app = new App({ name: 'shop' }).get('/', () => 'open')
    for (const event of ['app:starting', 'app:mounted', 'app:started', 'app:unmounting'] as const)
      app.on(event, (self) => told.push(`${event} ${self.name}`))
    app.onLifecycle('mounted', () => void told.push('hook mounted')).onLifecycle('unmounted', () => told.push('gone'))
    const engine = new Skitai({ log: false }).mount('/', app)
    await engine.inject('/')
    await engine.inject('/')
    await engine.close()
    const up = ['app:starting shop', 'hook mounted', 'app:mounted shop', 'app:started shop']
    assert.deepEqual(told, [...up, 'app:unmounting shop', 'gone'])
  })

  it('APP-98: of a request that has failed tell of the error', async () => {
    const notes: string[] = []
    const app = new App().get('/', () => Promise.reject(new HttpError(409, 'taken')))
    for (const name of ['started', 'success', 'teardown', 'finished']) app.on(`request:${name}`, () => notes.push(name))
    app.on('request:failed', (was, error) => notes.push(`${was.request.path} ${(error as Error).message}`))
    assert.equal((await app.inject('/')).status, 409)
    assert.deepEqual(notes, ['started', '/ taken', 'teardown', 'finished'])
  })

  it('APP-99: are heard at once, one may lead to another, and what a listener throws is thrown', async () => {
    const heard: unknown[] = []
    const app = new App()
      .on('sold', (was: Was, shoe: string) => was.emit('counted', shoe, 1))
      .on('counted', (_was: Was, ...args: unknown[]) => heard.push(args))
      .on('refused', () => {
        throw new HttpError(409, 'not for sale')
      })
    app.get('/', (was) => {
      was.emit('sold', 'boot')
      return heard
    })
    app.get('/refused', (was) => (was.emit('refused'), 'sold'))
    assert.deepEqual((await app.inject('/')).json(), [['boot', 1]])
    assert.equal((await app.inject('/refused')).status, 409)
  })

  it('APP-100: reach all apps of the host, and none of another one', async () => {
    const heard: string[] = []
    const listening = (name: string): App =>
      new App({ name }).onBroadcast('news', (_was: Was, what: string, more: object) =>
        heard.push(`${name} ${what} ${JSON.stringify(more)}`),
      )
    const app = listening('one').get('/', (was) => (was.broadcast('news', 'sale', { percent: 20 }), 'done'))
    const engine = new Skitai({ log: false })
      .mount('/', app)
      .mount('/two', listening('two').mount('/part', listening('part')))
      .mount('/', listening('elsewhere'), { host: 'other.example' })
    await engine.inject('/')
    assert.deepEqual(
      heard.toSorted(),
      ['one', 'part', 'two'].map((name) => `${name} sale {"percent":20}`),
    )
  })

  it('APP-101: find the other apps of the host by name', async () => {
    const other = new App({ name: 'two', config: { colour: 'red' } })
    const app = new App({ name: 'one' }).get('/', (was) => String(was.host.appNamed('two')?.config['colour']))
    const engine = new Skitai({ log: false }).mount('/', app).mount('/two', other)
    assert.equal((await engine.inject('/')).text(), 'red')
    other.get('/<int:id>', { name: 'shoe' }, () => '')
    app.get('/url', (was) => was.apps.get('two')!.url('shoe', { id: 7 }))
    assert.equal((await engine.inject('/url')).text(), '/two/7')
    app.get('/all', (was) => [...was.apps].map(([name, { config }]) => [name, config]))
    engine.mount('/', new App({ name: 'two', config: { colour: 'blue' } }))
    assert.deepEqual((await engine.inject('/all')).json(), [
      ['two', { colour: 'red' }],
      ['one', {}],
    ])
    assert.throws(() => new App().broadcast('x'), /when it is mounted/)
  })

  it('are not heard any more by who has left', () => {
    const heard: number[] = []
    const listen = (n: number): number => heard.push(n)
    const app = new App().on('x', listen).off('x', listen).off('y', listen)
    app.emit('x', 1)
    assert.deepEqual(heard, [])
    assert.throws(() => app.on('x', undefined as never), /no function/)
  })
})

describe('APP-97: pages for errors', () => {
  it('are made by status, or for all; what they set counts, what was set before does not', async () => {
    const app = new App()
      .errorHandler(404, (was, { code, message, url }) => {
        was.response.setHeader('x-page', 'mine')
        return `${code} ${message} ${url}`
      })
      .defaultErrorHandler((_was, { code, detail, traceback }) => ({ code, detail, traceback }))
    app.get('/teapot', (was) => {
      was.response.setHeader('set-cookie', 'a=b')
      throw new HttpError(418, 'short', ['x-from', 'error'])
    })
    app.get('/crash', () => {
      throw new Error('secret')
    })
    const { engine, errors } = serving(app)
    const missing = await engine.inject('/missing?a=b')
    assert.deepEqual([missing.status, missing.text()], [404, '404 Not Found /missing?a=b'])
    assert.equal(missing.headers.get('x-page'), 'mine')
    const teapot = await engine.inject('/teapot')
    assert.deepEqual([teapot.status, teapot.json()], [418, { code: 418, detail: 'short', traceback: '' }])
    assert.deepEqual([teapot.headers.get('set-cookie'), teapot.headers.get('x-from')], [undefined, 'error'])
    assert.deepEqual((await engine.inject('/crash')).json(), { code: 500, detail: '', traceback: '' })
    assert.equal((await engine.inject({ path: '/teapot', method: 'POST' })).status, 405)
    assert.match(String(errors), /secret/)
  })

  it('are told all that there is to tell', async () => {
    const told: ErrorInfo[] = []
    for (const debug of [false, true]) {
      const app = new App({ debug }).defaultErrorHandler((_was, error) => (told.push(error), 'page'))
      app.get('/<name>', () => {
        throw new Error('oops')
      })
      await serving(app).engine.inject('/x?y=%3C')
    }
    const [normal, debug] = told as [ErrorInfo, ErrorInfo]
    assert.deepEqual([normal.code, normal.message, normal.detail], [500, 'Internal Server Error', ''])
    assert.deepEqual([normal.url, normal.software, normal.mode, normal.traceback], ['/x?y=%3C', 'skitai', 'normal', ''])
    assert.ok(Math.abs(Date.now() - normal.time.getTime()) < 60_000)
    assert.equal(debug.mode, 'debug')
    assert.match(debug.traceback, /^Error: oops\n/)
    assert.equal((debug.error as Error).message, 'oops')
  })

  it('are those of the innermost app that has one, then of the app around it', async () => {
    const fail = (was: Was): never => was.throw(418)
    const inner = new App().errorHandler(409, () => 'inner').get('/', fail)
    inner.get('/conflict', (was) => was.throw(409))
    const outer = new App().errorHandler(409, () => 'outer').defaultErrorHandler(() => 'all others')
    outer.mount('/in', inner).get('/conflict', (was) => was.throw(409))
    const texts: string[] = []
    for (const path of ['/in/conflict', '/conflict', '/in/', '/in/missing'])
      texts.push((await outer.inject(path)).text())
    assert.deepEqual(texts, ['inner', 'outer', 'all others', 'all others'])
  })

  it('that fail leave the usual one', async () => {
    const app = new App().errorHandler(404, () => Promise.reject(new Error('broken page')))
    const { engine, errors } = serving(app)
    const { status, headers } = await engine.inject('/missing')
    assert.deepEqual([status, headers.get('content-type')], [404, 'text/html; charset=utf-8'])
    assert.match(String(errors), /broken page/)
    assert.throws(() => app.errorHandler(302, () => ''), /from 400 to 599/)
  })

  it('show where it happened in debug mode only, which production switches off (SEC-34)', async () => {
    const failing = (): App =>
      new App({ debug: true }).get('/', () => {
        throw new Error('<secret>')
      })
    const page = async (): Promise<string> => (await serving(failing()).engine.inject('/')).text()
    assert.match(await page(), /&lt;secret&gt;/)
    const before = process.env['SKITAI_ENV']
    process.env['SKITAI_ENV'] = 'PRODUCTION'
    try {
      assert.doesNotMatch(await page(), /secret/)
    } finally {
      if (before === undefined) delete process.env['SKITAI_ENV']
      else process.env['SKITAI_ENV'] = before
    }
  })
})
