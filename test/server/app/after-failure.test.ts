/** What is left of a request that has failed, for those who answer it. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, HttpError, MemoryStore, Skitai, type Was } from '#src/server/index.js'
import { distant } from './state/distant.js'

const secureKey = 'a secret that only this test has, and nobody else'

function failing(was: Was): never {
  was.session.set('half', 1)
  was.cookie.set('half', '1')
  was.mbox.send('half')
  was.response.setHeader('x-half', '1')
  throw new HttpError(409, 'no')
}

const answering = (was: Was): string => {
  const half = was.session.get('half') ?? was.cookie.get('half') ?? was.mbox.get().length
  was.session.set('whole', 1)
  was.cookie.set('whole', '1')
  return `${String(half)} ${String(was.session.get('user'))}`
}

const ways: Readonly<Record<string, readonly [status: number, prepare: (app: App) => unknown]>> = {
  'a hook that answers': [200, (app) => app.failedRequest(answering)],
  'a page for the error': [409, (app) => app.errorHandler(409, answering)],
}

describe('APP-69, APP-97, APP-104: what a failed handler has set', () => {
  for (const store of [undefined, distant()])
    for (const [name, [status, prepare]] of Object.entries(ways))
      it(`is gone for ${name}, which may set something itself${store === undefined ? '' : ', in a distant store'}`, async () => {
        const app = new App({ secureKey, ...(store && { session: { store } }) })
          .get('/in', (was) => was.session.set('user', 'ann') && 'in')
          .get('/', failing)
          .get('/whole', (was) => ({ whole: was.session.get('whole'), half: was.session.get('half') }))
        prepare(app)
        const session = (await app.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
        const response = await app.inject({ path: '/', headers: { cookie: session } })
        assert.deepEqual([response.status, response.text()], [status, '0 ann'])
        assert.equal(response.headers.get('x-half'), undefined)
        const cookies = response.headers.getAll('set-cookie').map((line) => line.split(';')[0]!)
        assert.deepEqual(cookies.map((cookie) => cookie.split('=')[0]).sort(), ['session', 'whole'])
        const renewed = cookies.find((cookie) => cookie.startsWith('session='))!
        const after = await app.inject({ path: '/whole', headers: { cookie: renewed } })
        assert.deepEqual(after.json(), { whole: 1 })
      })

  it('leaves the nonce that the policy names', async () => {
    const app = new App({ securityHeaders: true }).get('/', () => Promise.reject(new HttpError(409)))
    app.errorHandler(409, (was) => was.cspNonce)
    const response = await app.inject('/')
    assert.ok(response.headers.get('content-security-policy')!.includes(`'nonce-${response.text()}'`))
  })

  it('does not hide the error when the store fails as well', async () => {
    const store = { ...distant(), load: () => Promise.reject(new Error('no store')) }
    let calls = 0
    const app = new App({ secureKey, session: { store } }).get('/', () => Promise.reject(new Error('the first')))
    app.failedRequest((_was, error) => void (calls += (error as Error).message === 'the first' ? 1 : 0))
    const errors: string[] = []
    const engine = new Skitai({ log: false, onError: (error) => errors.push((error as Error).message) })
    engine.mount('/', app)
    assert.equal((await engine.inject('/')).status, 500)
    assert.deepEqual([calls, errors], [1, ['the first']])
  })
})

describe('what an app throws by mistake', () => {
  it('is an unexpected error, whatever pages there are', async () => {
    const errors: unknown[] = []
    const thrown = [undefined, null, 'text', {}, new HttpError(200), new HttpError(302), new HttpError(999)]
    for (const error of thrown) {
      const app = new App().get('/', () => Promise.reject(error as Error)).defaultErrorHandler((_was, { code }) => code)
      const engine = new Skitai({ log: false, onError: (each) => errors.push(each) }).mount('/', app)
      const response = await engine.inject('/')
      assert.deepEqual([response.status, response.text()], [500, '500'])
    }
    assert.deepEqual(errors, thrown)
  })

  it('is content that is a promise', async () => {
    const engine = new Skitai({ log: false, onError: () => {} })
    engine.mount(
      '/',
      new App().get('/', (was) => was.response(200, Promise.resolve('later'))),
    )
    assert.equal((await engine.inject('/')).status, 500)
  })
})

describe('sessions of which one cannot be kept', () => {
  it('are one error, whatever becomes of the others (SECURITY 51)', async () => {
    const unhandled: unknown[] = []
    const listener = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listener)
    try {
      const store = { ...distant(), save: () => Promise.reject(new Error('no store')) }
      const options = { store, named: { small: { store: new MemoryStore({ sessionCharactersMax: 10 }) } } }
      const app = new App({ secureKey, session: options }).get('/', (was) => {
        was.session.set('a', 1).mount('small').set('b', 'too large for it')
        return 'kept'
      })
      const errors: unknown[] = []
      const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
      assert.equal((await engine.inject('/')).status, 500)
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual([errors.length, unhandled], [1, []])
    } finally {
      process.off('unhandledRejection', listener)
    }
  })
})
