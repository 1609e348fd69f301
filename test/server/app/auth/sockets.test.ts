/** Who has to show a password for an app has to for its WebSockets (APP-121), and finds its session there. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { text, twoCarriers } from '../../websocket-client.js'
import { Browser, SECRET } from '../state/browser.js'
import { distant } from '../state/distant.js'

const GOOD = ['Authorization', `Basic ${Buffer.from('ada:secret').toString('base64')}`]

describe('WebSockets of an app with auth', { timeout: 30_000 }, async () => {
  const app = new App({ auth: 'basic', users: { ada: 'secret' } })
  app.websocket('/echo', ({ request }, message) => `${request.user?.name} ${message}`)
  app.websocket('/own', { authenticate: () => true }, ({ request }) => request.user?.name ?? 'nobody')
  const inner = new App({ realm: 'Inner' })
  app.mount('/inner', inner)
  inner.websocket('/echo', ({ request }) => request.user?.realm ?? 'nobody')
  const outer = new App().websocket('/echo', () => 'open')
  const closed = new App({ auth: 'basic', users: { ada: 'secret' } }).websocket('/echo', () => 'closed')
  outer.mount('/closed', closed)
  new App({ auth: false }).mount('/x', outer)
  const around = await twoCarriers(outer)
  it('lie in all the apps around them', async () => {
    for (const { open: connect } of around) {
      assert.equal((await connect('/closed/echo')).status, 401)
      const { link } = await connect('/closed/echo', { fields: GOOD })
      await link.close()
      await (await connect('/echo')).link.close()
    }
  })
  for (const { name, open } of await twoCarriers(app)) {
    it(`${name}: that lie in an app within it ask for the same`, async () => {
      assert.equal((await open('/inner/echo')).status, 401)
      const { link } = await open('/inner/echo', { fields: GOOD })
      link.write('hi')
      assert.equal(await text(link), 'Inner')
      await link.close()
    })

    it(`${name}: let in who has shown it`, async () => {
      const { link } = await open('/echo', { fields: GOOD })
      link.write('hi')
      assert.equal(await text(link), 'ada hi')
      await link.close()
    })

    it(`${name}: and nobody else`, async () => {
      for (const fields of [[], ['Authorization', 'Basic x'], ['Authorization', 'Bearer x']])
        assert.equal((await open('/echo', { fields })).status, 401)
    })

    it(`${name}: but for those that judge themselves`, async () => {
      const { link } = await open('/own')
      link.write('hi')
      assert.equal(await text(link), 'nobody')
      await link.close()
    })
  }
})

describe('WebSockets of an app with sessions elsewhere', { timeout: 30_000 }, async () => {
  const store = distant()
  const app = new App({ secureKey: SECRET, session: { store } }).get('/', (was) =>
    was.session.set('name', 'Ada').get('name'),
  )
  app.websocket('/', ({ session }) => session.get('name', 'nobody'))
  for (const { name, open, server } of await twoCarriers(app))
    it(`${name}: find them`, async () => {
      const browser = new Browser(server.engine)
      await browser.ask('/')
      const { link } = await open('/', { fields: ['Cookie', `session=${browser.cookies.get('session')}`] })
      link.write('who')
      assert.equal(await text(link), 'Ada')
      await link.close()
    })
})
