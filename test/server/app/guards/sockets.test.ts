/** Guards and hooks hold for the handshake of a WebSocket, whatever carries it (SECURITY 30, SEC-18). */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, HttpError, Skitai, websocket } from '#src/server/index.js'
import { SECRET } from '../state/browser.js'
import { carriers, echo, text, twoCarriers } from '../../websocket-client.js'
import { distant } from '../state/distant.js'

const rate = { limit: 2, windowSeconds: 3600 }
const basic = (name: string): string[] => ['Authorization', `Basic ${Buffer.from(`${name}:secret`).toString('base64')}`]
const users = { ada: 'secret', bob: 'secret' }

describe('the rate limit of handshakes', { timeout: 30_000 }, async () => {
  const ways: Readonly<Record<string, () => App>> = {
    'an app': () => new App({ rateLimit: { ...rate } }).websocket('/', echo),
    'a WebSocket': () => new App().websocket('/', { rateLimit: { ...rate } }, echo),
    'a part': () => new App().mount('/', new App({ rateLimit: { ...rate } }).websocket('/', echo)),
    'an app around': () => new App({ rateLimit: { ...rate } }).mount('/', new App().websocket('/', echo)),
    'a function of its own': () => new App({ rateLimit: { ...rate, key: () => 'all' } }).websocket('/', echo),
  }
  for (const [name, make] of Object.entries(ways))
    for (const [index, carried] of ['HTTP/1.1', 'HTTP/2'].entries())
      it(`of ${name} refuses the third over ${carried}, with 429 and before it is open`, async () => {
        const { open } = (await twoCarriers(make()))[index]!
        for (const left of ['1', '0']) {
          const { link, fields } = await open('/')
          assert.equal(fields.get('ratelimit-remaining'), left)
          link.write('hi')
          assert.equal(await text(link), 'hi')
          await link.close()
        }
        const { status, fields } = await open('/')
        assert.equal(status, 429)
        assert.ok(Number(fields.get('retry-after')) > 0)
        assert.equal(fields.get('ratelimit-remaining'), '0')
      })

  it('is one for handshakes and requests of an app, refused handshakes among them', async () => {
    const app = new App({ rateLimit: { ...rate } }).get('/page', () => 'page').websocket('/', echo)
    const [{ open, server }] = await twoCarriers(app)
    assert.equal((await open('/', { fields: ['Origin', 'https://evil.example'] })).status, 403)
    await (await open('/')).link.close()
    assert.equal((await fetch(`${server.url}/page`)).status, 429)
  })

  it('counts by user where it says so', async () => {
    const app = new App({ auth: 'basic', users, rateLimit: { limit: 1, windowSeconds: 3600, key: 'user' } })
    const [{ open }] = await twoCarriers(app.websocket('/', echo))
    for (const name of ['ada', 'bob']) await (await open('/', { fields: basic(name) })).link.close()
    assert.equal((await open('/', { fields: basic('ada') })).status, 429)
    assert.equal((await open('/')).status, 401)
  })

  it('is none where a WebSocket says so', async () => {
    const app = new App({ rateLimit: { ...rate, limit: 1 } }).websocket('/', { rateLimit: false }, echo)
    const [{ open }] = await twoCarriers(app)
    for (let i = 0; i < 3; i++) await (await open('/')).link.close()
  })
})

describe('forged handshakes', { timeout: 30_000 }, async () => {
  const app = new App({ csrf: true, secureKey: SECRET }).websocket('/', echo)
  app.mount('/part', new App().websocket('/', echo))
  app.websocket('/any', { origin: '*' }, echo)
  for (const { name, open, server } of await twoCarriers(app))
    it(`${name}: pages of other origins may not connect to an app with csrf`, async () => {
      for (const target of ['/', '/part/'])
        for (const origin of ['https://evil.example', 'null', `http://localhost:${server.port + 1}`])
          assert.equal((await open(target, { fields: ['Origin', origin] })).status, 403, origin)
      for (const fields of [[], ['Origin', `http://localhost:${server.port}`]])
        await (await open('/', { fields })).link.close()
      await (await open('/any', { fields: ['Origin', 'https://evil.example'] })).link.close()
    })
})

