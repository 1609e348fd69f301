/** Apps of other frameworks come and go with the engine, and may be files as apps of ours are (APP-13, SRV-09). */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, describe, it, mock } from 'node:test'
import { pathToFileURL } from 'node:url'
import fastify, { type FastifyInstance } from 'fastify'
import { App, type Skitai } from '#src/server/index.js'
import { quiet, type Quiet, serve, signal } from '../serving.js'

const home = mkdtempSync(path.join(tmpdir(), 'skitai-foreign-'))
after(() => rmSync(home, { recursive: true }))

let files = 0
/** A file that exports something. */
const write = (source: string, name = `app-${++files}.mjs`): string => {
  const file = path.join(home, name)
  const skitai = pathToFileURL(path.resolve('dist/server/index.js')).href
  writeFileSync(file, `import { App, fetchHandler, nodeHandler } from '${skitai}'\n${source}\n`)
  return file
}

const told: string[] = []
afterEach(() => told.splice(0))

const watched = (name = 'it'): FastifyInstance =>
  fastify()
    .addHook('onReady', async () => void told.push(`${name} is ready`))
    .addHook('onClose', async () => void told.push(`${name} is closed`))
    .get('/', async () => name)

describe('an instance of Fastify', () => {
  it('is ready when the engine is, and closed when it has ended', async () => {
    const { engine } = quiet()
    engine.mount('/', watched())
    assert.deepEqual(told, [])
    await engine.ready()
    assert.deepEqual(told, ['it is ready'])
    assert.equal((await engine.inject('/')).text(), 'it')
    await engine.close()
    assert.deepEqual(told, ['it is ready', 'it is closed'])
  })

  it('is closed behind the last request', async () => {
    const begun = signal()
    const go = signal()
    const instance = watched().get('/slow', async () => {
      begun.resolve()
      await go.promise
      told.push('answered')
      return 'slow'
    })
    const { engine, port } = await serve((made) => made.mount('/', instance))
    const response = fetch(`http://127.0.0.1:${port}/slow`)
    await begun.promise
    const closed = engine.close()
    go.resolve()
    assert.equal(await (await response).text(), 'slow')
    await closed
    assert.deepEqual(told, ['it is ready', 'answered', 'it is closed'])
  })

  it('that cannot get ready keeps the engine from running, and is tried again', async () => {
    let broken = true
    const instance = {
      ready: async () => {
        if (broken) throw new Error('no database')
      },
      routing: (_req: unknown, res: { end(text: string): void }) => res.end('here'),
      close: async () => void told.push('closed'),
    }
    const { engine } = quiet()
    engine.mount('/shop', instance as never)
    const refusal = { name: 'Error', message: 'the app at /shop cannot get ready: no database' }
    await assert.rejects(engine.run({ address: '127.0.0.1', port: 0, signals: false }), refusal)
    broken = false
    assert.equal((await engine.inject('/shop/')).text(), 'here')
    await engine.close()
    assert.deepEqual(told, ['closed'])
  })

  it('that fails by a plugin says so at once', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      fastify().register(async () => assert.fail('in the plugin')),
    )
    await assert.rejects(engine.ready(), /the app at \/ cannot get ready: in the plugin/)
    await engine.close()
  })

  it('is closed when the last place that has it ends', async () => {
    const instance = watched()
    const [one, two] = [quiet().engine.mount('/a', instance).mount('/b', instance), quiet().engine.mount('/', instance)]
    await Promise.all([one.ready(), two.ready()])
    await one.close()
    assert.deepEqual(told, ['it is ready'])
    assert.equal((await two.inject('/')).text(), 'it')
    await two.close()
    assert.deepEqual(told, ['it is ready', 'it is closed'])
  })

  it('that nobody has begun is not closed', async () => {
    const { engine } = quiet()
    await engine.mount('/', watched()).close()
    assert.deepEqual(told, [])
  })

  it('that is mounted later begins with its first request', async () => {
    const { engine } = quiet()
    engine.mount('/', new App())
    await engine.ready()
    engine.mount('/late', watched())
    await engine.ready()
    assert.deepEqual(told, ['it is ready'])
    await engine.close()
    assert.deepEqual(told, ['it is ready', 'it is closed'])
  })

  it('that fails as it closes is reported, and keeps nothing else from its end', async () => {
    const { engine, errors } = quiet()
    engine.mount('/a', watched('a'))
    engine.mount(
      '/b',
      fastify().addHook('onClose', async () => assert.fail('in onClose')),
    )
    await engine.ready()
    await engine.close()
    assert.deepEqual(told, ['a is ready', 'a is closed'])
    assert.match(String(errors), /in onClose/)
  })
})

