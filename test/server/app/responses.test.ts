/** Responses that handlers ask for by name. */

import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { App, type HandlerValue, type InjectedResponse, Skitai, type Was } from '#src/server/index.js'
import { attachment } from '#src/server/app/response-values.js'
import { encodeEvent, type ServerSentEvent } from '#src/server/app/event-stream.js'
import { serving } from '../serving.js'

const folder = mkdtempSync(path.join(tmpdir(), 'skitai-responses-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(path.join(folder, 'note.txt'), '0123456789')
writeFileSync(path.join(folder, 'large.bin'), Buffer.alloc(200_000, 'x'))

function answering(
  handler: (was: Was) => HandlerValue | Promise<HandlerValue>,
): (headers?: Record<string, string>) => Promise<InjectedResponse> {
  const app = new App({ home: folder }).get('/', handler)
  return (headers = {}) => app.inject({ headers })
}

describe('what a handler gives', () => {
  it('APP-39: is the content of a 200, HTML unless it says otherwise; nothing is 204', async () => {
    const text = await answering(() => '<p>')()
    assert.deepEqual([text.status, text.text()], [200, '<p>'])
    assert.equal(text.headers.get('content-type'), 'text/html; charset=utf-8')
    const empty = await answering(() => '')()
    assert.deepEqual([empty.status, empty.text(), empty.headers.get('content-length')], [200, '', '0'])
    assert.equal((await answering(() => undefined)()).status, 204)
    assert.equal((await answering(() => null)()).status, 204)
  })

  it('APP-42: may be text, bytes, a file, pieces or a stream, which is let go at its end', async () => {
    const ended: string[] = []
    const kinds: Record<string, () => HandlerValue> = {
      text: () => 'abc',
      bytes: () => Buffer.from('abc'),
      'an open file': () => createReadStream(path.join(folder, 'note.txt')).on('close', () => ended.push('file')),
      'a web stream': () => new Blob(['abc']).stream(),
      pieces: () => ['a', Buffer.from('bc')].values(),
      'pieces that come': async function* () {
        try {
          yield 'a'
          yield await Promise.resolve('bc')
        } finally {
          ended.push('pieces')
        }
      },
    }
    for (const [name, make] of Object.entries(kinds)) {
      const content = name === 'an open file' ? '0123456789' : 'abc'
      assert.equal((await answering(make)()).text(), content, name)
    }
    assert.deepEqual(ended, ['file', 'pieces'])
  })

  it('APP-42: is let go when the client leaves', async () => {
    const left = new AbortController()
    const returned = new Promise<void>((resolve) => {
      const app = new App().get('/', async function* () {
        try {
          for (;;) {
            yield 'x'.repeat(10_000)
            left.abort()
            await new Promise(setImmediate)
          }
        } finally {
          resolve()
        }
      })
      app.inject({ signal: left.signal }).catch(() => {})
    })
    await returned
  })

  it('APP-53: is JSON under a key, a file or a page without a name for each', async () => {
    assert.deepEqual((await answering(() => ({ shoes: [{ id: 1 }] }))()).json(), { shoes: [{ id: 1 }] })
    assert.equal((await answering((was) => was.response.file('note.txt'))()).text(), '0123456789')
  })
})

describe('APP-46, APP-47, APP-48: objects and faults', () => {
  it('are JSON with their status', async () => {
    const api = await answering((was) => was.response.API({ a: new Date(0) }))()
    assert.deepEqual([api.status, api.json()], [200, { a: '1970-01-01T00:00:00.000Z' }])
    assert.deepEqual((await answering((was) => was.response.API())()).json(), {})
    const created = await answering((was) => was.response.API('201 Created', { id: 1 }))()
    assert.deepEqual([created.status, created.json()], [201, { id: 1 }])
  })

  it('have the status that was asked for, and a code made of it (TRP-12)', async () => {
    const fault = await answering((was) => was.response.Fault('404 Not Found', 'no such shoe', { moreInfo: 'see' }))()
    assert.deepEqual([fault.status, fault.json()], [404, { code: 40400, message: 'no such shoe', more_info: 'see' }])
    const traced = await answering((was) =>
      was.response.Fault(500, 'oops', { error: new Error('inner'), debug: 'd' }),
    )()
    const { code, message, debug, traceback } = traced.json() as Record<string, unknown>
    assert.deepEqual([code, message, debug], [50090, 'oops', 'd'])
    assert.match(String(traceback), /Error: inner/)
    const plain = await answering((was) => [was.response.fault('m'), was.response.traceback('thrown').code])()
    assert.deepEqual(plain.json(), [{ code: 20000, message: 'm' }, 10001])
  })

  it('APP-51: are indented for people', async () => {
    const app = new App({ prettyJson: true }).get('/', (was) => was.response.API({ a: [1] }))
    const { headers, text } = await app.inject('/').then((response) => ({ ...response, text: response.text() }))
    assert.deepEqual([headers.get('content-type'), text], ['application/json', '{\n  "a": [\n    1\n  ]\n}'])
  })

  it('RFC 9457: are problem details', async () => {
    const { status, headers, json } = await answering((was) =>
      was.response.problem(409, { detail: 'd', balance: 30, status: 500 }),
    )().then((response) => ({ ...response, json: response.json() }))
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.deepEqual(
      [status, json],
      [409, { type: 'about:blank', title: 'Conflict', status: 409, detail: 'd', balance: 30 }],
    )
  })
})

describe('APP-44, APP-45, APP-49: explained and thrown statuses', () => {
  it('are pages in which nothing is markup, or JSON', async () => {
    const explain = answering((was) => was.response.withExplain(403, '<script>'))
    const page = await explain()
    assert.match(page.text(), /&lt;script&gt;/)
    assert.doesNotMatch(page.text(), /<script>/)
    assert.deepEqual((await explain({ accept: 'application/json' })).json(), {
      code: 403,
      message: 'Forbidden',
      detail: '<script>',
    })
    assert.equal((await explain({ accept: 'application/json' })).headers.get('content-type'), 'application/json')
    const thrown = await answering((was) => was.response.throw('418 Short', 'and stout'))()
    assert.deepEqual([thrown.status, thrown.text().includes('and stout')], [418, true])
  })
})

describe('APP-49: errors for who accepts JSON', () => {
  it('are JSON, with the trace in debug mode', async () => {
    const asked = async (debug: boolean, target: string, accept: string): Promise<InjectedResponse> => {
      const app = new App({ debug })
        .get('/oops', () => {
          throw new Error('inner')
        })
        .get('/thrown', (was) => was.throw(409, 'taken'))
      const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
      return engine.inject({ path: target, headers: { accept } })
    }
    const thrown = await asked(false, '/thrown', 'application/json')
    assert.deepEqual([thrown.status, thrown.json()], [409, { code: 409, message: 'Conflict', detail: 'taken' }])
    const missing = (await asked(false, '/none', 'application/json')).json() as { code: number }
    assert.equal(missing.code, 404)
    const quiet = (await asked(false, '/oops', 'application/json')).json() as Record<string, unknown>
    assert.deepEqual([quiet['code'], quiet['traceback']], [500, undefined])
    const open = (await asked(true, '/oops', 'application/json')).json() as Record<string, unknown>
    assert.match(String(open['traceback']), /Error: inner/)
    assert.match((await asked(false, '/thrown', 'text/html')).headers.get('content-type')!, /^text\/html/)
  })
})

describe('APP-44: an explained status in an app with pages of its own', () => {
  it('is such a page, and the usual one where there is none for it', async () => {
    const app = new App()
      .errorHandler(403, (was, { code, detail }) => was.response(code, `mine: ${detail}`))
      .errorHandler(409, async (_was, { detail }) => ({ conflict: detail }))
      .errorHandler(410, (was, { code, detail }) => was.response.withExplain(code, `again: ${detail}`))
      .errorHandler(418, () => Promise.reject(new Error('broken page')))
    app.get('/<int:code>', (was, { code }) => {
      was.response.setHeader('x-mine', 'kept')
      return was.response.withExplain(code, 'why <not>')
    })
    const engine = new Skitai({ log: false, onError: () => {} }).mount('/', app)
    const to = async (code: number): Promise<[number, string, unknown]> => {
      const { status, headers, text } = await engine
        .inject(`/${code}`)
        .then((response) => ({ ...response, text: response.text() }))
      return [status, text, headers.get('x-mine')]
    }
    assert.deepEqual(await to(403), [403, 'mine: why <not>', 'kept'])
    assert.deepEqual(await to(409), [409, '{"conflict":"why <not>"}', 'kept'])
    assert.match((await to(410))[1], /again: why &lt;not&gt;/)
    assert.match((await to(402))[1], /why &lt;not&gt;/)
    assert.match((await to(200))[1], /200 OK/)
    assert.equal((await to(418))[0], 500)
  })

  it('is so each time', async () => {
    const app = new App()
      .errorHandler(403, (_was, { detail }) => detail)
      .get('/', async (was) => {
        const first = await was.response.withExplain(403, 'first')
        const second = await was.response.withExplain(403, 'second')
        return was.response(200, [first, second] as object)
      })
    assert.deepEqual((await app.inject('/')).json(), ['first', 'second'])
  })
})

describe('APP-50, SEC-23, SEC-24: redirections', () => {
  it('name their place, escaped', async () => {
    const response = await answering((was) => was.redirect('/a?b="><script>&c=ü'))()
    assert.equal(response.status, 302)
    assert.equal(response.headers.get('location'), '/a?b="><script>&c=%C3%BC')
    assert.equal(response.headers.get('cache-control'), 'max-age=0')
    assert.doesNotMatch(response.text(), /<script>/)
    assert.equal((await answering((was) => was.redirect('/x', 308))()).status, 308)
  })

  it('cannot begin another field, nor have another status', async () => {
    const redirecting = (location: string, status?: number): Promise<InjectedResponse> => {
      const app = new App().get('/', (was) => was.redirect(location, status))
      return new Skitai({ log: false, onError: () => {} }).mount('/', app).inject('/')
    }
    for (const [location, status] of [['/x\r\nset-cookie: a=b'], ['/x\0'], ['/\ud800'], ['/x', 200]] as const) {
      const response = await redirecting(location, status)
      assert.deepEqual([response.status, response.headers.get('set-cookie')], [500, undefined], location)
    }
  })
})

describe('APP-43: files', () => {
  const send = answering((was) => {
    was.response.setHeader('x-mine', '1')
    return was.response.file('note.txt')
  })

  it('come whole, in part, or not at all, with what the handler has set', async () => {
    const whole = await send()
    assert.deepEqual([whole.status, whole.text(), whole.headers.get('x-mine')], [200, '0123456789', '1'])
    assert.equal(whole.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(whole.headers.get('content-length'), '10')
    const part = await send({ range: 'bytes=2-4' })
    assert.deepEqual([part.status, part.text()], [206, '234'])
    assert.equal((await send({ range: 'bytes=20-' })).status, 416)
    assert.equal((await send({ 'if-none-match': whole.headers.get('etag')! })).status, 304)
    assert.equal((await send({ 'if-match': '"other"' })).status, 412)
    const large = answering((was) => was.response.file('large.bin', { type: 'text/x-mine' }))
    assert.equal((await large()).bytes.length, 200_000)
    assert.equal((await large()).headers.get('content-type'), 'text/x-mine')
    assert.equal((await large({ range: 'bytes=199990-' })).text(), 'x'.repeat(10))
  })

  it('that are not there are 404', async () => {
    for (const name of ['missing', '.', '/dev/null'])
      assert.equal((await answering((was) => was.response.file(name))()).status, 404, name)
  })

  it('are saved under any name, which begins no other field', async () => {
    const saved = await answering((was) => was.response.file('note.txt', { filename: 'Bericht "ü".txt' }))()
    assert.equal(
      saved.headers.get('content-disposition'),
      `attachment; filename="Bericht ___.txt"; filename*=UTF-8''Bericht%20%22%C3%BC%22.txt`,
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) =>
        /^attachment; filename="[^"\r\n]*"(?:; filename\*=UTF-8''[\w.!~%*'()-]*)?$/.test(attachment(name)),
      ),
    )
  })
})

