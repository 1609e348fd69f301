/** Handlers that wait for others: what promises and producers of the Python package were for. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { App, HttpError, Skitai } from '#src/server/index.js'
import { serve, signal } from '../serving.js'

const home = mkdtempSync(path.join(tmpdir(), 'skitai-waiting-'))
after(() => rmSync(home, { recursive: true }))

describe('a handler that waits', () => {
  it('APP-54: holds up nobody, and answers when it can', async () => {
    const stock = signal<string>()
    const app = new App()
      .get('/slow', async () => `in stock: ${await stock.promise}`)
      .get('/fast', () => 'fast')
      .post('/stock', async (was) => (stock.resolve(await was.request.text()), 'noted'))
    for (const http2 of [false, true]) {
      const slow = app.inject({ path: '/slow', http2 })
      assert.equal((await app.inject({ path: '/fast', http2 })).text(), 'fast')
      assert.equal((await app.inject({ path: '/stock', body: 'boots', http2 })).text(), 'noted')
      assert.equal((await slow).text(), 'in stock: boots')
    }
  })

  it('APP-55: asks several at once, and knows which answer is whose', async () => {
    const asked: string[] = []
    const both = signal<void>()
    const backEnd = new App().get('/<name>', async (_was, { name }) => {
      // Neither is answered before both have come.
      if (asked.push(name) === 2) both.resolve()
      await both.promise
      return { name }
    })
    const { url } = await serve((engine) => engine.mount('/', backEnd))
    const app = new App().get('/', async () => {
      const requests = Object.entries({ shoe: 'boot', hat: 'cap' }).map(async ([id, name]) => {
        const response = await fetch(`${url}/${name}`)
        return [id, { meta: name.length, ...((await response.json()) as object) }]
      })
      return Object.fromEntries(await Promise.all(requests)) as object
    })
    assert.deepEqual((await app.inject('/')).json(), { shoe: { meta: 4, name: 'boot' }, hat: { meta: 3, name: 'cap' } })
  })

  it('APP-56: keeps what it has got, for a template too', async () => {
    writeFileSync(path.join(home, 'data.html'), '{{ shoe }}, {{ hat }}, {{ late | await }}')
    const app = new App({ home, templates: '.' }).get('/', async (was) => {
      const [shoe, hat] = await Promise.all([Promise.resolve('boot'), Promise.resolve('cap')])
      const data: Record<string, unknown> = { shoe }
      data['hat'] = hat
      return was.render('data.html', { ...data, late: Promise.resolve('glove') })
    })
    assert.equal((await app.inject('/')).text(), 'boot, cap, glove')
  })

  it('APP-57: can ask how each of its requests has ended', async () => {
    const app = new App().get('/', async () => {
      const requests = [Promise.resolve('boot'), Promise.reject(new Error('no cap'))]
      const ended = await Promise.allSettled(requests)
      return ended.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))
    })
    assert.deepEqual((await app.inject('/')).json(), ['boot', 'Error: no cap'])
  })

  it('APP-58: gives pieces as they come, and ends or breaks off', async () => {
    const first = signal<void>()
    const seen: string[] = []
    const app = new App({ home, templates: '.' })
    app.get('/<int:n>', async function* (_was, { n }) {
      yield 'first '
      await first.promise
      if (n === 0) return
      if (n === 1) throw new HttpError(500, 'broken off')
      yield* ['a', 'b']
    })
    const { url, errors } = await serve((engine) => engine.mount('/', app))
    const pieces = async (n: number): Promise<string> => {
      let text = ''
      const { body } = await fetch(`${url}/${n}`)
      for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
        text += piece
        if (text === 'first ') seen.push(`${n} has begun`)
        first.resolve()
      }
      return text
    }
    assert.equal(await pieces(2), 'first ab')
    assert.equal(await pieces(0), 'first ')
    await assert.rejects(pieces(1))
    assert.deepEqual(seen, ['2 has begun', '0 has begun', '1 has begun'])
    assert.equal(errors.length, 0)
  })

  it('APP-59: can begin and end with what stands around its pieces', async () => {
    const around = async function* (pieces: AsyncIterable<string>): AsyncGenerator<string> {
      yield '<ul>'
      yield* pieces
      yield '</ul>'
    }
    const items = async function* (): AsyncGenerator<string> {
      for (const shoe of ['boot', 'sandal']) yield `<li>${await Promise.resolve(shoe)}</li>`
    }
    const app = new App().get('/', () => around(items()))
    const response = await app.inject('/')
    assert.equal(response.text(), '<ul><li>boot</li><li>sandal</li></ul>')
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  })

  it('APP-60: that fails before anything has gone out is a 500, whose trace is shown in debug mode only', async () => {
    for (const debug of [false, true]) {
      const app = new App({ debug }).get('/', async () => Promise.reject(new Error('no back end')))
      const errors: unknown[] = []
      const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount('/', app)
      const { status, text } = await engine.inject('/').then((response) => ({ ...response, text: response.text() }))
      assert.deepEqual([status, text.includes('no back end'), errors.length], [500, debug, 1])
    }
  })
})

describe('APP-10: app.lock', () => {
  it('runs tasks of a name one after the other, in order, and those of another one beside', async () => {
    const app = new App()
    let stock = 3
    let inside = 0
    app.post('/<name>', async (_was, { name }) =>
      app.lock(name, async () => {
        assert.equal(++inside, 1)
        const seen = stock
        await new Promise(setImmediate)
        stock = seen - 1
        inside--
        return seen
      }),
    )
    const answers = await Promise.all([1, 2, 3].map(() => app.inject({ path: '/shoe', method: 'POST' })))
    assert.deepEqual(
      answers.map((answer) => answer.json()),
      [3, 2, 1],
    )
    assert.equal(stock, 0)
    const held = signal<void>()
    const waiting = app.lock('one', () => held.promise)
    assert.equal(await app.lock('two', () => 'beside'), 'beside')
    assert.equal(await new App().lock('one', () => 'of another app'), 'of another app')
    held.resolve()
    await waiting
  })

  it('is free again when a task fails', async () => {
    const app = new App()
    const fails = app.lock('x', () => {
      throw new Error('oops')
    })
    const rejects = app.lock('x', () => Promise.reject(new Error('oops')))
    const last = app.lock('x', () => 'done')
    await assert.rejects(fails, /oops/)
    await assert.rejects(rejects, /oops/)
    assert.equal(await last, 'done')
    assert.equal(await app.lock('x', () => 'again'), 'again')
  })
})
