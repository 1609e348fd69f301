import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http2Client, http2Limits, type Http2Limits, Http2Server, UsageError } from 'skitai/http2'
import { Fields } from '#src/protocols/core/fields.js'
import { bytesOf } from 'skitai/testing'
import { http2UsageCodes } from '../../tools/docs/http2.js'
import { encodeLines } from '../vectors/http2-notation.js'
import { DATE } from './http1-support.js'

function settle(engine: Http2Client | Http2Server): void {
  while (engine.poll() !== undefined);
  while (engine.output() !== undefined);
}

let date = DATE

/** A server with a GET (1), a POST (3), a tunnel (5), a response under way (7), a promise (2), one that is over (9). */
function makeServer(): Http2Server {
  date = DATE
  const engine = new Http2Server({ date: () => date })
  engine.start(0)
  const head = (id: number, method: string, ends = ''): string[] =>
    method === 'CONNECT'
      ? [`HEADERS ${id}`, '  :method: CONNECT', '  :authority: a:1']
      : [`HEADERS ${id}${ends}`, `  :method: ${method}`, '  :scheme: https', '  :authority: a', '  :path: /']
  const end = ' end_stream'
  const lines = [...head(1, 'GET', end), ...head(3, 'POST'), ...head(5, 'CONNECT'), ...head(7, 'GET', end)]
  engine.receive(encodeLines(['preface', 'SETTINGS', 'SETTINGS ack', ...lines, ...head(9, 'GET', end)]), 0)
  settle(engine)
  engine.pushPromise(1, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] })
  engine.sendHead(7, 200, [], 5)
  engine.sendData(7, bytesOf('abc'))
  engine.sendResponse(9, 204, [])
  settle(engine)
  return engine
}

/** A client with a request under way (1), one whose content follows (3), and a tunnel (5). */
function makeClient(): Http2Client {
  const engine = new Http2Client({ push: true })
  engine.start(0)
  engine.receive(encodeLines(['SETTINGS max_concurrent_streams=4', 'SETTINGS ack']), 0)
  settle(engine)
  engine.sendRequest({ method: 'GET', authority: 'a' })
  engine.sendHead({ method: 'POST', authority: 'a' }, 5)
  engine.sendHead({ method: 'CONNECT', authority: 'a:1' })
  settle(engine)
  return engine
}

type Row<Engine> = readonly [code: string, command: (engine: Engine) => unknown]

const BODY = bytesOf('content')
const promised = { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] } as const
const upgrade = {
  settings: new Uint8Array(0),
  method: 'GET',
  scheme: 'http',
  authority: 'a',
  target: '/',
  fields: Fields.empty,
  content: new Uint8Array(0),
}

