import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import express from 'express'
import { Hono } from 'hono'
import { nodeHandler, useLightResponse } from '#src/server/index.js'
import { ask } from '../asking.js'
import { quiet } from '../serving.js'
import { everyVersion } from '../versions.js'

describe('over every version', async () => {
  const app = express()
  app.use(express.json())
  app.all('/seen', (request, response) => {
    const { method, protocol, secure, hostname, body, socket } = request
    const tls = socket as unknown as {
      encrypted?: boolean
      authorized: boolean
      alpnProtocol: string | false
      getPeerCertificate(): object
    }
    response.json({
      method,
      protocol,
      secure,
      hostname,
      body: body as unknown,
      tls: [tls.encrypted === secure || !secure, tls.authorized, Object.keys(tls.getPeerCertificate())],
    })
  })
  const hono = new Hono().post('/web/seen', async (context) =>
    context.json([new URL(context.req.url).protocol, await context.req.json()]),
  )
  const ways = await everyVersion((engine) => engine.mount('/', app).mount('/web', hono))
  for (const [name, asked] of ways) {
    const secure = name.includes('TLS')
    it(`${name}: Express knows how it came`, async () => {
      const { text } = await asked('/seen', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
      })
      assert.deepEqual(JSON.parse(text), {
        method: 'POST',
        protocol: secure ? 'https' : 'http',
        secure,
        hostname: 'localhost',
        body: { a: 1 },
        tls: [true, false, []],
      })
    })

    it(`${name}: Hono, too`, async () => {
      const { text } = await asked('/web/seen', { method: 'POST', body: '{"a":1}' })
      assert.deepEqual(JSON.parse(text), [secure ? 'https:' : 'http:', { a: 1 }])
    })
  }
})

describe('SECURITY 17: names that objects have themselves', () => {
  it('are names of header fields like any other', async () => {
    const { engine } = quiet()
    engine.mount(
      '/',
      nodeHandler((request, response) =>
        response.end(
          JSON.stringify([
            request.headersDistinct['__proto__'],
            Object.keys(request.headersDistinct).includes('__proto__'),
            Object.getPrototypeOf(request.headers) === Object.prototype,
            ({} as Record<string, unknown>)['polluted'],
            request.headers['constructor'],
          ]),
        ),
      ),
    )
    const { text } = await ask(engine, '/', { headers: { ['__proto__']: 'polluted', constructor: 'x' } })
    assert.deepEqual(JSON.parse(text), [['polluted'], true, true, null, 'x'])
  })
})

describe('memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  /** How many of the objects are still there. */
  async function left(seen: readonly WeakRef<object>[]): Promise<number> {
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }
    return seen.filter((one) => one.deref() !== undefined).length
  }

  it('holds no request and no response of Node once they are over', async () => {
    const seen: WeakRef<object>[] = []
    const { engine } = quiet()
    const app = express()
    app.use((request, response) => {
      seen.push(new WeakRef(request), new WeakRef(response))
      response.send('x')
    })
    engine.mount('/', app)
    for (let i = 0; i < 50; i++) await ask(engine, '/', { method: 'POST', body: 'x' })
    assert.equal(seen.length, 100)
    assert.ok((await left(seen)) <= 2)
  })

  it('holds no web request, nor its copy', async () => {
    const seen: WeakRef<object>[] = []
    const { engine } = quiet()
    const undo = useLightResponse()
    const app = new Hono().all('/', async (context) => {
      seen.push(new WeakRef(context.req.raw), new WeakRef(context.req.raw.signal))
      await context.req.raw.clone().text()
      return context.text('x')
    })
    engine.mount('/', app)
    for (let i = 0; i < 50; i++) await ask(engine, '/', { method: 'POST', body: 'x' })
    undo()
    assert.equal(seen.length, 100)
    assert.ok((await left(seen)) <= 4)
  })
})
