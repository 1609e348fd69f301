import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  acceptHandshake,
  acceptValue,
  asksForWebSocket,
  Fields,
  type Handshake,
  handshakeFields,
  type HandshakeRefusal,
  readAnswer,
  readHandshake,
  type UpgradeRequest,
  UsageError,
} from 'skitai/websocket'

const sha1 = (text: string): string => createHash('sha1').update(text).digest('base64')

/** The key and the value of section 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

type Changes = Readonly<Record<string, string | readonly string[] | undefined>>

function fieldsOf(base: Readonly<Record<string, string>>, changes: Changes): Fields {
  const list: string[] = []
  for (const [name, value] of Object.entries({ ...base, ...changes }))
    for (const each of [value ?? []].flat()) list.push(name, each)
  return Fields.of(list)
}

const OVER_HTTP1 = {
  host: 'example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
}

function overHttp1(changes: Changes = {}, head: Partial<UpgradeRequest> = {}): UpgradeRequest {
  return { method: 'GET', version: '1.1', protocol: '', fields: fieldsOf(OVER_HTTP1, changes), ...head }
}

function overHttp2(changes: Changes = {}): UpgradeRequest {
  return {
    method: 'CONNECT',
    version: '2.0',
    protocol: 'websocket',
    fields: fieldsOf({ 'sec-websocket-version': '13' }, changes),
  }
}

function accepted(request: UpgradeRequest): Handshake {
  const handshake = readHandshake(request)
  assert.ok('key' in handshake, JSON.stringify(handshake))
  return handshake
}

function refused(request: UpgradeRequest): HandshakeRefusal {
  const handshake = readHandshake(request)
  assert.ok('status' in handshake, 'the handshake was accepted')
  return handshake
}

describe('a request for a WebSocket', () => {
  test('over HTTP/1.1', () => {
    const request = overHttp1()
    assert.ok(asksForWebSocket(request))
    assert.deepEqual(readHandshake(request), { key: KEY, protocols: [], extensions: [] })
  })

  test('over HTTP/2 needs neither key nor Upgrade', () => {
    const request = overHttp2()
    assert.ok(asksForWebSocket(request))
    assert.deepEqual(readHandshake(request), { key: '', protocols: [], extensions: [] })
  })

  test('is none without Upgrade, or with another protocol', () => {
    assert.equal(asksForWebSocket(overHttp1({ upgrade: undefined })), false)
    assert.equal(asksForWebSocket(overHttp1({ upgrade: 'h2c' })), false)
    assert.equal(asksForWebSocket({ ...overHttp2(), protocol: 'connect-udp' }), false)
  })

  test('names protocol and option in any case, among others', () => {
    const request = overHttp1({ upgrade: 'h2c, WebSocket', connection: 'keep-alive, UPGRADE' })
    assert.ok(asksForWebSocket(request))
    accepted(request)
  })

  test('is a GET', () => {
    const { status, fields } = refused(overHttp1({}, { method: 'POST' }))
    assert.equal(status, 405)
    assert.deepEqual(fields, ['allow', 'GET'])
  })

  test('is HTTP/1.1', () => assert.equal(refused(overHttp1({}, { version: '1.0' })).status, 400))

  test('without Upgrade is told what is needed', () => {
    const { status, fields } = refused(overHttp1({ upgrade: undefined }))
    assert.equal(status, 426)
    assert.deepEqual(fields, ['upgrade', 'websocket'])
  })

  test('names upgrade in Connection', () => {
    assert.equal(refused(overHttp1({ connection: 'keep-alive' })).status, 400)
    assert.equal(refused(overHttp1({ connection: undefined })).status, 400)
  })

  for (const version of [undefined, '8', '013', '13, 8', ['13', '13']] as const)
    test(`has the version 13, not ${String(version)}`, () => {
      for (const request of [
        overHttp1({ 'sec-websocket-version': version }),
        overHttp2({ 'sec-websocket-version': version }),
      ]) {
        const { status, fields } = refused(request)
        assert.equal(status, 426)
        assert.deepEqual(fields.slice(0, 2), ['sec-websocket-version', '13'])
      }
    })

  for (const key of [
    undefined,
    '',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZR==',
    'dGhlIHNhbXBsZSBub25j',
    'dGhlIHNhbXBsZSBub25jZSBsb25n',
    'dGhlIHNhbXBsZSBub25jZQ==, x',
    'dGhlIHNhbXBsZSBub2-jZQ==',
    [KEY, KEY],
  ])
    test(`has one key of 16 octets, not ${String(key)}`, () =>
      assert.equal(refused(overHttp1({ 'sec-websocket-key': key })).status, 400))

  test('offers subprotocols in one field or many, in its order', () => {
    assert.deepEqual(accepted(overHttp1({ 'sec-websocket-protocol': 'chat, superchat' })).protocols, [
      'chat',
      'superchat',
    ])
    assert.deepEqual(accepted(overHttp2({ 'sec-websocket-protocol': ['b', 'a'] })).protocols, ['b', 'a'])
  })

  for (const list of ['chat chat', 'chat, chat', 'a/b', 'chät'])
    test(`does not offer the subprotocols ${list}`, () =>
      assert.equal(refused(overHttp1({ 'sec-websocket-protocol': list })).status, 400))

  test('offers extensions in one field or many', () => {
    const { extensions } = accepted(overHttp1({ 'sec-websocket-extensions': ['a; b=1', 'c, d; e'] }))
    assert.deepEqual(
      extensions.map(({ name }) => name),
      ['a', 'c', 'd'],
    )
  })

  test('does not offer malformed extensions', () =>
    assert.equal(refused(overHttp1({ 'sec-websocket-extensions': 'a; =1' })).status, 400))
})

describe('the answer to a handshake', () => {
  test('has the value of section 1.3', () => {
    assert.equal(acceptValue(KEY, sha1), ACCEPT)
    const { fields, deflate } = acceptHandshake(accepted(overHttp1()), {}, sha1)
    assert.deepEqual(fields, ['Upgrade', 'websocket', 'Sec-WebSocket-Accept', ACCEPT])
    assert.equal(deflate, undefined)
  })

  test('needs no value over HTTP/2', () => {
    assert.deepEqual(acceptHandshake(accepted(overHttp2()), {}, sha1).fields, [])
  })

  test('chooses a subprotocol that was offered', () => {
    const handshake = accepted(overHttp2({ 'sec-websocket-protocol': 'chat, superchat' }))
    assert.deepEqual(acceptHandshake(handshake, { protocol: 'superchat' }, sha1).fields, [
      'Sec-WebSocket-Protocol',
      'superchat',
    ])
    assert.throws(() => acceptHandshake(handshake, { protocol: 'other' }, sha1), UsageError)
  })

  test('accepts no extension that nobody wants', () => {
    const handshake = accepted(overHttp2({ 'sec-websocket-extensions': 'permessage-deflate' }))
    assert.deepEqual(acceptHandshake(handshake, {}, sha1), { fields: [], deflate: undefined })
    const { fields, deflate } = acceptHandshake(handshake, { deflate: {} }, sha1)
    assert.equal(fields[0], 'Sec-WebSocket-Extensions')
    assert.equal(deflate?.serverMaxWindowBits, 15)
  })

  test('says nothing of extensions that it does not know', () => {
    const handshake = accepted(overHttp2({ 'sec-websocket-extensions': 'x-webkit-deflate-frame' }))
    assert.deepEqual(acceptHandshake(handshake, { deflate: {} }, sha1), { fields: [], deflate: undefined })
  })
})

describe('the request of a client', () => {
  test('over HTTP/1.1', () =>
    assert.deepEqual(handshakeFields({ key: KEY, protocols: ['chat', 'superchat'], deflate: {} }), [
      'Upgrade',
      'websocket',
      'Sec-WebSocket-Key',
      KEY,
      'Sec-WebSocket-Version',
      '13',
      'Sec-WebSocket-Protocol',
      'chat, superchat',
      'Sec-WebSocket-Extensions',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ]))

  test('over HTTP/2', () => assert.deepEqual(handshakeFields({ key: '' }), ['Sec-WebSocket-Version', '13']))

  test('is refused with a key, subprotocols or a window that are none', () => {
    for (const options of [
      { key: 'short' },
      { key: '', protocols: ['a', 'a'] },
      { key: '', protocols: ['a b'] },
      { key: '', protocols: [''] },
      { key: '', deflate: { clientMaxWindowBits: 7 } },
      { key: '', deflate: { serverMaxWindowBits: 16 } },
      { key: '', deflate: { serverMaxWindowBits: 9.5 } },
    ])
      assert.throws(() => handshakeFields(options), UsageError, JSON.stringify(options))
  })
})

describe('a client that reads the answer', () => {
  const ANSWER = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': ACCEPT }
  const read = (changes: Changes, options = {}): ReturnType<typeof readAnswer> =>
    readAnswer(fieldsOf(ANSWER, changes), { key: KEY, ...options }, sha1)

  test('takes one that is right', () => assert.deepEqual(read({}), { protocol: '', deflate: undefined }))

  test('takes names in any case', () =>
    assert.deepEqual(read({ upgrade: 'WebSocket', connection: 'upgrade, x' }), { protocol: '', deflate: undefined }))

  test('refuses one that switches to something else', () => {
    assert.match(String(read({ upgrade: undefined })), /Upgrade/)
    assert.match(String(read({ upgrade: 'h2c' })), /Upgrade/)
    assert.match(String(read({ connection: undefined })), /Connection/)
    assert.match(String(read({ connection: 'close' })), /Connection/)
  })

  test('refuses a value that does not fit the key', () => {
    assert.match(String(read({ 'sec-websocket-accept': undefined })), /Accept/)
    assert.match(String(read({ 'sec-websocket-accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' })), /Accept/)
    assert.match(String(read({ 'sec-websocket-accept': [ACCEPT, ACCEPT] })), /Accept/)
  })

  test('refuses a subprotocol that it has not offered', () => {
    assert.match(String(read({ 'sec-websocket-protocol': 'chat' })), /subprotocol/)
    const protocols = ['chat', 'superchat']
    assert.match(String(read({ 'sec-websocket-protocol': 'Chat' }, { protocols })), /subprotocol/)
    assert.match(String(read({ 'sec-websocket-protocol': ['chat', 'superchat'] }, { protocols })), /subprotocol/)
    assert.deepEqual(read({ 'sec-websocket-protocol': 'superchat' }, { protocols }), {
      protocol: 'superchat',
      deflate: undefined,
    })
  })

  test('refuses extensions that it has not offered', () => {
    assert.match(String(read({ 'sec-websocket-extensions': 'permessage-deflate' })), /extension/)
    assert.match(String(read({ 'sec-websocket-extensions': 'a;' })), /malformed/)
    const answer = { 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover; x' }
    assert.match(String(read(answer, { deflate: {} })), /does not fit/)
  })

  test('knows what was agreed on', () => {
    const answer = { 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover' }
    assert.deepEqual(read(answer, { deflate: {} }), {
      protocol: '',
      deflate: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
      },
    })
  })

  test('over HTTP/2 looks for no Upgrade', () =>
    assert.deepEqual(readAnswer(Fields.of([]), { key: '' }, sha1), { protocol: '', deflate: undefined }))
})
