import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Http1Client, Http1Server } from 'skitai/http1'
import { UsageError } from 'skitai/http2'
import {
  concat,
  encodeFrames,
  http1Arbitraries,
  http2Arbitraries,
  http2Preface,
  type Http2Request,
  type Http2Response,
  messageFrames,
  requestFields,
  settingsAckFrame,
  settingsFrame,
  type Snapshot,
  stepsOf,
  trace,
} from 'skitai/testing'
import { DATE, messagesOf, outputOf, pairsOf, readByClient, readByServer } from './http1-support.js'
import { messagesByStream, Pair, plainServer, type StreamMessage } from './http2-support.js'
import { check } from './run.js'

const arbitraries = http2Arbitraries(fc)
const { hostileText } = http1Arbitraries(fc)
const RUNS = 600

/** What a request is, in whichever version it came. */
interface Told {
  readonly method: string
  readonly target: string
  readonly authority: string
  readonly fields: readonly (readonly [string, string])[]
  readonly body: Uint8Array
  readonly trailers: readonly (readonly [string, string])[]
}

/** What a proxy takes from an HTTP/2 request, given to our HTTP/1.1 client, and read by our HTTP/1.1 server. */
function downgrade(head: Snapshot, body: Uint8Array, trailers: Told['trailers']): Told {
  const client = new Http1Client()
  client.start(0)
  const fields = ['Host', head['authority'] as string, ...(head['fields'] as [string, string][]).flat()]
  const declared = fields.indexOf('content-length')
  if (declared >= 0) fields.splice(declared, 2)
  const [method, target] = [head['method'] as string, head['target'] as string]
  if (trailers.length > 0 || head['contentLength'] === -1) {
    client.sendHead(method, target, fields, -1)
    client.sendData(body)
    client.sendEnd(trailers.flat())
  } else {
    client.sendRequest(method, target, fields, body)
  }
  const { events, log } = readByServer(outputOf(client))
  const messages = messagesOf(events)
  assert.equal(messages.length, 1, log.join('\n'))
  const [message] = messages as [(typeof messages)[number]]
  return {
    method: message.head['method'] as string,
    target: message.head['target'] as string,
    authority: message.head['authority'] as string,
    fields: regular(message.head['fields']),
    body: message.body,
    trailers: message.trailers,
  }
}

/** The fields that say nothing about framing and connection. */
function regular(fields: unknown): (readonly [string, string])[] {
  const framing = ['host', 'content-length', 'transfer-encoding']
  return (fields as [string, string][]).filter(([name]) => !framing.includes(name))
}

/** The same request back over HTTP/2, as a proxy in front would send it. */
function upgrade({ method, target, authority, fields, body, trailers }: Told, scheme: string): Told {
  const pair = new Pair()
  const { client } = pair
  const id = client.sendHead({ method, scheme, authority, target, fields: fields.flat() }, -1)
  client.sendData(id, body)
  client.sendEnd(id, trailers.flat())
  pair.run()
  const message = messagesByStream(pair.serverEvents).get(id)!
  return {
    method: message.head['method'] as string,
    target: message.head['target'] as string,
    authority: message.head['authority'] as string,
    fields: regular(message.head['fields']),
    body: message.body,
    trailers: message.trailers,
  }
}

function overHttp2(request: Http2Request): Map<number, StreamMessage> {
  const frames = messageFrames(1, requestFields(request), request, 10)
  const octets = concat([http2Preface, encodeFrames([settingsFrame([]), settingsAckFrame, ...frames])])
  return messagesByStream(trace(() => plainServer(), stepsOf([octets])).events)
}

describe('SECURITY 12: a message that crosses from HTTP/2 to HTTP/1.1 and back is the same', () => {
  test('requests', () => {
    check(
      RUNS,
      fc.property(arbitraries.request, (request) => {
        const { head, body, trailers } = overHttp2(request).get(1)!
        const told: Told = {
          method: request.method,
          target: request.target,
          authority: request.authority,
          fields: pairsOf(request.fields),
          body: request.body,
          trailers: pairsOf(request.trailers),
        }
        const down = downgrade(head, body, trailers)
        assert.deepEqual(down, told)
        assert.deepEqual(upgrade(down, request.scheme), told)
      }),
    )
  })

  test('responses', () => {
    check(
      RUNS,
      fc.property(arbitraries.response, (drawn) => {
        // HTTP/1.1 has no place for trailers where there is no content.
        const response = [204, 205, 304].includes(drawn.status) ? { ...drawn, trailers: [] } : drawn
        const there = responseOverHttp2(response)
        const down = responseOverHttp1(there)
        assert.deepEqual(down, {
          ...response,
          fields: pairsOf(response.fields).flat(),
          trailers: pairsOf(response.trailers).flat(),
          announced: false,
        })
        assert.deepEqual(responseOverHttp2(down), down)
      }),
    )
  })
})

const METHOD = 'GET'

/** A response as our HTTP/2 client reads it from our HTTP/2 server. */
function responseOverHttp2({ status, fields, body, trailers }: Http2Response): Http2Response {
  const pair = new Pair({}, (event) => {
    if (event.type !== 'request') return
    pair.server.sendHead(1, status, fields, -1)
    pair.server.sendData(1, body)
    pair.server.sendEnd(1, trailers)
  })
  pair.client.sendRequest({ method: METHOD, authority: 'a' })
  pair.run()
  const message = messagesByStream(pair.clientEvents).get(1)!
  return {
    status: message.head['status'] as number,
    fields: withoutDate(regular(message.head['fields'])),
    body: message.body,
    trailers: message.trailers.flat(),
    announced: false,
  }
}

