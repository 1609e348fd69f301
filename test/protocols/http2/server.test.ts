import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields, Http2Client, Http2Server, type UpgradedRequest } from 'skitai/http2'
import { limitsOf } from '#src/protocols/http2/limits.js'
import { bytesOf, concat, latin1Of } from 'skitai/testing'
import { DATE } from '../../property/http1-support.js'
import { encodeLines } from '../../vectors/http2-notation.js'
import { Bench, request, server } from './engines.js'

const DATED = `  date: ${DATE}`

describe('the head of a response', () => {
  test('is the same block again only when all of it is', () => {
    const bench = server()
    const heads = [
      [200, ['x-a', 'b'], 5],
      [200, ['x-a', 'b'], 5],
      [200, ['x-a', 'c'], 5],
      [200, ['x-a', 'c', 'x-b', 'd'], 5],
      [404, ['x-a', 'c', 'x-b', 'd'], 5],
      [404, ['x-a', 'c', 'x-b', 'd'], 6],
      [404, ['x-a', 'c', 'x-b', 'd'], 6],
      [404, ['x-a', 'c', 'x-b', 'd'], 6],
    ] as const
    heads.forEach(([status, fields, length], index) => {
      const id = 2 * index + 1
      bench.receive(...request('GET', id, true))
      bench.engine.sendHead(id, status, fields, length)
      const names = fields.flatMap((text, i) => (i % 2 === 0 ? [`  ${text}: ${fields[i + 1]!}`] : []))
      assert.deepEqual(bench.output(), [
        `HEADERS ${id}`,
        `  :status: ${status}`,
        ...names,
        `  content-length: ${length}`,
        DATED,
      ])
    })
  })

  test('changes with the date', () => {
    let date = 'one'
    const bench = new Bench(new Http2Server({ date: () => date }), 'preface', 'SETTINGS', 'SETTINGS ack')
    bench.receive(...request('GET', 1, true), ...request('GET', 3, true), ...request('GET', 5, true))
    for (const [id, value] of [[1, 'one'] as const, [3, 'two'] as const, [5, 'two'] as const]) {
      date = value
      bench.engine.sendResponse(id, 204, [])
      assert.deepEqual(bench.output(), [`HEADERS ${id} end_stream`, '  :status: 204', `  date: ${value}`])
    }
  })

  test('has the date of the application where it gives one', () => {
    const bench = server()
    bench.receive(...request('GET', 1, true))
    bench.engine.sendResponse(1, 204, ['x-a', 'b', 'Date', 'mine'])
    assert.deepEqual(bench.output(), ['HEADERS 1 end_stream', '  :status: 204', '  x-a: b', '  date: mine'])
  })

  test('may be longer than a frame, a block of output and all memory for blocks', () => {
    const bench = server()
    const long = 'x'.repeat(50_000)
    for (const id of [1, 3, 5]) {
      bench.receive(...request('GET', id, true))
      bench.engine.sendResponse(id, 204, id === 3 ? [] : ['x-long', long, 'x-other', long])
      const lines = bench.output()
      const continuations = lines.filter((line) => line.startsWith('CONTINUATION'))
      assert.equal(lines[0], `HEADERS ${id} end_stream${id === 3 ? '' : ' no_end_headers'}`)
      assert.ok(id === 3 ? continuations.length === 0 : continuations.length > 3)
      assert.equal(lines.filter((line) => line === `  x-other: ${long}`).length, id === 3 ? 0 : 1)
    }
  })
})

describe('the content of a response', () => {
  test('is text in UTF-8', () => {
    const bench = server()
    bench.receive(...request('GET', 1, true))
    bench.engine.sendResponse(1, 200, [], 'aé€😀')
    assert.deepEqual(bench.output().slice(-2), [
      DATED,
      'DATA 1 end_stream "a\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80"',
    ])
  })

  test('waits as text in UTF-8 as well', () => {
    const bench = server()
    bench.receive('SETTINGS initial_window_size=2', ...request('GET', 1, true))
    bench.output()
    bench.engine.sendResponse(1, 200, [], 'é€')
    assert.deepEqual(bench.output().slice(-1), ['DATA 1 "\\xc3\\xa9"'])
    bench.receive('WINDOW_UPDATE 1 100')
    assert.deepEqual(bench.output(), ['DATA 1 end_stream "\\xe2\\x82\\xac"'])
  })
})

