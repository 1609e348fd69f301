import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type HandlerValue, type Was } from '#src/server/index.js'
import { exchange, requestText, type Asked } from './asking.js'
import { quiet } from './serving.js'

/** All octets that answer one request to a handler. */
const raw = (make: (was: Was) => unknown, asked: Asked = {}): Promise<string> => {
  const { engine } = quiet()
  engine.mount('/', new App().route('/', make as () => HandlerValue))
  return exchange(engine, requestText('/', { ...asked, headers: { Connection: 'close', ...asked.headers } }))
}

const set = ({ response }: Was): void => {
  response.setTrailer('X-Sum', 'first')
  response.setTrailer('x-sum', 12)
  response.setTrailer('X-Other', 'b')
}

describe('trailers of a response', () => {
  it('stand behind content that is then chunked, and are announced', async () => {
    const text = await raw((was) => {
      set(was)
      return 'hello'
    })
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(text, /\r\ntrailer: x-sum, X-Other\r\nTransfer-Encoding: chunked\r\n/)
    assert.match(text, /\r\ncontent-type: text\/html; charset=utf-8\r\n/)
    assert.doesNotMatch(text, /content-length/i)
    assert.ok(text.endsWith('\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 12\r\nX-Other: b\r\n\r\n'), text)
  })

  it('stand behind a response with fields of its own', async () => {
    const text = await raw((was) => {
      set(was)
      return was.response(404, Buffer.from('gone'), { 'x-own': 'yes' })
    })
    assert.match(text, /^HTTP\/1\.1 404 Not Found\r\n[^]*\r\nx-own: yes\r\n/)
    assert.ok(text.endsWith('4\r\ngone\r\n0\r\nx-sum: 12\r\nX-Other: b\r\n\r\n'), text)
  })

  it('may be set while content is streamed', async () => {
    const text = await raw(async function* (was) {
      yield 'a'
      await Promise.resolve()
      was.response.setTrailer('x-sum', 'late')
    })
    assert.doesNotMatch(text, /^trailer:/im)
    assert.ok(text.endsWith('1\r\na\r\n0\r\nx-sum: late\r\n\r\n'), text)
  })

  it('are dropped where there is no place for them', async () => {
    const old = await raw(
      (was) => {
        set(was)
        return 'hello'
      },
      { version: '1.0' },
    )
    assert.match(old, /\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/)
    assert.doesNotMatch(old, /trailer|x-sum/i)
    const head = await raw(
      (was) => {
        set(was)
        return 'hello'
      },
      { method: 'HEAD' },
    )
    assert.match(head, /\r\nContent-Length: 5\r\n[^]*\r\n\r\n$/)
    assert.doesNotMatch(head, /x-sum: /i)
    const none = await raw((was) => void set(was))
    assert.match(none, /^HTTP\/1\.1 204 No Content\r\n/)
    assert.doesNotMatch(none, /trailer|x-sum/i)
    const unchanged = await raw(
      (was) => {
        set(was)
        was.response.setHeader('etag', '"a"')
        return 'hello'
      },
      { headers: { 'If-None-Match': '"a"' } },
    )
    assert.match(unchanged, /^HTTP\/1\.1 304 /)
    assert.doesNotMatch(unchanged, /trailer|x-sum/i)
  })

  it('are refused when they could change what stands before them', async () => {
    for (const [name, value] of [
      ['Content-Length', '5'],
      ['set-cookie', 'a=b'],
      ['x y', 'z'],
      ['x-a', 'b\r\nc: d'],
    ] as const) {
      const text = await raw(({ response }) => {
        assert.throws(() => response.setTrailer(name, value))
        return 'sent'
      })
      assert.match(text, /\r\nContent-Length: 4\r\n[^]*\r\n\r\nsent$/)
    }
  })
})
