import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { App, type Was } from '#src/server/index.js'
import { ask, type Answer, type Asked } from './asking.js'
import { quiet } from './serving.js'

const MODIFIED = 'Sun, 01 Mar 2026 12:00:00 GMT'
const BEFORE = 'Sun, 01 Mar 2026 11:59:59 GMT'
const TEXT = '0123456789'

const app = new App()
  .route('/both', (was) => was.response(200, TEXT, { ETag: '"v1"', 'Last-Modified': MODIFIED, Vary: 'x', 'X-A': '1' }))
  .get('/weak', (was) => was.response(200, TEXT, { etag: 'W/"v1"' }))
  .get('/date', (was) => (was.response.setHeader('Last-Modified', MODIFIED), TEXT))
  .get('/none', () => TEXT)
  .get('/bytes', (was) =>
    was.response(200, Buffer.from(TEXT), { 'content-type': 'text/x', 'cache-control': 'no-cache' }),
  )
  .get('/euro', () => '\u20ac\u20ac')
  .get('/web', () => new Response(TEXT, { headers: { etag: '"v1"', 'content-language': 'en' } }))
  .get('/created', (was) => was.response(201, TEXT, { etag: '"v1"' }))
  .get('/bad-date', (was) => was.response(200, TEXT, { 'last-modified': 'yesterday' }))
  .get('/empty', () => '')

const { engine } = quiet()
engine.mount('/', app)
const get = (target: string, headers: Record<string, string>, asked: Asked = {}): Promise<Answer> =>
  ask(engine, target, { ...asked, headers })
const status = async (target: string, headers: Record<string, string>, asked?: Asked): Promise<number> =>
  (await get(target, headers, asked)).status

describe('preconditions on replies of apps', () => {
  it('count where the handler has set a validator', async () => {
    const table: [string, Record<string, string>, number][] = [
      ['/both', { 'If-None-Match': '"v1"' }, 304],
      ['/both', { 'If-None-Match': 'W/"v1", "x"' }, 304],
      ['/both', { 'If-None-Match': '*' }, 304],
      ['/both', { 'If-None-Match': '"v2"' }, 200],
      ['/both', { 'If-None-Match': '"v2"', 'If-Modified-Since': MODIFIED }, 200],
      ['/both', { 'If-Modified-Since': MODIFIED }, 304],
      ['/both', { 'If-Modified-Since': BEFORE }, 200],
      ['/both', { 'If-Match': '"v1"' }, 200],
      ['/both', { 'If-Match': '"v2"' }, 412],
      ['/both', { 'If-Match': 'W/"v1"' }, 412],
      ['/both', { 'If-Unmodified-Since': MODIFIED }, 200],
      ['/both', { 'If-Unmodified-Since': BEFORE }, 412],
      ['/weak', { 'If-None-Match': '"v1"' }, 304],
      ['/weak', { 'If-Match': 'W/"v1"' }, 412],
      ['/date', { 'If-Modified-Since': MODIFIED }, 304],
      ['/date', { 'If-None-Match': '"v1"' }, 200],
      ['/date', { 'If-None-Match': '"v1"', 'If-Modified-Since': MODIFIED }, 200],
      ['/web', { 'If-None-Match': '"v1"' }, 304],
      ['/none', { 'If-None-Match': '*' }, 200],
      ['/none', { 'If-Match': '"v1"' }, 200],
      ['/none', { 'If-Unmodified-Since': BEFORE }, 200],
      ['/bad-date', { 'If-Unmodified-Since': BEFORE }, 200],
      ['/created', { 'If-None-Match': '"v1"' }, 201],
    ]
    for (const [target, headers, expected] of table)
      for (const method of ['GET', 'HEAD'])
        assert.equal(
          await status(target, headers, { method }),
          expected,
          `${method} ${target} ${JSON.stringify(headers)}`,
        )
    assert.equal(await status('/both', { 'If-None-Match': '"v1"' }, { method: 'POST' }), 200)
  })

  it('leave on a 304 what caches need, and nothing of the content', async () => {
    const { headers, rest } = await get('/both', { 'If-None-Match': '"v1"' })
    assert.equal(rest, '')
    const { etag, vary, 'last-modified': modified, 'x-a': own, 'content-type': type } = headers
    assert.deepEqual([etag, vary, modified, own, type], ['"v1"', 'x', MODIFIED, '1', undefined])
    const web = await get('/web', { 'If-None-Match': '"v1"' })
    assert.deepEqual([web.headers['content-language'], web.headers['etag']], [undefined, '"v1"'])
  })

  it('let go of a stream that is not sent', async () => {
    const source = Readable.from(['x'])
    const made = quiet()
    made.engine.mount('/', (was: Was) => was.response(200, source, { etag: '"v1"' }))
    const answer = await ask(made.engine, '/', { headers: { 'If-None-Match': '"v1"' } })
    assert.deepEqual([answer.status, source.destroyed], [304, true])
  })
})

describe('ranges of replies of apps', () => {
  it('are one part', async () => {
    const table: [string, string, number, string, string | undefined][] = [
      ['/none', 'bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['/none', 'bytes=8-', 206, '89', 'bytes 8-9/10'],
      ['/none', 'bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['/bytes', 'bytes=0-0', 206, '0', 'bytes 0-0/10'],
      ['/euro', 'bytes=0-2', 206, '\u20ac', 'bytes 0-2/6'],
      ['/none', 'bytes=10-', 416, '', 'bytes */10'],
      ['/none', 'bytes=4-2', 416, '', 'bytes */10'],
      ['/none', 'lines=1-2', 200, TEXT, undefined],
      ['/web', 'bytes=0-1', 200, TEXT, undefined],
      ['/created', 'bytes=0-1', 201, TEXT, undefined],
      ['/empty', 'bytes=0-1', 416, '', 'bytes */0'],
    ]
    for (const [target, range, expected, text, part] of table) {
      const answer = await get(target, { Range: range })
      assert.deepEqual([answer.status, answer.text, answer.headers['content-range']], [expected, text, part], range)
    }
    assert.equal((await get('/bytes', { Range: 'bytes=0-1' })).headers['cache-control'], 'no-cache')
    assert.equal(await status('/none', { Range: 'bytes=0-1' }, { method: 'HEAD' }), 200)
    assert.equal(await status('/both', { Range: 'bytes=0-1' }, { method: 'POST' }), 200)
  })

  it('are several parts', async () => {
    const { status: code, headers, text, complete } = await get('/bytes', { Range: 'bytes=0-1, -1' })
    const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(headers['content-type'] ?? '')?.[1]
    assert.deepEqual([code, complete], [206, true])
    assert.equal(
      text,
      `--${boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n` +
        `--${boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 9-9/10\r\n\r\n9\r\n--${boundary}--\r\n`,
    )
  })

  it('depend on If-Range', async () => {
    const table: [string, string, number][] = [
      ['/both', '"v1"', 206],
      ['/both', '"v2"', 200],
      ['/both', MODIFIED, 206],
      ['/both', BEFORE, 200],
      ['/date', MODIFIED, 206],
      ['/date', '"v1"', 200],
      ['/weak', 'W/"v1"', 200],
      ['/none', '"v1"', 200],
      ['/none', MODIFIED, 200],
    ]
    for (const [target, condition, expected] of table)
      assert.equal(
        await status(target, { Range: 'bytes=1-2', 'If-Range': condition }),
        expected,
        `${target} ${condition}`,
      )
  })
})