describe('a tunnel through a server', () => {
  test('is opened by a whole response without content, and carries DATA both ways', () => {
    const bench = server()
    bench.receive(...request('CONNECT', 1, false))
    bench.engine.sendResponse(1, 200, [])
    assert.deepEqual(bench.output(), ['HEADERS 1 end_stream', '  :status: 200', DATED])
    // Our half is over; that of the peer goes on for as long as it likes.
    assert.deepEqual(bench.receive('DATA 1 "to the other end"'), ['data 1'])
    bench.wait(3_600_000)
    assert.deepEqual(bench.receive('DATA 1 end_stream'), ['end 1'])
  })

  test('is opened by a head', () => {
    const bench = server()
    bench.receive(...request('CONNECT', 1, false))
    bench.engine.sendHead(1, 200, [])
    bench.engine.sendData(1, bytesOf('hello'))
    assert.deepEqual(bench.output().slice(-1), ['DATA 1 "hello"'])
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', '  x: y'), ['streamFault 1 H2_TUNNEL'])
  })

  test('is refused by content', () => {
    const bench = server()
    bench.receive(...request('CONNECT', 1, true))
    bench.engine.sendResponse(1, 403, [], 'no')
    assert.deepEqual(bench.output().slice(-2), [DATED, 'DATA 1 end_stream "no"'])
  })

  test('of an extended CONNECT has a protocol, which is a token', () => {
    const bench = server({}, true)
    const fields = [':scheme: https', ':path: /chat', ':authority: a'].map((field) => `  ${field}`)
    const connect = (id: number, protocol: string): string[] => [
      `HEADERS ${id}`,
      '  :method: CONNECT',
      `  :protocol: ${protocol}`,
      ...fields,
    ]
    assert.deepEqual(bench.receive(...connect(1, 'websocket')), ['request 1'])
    assert.deepEqual(bench.receive(...connect(3, 'web socket')), ['streamFault 3 H2_PSEUDO_VALUE'])
  })
})

describe('what does not fit', () => {
  test('a request again as its own trailers', () => {
    const bench = server()
    const head = request('POST', 1, true).slice(1)
    assert.deepEqual(bench.receive('HEADERS 1', ...head), ['request 1'])
    assert.deepEqual(bench.receive('HEADERS 1 end_stream', ...head), ['streamFault 1 H2_PSEUDO_UNKNOWN'])
  })

  test('a field block on a promised stream that is over', () => {
    const bench = server()
    bench.receive(...request('GET', 1, true))
    bench.engine.pushPromise(1, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] })
    bench.engine.sendResponse(2, 204, [])
    assert.deepEqual(bench.receive(...request('GET', 2, true)), ['fatal H2_STREAM_ENDED'])
  })

  test('trailers that depend on their own stream', () => {
    const bench = server()
    bench.receive(...request('POST', 1, false))
    assert.deepEqual(bench.receive('HEADERS 1 end_stream dep=1', '  x: y'), ['streamFault 1 H2_SELF_DEPENDENCY'])
  })

  test('an answer to a PING that is not ours', () => {
    const bench = server()
    bench.engine.ping()
    assert.deepEqual(bench.output(), ['PING "\\0\\0\\0\\0\\0\\0\\0\\x01"'])
    const pong = 'PING ack "\\0\\0\\0\\0\\0\\0\\0\\x01"'
    assert.deepEqual(
      bench.receive('PING ack "\\0\\0\\0\\x01\\0\\0\\0\\x01"', 'PING ack "\\0\\0\\0\\0\\0\\0\\0\\x02"', pong),
      ['pong'],
    )
    assert.deepEqual(bench.receive(pong), [])
  })

  test('100 (Continue) for a client that holds nothing back', () => {
    const bench = server()
    bench.receive(...request('POST', 1, false))
    bench.engine.sendContinue(1)
    assert.deepEqual(bench.output(), [])
    bench.engine.sendInform(1, 100, [])
    assert.deepEqual(bench.output(), ['HEADERS 1', '  :status: 100'])
  })
})

describe('the end of a connection', () => {
  test('comes once, whatever its last stream did', () => {
    const bench = server({ faultBurst: 0 })
    bench.receive(...request('GET', 1, true))
    bench.engine.close()
    assert.deepEqual(bench.receive('WINDOW_UPDATE 1 0'), ['streamFault 1 H2_WINDOW_INCREMENT', 'closed'])
  })

  test('of the input waits until what came before it was read', () => {
    const bench = server({ outputBytesMax: 100 })
    const { engine } = bench
    engine.receive(encodeLines([...Array.from({ length: 20 }, () => 'PING "12345678"'), ...request('GET', 1, true)]), 0)
    engine.receiveEnd(0)
    assert.deepEqual(bench.events(), [])
    const seen: string[] = []
    for (let left = 20; left > 0; left--) {
      bench.output()
      seen.push(...bench.events())
    }
    assert.deepEqual(seen, ['request 1', 'halfClose'])
    engine.sendResponse(1, 204, [])
    assert.deepEqual(bench.events(), ['closed'])
  })

  test('comes with that of the input when nothing but the rest of an answered request is missing', () => {
    const bench = server()
    bench.receive(...request('POST', 1, false))
    bench.engine.sendResponse(1, 403, [])
    bench.engine.receiveEnd(0)
    assert.deepEqual(bench.events(), ['closed'])
  })

  test('costs a tunnel', () => {
    const bench = server()
    bench.receive(...request('CONNECT', 1, false))
    bench.engine.sendResponse(1, 200, [])
    bench.engine.receiveEnd(0)
    assert.deepEqual(bench.events(), ['streamFault 1 H2_TRUNCATED', 'closed'])
  })

  test('leaves what it knows of the peer', () => {
    const bench = server()
    bench.receive('SETTINGS max_concurrent_streams=7')
    bench.engine.abort()
    assert.equal(bench.engine.peerSettings.streamsMax, 7)
  })
})

