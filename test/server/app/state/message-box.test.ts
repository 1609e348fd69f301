/** `was.mbox`: APP-110 to APP-112. */

import assert from 'node:assert/strict'
import { after, beforeEach, describe, it, mock } from 'node:test'
import { App, HttpError, type MessageBox, Skitai, type Was } from '#src/server/index.js'
import { Browser, SECRET } from './browser.js'

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) })
})
after(() => mock.timers.reset())

/** A client, and requests that run a function over the box. */
function boxes(): { browser: Browser; run: (step: (box: MessageBox, was: Was) => unknown) => Promise<unknown> } {
  let current: (box: MessageBox, was: Was) => unknown = () => null
  const app = new App({ secureKey: SECRET }).get('/', (was) => ({ value: current(was.mbox, was) ?? null }))
  const browser = new Browser(new Skitai({ log: false, onError: () => {} }).mount('/', app))
  const run = async (step: typeof current): Promise<unknown> => {
    current = step
    const response = await browser.ask('/')
    return response.status === 200 ? (response.json() as { value: unknown }).value : response.status
  }
  return { browser, run }
}
const texts = (box: MessageBox): string[] => box.get().map(({ message }) => message)

describe('APP-110: mbox.send', () => {
  it('leaves a message that is shown once, whenever that is', async () => {
    const { browser, run } = boxes()
    assert.equal(await run((box) => box.send('Saved')), 1)
    assert.equal(await run(() => 'nobody looks'), 'nobody looks')
    mock.timers.tick(86_400_000)
    assert.deepEqual(await run((box) => box.get()), [
      { id: 1, category: 'info', createdMs: Date.UTC(2026, 0, 1), validSeconds: 0, message: 'Saved', extra: {} },
    ])
    assert.deepEqual(await run((box) => box.get()), [])
    assert.equal(browser.cookies.size, 0)
  })

  it('shows one with validSeconds in each request for so long', async () => {
    const { run } = boxes()
    await run((box) => box.send('Maintenance', 'warn', { validSeconds: 60, extra: { level: 2 } }))
    for (let i = 0; i < 2; i++) assert.deepEqual(await run(texts), ['Maintenance'])
    mock.timers.tick(60_000)
    assert.deepEqual(await run(texts), [])
  })

  it('keeps nothing of what is read in the same request, or of one that fails', async () => {
    const { browser, run } = boxes()
    assert.deepEqual(await run((box) => (box.push('now'), texts(box))), ['now'])
    assert.equal(browser.cookies.size, 0)
    const failed = await run((box) => {
      box.send('never')
      throw new HttpError(409)
    })
    assert.deepEqual([failed, browser.cookies.size], [409, 0])
  })

  it('keeps the newest ones that a cookie has room for', async () => {
    const { browser, run } = boxes()
    await run((box) => {
      for (let i = 0; i < 40; i++) box.send(`m${i}`)
    })
    assert.deepEqual(await run((box) => [box.get().length, box.get().length]), [32, 0])
    await run((box) => {
      for (let i = 0; i < 4; i++) box.send(`${i}`.repeat(1500))
    })
    assert.ok(browser.cookies.get('mbox')!.length < 4096)
    assert.deepEqual(await run((box) => box.get().map(({ message }) => message[0])), ['3'])
    for (const step of [
      (box: MessageBox) => box.send('x'.repeat(5000)),
      (box: MessageBox) => box.send(5 as unknown as string),
      (box: MessageBox) => box.send('x', 'info', { validSeconds: -1 }),
    ])
      assert.equal(await run(step), 500)
  })

  it('throws for one that fits in no cookie, whatever its letters: none is lost without a word', async () => {
    const { run } = boxes()
    for (const letter of ['x', 'é', '語', '😀']) {
      const size = Math.floor(1800 / Buffer.byteLength(letter))
      assert.equal(await run((box) => box.send(letter.repeat(size))), 1)
      assert.deepEqual(await run(texts), [letter.repeat(size)])
      assert.equal(await run((box) => box.send(letter.repeat(Math.ceil(2100 / Buffer.byteLength(letter))))), 500)
    }
  })

  it('is sealed: nothing that was made elsewhere is read (SEC-01)', async () => {
    const { browser, run } = boxes()
    for (const cookie of ['x', 'AQ', 'A'.repeat(300), 'gASVAAAA']) {
      browser.cookies.set('mbox', cookie)
      assert.deepEqual(await run(texts), [])
    }
  })
})

