/** Apps that are files, modules of apps, and what becomes of them when they change. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { after, afterEach, describe, it, mock } from 'node:test'
import { App, ifFileModified, ifUpdated, type InjectedResponse, Skitai } from '#src/server/index.js'

const home = mkdtempSync(path.join(tmpdir(), 'skitai-modules-'))
after(() => rmSync(home, { recursive: true }))
const skitai = pathToFileURL(path.resolve('dist/server/index.js')).href
afterEach(() => mock.restoreAll())
let version = 0

/** Writes a module; no two writes leave the same time and size. */
function write(name: string, text: string): string {
  const file = path.join(home, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `import { App } from '${skitai}'\n${text}\n//${' '.repeat(++version)}\n`)
  return file
}

interface Engine {
  readonly engine: Skitai
  readonly errors: unknown[]
  /** Asks when a look at the files is due. */
  get(path: string): Promise<string>
}

function starting(mount: (engine: Skitai) => unknown): Engine {
  const errors: unknown[] = []
  const engine = new Skitai({ log: false, onError: (error) => errors.push(error) })
  mount(engine)
  let now = performance.now()
  mock.method(performance, 'now', () => now)
  const get = async (asked: string): Promise<string> => {
    now += 1001
    const response: InjectedResponse = await engine.inject(asked)
    return response.status === 200 ? response.text() : String(response.status)
  }
  return { engine, errors, get }
}