describe('deadlines of several streams', () => {
  test('each has its own', () => {
    const bench = server()
    bench.receive(...request('POST', 1, false))
    bench.wait(6000)
    bench.receive(...request('POST', 3, false))
    assert.deepEqual(bench.wait(4000), ['streamFault 1 H2_BODY_TIMEOUT'])
    assert.deepEqual(bench.wait(5999), [])
    assert.deepEqual(bench.wait(1), ['streamFault 3 H2_BODY_TIMEOUT'])
    assert.deepEqual(
      bench.output().filter((line) => line.startsWith('  :status')),
      ['  :status: 408', '  :status: 408'],
    )
  })

  test('and so have those that wait for windows', () => {
    const bench = server()
    bench.receive('SETTINGS initial_window_size=0', ...request('GET', 1, true))
    bench.engine.sendResponse(1, 200, [], 'content')
    bench.wait(20_000)
    bench.receive(...request('GET', 3, true))
    bench.engine.sendResponse(3, 200, [], 'content')
    bench.output()
    assert.deepEqual(bench.wait(10_000), ['streamFault 1 H2_STREAM_STALLED'])
    bench.output()
    assert.deepEqual(bench.wait(20_000), ['streamFault 3 H2_STREAM_STALLED'])
  })

  test('the connection may end over the first of them', () => {
    const bench = server({ faultBurst: 0 })
    bench.receive(...request('POST', 1, false), ...request('POST', 3, false))
    assert.deepEqual(bench.wait(10_000), ['streamFault 1 H2_BODY_TIMEOUT', 'fatal H2_FAULTS_TOO_MANY'])
  })
})

describe('what a server announces', () => {
  test('is what differs from the standard', () => {
    const engine = new Http2Server({
      date: () => DATE,
      limits: limitsOf(limitsOf({ decoderTableBytesMax: 100, frameBytesMax: 20_000, streamsMax: 5 })),
    })
    engine.start(0)
    const peer = new Http2Client()
    peer.start(0)
    peer.receive(engine.output()!, 0)
    while (peer.poll() !== undefined);
    const { headerTableBytes, frameBytesMax, streamsMax } = peer.peerSettings
    assert.deepEqual([headerTableBytes, frameBytesMax, streamsMax], [100, 20_000, 5])
  })
})

describe('an Upgrade from HTTP/1.1', () => {
  const upgrade: UpgradedRequest = {
    settings: new Uint8Array(0),
    method: 'POST',
    scheme: 'http',
    authority: 'a',
    target: '/up',
    fields: Fields.empty,
    content: bytesOf('some content'),
  }

  function upgrading(): Http2Server {
    const engine = new Http2Server({ date: () => DATE })
    engine.start(0)
    return engine
  }

  test('goes on as stream 1; its content waits for the preface', () => {
    const engine = upgrading()
    engine.acceptUpgrade(upgrade)
    const events = [engine.poll(), engine.poll(), engine.poll()]
    assert.deepEqual(
      events.map((event) => event?.type),
      ['request', 'data', 'end'],
    )
    const [, data] = events
    assert.equal(data?.type === 'data' && latin1Of(data.bytes), 'some content')
    while (engine.output() !== undefined);
    engine.sendResponse(1, 200, [], 'x'.repeat(20_000))
    const head = concat([engine.output()!])
    assert.equal(engine.output(), undefined)
    assert.ok(head.length < 200)
    engine.receive(encodeLines(['preface', 'SETTINGS']), 0)
    assert.equal(engine.poll()?.type, 'settings')
    let size = 0
    for (let block; (block = engine.output()) !== undefined;) size += block.length
    assert.ok(size > 20_000)
  })

  test('with settings that are wrong ends the connection', () => {
    const engine = upgrading()
    engine.acceptUpgrade({ ...upgrade, settings: Uint8Array.of(0, 2, 0, 0, 0, 2) })
    const event = engine.poll()
    assert.equal(event?.type === 'fatal' && event.code, 'H2_SETTINGS_VALUE')
    engine.acceptUpgrade(upgrade)
    assert.equal(engine.poll(), undefined)
  })
})
