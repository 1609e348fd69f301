import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import {
  fetchHandler,
  type ForeignContext,
  type ForeignTarget,
  nodeHandler,
  useLightResponse,
} from '#src/server/index.js'
import { ask, exchange, readAnswers, requestText } from '../asking.js'
import { type Quiet, quiet, signal } from '../serving.js'

type Hinting = ServerResponse & { writeEarlyHints(hints: object): void }
type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

function mounted(target: ForeignTarget): Quiet {
  const made = quiet()
  made.engine.mount('/', target)
  return made
}

const node = (listener: Listener): Quiet => mounted(nodeHandler(listener))

const fail = (): never => {
  throw new Error('failed')
}

describe('a host that no URL can have', () => {
  it('is the fault of the client, whoever asks for the URL', async () => {
    const { engine, errors } = mounted(fetchHandler(({ url }) => new Response(url)))
    for (const host of ['[:::]', '[1:2]', '%zz'])
      assert.deepEqual([host, (await ask(engine, '/', { headers: { host } })).status], [host, 400])
    assert.deepEqual(errors, [])
  })
})

describe('a listener that fails', () => {
  it('at once: 500, and reported', async () => {
    const { engine, errors } = node(fail)
    const { status, text } = await ask(engine, '/')
    assert.equal(status, 500)
    assert.doesNotMatch(text, /failed/)
    assert.deepEqual(errors.map(String), ['Error: failed'])
  })

  it('by promise: the same', async () => {
    const { engine, errors } = node(async () => fail())
    assert.equal((await ask(engine, '/')).status, 500)
    assert.deepEqual(errors.map(String), ['Error: failed'])
  })

  it('with a head that was not sent: 500', async () => {
    const { engine } = node((_request, response) => {
      response.writeHead(200, { 'x-a': 'a' })
      fail()
    })
    const { status, headers } = await ask(engine, '/')
    assert.deepEqual([status, headers['x-a']], [500, undefined])
  })

  it('behind content: the response breaks off, and the next connection is served', async () => {
    const { engine, errors } = node(async (request, response) => {
      response.write('begun')
      await new Promise((resolve) => setImmediate(resolve))
      if (request.url === '/') fail()
      response.end()
    })
    const { complete, text } = await ask(engine, '/')
    assert.deepEqual([complete, text], [false, 'begun'])
    assert.equal((await ask(engine, '/fine')).complete, true)
    assert.equal(errors.length, 1)
  })

  it('tells the response that it is over', async () => {
    const closed = signal<readonly unknown[]>()
    const { engine } = node((_request, response) => {
      response.on('close', () => closed.resolve([response.destroyed, response.writableFinished]))
      fail()
    })
    await ask(engine, '/')
    assert.deepEqual(await closed.promise, [true, false])
  })

  for (const event of ['finish', 'close', 'prefinish'])
    it(`in ${event}: reported, and nothing else`, async () => {
      const { engine, errors } = node((_request, response) => {
        response.on(event, fail)
        response.end('x')
      })
      await ask(engine, '/')
      assert.equal((await ask(engine, '/')).status, event === 'prefinish' ? 500 : 200)
      assert.ok(errors.map(String).includes('Error: failed'))
    })

  it('in an event of the content: reported, and broken off', async () => {
    const { engine, errors } = node((request) => void request.on('data', fail))
    assert.equal((await ask(engine, '/', { method: 'POST', body: 'x' })).status, 500)
    assert.deepEqual(errors.map(String), ['Error: failed'])
  })

  it('content that is longer than its length breaks off', async () => {
    const { engine, errors } = node((_request, response) => {
      response.setHeader('content-length', 3)
      response.end('too long')
    })
    assert.equal((await ask(engine, '/')).status, 500)
    assert.equal(errors.length, 1)
  })

  it('content that is shorter than its length breaks off', async () => {
    const { engine, errors } = node((_request, response) => {
      response.setHeader('content-length', 30)
      response.write('short')
      response.end()
    })
    assert.equal((await ask(engine, '/')).complete, false)
    assert.equal(errors.length, 1)
  })
})