describe('APP-13, APP-16: an app that is a file', () => {
  it('is loaded, and anew when it has changed; one that cannot be loaded leaves the old one', async () => {
    const source = (text: string): string =>
      `export const app = new App({ reload: true, preserve: ['count'] }).get('/', (was) => {
         was.app.store.set('count', (was.app.store.get('count') ?? 0) + 1)
         return '${text} ' + was.app.store.get('count') + was.url('/x')
       })`
    const file = write('app.js', source('one'))
    const { engine, errors, get } = starting((made) => made.mount('/shop', file))
    assert.deepEqual([await get('/shop/'), await get('/shop/')], ['one 1/shop/x', 'one 2/shop/x'])
    write('app.js', source('two'))
    assert.equal(await get('/shop/'), 'two 3/shop/x')
    write('app.js', 'export const app = new App(')
    assert.equal(await get('/shop/'), 'two 4/shop/x')
    assert.match(String(errors), /SyntaxError/)
    assert.equal(await get('/shop/'), 'two 5/shop/x')
    assert.equal(errors.length, 1)
    write('app.js', 'export const other = 1')
    assert.equal(await get('/shop/'), 'two 6/shop/x')
    assert.match(String(errors[1]), /has no app/)
    await engine.close()
  })

  it('APP-13: is looked at once a second at the most, and told of by its size, too', async () => {
    const source = (text: string): string => `export const app = new App({ reload: true }).get('/', () => '${text}')`
    const file = write('often.js', source('one'))
    const { engine, get } = starting((made) => made.mount('/', file))
    assert.equal(await get('/'), 'one')
    // The clock of these tests stands still but for what `get` lets pass.
    const { mtime } = statSync(file)
    write('often.js', source('number two'))
    utimesSync(file, mtime, mtime)
    assert.equal((await engine.inject('/')).text(), 'one')
    assert.equal(await get('/'), 'number two')
    await engine.close()
  })

  it('APP-13: an App that is mounted itself stays as it is', async () => {
    const app = new App({ reload: true }).get('/', () => 'one')
    const { get } = starting((made) => made.mount('/', app))
    assert.deepEqual([await get('/'), await get('/')], ['one', 'one'])
    assert.equal(app.watcher, undefined)
  })

  it('APP-98: says that it is loaded anew; APP-10: keeps its locks', async () => {
    const told: string[] = ((globalThis as unknown as { restarts: string[] }).restarts = [])
    const source = (text: string): string => `
      export const app = new App({ name: '${text}', reload: true }).get('/', () => '${text}')
        .get('/locked', (was) => was.app.lock('x', () => '${text}'))
        .get('/lock', (was) => (was.app.lock('x', () => globalThis.held), 'held'))
      for (const event of ['app:restarting', 'app:restarted'])
        app.on(event, (self) => globalThis.restarts.push(event + ' ' + self.name))`
    const file = write('restarts.js', source('one'))
    const { engine, get } = starting((made) => made.mount('/', file))
    let release: () => void = () => {}
    ;(globalThis as unknown as { held: Promise<void> }).held = new Promise((resolve) => (release = resolve))
    assert.equal(await get('/lock'), 'held')
    write('restarts.js', source('two'))
    assert.equal(await get('/'), 'two')
    assert.deepEqual(told, ['app:restarting one', 'app:restarted two'])
    let answered = ''
    const locked = get('/locked').then((text) => (answered = text))
    assert.equal(await get('/'), 'two')
    assert.equal(answered, '')
    release()
    assert.equal(await locked, 'two')
    await engine.close()
  })

  it('APP-73: hears of it', async () => {
    write(
      'hooks.js',
      `
      globalThis.told ??= []
      export const app = new App({ reload: true }).get('/', () => 'one')
      for (const moment of ['mounted', 'beforeReload', 'reloaded', 'mountedOrReloaded', 'unmounted'])
        app.onLifecycle(moment, () => globalThis.told.push('one ' + moment))`,
    )
    const { engine, get } = starting((made) => made.mount('/', path.join(home, 'hooks.js')))
    await get('/')
    write(
      'hooks.js',
      `
      export const app = new App({ reload: true }).get('/', () => 'two')
      for (const moment of ['mounted', 'beforeReload', 'reloaded', 'mountedOrReloaded', 'unmounted'])
        app.onLifecycle(moment, () => globalThis.told.push('two ' + moment))`,
    )
    assert.equal(await get('/'), 'two')
    await engine.close()
    assert.deepEqual((globalThis as unknown as { told: string[] }).told, [
      'one mounted',
      'one mountedOrReloaded',
      'one beforeReload',
      'two reloaded',
      'two mountedOrReloaded',
      'two unmounted',
    ])
  })

  it('SEC-34: stays as it is in production, and unless it is asked for', async () => {
    const file = write('kept.js', `export const app = new App({ reload: true }).get('/', () => 'one')`)
    const quiet = write('quiet.js', `export const app = new App().get('/', () => 'one')`)
    const { get } = starting((made) => made.mount('/', file).mount('/quiet', quiet))
    assert.deepEqual([await get('/'), await get('/quiet/')], ['one', 'one'])
    write('kept.js', `export const app = new App({ reload: true }).get('/', () => 'two')`)
    write('quiet.js', `export const app = new App().get('/', () => 'two')`)
    process.env['SKITAI_ENV'] = 'production'
    try {
      assert.deepEqual([await get('/'), await get('/quiet/')], ['one', 'one'])
    } finally {
      delete process.env['SKITAI_ENV']
    }
    assert.deepEqual([await get('/'), await get('/quiet/')], ['two', 'one'])
  })

  it('APP-06, APP-07: is set up with what is preferred for it', async () => {
    const file = write(
      'pref.js',
      `
      export const admin = new App({ name: 'admin', config: { colour: 'red', size: 1 } })
        .get('/', (was) => JSON.stringify(was.app.config))
      export const __setup__ = ({ app, engine, point, pref }) => {
        app.config.seen = point + pref.config.size
        engine.mount('/more', () => 'more')
      }`,
    )
    const { get } = starting((made) => made.mount('/a', `${file}:admin`, { pref: { config: { size: 2 } } }))
    assert.deepEqual(JSON.parse(await get('/a/')), { colour: 'red', size: 2, seen: '/a2' })
    assert.equal(await get('/more/'), 'more')
  })

  it('that is at two places is one app there, which begins, is told and ends once', async () => {
    const told: string[] = ((globalThis as unknown as { tellings: string[] }).tellings = [])
    const source = (text: string): string => `
      export const app = new App({ reload: true, static: '.' }).get('/', (was) => '${text}' + was.url('/'))
        .maintain(11, () => {})
      for (const moment of ['mounted', 'reloaded', 'mountedOrReloaded', 'unmounted'])
        app.onLifecycle(moment, () => globalThis.tellings.push('${text} ' + moment))`
    const file = write('both.js', source('one'))
    const { engine, get } = starting((made) => made.mount('/a', file).mount('/b', file))
    const set = mock.method(globalThis, 'setInterval')
    const clear = mock.method(globalThis, 'clearInterval')
    const running = (): number => {
      const made = set.mock.calls.filter((call) => call.arguments[1] === 11_000).map(({ result }) => result)
      return made.filter((timer) => !clear.mock.calls.some((call) => call.arguments[0] === timer)).length
    }
    assert.deepEqual([await get('/a/'), await get('/b/'), running()], ['one/a/', 'one/b/', 1])
    write('both.js', source('two'))
    assert.deepEqual([await get('/a/'), await get('/b/'), running()], ['two/a/', 'two/b/', 1])
    await engine.close()
    assert.equal(running(), 0)
    const up = ['one mounted', 'one mountedOrReloaded', 'two reloaded', 'two mountedOrReloaded']
    assert.deepEqual(told, [...up, 'two unmounted'])
  })

  it('APP-07: may refuse what is preferred for it, and begin what it needs', async () => {
    const begun: string[] = ((globalThis as unknown as { begun: string[] }).begun = [])
    const source = `
      export const app = new App().get('/', () => 'open')
      export const __setup__ = async ({ app, engine, pref }) => {
        if (pref.config?.size === undefined) throw new Error('a size is wanted')
        app.config.area = pref.config.size ** 2
        app.get('/area', () => app.config.area)
        app.maintain(0.001, () => globalThis.begun.push('maintained'))
      }`
    const file = write('careful.js', source)
    const { engine } = starting((made) => made.mount('/', file))
    await assert.rejects(engine.run({ address: '127.0.0.1', port: 0, signals: false }), /a size is wanted/)
    const pref = { config: { size: 3 } }
    const good = starting((made) => made.mount('/', write('careful2.js', source), { pref }))
    assert.equal(await good.get('/area'), '9')
    while (begun.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await good.engine.close()
  })

  it('APP-136: may be that of a package, mounted by itself or by its file, with other preferences', async () => {
    write('node_modules/pets/package.json', '{}')
    writeFileSync(path.join(home, 'node_modules/pets/package.json'), '{"type":"module","exports":"./index.js"}')
    write(
      'node_modules/pets/index.js',
      `export const app = new App({ name: 'pets', config: { size: 1 } }).get('/', (was) => was.app.config)
       export const __setup__ = ({ app, point }) => { app.config.point = point }`,
    )
    const user = write('user.js', `export { app } from 'pets'\nexport const file = import.meta.resolve('pets')`)
    const { app, file } = (await import(pathToFileURL(user).href)) as { app: App; file: string }
    const engine = new Skitai({ log: false })
      .mount('/v1', app, { pref: { config: { size: 2 } } })
      .mount('/v2', fileURLToPath(file), { pref: { config: { size: 3 } } })
    assert.deepEqual((await engine.inject('/v1/')).json(), { size: 2 })
    assert.deepEqual((await engine.inject('/v2/')).json(), { size: 3, point: '/v2' })
    await engine.close()
  })

  it('APP-06: is another app where something else is preferred for it, and stays one when it is loaded anew', async () => {
    const source = (text: string): string =>
      `export const app = new App({ reload: true }).get('/', (was) => {
         was.app.store.set('count', (was.app.store.get('count') ?? 0) + 1)
         return ['${text}', was.app.config.size, was.app.store.get('count')].join()
       })`
    const file = write('twice.js', source('one'))
    const { engine, get } = starting((made) =>
      made
        .mount('/v1', file, { pref: { config: { size: 1 } } })
        .mount('/again', file, { pref: { config: { size: 1 } } })
        .mount('/v2', file, { pref: { config: { size: 2 } } }),
    )
    const all = async (): Promise<string[]> => [await get('/v1/'), await get('/again/'), await get('/v2/')]
    assert.deepEqual(await all(), ['one,1,1', 'one,1,2', 'one,2,1'])
    write('twice.js', source('two'))
    assert.deepEqual(await all(), ['two,1,1', 'two,1,2', 'two,2,1'])
    await engine.close()
  })

  it('that throws keeps the engine from running', async () => {
    const file = write('throws.js', 'throw new Error("no database")')
    const { engine } = starting((made) => made.mount('/', file))
    await assert.rejects(engine.run({ address: '127.0.0.1', port: 0, signals: false }), /no database/)
    assert.throws(() => engine.mount('/x', path.join(home, 'missing.js')), /there is no file or directory/)
  })
})

describe('APP-14, APP-81, APP-82, APP-83: modules of an app', () => {
  const moduleText = (name: string, text: string): string => `
    export const options = { mount: '/${name}', namespace: '${name}', extra: 1 }
    export function decorate(app, options) {
      app.get('/', { name: 'home' }, (was) => '${text} ' + was.url('${name}.home') + options.extra)
      app.onBroadcast('hello', () => globalThis.heard.push('${text}'))
    }
    export function detach() { globalThis.heard.push('detach ${text}') }`

  it('are found, loaded, loaded anew and let go', async () => {
    const heard: string[] = ((globalThis as unknown as { heard: string[] }).heard = [])
    write('app1/services/one.js', moduleText('one', 'first'))
    write('app1/services/deep/two.js', moduleText('two', 'second'))
    write('app1/services/helper.js', 'export const nothing = 1')
    const app = new App({ home: path.join(home, 'app1'), services: 'services', reload: true }).get('/', () => 'main')
    const { engine, errors, get } = starting((made) => made.mount('/', app))
    assert.deepEqual([await get('/one/'), await get('/two/')], ['first /one/1', 'second /two/1'])
    write('app1/services/one.js', moduleText('one', 'changed'))
    assert.equal(await get('/one/'), 'changed /one/1')
    app.broadcast('hello')
    write('app1/services/three.js', moduleText('three', 'third'))
    unlinkSync(path.join(home, 'app1/services/deep/two.js'))
    assert.deepEqual([await get('/three/'), await get('/two/'), await get('/')], ['third /three/1', '404', 'main'])
    write('app1/services/three.js', moduleText('one', 'clash'))
    assert.equal(await get('/three/'), 'third /three/1')
    assert.match(String(errors), /twice/)
    write('app1/services/three.js', 'export const decorate = (')
    assert.equal(await get('/three/'), 'third /three/1')
    await engine.close()
    assert.deepEqual(heard, [
      'detach first',
      'second',
      'changed',
      'detach second',
      'detach third',
      'detach third',
      'detach changed',
    ])
  })

  it('begin and end with their module, and stay when their folder is gone', async () => {
    const every = `app.maintain(7, () => {})`
    write('gone/m.js', `export const decorate = (app) => { app.get('/m', () => 'one'); ${every} }`)
    const app = new App({ home, services: 'gone', reload: true })
    const { engine, errors, get } = starting((made) => made.mount('/', app))
    const set = mock.method(globalThis, 'setInterval')
    const clear = mock.method(globalThis, 'clearInterval')
    const running = (): number => {
      const made = set.mock.calls.filter((call) => call.arguments[1] === 7000).map(({ result }) => result)
      return made.filter((timer) => !clear.mock.calls.some((call) => call.arguments[0] === timer)).length
    }
    assert.deepEqual([await get('/m'), running()], ['one', 1])
    write('gone/m.js', `export const decorate = (app) => { app.get('/m', () => 'two'); ${every} }`)
    assert.deepEqual([await get('/m'), running()], ['two', 1])
    rmSync(path.join(home, 'gone'), { recursive: true })
    assert.equal(await get('/m'), 'two')
    assert.match(String(errors[0]), /ENOENT/)
    await engine.close()
    assert.equal(running(), 0)
  })

  it('APP-82: are let go when their app is loaded anew', async () => {
    const heard: string[] = ((globalThis as unknown as { heard: string[] }).heard = [])
    write('app2/services/one.js', moduleText('one', 'module'))
    const source = (text: string): string =>
      `export const app = new App({ home: import.meta.dirname, services: 'services', reload: true }).get('/', () => '${text}')`
    const file = write('app2/app.js', source('one'))
    const { engine, get } = starting((made) => made.mount('/', file))
    assert.deepEqual([await get('/'), await get('/one/')], ['one', 'module /one/1'])
    write('app2/app.js', source('two'))
    assert.deepEqual([await get('/'), await get('/one/')], ['two', 'module /one/1'])
    assert.deepEqual(heard, ['detach module'])
    await engine.close()
    assert.deepEqual(heard, ['detach module', 'detach module'])
  })

  it('APP-83: may have another authentication than the app around them', async () => {
    const app = new App({ bearerHandler: (_was, token) => token === 'good' }).get('/', () => 'open')
    await app.decorate((part) => part.get('/', () => 'in').get('/open', { auth: false }, () => 'open'), {
      mount: '/admin',
      auth: 'bearer',
    })
    const status = async (at: string, token?: string): Promise<number> =>
      (await app.inject({ path: at, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status
    assert.deepEqual([await status('/'), await status('/admin/'), await status('/admin/open')], [200, 401, 200])
    assert.deepEqual([await status('/admin/', 'bad'), await status('/admin/', 'good')], [401, 200])
    const closed = new App({ auth: 'bearer', bearerHandler: () => false })
    await closed.decorate((part) => part.get('/', () => 'open'), { mount: '/open', auth: false })
    assert.equal((await closed.inject('/open/')).status, 200)
    await assert.rejects(
      new App()
        .decorate((part) => part.get('/', () => ''), { auth: 'bearer' })
        .then((part) => new Skitai({ log: false }).mount('/', part)),
      /bearerHandler/,
    )
  })

  it('can be given, and be for debug mode only', async () => {
    const app = new App({ debug: true })
    await app.decorate((part, options) => part.get('/', () => String(options['colour'])), {
      mount: '/a',
      colour: 'red',
    })
    const debugOnly = { decorate: (part: App) => part.get('/debug', () => 'yes'), options: { debugOnly: true } }
    await app.decorate(debugOnly)
    assert.deepEqual([(await app.inject('/a/')).text(), (await app.inject('/debug')).text()], ['red', 'yes'])
    const quiet = new App()
    await quiet.decorate(debugOnly)
    assert.equal((await quiet.inject('/debug')).status, 404)
  })
})

describe('steps that do something when something has changed', () => {
  it('APP-78, APP-79: look no more than once in their interval, of a second by default', async () => {
    const file = write('seldom.txt', '')
    let now = 5000
    mock.method(performance, 'now', () => now)
    const app = new App()
    const options = [
      ifFileModified(file, () => 'file'),
      ifUpdated('key', () => 'key'),
      ifUpdated('key', () => '10 s', 10),
    ]
    options.forEach((step, index) => app.get(`/${index}`, { runBefore: [step] }, () => 'same'))
    app.post('/', (was) => (was.setlu('key'), ''))
    const all = (): Promise<string[]> =>
      Promise.all([0, 1, 2].map(async (index) => (await app.inject(`/${index}`)).text()))
    assert.deepEqual(await all(), ['same', 'same', 'same'])
    const later = new Date(Date.now() + 10_000)
    utimesSync(file, later, later)
    await app.inject({ method: 'POST' })
    now += 999
    assert.deepEqual(await all(), ['same', 'same', 'same'])
    now += 1
    assert.deepEqual(await all(), ['file', 'key', 'same'])
    now += 9000
    assert.deepEqual(await all(), ['same', 'same', '10 s'])
  })

  it('APP-78: a file', async () => {
    const file = write('watched.txt', '')
    let now = 0
    mock.method(performance, 'now', () => (now += 1001))
    const app = new App().get(
      '/',
      { runBefore: [ifFileModified(file, (_was, what) => `changed ${path.basename(what)}`)] },
      () => 'same',
    )
    assert.deepEqual([(await app.inject('/')).text(), (await app.inject('/')).text()], ['same', 'same'])
    write('watched.txt', 'new')
    const later = Date.now() / 1000 + 2
    utimesSync(file, later, later)
    assert.deepEqual([(await app.inject('/')).text(), (await app.inject('/')).text()], ['changed watched.txt', 'same'])
  })

  it('APP-79: a key, which all apps of the host hear of (TRP-13)', async () => {
    let now = 0
    mock.method(performance, 'now', () => (now += 1001))
    const heard: unknown[] = []
    const other = new App().onBroadcast('model-changed:shoes', (_was, id: number) => heard.push(id))
    const app = new App()
      .get('/', { runBefore: [ifUpdated('shoes', () => 'changed')] }, () => 'same')
      .post('/', (was) => (was.setlu('shoes', 7), was.getlu('shoes', 'hats') > 0 && was.getlu('hats') === 0))
    const engine = new Skitai({ log: false }).mount('/', app).mount('/other', other)
    const get = async (): Promise<string> => (await engine.inject('/')).text()
    assert.deepEqual([await get(), await get()], ['same', 'same'])
    assert.equal((await engine.inject({ method: 'POST' })).text(), 'true')
    assert.deepEqual([await get(), await get(), heard], ['changed', 'same', [7]])
  })
})

describe('what apps keep and share', () => {
  it('APP-09: values, for a while', () => {
    let now = 0
    mock.method(performance, 'now', () => now)
    const { store } = new App()
    store.set('a', 1, 2)
    store.set('b', undefined)
    assert.deepEqual([store.get('a'), store.has('b'), store.get('c', 'none'), store.has('c')], [1, true, 'none', false])
    now = 2000
    assert.deepEqual(
      [store.get('a'), store.has('a'), store.delete('b'), store.delete('b')],
      [undefined, false, true, false],
    )
  })

  it('APP-133: a log with the ids of requests', async () => {
    const entries: unknown[] = []
    const app = new App({ name: 'shop' }).get('/', (was) => {
      was.log('sold\nout', 'stock')
      was.traceback(new Error('oops'), 'id')
      return was.gtid
    })
    const engine = new Skitai({ log: false, onLog: (entry) => entries.push(entry) }).mount('/', app)
    const gtid = (await engine.inject('/')).text()
    assert.deepEqual(entries[0], { message: 'sold\nout', category: 'stock', app: 'shop', gtid, ltid: '1000' })
    assert.match((entries[1] as { message: string }).message, /^id: Error: oops/)
    const written: string[] = []
    mock.method(process.stderr, 'write', (text: string) => written.push(text))
    await new Skitai({ log: false }).mount('/', app).inject('/')
    assert.match(written[0]!, /^\d{4}-\S+Z \[stock\] shop \S+\/1000 "sold\\x0Aout"\n$/)
  })

  it('APP-11: something that is done again and again', async () => {
    const calls: App[] = []
    const errors: unknown[] = []
    let done: () => void = () => {}
    const thrice = new Promise<void>((resolve) => (done = resolve))
    const app = new App().maintain(0.005, (given) => {
      if (calls.push(given) === 3) done()
      throw new Error('again')
    })
    const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
    // The timer holds no process up.
    const hold = setInterval(() => {}, 1000)
    await engine.ready()
    await thrice
    await engine.close()
    clearInterval(hold)
    assert.ok(errors.length >= 3)
    assert.equal(calls[0], app)
    assert.throws(() => app.maintain(0, () => {}), /not an interval/)
  })
})
