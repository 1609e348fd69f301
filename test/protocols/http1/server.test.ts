import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FieldLines, Http1Server, type Http1Limits, UsageError } from 'skitai/http1'
import { bytesOf, latin1Of } from 'skitai/testing'
import { DATE, outputOf } from '../../property/http1-support.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'

/** A started server that has read `input`, and the types of the events so far. */
function serverWith(input: string, limits: Partial<Http1Limits> = {}): { server: Http1Server; events: string[] } {
  const server = new Http1Server({ date: () => DATE, limits })
  server.start(0)
  const events: string[] = []
  server.receive(bytesOf(input), 0)
  for (let event = server.poll(); event !== undefined; event = server.poll()) events.push(event.type)
  return { server, events }
}

function eventsOf(server: Http1Server): string[] {
  const events: string[] = []
  for (let event = server.poll(); event !== undefined; event = server.poll()) events.push(event.type)
  return events
}

function refuses(code: string, command: () => void): void {
  assert.throws(command, (error) => error instanceof UsageError && error.code === code)
}

describe('commands of a server', () => {
  test('a status is an integer of its class', () => {
    const { server } = serverWith(GET)
    for (const status of [199, 600, 200.5, NaN, -1]) refuses('H1_STATUS', () => server.sendResponse(status, []))
    for (const status of [100, 102, 103, 150]) refuses('H1_STATUS', () => server.sendHead(status, []))
    for (const status of [99, 101, 200]) refuses('H1_STATUS', () => server.sendInform(status, []))
  })

  test('a length is an integer from -1 on', () => {
    const { server } = serverWith(GET)
    for (const length of [-2, 0.5, NaN, Infinity, 2 ** 53]) refuses('H1_LENGTH', () => server.sendHead(200, [], length))
  })

  test('a status without content takes none', () => {
    const { server } = serverWith(GET)
    for (const status of [204, 205]) {
      refuses('H1_CONTENT', () => server.sendResponse(status, [], 'x'))
      refuses('H1_CONTENT', () => server.sendHead(status, [], 1))
    }
  })

  test('content keeps to the announced length', () => {
    const { server } = serverWith(GET)
    server.sendHead(200, [], 3)
    server.sendData(bytesOf('ab'))
    refuses('H1_LENGTH', () => server.sendData(bytesOf('cd')))
    refuses('H1_LENGTH', () => server.sendEnd())
    server.sendData(bytesOf('c'))
    server.sendEnd()
    assert.match(latin1Of(outputOf(server)), /\r\n\r\nabc$/)
  })

  test('the framing and connection fields are the engine’s', () => {
    const { server } = serverWith(GET)
    for (const name of ['Content-Length', 'transfer-encoding', 'CONNECTION', 'Keep-Alive'])
      refuses('H1_FIELD_MANAGED', () => server.sendResponse(200, [name, '1']))
    refuses('H1_FIELDS', () => server.sendResponse(200, ['a']))
    refuses('H1_FIELD_NAME', () => server.sendResponse(200, [1 as unknown as string, 'b']))
    refuses('H1_FIELD_VALUE', () => server.sendResponse(200, ['a', undefined as unknown as string]))
    refuses('H1_HOST', () => server.sendResponse(200, ['host', 'a', 'host', 'b']))
  })

  test('names of the same length as the engine’s pass', () => {
    const { server } = serverWith(GET)
    const fields = [
      'xy',
      '1',
      'link',
      '2',
      'refresh',
      '3',
      'user-agent',
      '4',
      'content-region',
      '5',
      'a-name-of-17-char',
      '6',
    ]
    server.sendResponse(200, fields)
    assert.match(
      latin1Of(outputOf(server)),
      /xy: 1\r\nlink: 2\r\nrefresh: 3\r\nuser-agent: 4\r\ncontent-region: 5\r\na-name/,
    )
  })

  test('101 answers an offered upgrade and names the protocol', () => {
    refuses('H1_SWITCH', () => serverWith(GET).server.sendHead(101, ['Upgrade', 'x']))
    const offer = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\n'
    refuses('H1_SWITCH', () => serverWith(offer).server.sendHead(101, []))
    // The content has not come yet.
    refuses('H1_SWITCH', () => serverWith(offer).server.sendHead(101, ['Upgrade', 'x']))
    const { server } = serverWith(`${offer}hi`)
    server.sendHead(101, ['Upgrade', 'x'])
    assert.deepEqual(eventsOf(server), ['handover'])
  })

  test('101 is no answer to a CONNECT without an offer', () => {
    const { server } = serverWith('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
    refuses('H1_SWITCH', () => server.sendHead(101, ['Upgrade', 'x']))
  })

  test('trailers keep to their list', () => {
    const { server } = serverWith(GET)
    server.sendHead(200, [])
    refuses('H1_TRAILER', () => server.sendEnd(['Content-Length', '5']))
    refuses('H1_FIELD_VALUE', () => server.sendEnd(['x', 'a\r\nb']))
    server.sendEnd(['x', 'y'])
    assert.match(latin1Of(outputOf(server)), /\r\n0\r\nx: y\r\n\r\n$/)
  })

  test('a Date that is none is the fault of who gave it', () => {
    const server = new Http1Server({ date: () => 'now\r\nX: y' })
    server.start(0)
    server.receive(bytesOf(GET), 0)
    while (server.poll() !== undefined);
    refuses('H1_DATE', () => server.sendResponse(200, []))
  })

  test('fields that were serialised before are sent as they are', () => {
    const { server } = serverWith(GET)
    server.sendResponse(200, new FieldLines(['x-a', 'b', 'date', DATE]), 'ok')
    assert.equal(
      latin1Of(outputOf(server)),
      `HTTP/1.1 200 OK\r\nx-a: b\r\ndate: ${DATE}\r\nContent-Length: 2\r\n\r\nok`,
    )
  })
})

describe('content of a response', () => {
  const content: [string, string | Uint8Array][] = [
    ['ASCII', 'hello'],
    ['text above ASCII', 'grüße 不 😀'],
    ['a lone surrogate', 'a\ud800b'],
    ['long text', 'x'.repeat(10_000)],
    ['octets', Uint8Array.of(0, 255, 13, 10)],
    ['many octets', new Uint8Array(20_000).fill(1)],
  ]
  for (const [name, body] of content)
    test(name, () => {
      const { server } = serverWith(GET)
      server.sendResponse(200, [], body)
      const expected = typeof body === 'string' ? new TextEncoder().encode(body) : body
      const output = outputOf(server)
      const at = latin1Of(output).indexOf('\r\n\r\n') + 4
      assert.deepEqual(output.slice(at), new Uint8Array(expected))
      assert.match(latin1Of(output.slice(0, at)), new RegExp(`Content-Length: ${expected.length}\r\n`))
    })
})

describe('backpressure of a server', () => {
  test('held content is not delivered, and no input is wanted', () => {
    const { server, events } = serverWith(POST)
    assert.deepEqual(events, ['request'])
    server.holdBody(true)
    server.holdBody(true)
    assert.equal(server.wantsInput, false)
    server.receive(bytesOf('hello'), 0)
    assert.deepEqual(eventsOf(server), [])
    server.holdBody(false)
    assert.deepEqual(eventsOf(server), ['data', 'end'])
  })

  test('so much of the next requests is held, then no input is wanted', () => {
    const { server } = serverWith(GET, { heldBytesMax: 10 })
    assert.equal(server.wantsInput, true)
    server.receive(bytesOf('GET / HTT'), 0)
    assert.deepEqual(eventsOf(server), [])
    assert.equal(server.wantsInput, true)
    server.receive(bytesOf('P'), 0)
    assert.deepEqual(eventsOf(server), [])
    assert.equal(server.wantsInput, false)
    server.receive(bytesOf('/'), 0)
    server.sendResponse(204, [])
    assert.deepEqual(eventsOf(server), [])
    assert.equal(server.wantsInput, true)
  })

  test('no request is begun while too much output waits', () => {
    const { server, events } = serverWith(GET, { outputBytesMax: 100 })
    server.sendResponse(200, [], 'x'.repeat(200))
    server.receive(bytesOf(GET), 0)
    assert.deepEqual(events, ['request', 'end'])
    assert.deepEqual(eventsOf(server), [])
    assert.equal(server.wantsInput, false)
    outputOf(server)
    assert.deepEqual(eventsOf(server), ['request', 'end'])
  })
})

describe('the end of a server connection', () => {
  test('close ends an idle connection at once, and only once', () => {
    const { server } = serverWith('')
    server.close()
    server.close()
    assert.deepEqual(eventsOf(server), ['closed'])
  })

  test('close waits for a request that has begun to arrive', () => {
    const { server } = serverWith('GET / HT')
    server.close()
    assert.deepEqual(eventsOf(server), [])
    server.receive(bytesOf('TP/1.1\r\nHost: a\r\n\r\n'), 0)
    assert.deepEqual(eventsOf(server), ['request', 'end'])
    server.sendResponse(204, [])
    assert.match(latin1Of(outputOf(server)), /Connection: close\r\n/)
    assert.deepEqual(eventsOf(server), ['closed'])
  })

  test('close waits for the exchange under way whose head is out', () => {
    const { server } = serverWith(GET)
    server.sendHead(200, [])
    server.close()
    assert.deepEqual(eventsOf(server), [])
    server.sendEnd()
    assert.deepEqual(eventsOf(server), ['closed'])
  })

  test('announceClose lets the next response say close', () => {
    const { server } = serverWith('')
    server.announceClose()
    assert.deepEqual(eventsOf(server), [])
    server.receive(bytesOf(GET), 0)
    eventsOf(server)
    server.sendResponse(204, [])
    assert.match(latin1Of(outputOf(server)), /Connection: close\r\n/)
    assert.deepEqual(eventsOf(server), ['closed'])
  })

  test('abort drops what was not written', () => {
    const { server } = serverWith(GET)
    server.sendResponse(200, [], 'x')
    server.abort()
    assert.equal(server.output(), undefined)
    assert.deepEqual(eventsOf(server), ['closed'])
    assert.equal(server.over, true)
    assert.equal(server.deadline(), Infinity)
    server.advance(1e9)
    server.receive(bytesOf(GET), 1e9)
    server.receiveEnd(1e9)
    assert.deepEqual(eventsOf(server), [])
    assert.equal(server.wantsInput, false)
  })

  test('no input is wanted behind its end', () => {
    const { server } = serverWith(GET)
    assert.equal(server.wantsInput, true)
    server.receiveEnd(0)
    assert.equal(server.wantsInput, false)
    assert.deepEqual(eventsOf(server), ['halfClose'])
  })

  test('the state can be printed', () => {
    const { server } = serverWith(POST)
    assert.deepEqual(server.describeState(), {
      received: 'body',
      sent: 'idle',
      inputBytes: 0,
      outputBytes: 0,
      ended: false,
      held: false,
      lastExchange: false,
      over: false,
    })
  })
})
