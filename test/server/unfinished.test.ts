/** Work behind responses, and the end of the engine. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, fetchHandler, MemoryStore } from '#src/server/index.js'
import { quiet, serving, signal } from './serving.js'

describe('work behind responses', () => {
  it('is waited for when the engine closes: a session that a stream has changed', async () => {
    const memory = new MemoryStore()
    const saving = signal()
    const goOn = signal()
    let late = false
    const store = {
      load: (id: string) => memory.load(id),
      async save(...given: Parameters<MemoryStore['save']>): Promise<boolean> {
        if (late) {
          saving.resolve()
          await goOn.promise
        }
        return memory.save(...given)
      },
      touch: (...given: Parameters<MemoryStore['touch']>) => memory.touch(...given),
      destroy: (id: string) => memory.destroy(id),
    }
    const app = new App({ secureKey: 'a secret for tests of this', session: { store } })
      .get('/in', (was) => was.session.set('user', 'ann').size)
      .get('/stream', (was) =>
        (async function* () {
          yield 'begun'
          await Promise.resolve()
          late = true
          was.session.set('seen', 'all')
        })(),
      )
      .get('/', (was) => was.session.get('seen'))
    const { engine } = serving(app)
    const cookie = (await engine.inject('/in')).headers.get('set-cookie')!.split(';')[0]!
    assert.equal((await engine.inject({ path: '/stream', headers: { cookie } })).text(), 'begun')
    await saving.promise
    let closed = false
    const closing = engine.close().then(() => (closed = true))
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    assert.equal(closed, false)
    goOn.resolve()
    await closing
    late = false
    const next = serving(app).engine
    assert.equal((await next.inject({ headers: { cookie } })).text(), 'all')
  })

  it('is waited for when it was given to waitUntil, whatever becomes of it, and no longer than asked for', async () => {
    const { engine, errors } = quiet()
    const goOn = signal()
    engine.mount(
      '/',
      fetchHandler((_request, _env, context) => {
        context.waitUntil(goOn.promise.then(() => Promise.reject(new Error('failed behind'))))
        return new Response('done')
      }),
    )
    await engine.inject('/')
    const closing = engine.close()
    goOn.resolve()
    await closing
    assert.match(String(errors), /failed behind/)
    const other = quiet()
    other.engine.mount(
      '/',
      fetchHandler((_request, _env, context) => {
        context.waitUntil(new Promise(() => {}))
        return new Response('done')
      }),
    )
    await other.engine.inject('/')
    await other.engine.close({ timeoutMs: 0 })
  })
})