/** The same from our HTTP/1.1 server to our HTTP/1.1 client. */
function responseOverHttp1({ status, fields, body, trailers }: Http2Response): Http2Response {
  const server = new Http1Server({ date: () => DATE })
  server.start(0)
  const client = new Http1Client()
  client.start(0)
  client.sendRequest(METHOD, '/', ['Host', 'a'])
  server.receive(outputOf(client), 0)
  while (server.poll() !== undefined);
  server.sendHead(status, fields, -1)
  server.sendData(body)
  server.sendEnd(trailers)
  const messages = messagesOf(readByClient([METHOD], outputOf(server)).events)
  assert.equal(messages.length, 1)
  const [message] = messages as [(typeof messages)[number]]
  return {
    status: message.head['status'] as number,
    fields: withoutDate(regular(message.head['fields'])),
    body: message.body,
    trailers: message.trailers.flat(),
    announced: false,
  }
}

function withoutDate(fields: unknown): string[] {
  return (fields as [string, string][]).filter(([name, value]) => name !== 'date' || value !== DATE).flat()
}

describe('SECURITY 12: nothing passes HTTP/2 that HTTP/1.1 could not carry', () => {
  /** What steers a connection or frames content: a proxy leaves these out, or they are checked by themselves. */
  const managed = ['content-length', 'host', 'te', 'expect', 'date', 'cookie', 'priority']

  test('no field of a request, no value in its pseudo-header fields', () => {
    let passed = 0
    const places = fc.constantFrom('name', 'value', ':method', ':path', ':authority', 'trailer name', 'trailer value')
    check(
      4 * RUNS,
      fc.property(arbitraries.request, places, hostileText, (request, place, text) => {
        fc.pre([...text].every((character) => character.charCodeAt(0) <= 0xff))
        const message = overHttp2(withText(request, place, text)).get(1)
        if (message === undefined) return
        passed++
        const { head, body, trailers } = message
        const down = downgrade(head, body, trailers)
        assert.equal(down.method, head['method'])
        assert.equal(down.target, head['target'])
        assert.equal(down.authority, head['authority'])
        assert.deepEqual(down.fields, regular(head['fields']))
        assert.deepEqual(down.body, body)
        assert.deepEqual(down.trailers, trailers)
      }),
    )
    assert.ok(passed > RUNS / 2, `${passed} passed`)
  })

  test('each octet at each place of a field, by the same tables', () => {
    for (let code = 0; code < 256; code++)
      for (const at of [0, 1, 2]) {
        const text = 'ab'.slice(0, at) + String.fromCharCode(code) + 'ab'.slice(at)
        for (const [name, value] of [
          [text, 'x'],
          ['x', text],
        ] as const) {
          if (managed.includes(name.toLowerCase())) continue
          const accepted = readsField(name, value)
          const lower = name === name.toLowerCase()
          assert.equal(accepted, lower && writesField1(name, value), JSON.stringify([name, value]))
          assert.equal(writesField2(name, value), writesField1(name, value), JSON.stringify([name, value]))
        }
      }
  })

  test('connection-specific fields, however they are written', () => {
    for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']) {
      assert.equal(readsField(name, 'chunked'), false)
      assert.equal(writesField2(name, 'chunked'), false)
      assert.equal(writesField2(name.toUpperCase(), 'chunked'), false)
    }
    assert.equal(readsField('te', 'trailers'), true)
    assert.equal(readsField('te', 'chunked'), false)
  })

  test('content that is longer or shorter than announced, both ways', () => {
    for (const [announced, sent] of [
      [5, 4],
      [5, 6],
      [0, 1],
      [1, 0],
    ] as const) {
      const fields = ['content-length', String(announced)]
      const request = { ...PLAIN, fields, body: new Uint8Array(sent) }
      assert.equal(overHttp2(request).size, 0, `${announced}, ${sent}`)
    }
    for (const value of ['+1', '1 ', '0x1', '1,1', '-1', '', '18446744073709551617'])
      assert.equal(overHttp2({ ...PLAIN, fields: ['content-length', value], body: new Uint8Array(1) }).size, 0, value)
    assert.equal(
      overHttp2({ ...PLAIN, fields: ['content-length', '1', 'content-length', '1'], body: new Uint8Array(1) }).size,
      0,
    )
  })
})

const PLAIN: Http2Request = {
  method: 'POST',
  scheme: 'https',
  authority: 'a',
  target: '/',
  fields: [],
  body: new Uint8Array(0),
  announced: false,
  trailers: [],
}

function withText(request: Http2Request, place: string, text: string): Http2Request {
  switch (place) {
    case 'name':
      return { ...request, fields: [...request.fields, text, 'x'] }
    case 'value':
      return { ...request, fields: [...request.fields, 'x', text] }
    case ':method':
      return { ...request, method: text }
    case ':path':
      return { ...request, target: `/${text}` }
    case ':authority':
      return { ...request, authority: `a${text}` }
    case 'trailer name':
      return { ...request, trailers: [text, 'x'] }
    default:
      return { ...request, trailers: ['x', text] }
  }
}

/** Whether our HTTP/2 server takes the field. */
function readsField(name: string, value: string): boolean {
  return overHttp2({ ...PLAIN, fields: [name, value] }).size > 0
}

/** Whether our HTTP/1.1 client writes it. */
function writesField1(name: string, value: string): boolean {
  const client = new Http1Client()
  client.start(0)
  return works(() => client.sendRequest('GET', '/', ['Host', 'a', name, value]))
}

/** Whether our HTTP/2 server writes it. */
function writesField2(name: string, value: string): boolean {
  const pair = new Pair()
  pair.client.sendRequest({ method: 'GET', authority: 'a' })
  pair.run()
  return works(() => pair.server.sendResponse(1, 200, [name, value]))
}

function works(command: () => void): boolean {
  try {
    command()
    return true
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return false
  }
}