describe('APP-52: validators', () => {
  it('that are set answer conditional requests', async () => {
    const tagged = answering((was) => {
      was.response.setEtag('v1', 60)
      return 'content'
    })
    const first = await tagged()
    assert.equal(first.headers.get('cache-control'), 'max-age=60')
    assert.equal((await tagged({ 'if-none-match': first.headers.get('etag')! })).status, 304)
    const dated = answering((was) => {
      was.response.setMtime(new Date('2020-01-01'), 5)
      return 'content'
    })
    assert.equal((await dated()).headers.get('last-modified'), 'Wed, 01 Jan 2020 00:00:00 GMT')
    assert.equal((await dated({ 'if-modified-since': 'Wed, 01 Jan 2020 00:00:00 GMT' })).status, 304)
  })
})

/** What a browser makes of a stream (WHATWG HTML section 9.2.6). */
function parse(stream: string): { type: string; data: string; lastEventId: string; retry: number | undefined }[] {
  const events: ReturnType<typeof parse> = []
  let [data, type, id] = ['', '', '']
  let retry: number | undefined
  for (const line of stream.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.replace(/\n$/, ''), lastEventId: id, retry })
      data = ''
      type = ''
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') type = value
    if (field === 'data') data += value + '\n'
    if (field === 'id' && !value.includes('\0')) id = value
    if (field === 'retry' && /^\d+$/.test(value)) retry = Number(value)
  }
  return events
}