describe('a file with an app of another framework', () => {
  it('is any of them, by its export app, its default one, or the one that is named', async () => {
    const { engine } = quiet()
    engine
      .mount(
        '/fetch',
        write(`export default { fetch: (request) => new Response('fetch ' + new URL(request.url).pathname) }`),
      )
      .mount('/node', write(`export const app = nodeHandler((req, res) => res.end('node ' + req.url))`))
      .mount('/function', write(`export default (was) => 'function ' + was.request.path`))
      .mount('/named', `${write(`export const admin = fetchHandler(() => new Response('named'))`)}:admin`)
      .mount(
        '/',
        new App().get('/', () => 'ours'),
      )
    const texts: string[] = []
    for (const at of ['/fetch/x', '/node/x', '/function/x', '/named/', '/'])
      texts.push((await engine.inject(at)).text())
    assert.deepEqual(texts, ['fetch /fetch/x', 'node /x', 'function /function/x', 'named', 'ours'])
    await engine.close()
  })

  it('that has nothing to mount is refused, as a value is that cannot be', async () => {
    const refused: readonly (readonly [string, RegExp])[] = [
      [`export const other = 1`, /app-\d+\.mjs has no app: an export app, or a default one, is wanted/],
      [`export const app = 5`, /cannot mount a number at \/x: an App, a directory or a function is wanted/],
      [`export default { use() {} }`, /cannot mount a object at \/x/],
    ]
    for (const [source, message] of refused)
      await assert.rejects(quiet().engine.mount('/x', write(source)).ready(), { name: 'TypeError', message })
    const named = quiet().engine.mount('/x', `${write('export const app = new App()')}:admin`)
    await assert.rejects(named.ready(), /has no app: an export admin is wanted/)
  })

  it('takes no preference, which only an App has', async () => {
    const file = write(`export default { fetch: () => new Response('x') }`)
    await assert.rejects(
      quiet()
        .engine.mount('/', file, { pref: { debug: true } })
        .ready(),
      /only an app can be told a pref/,
    )
  })

  it('is asked behind apps of ours at its point, whatever was mounted first, and is alone there', async () => {
    const file = write(`export default { fetch: () => new Response('theirs') }`)
    const { engine } = quiet()
    engine.mount('/', file).mount(
      '/',
      new App().get('/ours', () => 'ours'),
    )
    assert.equal((await engine.inject('/ours')).text(), 'ours')
    assert.equal((await engine.inject('/else')).text(), 'theirs')
    const two = quiet()
      .engine.mount('/', () => 'function')
      .mount('/', file)
    await assert.rejects(two.ready(), /is mounted at \/ already/)
  })
})

describe('a file with an app of another framework, in development', () => {
  const developing = (mount: (engine: Skitai) => unknown): Quiet & { get(at: string): Promise<string> } => {
    const made = quiet()
    mount(made.engine)
    let now = performance.now()
    mock.method(performance, 'now', () => now)
    const get = async (at: string): Promise<string> => {
      now += 1001
      return (await made.engine.inject(at)).text()
    }
    return { ...made, get }
  }
  const hooked = (name: string): string => `
    export const app = {
      ready: async () => void globalThis.told.push('${name} is ready'),
      close: async () => void globalThis.told.push('${name} is closed'),
      routing: (req, res) => res.end('${name}'),
    }`
  Object.assign(globalThis, { told })
  afterEach(() => {
    mock.restoreAll()
    delete process.env['SKITAI_ENV']
  })

  it('is loaded anew when it has changed; the old one is closed', async () => {
    process.env['SKITAI_ENV'] = 'development'
    const name = 'reloaded.mjs'
    const { engine, errors, get } = developing((made) => made.mount('/', write(hooked('one'), name)))
    assert.equal(await get('/'), 'one')
    write(hooked('the second'), name)
    assert.equal(await get('/'), 'the second')
    assert.deepEqual(told, ['one is ready', 'the second is ready', 'one is closed'])
    write('export const app = (', name)
    assert.equal(await get('/'), 'the second')
    assert.match(String(errors), /SyntaxError/)
    write(`export const app = new App().get('/', () => 'ours now')`, name)
    assert.equal(await get('/'), 'ours now')
    write(`export const app = (was) => 'a function'`, name)
    assert.equal(await get('/'), 'a function')
    write(hooked('the last'), name)
    assert.equal(await get('/'), 'the last')
    assert.deepEqual(told.slice(3), ['the second is closed', 'the last is ready'])
    await engine.close()
    assert.deepEqual(told.slice(5), ['the last is closed'])
  })

  it('that cannot get ready leaves the old one', async () => {
    process.env['SKITAI_ENV'] = 'development'
    const name = 'failing.mjs'
    const { engine, errors, get } = developing((made) => made.mount('/', write(hooked('one'), name)))
    assert.equal(await get('/'), 'one')
    write(hooked('two').replace(`void globalThis.told.push('two is ready')`, `{ throw new Error('not ready') }`), name)
    assert.equal(await get('/'), 'one')
    assert.match(String(errors), /not ready/)
    await engine.close()
    assert.deepEqual(told, ['one is ready', 'one is closed'])
  })

  it('stays as it is elsewhere', async () => {
    const name = 'kept.mjs'
    const { engine, get } = developing((made) => made.mount('/', write(hooked('one'), name)))
    assert.equal(await get('/'), 'one')
    write(hooked('another'), name)
    assert.equal(await get('/'), 'one')
    await engine.close()
  })
})
