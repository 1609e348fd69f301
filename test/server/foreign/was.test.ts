import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import express, { type Request, type Response } from 'express'
import { Hono } from 'hono'
import { fetchHandler, type ForeignContext, was } from '#src/server/index.js'
import { ask } from '../asking.js'
import { Http2Session } from '../http2-client.js'
import { quiet } from '../serving.js'

describe('APP-137: was in a foreign app', () => {
  it('is that of the request, at once and later', async () => {
    const { engine } = quiet()
    const app = express()
    const later = async (request: Request, response: Response): Promise<void> => {
      const { name = '' } = request.params
      const first = was.request.path
      was.g['name'] = name
      await delay(name === 'slow' ? 20 : 1)
      setImmediate(() => response.json([first, was.request.path, was.g['name'], was.gtid !== '', was.request.method]))
    }
    app.get('/:name', (request, response) => void later(request, response))
    engine.mount('/in', app)
    const answers = await Promise.all(['/in/slow', '/in/fast', '/in/other'].map((path) => ask(engine, path)))
    assert.deepEqual(
      answers.map(({ text }) => JSON.parse(text) as unknown),
      ['slow', 'fast', 'other'].map((name) => [`/in/${name}`, `/in/${name}`, name, true, 'GET']),
    )
  })

  it('reads cookies, and sets none that nobody would send', async () => {
    const { engine } = quiet()
    const app = express()
    app.get('/', (_request, response) => {
      let said = ''
      try {
        was.cookie.set('a', '2')
      } catch (error) {
        said = String(error)
      }
      response.end(`${was.cookie.get('a')} ${said}`)
    })
    engine.mount('/', app)
    const { text } = await ask(engine, '/', { headers: { Cookie: 'a=1' } })
    assert.match(text, /^1 UsageError: an app of another framework sets cookies in its own way/)
  })

  it('is there in fetch handlers, in their bindings, too', async () => {
    const { engine } = quiet()
    const app = new Hono<{ Bindings: ForeignContext }>()
    app.get('/', async (context) => {
      await delay(1)
      return context.json([was.gtid === context.env.was.gtid, was.request.scriptName])
    })
    engine.mount('/', app)
    assert.deepEqual(JSON.parse((await ask(engine, '/')).text), [true, ''])
  })

  it('has one set of ids a request', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      fetchHandler(() => globalThis.Response.json([was.gtid, was.ltid, 'gtid' in was])),
    )
    const [one, two] = [await ask(engine, '/'), await ask(engine, '/')].map(({ text }) => JSON.parse(text) as unknown[])
    assert.notEqual(one![0], two![0])
    assert.equal(one![2], true)
  })

  it('pushes over HTTP/2 where the mount allows it', async () => {
    const { engine } = quiet()
    const app = express()
    app.get('/page', (_request, response) => {
      was.push('/style.css')
      response.send('page')
    })
    app.get('/style.css', (_request, response) => void response.send('style'))
    engine.mount('/', app, { push: true })
    const session = Http2Session.to(engine, { push: true })
    assert.equal((await session.ask('/page')).text, 'page')
    await session.until(() => session.pushes.length > 0)
    assert.equal(session.pushes[0]!.target, '/style.css')
    assert.equal((await session.answer(session.pushes[0]!.promisedId)).text, 'style')
    session.leave()
  })

  it('sends early hints', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      fetchHandler(() => {
        was.earlyHints(['link', '</a.css>; rel=preload'])
        return new globalThis.Response('x')
      }),
    )
    const session = Http2Session.to(engine)
    const answer = await session.ask('/')
    assert.equal(answer.informs[0]![0], 103)
    session.leave()
  })

  it('is nowhere else', () => {
    assert.throws(() => was.gtid, /only while a foreign app/)
  })
})