describe('SECURITY 14: server-sent events', () => {
  const anything = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\r', '\n', ':', ' ', 'data', 'id', '\u2028'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  })

  it('are read as they were written, whatever their text is', () => {
    const oneLine = anything.map((text) => text.replace(/[\r\n\0]/g, ''))
    const event = fc.record(
      { data: anything, event: oneLine, id: oneLine, retryMs: fc.nat(), comment: anything },
      { requiredKeys: ['data'] },
    )
    fc.assert(
      fc.property(event, (given) => {
        const events = parse(encodeEvent(given as ServerSentEvent))
        assert.equal(events.length, 1)
        assert.equal(events[0]!.data, given.data.replace(/\r\n|\r/g, '\n'))
        assert.equal(events[0]!.type, given.event || 'message')
        assert.equal(events[0]!.lastEventId, given.id ?? '')
        assert.equal(events[0]!.retry, given.retryMs)
      }),
    )
  })

  it('refuse what would begin another line', () => {
    for (const bad of [{ event: 'a\nb' }, { id: 'a\rb' }, { id: 'a\0b' }, { retryMs: -1 }, { retryMs: 1.5 }])
      assert.throws(() => encodeEvent({ data: '', ...bad }), TypeError)
  })

  it('are streamed with signs of life, and end their source', async () => {
    let ended = false
    async function* source(): AsyncGenerator<ServerSentEvent | string> {
      try {
        yield 'first'
        await new Promise((resolve) => setTimeout(resolve, 60))
        yield { data: { n: 2 }, id: '2' }
      } finally {
        ended = true
      }
    }
    const response = await answering((was) => was.response.events(source(), { keepAliveSeconds: 0.02 }))()
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    assert.match(response.text(), /^data: first\n\n(?::\n\n)+id: 2\ndata: {"n":2}\n\n$/)
    assert.equal(ended, true)
  })

  it('break off with what is no event, and end their source', async () => {
    for (const [odd, said] of [
      [undefined, 'undefined'],
      [7, '7'],
      [{ date: 'x' }, "{ date: 'x' }"],
      [{ id: 'a\nb' }, 'no line end'],
    ] as const) {
      let ended = false
      async function* source(): AsyncGenerator<ServerSentEvent> {
        try {
          yield { data: 'first' }
          yield odd as ServerSentEvent
        } finally {
          ended = true
        }
      }
      const { engine, errors } = serving(new App().get('/', (was) => was.response.events(source())))
      await assert.rejects(engine.inject('/'))
      assert.deepEqual([errors.length, ended], [1, true])
      assert.ok(String(errors[0]).startsWith('TypeError') && String(errors[0]).includes(said), String(errors[0]))
    }
  })

  it('end their source when the client leaves', async () => {
    const left = new AbortController()
    const returned = new Promise<void>((resolve) => {
      const endless: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (left.abort(), new Promise(() => {})),
          return: () => (resolve(), Promise.resolve({ done: true, value: undefined })),
        }),
      }
      const app = new App().get('/', (was) => was.response.events(endless))
      app.inject({ signal: left.signal }).catch(() => {})
    })
    await returned
  })
})
