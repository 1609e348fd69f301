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

  it('is refused when it cannot be', () => {
    const app = new App().get('/', () => 'open')
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref: { auth: 'bearer' } }), /bearerHandler/)
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref: { secureKey: 'short' } }), TypeError)
    const pref = { templates: 'others' } as object
    assert.throws(() => new Skitai({ log: false }).mount('/', app, { pref }), /templates is settled/)
  })
})
