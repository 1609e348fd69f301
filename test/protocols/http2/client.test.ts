import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesOf } from 'skitai/testing'
import { client, request } from './engines.js'

const GET = { method: 'GET', authority: 'a' } as const

describe('responses that do not fit', () => {
  test('announce more content than is taken', () => {
    const bench = client({ limits: { bodyBytesMax: 10 } })
    bench.engine.sendRequest(GET)
    const events = bench.receive('HEADERS 1', '  :status: 200', '  content-length: 11')
    assert.deepEqual(events, ['streamFault 1 H2_CONTENT_TOO_LARGE'])
  })

  test('come again as their own trailers', () => {
    const bench = client()
    bench.engine.sendRequest(GET)
    assert.deepEqual(bench.receive('HEADERS 1', '  :status: 200'), ['response 1'])
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  :status: 200'), ['streamFault 1 H2_PSEUDO_UNKNOWN'])
  })

  test('have malformed trailers', () => {
    const bench = client()
    bench.engine.sendRequest(GET)
    bench.receive('HEADERS 1', '  :status: 200')
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  Upper: x'), ['streamFault 1 H2_FIELD_NAME'])
  })

  test('are shorter than announced, with trailers behind', () => {
    const bench = client()
    bench.engine.sendRequest(GET)
    bench.receive('HEADERS 1', '  :status: 200', '  content-length: 5', 'DATA 1 "1234"')
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  x: y'), ['streamFault 1 H2_CONTENT_LENGTH_MISMATCH'])
  })

  test('are those of tunnels, and have trailers', () => {
    const bench = client()
    bench.engine.sendHead({ method: 'CONNECT', authority: 'a:1' })
    assert.deepEqual(bench.receive('HEADERS 1', '  :status: 200', 'DATA 1 "x"'), ['response 1', 'data 1'])
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  x: y'), ['streamFault 1 H2_TUNNEL'])
  })

  test('say nothing when they expect something, or have an odd host', () => {
    const bench = client()
    bench.engine.sendRequest(GET)
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  :status: 200', '  expect: the unexpected', '  host: b'), [
      'response 1',
    ])
  })
})

describe('promises', () => {
  const promise = (id: number, ...fields: readonly string[]): string[] => [
    `PUSH_PROMISE 1 promised=${id}`,
    ...request('GET', 0, true, ...fields).slice(1),
  ]

  test('have no interim responses', () => {
    const bench = client({ push: true })
    bench.engine.sendRequest(GET)
    assert.deepEqual(bench.receive(...promise(2)), ['push 1'])
    assert.deepEqual(bench.receive('HEADERS 2', '  :status: 103'), ['streamFault 2 H2_STATUS'])
  })

  test('are no responses', () => {
    const bench = client({ push: true })
    bench.engine.sendRequest(GET)
    const status = ['  :status: 200']
    assert.deepEqual(bench.receive('HEADERS 1', ...status), ['response 1'])
    const events = bench.receive('PUSH_PROMISE 1 promised=2', ...status)
    assert.deepEqual(events, ['streamFault 2 H2_PSEUDO_UNKNOWN'])
  })

  test('may be refused', () => {
    const bench = client({ push: true })
    bench.engine.sendRequest(GET)
    bench.receive(...promise(2))
    bench.output()
    bench.engine.reset(2)
    assert.deepEqual(bench.output(), ['RST_STREAM 2 CANCEL'])
    assert.deepEqual(bench.receive('HEADERS 2', '  :status: 200', 'DATA 2 end_stream "late"'), [])
  })
})

describe('requests', () => {
  test('of an extended CONNECT go where the peer understands it', () => {
    const bench = client({}, 'enable_connect_protocol=1')
    const { engine } = bench
    assert.equal(engine.sendHead({ method: 'CONNECT', authority: 'a', target: '/chat', protocol: 'websocket' }), 1)
    assert.deepEqual(bench.output(), [
      'HEADERS 1',
      '  :method: CONNECT',
      '  :scheme: https',
      '  :path: /chat',
      '  :authority: a',
      '  :protocol: websocket',
    ])
    assert.throws(() => engine.sendHead({ method: 'CONNECT', authority: 'a', protocol: 'web socket' }), {
      code: 'H2_PROTOCOL',
    })
    bench.receive('HEADERS 1', '  :status: 200')
    engine.sendData(1, bytesOf('hello'))
    assert.deepEqual(bench.output(), ['DATA 1 "hello"'])
  })

  test('change their priority, in pieces or whole', () => {
    const bench = client()
    bench.engine.sendRequest(GET)
    bench.output()
    bench.engine.sendPriority(1, { urgency: 0, incremental: true })
    bench.engine.sendPriority(1, { urgency: 7, incremental: false })
    assert.deepEqual(bench.output(), ['PRIORITY_UPDATE 1 "u=0, i"', 'PRIORITY_UPDATE 1 "u=7"'])
  })

  test('of methods that may have content say when they have none', () => {
    const bench = client()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) bench.engine.sendRequest({ method, authority: 'a' })
    assert.equal(bench.output().filter((line) => line === '  content-length: 0').length, 3)
  })
})
