import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http2Server } from 'skitai/http2'
import { DATE } from '../../property/http1-support.js'
import { Bench, client, request, server } from './engines.js'

describe('SETTINGS of ours that make the windows smaller', () => {
  /** A client has sent 20,000 octets before it knew of a window of 5,000. */
  function shrunk(consumes: boolean): Bench<Http2Server> {
    const engine = new Http2Server({ date: () => DATE, limits: { streamWindowBytes: 5000 } })
    const bench = new Bench(engine, 'preface', 'SETTINGS', ...request('POST', 1, false))
    if (!consumes) engine.consume = () => {}
    assert.deepEqual(bench.receive('DATA 1 size=16384', 'DATA 1 size=3616'), ['data 1', 'data 1'])
    assert.deepEqual(bench.output(), [])
    return bench
  }

  test('give back what was used before they were acknowledged', () => {
    const bench = shrunk(true)
    bench.receive('SETTINGS ack')
    assert.deepEqual(bench.output(), ['WINDOW_UPDATE 1 20000'])
    assert.deepEqual(bench.receive('DATA 1 size=5000', 'DATA 1 end_stream'), ['data 1', 'end 1'])
  })

  test('leave room for the end, but for no content', () => {
    const bench = shrunk(false)
    assert.deepEqual(bench.receive('SETTINGS ack', 'DATA 1 end_stream'), ['end 1'])
    const other = shrunk(false)
    assert.deepEqual(other.receive('SETTINGS ack', 'DATA 1 "x"'), ['streamFault 1 H2_WINDOW_EXCEEDED'])
  })
})

describe('what is remembered of streams that are over', () => {
  test('requests are not forgotten over promises', () => {
    const bench = client({ push: true })
    bench.engine.sendRequest({ method: 'GET', authority: 'a' })
    bench.engine.sendRequest({ method: 'GET', authority: 'a' })
    bench.engine.reset(3)
    bench.receive('PUSH_PROMISE 1 promised=2', ...request('GET', 0, true).slice(1))
    assert.deepEqual(bench.receive('HEADERS 2 end_stream', '  :status: 200'), ['response 2'])
    // Stream 3 was reset; its response was under way.
    assert.deepEqual(bench.receive('HEADERS 3 end_stream', '  :status: 200'), [])
  })

  test('a new stream below the first one of the connection has a number that is taken', () => {
    const bench = server()
    bench.receive(...request('GET', 5, true))
    assert.deepEqual(bench.receive(...request('GET', 3, true)), ['fatal H2_STREAM_ID_REUSED'])
  })

  test('a client takes no late response for a fault, however long ago its request was', () => {
    const bench = client({ limits: { closedStreamsMax: 2 } })
    bench.engine.sendRequest({ method: 'GET', authority: 'a' })
    bench.engine.reset(1)
    for (let id = 3; id < 20; id += 2) {
      bench.engine.sendRequest({ method: 'GET', authority: 'a' })
      assert.deepEqual(bench.receive(`HEADERS ${id} end_stream`, '  :status: 200'), [`response ${id}`])
    }
    assert.deepEqual(bench.receive('HEADERS 1', '  :status: 200', 'DATA 1 end_stream "late"'), [])
  })
})

describe('a client that leaves', () => {
  test('takes no promise above the one that it names: the server hears of it', () => {
    const bench = server()
    bench.receive('SETTINGS initial_window_size=0', ...request('GET', 1, true))
    const promised = { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] } as const
    for (const id of [2, 4]) {
      assert.equal(bench.engine.pushPromise(1, promised), id)
      bench.engine.sendResponse(id, 200, [], 'pushed')
    }
    assert.deepEqual(bench.receive('GOAWAY 2 NO_ERROR'), ['goaway', 'reset 4'])
    assert.equal(bench.engine.pushPromise(1, promised), 0)
    assert.deepEqual(Object.keys(bench.engine.describeState()['streams'] as object), ['1', '2'])
  })
})