describe('APP-111: what is in the box', () => {
  const fill = (box: MessageBox): void => {
    box.send('a', 'info', { extra: { page: 1 } })
    box.send('b', 'error', { extra: { page: 2 } })
    box.send('c', 'error', { validSeconds: 100 })
  }

  it('get() takes all, those of a category, or those with a value', async () => {
    const { run } = boxes()
    const messages = (found: { message: string }[]): string[] => found.map(({ message }) => message)
    assert.deepEqual(await run((box) => (fill(box), messages(box.get('error')))), ['b', 'c'])
    assert.deepEqual(await run((box) => messages(box.get('page', 2))), [])
    assert.deepEqual(await run((box) => messages(box.get('page', 1))), ['a'])
    assert.deepEqual(await run((box) => messages(box.get())), ['c'])
    assert.deepEqual(await run((box) => messages(box.get('toString', Object.prototype.toString))), [])
  })

  it('search() tells ids and takes nothing, remove() takes one', async () => {
    const { run } = boxes()
    assert.deepEqual(await run((box) => (fill(box), [box.search('page'), box.search('page', 2), box.search('none')])), [
      [1, 2],
      [2],
      [],
    ])
    assert.deepEqual(await run((box) => [box.remove(2), box.remove(2)]), [true, false])
    assert.deepEqual(await run(texts), ['a', 'c'])
    assert.deepEqual(await run((box) => [box.clear().exists(), box.clear().get()]), [false, []])
  })

  it('getv() gives nothing at another address', async () => {
    const { browser, run } = boxes()
    assert.equal(await run((box) => box.sourceVerified()), false)
    await run(fill)
    assert.deepEqual(await run((box) => [box.sourceVerified(), box.getv('page', 1).length]), [true, 1])
    const elsewhere = await run((box, was) => {
      Object.defineProperty(was.request, 'remoteAddress', { value: '203.0.113.7' })
      return [box.sourceVerified(), box.getv()]
    })
    assert.deepEqual(elsewhere, [false, []])
    assert.equal(browser.cookies.size, 0)
  })
})

describe('APP-112: named boxes', () => {
  it('are boxes of their own, in cookies of their own', async () => {
    const { browser, run } = boxes()
    await run((box) => {
      box.send('one')
      box.mount('notes').send('two')
    })
    assert.deepEqual([...browser.cookies.keys()].sort(), ['mbox', 'notes'])
    assert.deepEqual(await run((box) => [box.exists('notes'), box.exists('other')]), [true, false])
    assert.deepEqual(await run((box) => [texts(box.mount('notes')), texts(box)]), [['two'], ['one']])
    assert.equal(await run((box) => box.mount('mbox')), 500)
  })

  it('APP-112: may have a place and a secret of its own', async () => {
    const options = {
      cookie: 'desk',
      path: '/desk',
      secureKey: 'another secret of sixteen',
      sameSite: 'strict',
    } as const
    const app = new App({ secureKey: SECRET })
      .post('/', (was) => was.mbox.mount('notes', options).send('two'))
      .get('/', (was) => texts(was.mbox.mount('notes', options)))
      .get('/other', (was) => texts(was.mbox.mount('desk', { path: '/desk' })))
      .get('/nowhere', (was) => was.mbox.mount('notes', { path: 'nowhere' }).exists())
    const line = (await app.inject({ method: 'POST' })).headers.get('set-cookie')!
    assert.match(line, /^desk=[^;]+;.* Path=\/desk;.* HttpOnly; SameSite=Strict$/)
    const headers = { cookie: line.slice(0, line.indexOf(';')) }
    assert.deepEqual((await app.inject({ headers })).json(), ['two'])
    // Another secret opens nothing.
    assert.deepEqual((await app.inject({ path: '/other', headers })).json(), [])
    assert.equal((await app.inject({ path: '/nowhere', headers })).status, 500)
  })
})