const serverRows: readonly Row<Http2Server>[] = [
  ['H2_STATE', (engine) => engine.acceptUpgrade(upgrade)],
  ['H2_STREAM', (engine) => engine.sendResponse(11, 200, [])],
  ['H2_STREAM', (engine) => engine.sendResponse(0, 200, [])],
  ['H2_STREAM', (engine) => engine.sendResponse(4, 200, [])],
  ['H2_STREAM', (engine) => engine.consume(1.5, 1)],
  ['H2_STATUS', (engine) => engine.sendResponse(1, 199, [])],
  ['H2_STATUS', (engine) => engine.sendResponse(1, 600, [])],
  ['H2_STATUS', (engine) => engine.sendHead(1, 200.5, [])],
  ['H2_STATUS', (engine) => engine.sendInform(1, 200, [])],
  ['H2_STATUS', (engine) => engine.sendInform(1, 101, [])],
  ['H2_STATUS', (engine) => engine.sendInform(1, 99, [])],
  ['H2_STATE', (engine) => engine.sendInform(2, 103, [])],
  ['H2_STATE', (engine) => engine.sendHead(7, 200, [])],
  ['H2_STATE', (engine) => engine.sendData(1, BODY)],
  ['H2_STATE', (engine) => engine.sendEnd(1)],
  ['H2_STATE', (engine) => engine.sendData(2, BODY)],
  ['H2_LENGTH', (engine) => engine.sendHead(1, 200, [], -2)],
  ['H2_LENGTH', (engine) => engine.sendHead(1, 200, [], 1.5)],
  ['H2_LENGTH', (engine) => engine.sendData(7, BODY)],
  ['H2_LENGTH', (engine) => engine.sendEnd(7)],
  ['H2_LENGTH', (engine) => engine.consume(3, -1)],
  ['H2_LENGTH', (engine) => engine.consume(3, 0.5)],
  ['H2_CONTENT', (engine) => engine.sendResponse(1, 204, [], 'x')],
  ['H2_CONTENT', (engine) => engine.sendResponse(1, 205, [], 'x')],
  ['H2_CONTENT', (engine) => engine.sendResponse(5, 200, [], 'x')],
  ['H2_CONTENT', (engine) => engine.sendHead(1, 204, [], 5)],
  ['H2_CONTENT', (engine) => engine.sendResponse(1, 200, [], [1, 2] as unknown as Uint8Array)],
  ['H2_CONTENT', (engine) => engine.sendData(7, new Uint16Array(1) as unknown as Uint8Array)],
  ['H2_FIELDS', (engine) => engine.sendResponse(1, 200, ['x'])],
  ['H2_FIELD_NAME', (engine) => engine.sendResponse(1, 200, ['a b', 'x'])],
  ['H2_FIELD_NAME', (engine) => engine.sendResponse(1, 200, [1 as unknown as string, 'x'])],
  ['H2_FIELD_NAME', (engine) => engine.sendResponse(1, 200, [':status', '200'])],
  ['H2_FIELD_VALUE', (engine) => engine.sendResponse(1, 200, ['x', 'a\r\nb'])],
  ['H2_FIELD_VALUE', (engine) => engine.sendResponse(1, 200, ['x', 'ā'])],
  ['H2_FIELD_VALUE', (engine) => engine.sendResponse(1, 200, ['x', undefined as unknown as string])],
  ['H2_FIELD_CONNECTION', (engine) => engine.sendResponse(1, 200, ['Connection', 'close'])],
  ['H2_FIELD_CONNECTION', (engine) => engine.sendResponse(1, 200, ['te', 'trailers'])],
  ['H2_FIELD_MANAGED', (engine) => engine.sendResponse(1, 200, ['Content-Length', '1'])],
  ['H2_PRIORITY', (engine) => engine.setPriority(1, { urgency: 8, incremental: false })],
  ['H2_PRIORITY', (engine) => engine.setPriority(1, { urgency: 0.5, incremental: false })],
  ['H2_ERROR_CODE', (engine) => engine.reset(1, -1)],
  ['H2_ERROR_CODE', (engine) => engine.reset(1, 2 ** 32)],
  ['H2_METHOD', (engine) => engine.pushPromise(1, { ...promised, method: 'POST' as 'GET' })],
  ['H2_SCHEME', (engine) => engine.pushPromise(1, { ...promised, scheme: '1' })],
  ['H2_AUTHORITY', (engine) => engine.pushPromise(1, { ...promised, authority: 'a b' })],
  ['H2_TARGET', (engine) => engine.pushPromise(1, { ...promised, target: 'x' })],
  ['H2_TARGET', (engine) => engine.pushPromise(1, { ...promised, target: '*' })],
  ['H2_FIELD_MANAGED', (engine) => engine.pushPromise(1, { ...promised, fields: ['host', 'a'] })],
  ['H2_STATE', (engine) => engine.pushPromise(2, promised)],
  [
    'H2_DATE',
    (engine) => {
      date = 'x\r\ny'
      engine.sendResponse(1, 200, [])
    },
  ],
]

