/** What is mounted wholly or not at all, and with what is preferred for it. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, Skitai } from '#src/server/index.js'

describe('an app that cannot be mounted within another one', () => {
  it('leaves none of its routes there', async () => {
    const app = new App().get('/b', () => 'ours')
    const part = new App().get('/a', () => 'theirs').get('/b', () => 'theirs')
    assert.throws(() => app.mount('/', part), /there twice/)
    assert.equal((await app.inject('/a')).status, 404)
    assert.equal((await app.inject('/b')).text(), 'ours')
    assert.deepEqual(app.tree.parts, [])
  })

  it('leaves no route that has a place in it and none around it', async () => {
    const part = new App()
    const app = new App().get('/part/a', () => 'ours').mount('/part', part)
    assert.throws(() => part.get('/a', () => 'theirs'), /there twice/)
    assert.equal((await part.inject('/a')).status, 404)
    assert.equal((await app.inject('/part/a')).text(), 'ours')
    part.get('/b', () => 'theirs')
    assert.equal((await app.inject('/part/b')).text(), 'theirs')
  })
})

describe('APP-06: what is preferred where an app is mounted', () => {
  it('guards the routes that are there already, and those within', async () => {
    const app = new App()
      .get('/', () => 'open')
      .mount(
        '/part',
        new App().get('/', () => 'open'),
      )
    const engine = new Skitai({ log: false })
    engine.mount('/', app, { pref: { auth: 'bearer', bearerHandler: () => false, securityHeaders: true } })
    for (const path of ['/', '/part/']) {
      const { status, headers } = await engine.inject(path)
      assert.equal(status, 401, path)
      assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN')
    }
  })

  it('counts more than what the app has said, for its modules, too', async () => {
    const app = new App({ auth: 'basic', users: {} })
    await app.decorate((part) => void part.get('/part', () => 'open'))
    const engine = new Skitai({ log: false }).mount('/', app, { pref: { auth: 'bearer', bearerHandler: () => false } })
    assert.match((await engine.inject('/part')).headers.get('www-authenticate') ?? '', /^Bearer /)
  })

  it('is one for all places of an app', async () => {
    const app = new App({ name: 'shop' }).get('/', (was) => ({ ...was.app?.config }))
    const pref = { config: { size: 1 } }
    const engine = new Skitai({ log: false })
      .mount('/a', app, { pref })
      .mount('/b', app, { pref: { config: { size: 1 } } })
    const message = /shop is mounted already, with another pref/
    assert.throws(() => engine.mount('/c', app), { name: 'TypeError', message })
    assert.throws(() => engine.mount('/c', app, { pref: { debug: true } }), { name: 'TypeError', message })
    assert.deepEqual((await engine.inject('/b/')).json(), { size: 1 })
    // To ask the app itself is no other place.
    assert.deepEqual((await app.inject('/')).json(), { size: 1 })
    const plain = new App()
    await plain.inject('/')
    engine.mount('/c', plain, { pref: { debug: true } })
    assert.equal(plain.debug, true)
    assert.throws(() => engine.mount('/d', plain), /the app app is mounted already/)
  })

  it('is a matter of apps', () => {
    const pref = { debug: true }
    assert.throws(() => new Skitai({ log: false }).mount('/', () => '', { pref }), /only an app/)
    assert.throws(() => new Skitai({ log: false }).mount('/', import.meta.dirname, { pref }), /only an app/)
  })

  it('is refused when it cannot be', () => {
    const app = new App().get('/', () => 'open')
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref: { auth: 'bearer' } }), /bearerHandler/)
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref: { secureKey: 'short' } }), TypeError)
    const pref = { templates: 'others' } as object
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref }), /templates is settled/)
  })
})