describe('pages of the same host', { timeout: 30_000 }, async () => {
  const app = new App().websocket('/', echo)
  for (const { name, open, server } of await carriers((engine) => engine.mount('/', app)))
    it(`${name}: may connect, but not without TLS where there is TLS`, async () => {
      for (const scheme of ['http', 'https']) {
        const { status, link } = await open('/', { fields: ['Origin', `${scheme}://localhost:${server.port}`] })
        if (scheme === 'http' && name.endsWith('TLS')) assert.equal(status, 403)
        else await link.close()
      }
    })
})

describe('who may open a WebSocket', { timeout: 30_000 }, async () => {
  const permissionHandler = (
    { request }: { request: { user?: { name: string } | undefined } },
    wanted: readonly string[],
  ): boolean => wanted.includes(request.user?.name ?? 'nobody')
  const app = new App({
    users,
    secureKey: SECRET,
    permissionHandler,
    loginHandler: (was) => was.session.has('user') || was.response(303, '', { location: '/in' }),
    staffHandler: () => false,
  })
  app.get('/in', (was) => was.session.set('user', 'ada').size)
  app.websocket('/auth', { auth: 'basic' }, ({ request }) => request.user?.name)
  app.websocket('/permission', { auth: 'basic', permission: ['ada'] }, echo)
  app.websocket('/login', { login: true }, echo)
  app.websocket('/staff', { staff: true }, echo)
  app.websocket('/testpass', { testpass: ({ request }) => request.query.has('pass') }, echo)
  const part = new App().websocket('/permission', { permission: 'nobody' }, echo)
  app.mount('/part', part)
  app.mount('/closed', new App({ auth: 'basic' }).websocket('/open', { auth: false }, echo).websocket('/', echo))
  for (const { name, open, server } of await twoCarriers(app))
    it(`${name}: is asked before it is open`, async () => {
      const status = async (target: string, fields: readonly string[] = []): Promise<number> => {
        const opened = await open(target, { fields })
        if (opened.status === 101 || opened.status === 200) await opened.link.close()
        return opened.status
      }
      const accepted = name === 'HTTP/2' ? 200 : 101
      assert.equal(await status('/auth'), 401)
      assert.equal(await status('/auth', basic('ada')), accepted)
      assert.equal(await status('/permission'), 401)
      assert.equal(await status('/permission', basic('bob')), 403)
      assert.equal(await status('/permission', basic('ada')), accepted)
      assert.equal(await status('/part/permission'), accepted)
      assert.equal(await status('/staff'), 403)
      assert.equal(await status('/testpass'), 403)
      assert.equal(await status('/testpass?pass'), accepted)
      assert.equal(await status('/closed/'), 401)
      assert.equal(await status('/closed/open'), accepted)
      const refused = await open('/login')
      assert.deepEqual([refused.status, refused.fields.get('location')], [303, '/in'])
      const cookie = (await server.engine.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
      assert.equal(await status('/login', ['Cookie', cookie]), accepted)
    })

  it('is known when the app is mounted: nothing is open for want of a judge', () => {
    const lacking = new App().websocket('/', { permission: ['admin'] }, echo)
    assert.throws(() => new Skitai().mount('/', lacking), /permission needs permissionHandler .*: \//)
    assert.throws(() => new Skitai().mount('/', new App({ auth: 'basic' }).websocket('/', echo)), /needs users/)
    assert.throws(() => websocket({ staff: true }, async () => {}), /staff needs staffHandler/)
    const around = new App({ permissionHandler: () => false }).mount('/in', lacking)
    assert.doesNotThrow(() => new Skitai().mount('/', around))
    const mounted = new App()
    new Skitai().mount('/', mounted)
    assert.throws(() => mounted.websocket('/', { login: true }, echo), /login needs loginHandler/)
  })
})

describe('hooks around a handshake', { timeout: 30_000 }, async () => {
  const notes: string[] = []
  const app = new App({ secureKey: SECRET, name: 'outer' })
  const inner = new App({ name: 'inner' })
  for (const [name, each] of Object.entries({ outer: app, inner }))
    each
      .beforeRequest(({ request, response }) => {
        notes.push(`${name} before`)
        if (request.query.get('stop') === name) throw new HttpError(403, 'stop')
        if (request.query.get('answer') !== name) return undefined
        const kind = request.query.get('kind')
        return kind === 'text' ? 'not here' : kind === 'web' ? new Response('not here') : response(201, 'not here')
      })
      .finishRequest(() => notes.push(`${name} finish`))
      .failedRequest((was, error) => {
        notes.push(`${name} failed ${(error as Error).message}`)
        return was.request.query.has('saved') ? was.response(410, 'gone') : undefined
      })
      .teardownRequest(() => notes.push(`${name} teardown`))
  inner.websocket('/', { authenticate: ({ request }) => !request.query.has('refuse') }, () => {
    notes.push('message')
    return 'reply'
  })
  app.mount('/in', inner)
  app.errorHandler(403, () => 'our page')
  for (const { name, open } of await twoCarriers(app)) {
    it(`${name}: are called in order, and once`, async () => {
      notes.length = 0
      const { link } = await open('/in/')
      link.write('a')
      await text(link)
      await link.close()
      assert.deepEqual(notes, [
        'outer before',
        'inner before',
        'inner finish',
        'inner teardown',
        'outer finish',
        'outer teardown',
        'message',
      ])
    })

    it(`${name}: refuse it`, async () => {
      for (const hook of ['outer', 'inner']) {
        assert.equal((await open(`/in/?stop=${hook}`)).status, 403)
        for (const kind of ['text', 'value', 'web']) {
          const { status, fields } = await open(`/in/?answer=${hook}&kind=${kind}`)
          // Over HTTP/2 200 would accept it.
          assert.deepEqual([status, fields.get('sec-websocket-accept')], [403, undefined], kind)
        }
      }
    })

    it(`${name}: hear of a refusal, and may answer it`, async () => {
      notes.length = 0
      assert.equal((await open('/in/?refuse')).status, 403)
      assert.deepEqual(notes.slice(2), [
        'inner failed This client may not connect',
        'inner teardown',
        'outer failed This client may not connect',
        'outer teardown',
      ])
      assert.equal((await open('/in/?refuse&saved')).status, 410)
    })
  }
})

describe('what a handshake remembers', { timeout: 30_000 }, async () => {
  const store = distant()
  for (const session of [{}, { store }]) {
    const app = new App({ secureKey: SECRET, session })
    const authenticate = (was: Parameters<NonNullable<Parameters<typeof app.beforeRequest>[0]>>[0]): void => {
      was.session.set('user', 'ann')
      was.cookie.set('theme', 'dark')
    }
    app.websocket('/', { authenticate }, ({ session: kept }) => kept.get('user', 'nobody'))
    app.get('/', (was) => was.session.get('user', 'nobody'))
    for (const { name, open, server } of await twoCarriers(app))
      it(`${name}: goes out with its answer${'store' in session ? ', from a store' : ''}`, async () => {
        const { link, fields } = await open('/')
        await link.close()
        const cookies = fields.getAll('set-cookie').map((line) => line.split(';')[0]!)
        assert.deepEqual(cookies.map((cookie) => cookie.split('=')[0]).sort(), ['session', 'theme'])
        const headers = { cookie: cookies.join('; ') }
        assert.equal((await server.engine.inject({ path: '/', headers })).text(), 'ann')
      })
  }
})

describe('was of a WebSocket', { timeout: 30_000 }, async () => {
  const heard: unknown[] = []
  const lines: string[] = []
  const app = new App({ name: 'shop' }).onBroadcast('sold', (_was: unknown, what: unknown) => heard.push(what))
  app.websocket('/', (was, message) => {
    was.broadcast('sold', message)
    was.log('sold')
    was.setlu('stock')
    return `${was.apps.get('shop')?.name} ${String(was.shared['price'])} ${was.getlu('stock') > 0}`
  })
  const carried = await twoCarriers((engine) => {
    engine.share('price', 7)
    engine.mount('/', app)
  })
  for (const { name, open } of carried)
    it(`${name}: reaches the apps and objects of the engine`, async () => {
      heard.length = 0
      const { link } = await open('/')
      link.write('boots')
      assert.equal(await text(link), 'shop 7 true')
      assert.deepEqual([heard, lines], [['boots'], []])
      await link.close()
    })
})