const clientRows: readonly Row<Http2Client>[] = [
  ['H2_METHOD', (engine) => engine.sendRequest({ method: 'a b', authority: 'a' })],
  ['H2_METHOD', (engine) => engine.sendRequest({ method: 5 as unknown as string, authority: 'a' })],
  ['H2_SCHEME', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', scheme: 'H t' })],
  ['H2_SCHEME', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', scheme: 5 as unknown as string })],
  ['H2_AUTHORITY', (engine) => engine.sendRequest({ method: 'GET', authority: 'a/b' })],
  ['H2_AUTHORITY', (engine) => engine.sendRequest({ method: 'GET', authority: undefined as unknown as string })],
  ['H2_AUTHORITY', (engine) => engine.sendHead({ method: 'CONNECT', authority: 'a' })],
  ['H2_AUTHORITY', (engine) => engine.sendHead({ method: 'CONNECT', authority: 1 as unknown as string })],
  ['H2_TARGET', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', target: '*' })],
  ['H2_TARGET', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', target: '/ä b' })],
  ['H2_TARGET', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', target: 5 as unknown as string })],
  ['H2_PROTOCOL', (engine) => engine.sendHead({ method: 'CONNECT', authority: 'a', protocol: 'websocket' })],
  ['H2_PROTOCOL', (engine) => engine.sendHead({ method: 'GET', authority: 'a', protocol: 'websocket' })],
  ['H2_CONTENT', (engine) => engine.sendRequest({ method: 'CONNECT', authority: 'a:1' }, 'x')],
  ['H2_CONTENT', (engine) => engine.sendRequest({ method: 'POST', authority: 'a' }, {} as Uint8Array)],
  ['H2_FIELD_MANAGED', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', fields: ['Host', 'a'] })],
  ['H2_FIELD_CONNECTION', (engine) => engine.sendRequest({ method: 'GET', authority: 'a', fields: ['te', 'gzip'] })],
  ['H2_LENGTH', (engine) => engine.sendHead({ method: 'POST', authority: 'a' }, NaN)],
  ['H2_LENGTH', (engine) => engine.sendEnd(3)],
  ['H2_LENGTH', (engine) => engine.sendData(3, BODY)],
  ['H2_TRAILER', (engine) => engine.sendEnd(5, ['x', 'y'])],
  ['H2_STATE', (engine) => engine.sendData(1, BODY)],
  ['H2_STATE', (engine) => engine.sendEnd(1)],
  ['H2_STREAM', (engine) => engine.sendData(7, BODY)],
  ['H2_STREAM', (engine) => engine.sendData(2, BODY)],
  ['H2_STREAM', (engine) => engine.sendPriority(9, { urgency: 1, incremental: false })],
  ['H2_PRIORITY', (engine) => engine.sendPriority(1, { urgency: -1, incremental: false })],
  ['H2_ERROR_CODE', (engine) => engine.reset(1, 0.5)],
]

function check<Engine extends Http2Client | Http2Server>(make: () => Engine, [code, command]: Row<Engine>): void {
  const engine = make()
  const before = JSON.stringify([engine.describeState(), engine.deadline(), engine.outputBytes])
  assert.throws(
    () => command(engine),
    (error) => error instanceof UsageError && error.code === code && error.message !== '',
  )
  assert.equal(JSON.stringify([engine.describeState(), engine.deadline(), engine.outputBytes]), before)
  assert.equal(engine.output(), undefined)
  assert.equal(engine.poll(), undefined)
  // Nothing of it stays in what is remembered: the same as without it goes out next.
  date = DATE
  const other = make()
  assert.deepEqual(nextOutput(engine), nextOutput(other))
}

function nextOutput(engine: Http2Client | Http2Server): Uint8Array | undefined {
  if (engine instanceof Http2Server) {
    engine.sendResponse(1, 200, ['x-new', 'entry'], 'hello')
    engine.pushPromise(3, promised)
  } else {
    engine.sendRequest({ method: 'PUT', authority: 'b', fields: ['x-new', 'entry'] }, 'hello')
  }
  return engine.output()
}

describe('misuse of HTTP/2 engines throws a UsageError and changes nothing', () => {
  for (const [index, row] of serverRows.entries())
    test(`server, ${index}: ${row[0]}, ${String(row[1]).replace(/\s+/g, ' ')}`, () => check(makeServer, row))
  for (const [index, row] of clientRows.entries())
    test(`client, ${index}: ${row[0]}, ${String(row[1]).replace(/\s+/g, ' ')}`, () => check(makeClient, row))

  test('trailers that are none', () => {
    const engine = makeServer()
    engine.sendHead(3, 200, [])
    settle(engine)
    assert.throws(() => engine.sendEnd(3, ['content-type', 'x']), { code: 'H2_TRAILER' })
    assert.throws(() => engine.sendEnd(3, ['x']), { code: 'H2_FIELDS' })
    assert.equal(engine.output(), undefined)
    engine.sendEnd(3, [])
    assert.ok(engine.output())
  })

  test('limits that are none', () => {
    const wrong: Record<string, unknown>[] = [
      { unknown: 1 },
      { streamsMax: -1 },
      { streamsMax: 1.5 },
      { frameBytesMax: 16_383 },
      { frameBytesMax: 16_777_216 },
      { streamWindowBytes: 2 ** 31 },
      { connectionWindowBytes: 65_534 },
      { pushesMax: Infinity },
      { closedStreamsMax: Infinity },
      { idleMs: NaN },
      { idleMs: '5' },
      { __proto__: null, toString: 1 },
    ]
    for (const limits of wrong) {
      assert.throws(() => new Http2Server({ date: () => DATE, limits }), { code: 'H2_LIMIT' })
      assert.throws(() => new Http2Client({ limits }), { code: 'H2_LIMIT' })
    }
    assert.ok(new Http2Client({ limits: { idleMs: Infinity, frameBytesMax: 16_777_215 } }))
    assert.ok(new Http2Client({ limits: http2Limits }))
  })

  test('limits that are no object', () => {
    for (const limits of [null, false, 5] as unknown as Partial<Http2Limits>[])
      assert.throws(() => new Http2Client({ limits }), { code: 'H2_LIMIT' })
  })

  test('padding that one octet cannot tell of', () => {
    for (const padTo of [1, 257, 2.5, -8, NaN]) {
      assert.throws(() => new Http2Server({ date: () => DATE, padTo }), { code: 'H2_PAD' })
      assert.throws(() => new Http2Client({ padTo }), { code: 'H2_PAD' })
    }
  })

  test('an Upgrade with settings that are none', () => {
    const engine = new Http2Server({ date: () => DATE })
    engine.start(0)
    settle(engine)
    assert.throws(() => engine.acceptUpgrade({ ...upgrade, settings: bytesOf('1234567') }), { code: 'H2_SETTINGS' })
    assert.throws(() => engine.acceptUpgrade({ ...upgrade, target: 'x' }), { code: 'H2_TARGET' })
    assert.equal(engine.output(), undefined)
    engine.acceptUpgrade(upgrade)
    assert.equal(engine.poll()?.type, 'request')
  })

  test('more streams than the peer allows', () => {
    const engine = makeClient()
    engine.sendRequest({ method: 'GET', authority: 'a' })
    settle(engine)
    assert.equal(engine.canRequest, false)
    assert.throws(() => engine.sendRequest({ method: 'GET', authority: 'a' }), { code: 'H2_STREAMS_MAX' })
    assert.equal(engine.output(), undefined)
  })

  test('every code has its row', () => {
    const covered = new Set([...serverRows, ...clientRows].map(([code]) => code))
    for (const code of ['H2_LIMIT', 'H2_PAD', 'H2_SETTINGS', 'H2_STREAMS_MAX']) covered.add(code)
    assert.deepEqual([...covered].sort(), Object.keys(http2UsageCodes).sort())
  })
})