describe('a fetch handler that fails', () => {
  const cases: Readonly<Record<string, () => unknown>> = {
    throws: fail,
    rejects: async () => fail(),
    'gives no Response': () => 'text',
    'gives a Response that was read': async () => {
      const response = new Response('x')
      await response.text()
      return response
    },
    'gives a Response that is being read': () => {
      const response = new Response('x')
      response.body!.getReader()
      return response
    },
    'gives an error': () => Response.error(),
  }
  for (const [name, handler] of Object.entries(cases))
    it(`${name}: 500, and reported`, async () => {
      const { engine, errors } = mounted(fetchHandler(handler))
      assert.equal((await ask(engine, '/')).status, 500)
      assert.equal(errors.length, 1)
    })

  it('gives nothing: 404', async () => {
    const { engine, errors } = mounted(fetchHandler(() => undefined))
    assert.equal((await ask(engine, '/')).status, 404)
    assert.deepEqual(errors, [])
  })

  it('waitUntil reports what fails behind the response', async () => {
    const { engine, errors } = mounted(
      fetchHandler((_request, _env, context: ForeignContext) => {
        context.waitUntil(Promise.reject(new Error('behind')))
        context.passThroughOnException()
        return new Response('x')
      }),
    )
    assert.equal((await ask(engine, '/')).status, 200)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(errors.map(String), ['Error: behind'])
  })
})

describe('SECURITY 13: nothing splits a response', () => {
  const HOSTILE = [
    'a\r\nx-evil: 1',
    'a\nx-evil: 1',
    'a\rb',
    '\r\n\r\nHTTP/1.1 200 OK',
    'a\0b',
    '\u010a\u010dx-evil: 1',
    '\r',
    '\n',
  ]
  const light = useLightResponse()
  const Light = globalThis.Response
  light()

  const respond = (answer: (response: Hinting, text: string) => unknown) => (text: string) =>
    nodeHandler((_request, response) => answer(response as Hinting, text))
  const give = (make: (text: string) => Response) => (text: string) => fetchHandler(() => make(text))
  const tries: Readonly<Record<string, (text: string) => ForeignTarget>> = {
    'a value of setHeader': respond((response, text) => response.setHeader('x-a', text).end()),
    'a name of setHeader': respond((response, text) => response.setHeader(text, 'a').end()),
    writeHead: respond((response, text) => response.writeHead(200, { 'x-a': text }).end()),
    'a list in writeHead': respond((response, text) => response.writeHead(200, [text, text] as never).end()),
    'a reason': respond((response, text) => response.writeHead(200, text).end()),
    'a trailer': respond((response, text) => {
      response.write('x')
      response.addTrailers({ 'x-a': text })
      response.end()
    }),
    'an early hint': respond((response, text) => {
      response.writeEarlyHints({ link: '</a>; rel=preload', 'x-a': text })
      response.end()
    }),
    'the link of an early hint': respond((response, text) => {
      response.writeEarlyHints({ link: `<${text}>; rel=preload` })
      response.end()
    }),
    'a Response': give((text) => new Response('', { headers: { 'x-a': text } })),
    'a name of a Response': give((text) => new Response('', { headers: { [text]: 'a' } })),
    'a light Response': give((text) => new Light('', { headers: { 'x-a': text } })),
    'a name of a light Response': give((text) => new Light('', { headers: { [text]: 'a' } })),
    'a status text': give((text) => new Response('', { statusText: text })),
  }
  for (const [name, make] of Object.entries(tries))
    it(name, async () => {
      for (const text of HOSTILE) {
        const { engine } = mounted(make(text))
        const answers = readAnswers(await exchange(engine, requestText('/', { headers: { Connection: 'close' } })))
        const final = answers.filter(({ status }) => status >= 200)
        assert.ok(final.length <= 1, JSON.stringify(text))
        for (const { headers } of answers) assert.equal(headers['x-evil'], undefined, JSON.stringify(text))
      }
    })
})
