import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Http1Client, Http1Server } from 'skitai/http1'
import {
  concat,
  encodeExchange,
  encodeRequest,
  http1Arbitraries,
  type Http1Content,
  type Http1Exchange,
  type Http1Request,
  stepsOf,
  trace,
  type Trace,
} from 'skitai/testing'
import {
  DATE,
  fieldsOf,
  type Message,
  messagesOf,
  outputOf,
  pairsOf,
  plainClient,
  plainServer,
  readByClient,
  readByServer,
} from './http1-support.js'
import { check } from './run.js'

const arbitraries = http1Arbitraries(fc)
const RUNS = 1000

describe('an HTTP/1.1 message is read as it was written', () => {
  test('requests, by the server role', () => {
    check(
      RUNS,
      fc.property(arbitraries.requests, (requests) => {
        const { events } = trace(plainServer, stepsOf([concat(requests.map(encodeRequest))]))
        const read = requests.slice(0, messagesThatPersist(requests))
        assert.equal(messagesOf(events).length, read.length)
        messagesOf(events).forEach((message, index) => sameRequest(message, read[index]!))
      }),
    )
  })

  test('responses, by the client role', () => {
    check(
      RUNS,
      fc.property(arbitraries.exchanges, (exchanges) => {
        const methods = exchanges.map(({ method }) => method)
        const bytes = concat(exchanges.map(encodeExchange))
        const { events } = trace(() => plainClient(methods), [...stepsOf([bytes]), { type: 'end' }])
        assert.equal(messagesOf(events).length, exchanges.length)
        messagesOf(events).forEach((message, index) => sameResponse(message, exchanges[index]!))
      }),
    )
  })
})

describe('an HTTP/1.1 message crosses from one role to the other', () => {
  test('from the client role to the server role', () => {
    check(
      RUNS,
      fc.property(arbitraries.request, (request) => {
        const { messages, text } = deliverRequest(request)
        assert.equal(messages.length, 1, text)
        const [message] = messages as [Message]
        assert.equal(message.head['method'], request.method)
        assert.equal(message.head['target'], request.target)
        assert.equal(message.head['framing'] === 'none' ? 'length' : message.head['framing'], framingSent(request))
        sameContent(message, request.framing === 'none' ? { ...request, body: new Uint8Array(0) } : request)
        assert.deepEqual(withoutFraming(fieldsOf(message)), pairsOf(sentFields(request)))
      }),
    )
  })

  test('from the server role to the client role', () => {
    check(
      RUNS,
      fc.property(arbitraries.exchange, (exchange) => {
        const { messages, text } = deliverResponse(exchange)
        assert.equal(messages.length, 1, text)
        const [message] = messages as [Message]
        const { method, response } = exchange
        assert.equal(message.head['status'], response.status)
        assert.equal(message.head['reason'], response.reason.trim())
        sameContent(message, hasContent(exchange) ? response : { ...response, body: new Uint8Array(0), trailers: [] })
        assert.deepEqual(withoutFraming(fieldsOf(message)), [['date', DATE], ...pairsOf(response.fields)], method)
      }),
    )
  })
})

/** How many of the requests are read: up to the first that ends the connection. */
function messagesThatPersist(requests: readonly Http1Request[]): number {
  const last = requests.findIndex(({ version, fields }) => {
    const connection = fields[fields.indexOf('Connection') + 1]
    return connection === 'close' || (version === '1.0' && connection !== 'keep-alive')
  })
  return last < 0 ? requests.length : last + 1
}

function sameRequest(message: Message, request: Http1Request): void {
  assert.equal(message.head['method'], request.method)
  assert.equal(message.head['target'], request.target)
  assert.equal(message.head['version'], request.version)
  assert.equal(message.head['framing'], request.framing)
  sameContent(message, request.framing === 'none' ? { ...request, body: new Uint8Array(0) } : request)
  assert.deepEqual(withoutFraming(fieldsOf(message)), pairsOf(request.fields))
}

function sameResponse(message: Message, { method, response }: Http1Exchange): void {
  assert.equal(message.head['status'], response.status)
  assert.equal(message.head['reason'], response.reason)
  const empty = method === 'HEAD' || response.framing === 'none'
  sameContent(message, empty ? { ...response, body: new Uint8Array(0), trailers: [] } : response)
  assert.deepEqual(withoutFraming(fieldsOf(message)), pairsOf(response.fields))
}

function sameContent(message: Message, { body, trailers, framing }: Http1Content): void {
  assert.deepEqual(message.body, body)
  assert.deepEqual(message.trailers, framing === 'chunked' ? pairsOf(trailers) : [])
}

function withoutFraming(fields: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return fields.filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding')
}

/** The fields that a client may give: Connection is the engine's. */
function sentFields({ fields }: Http1Request): string[] {
  return fields.filter((_, index) => fields[index - (index % 2)] !== 'Connection')
}

function framingSent({ framing }: Http1Request): string {
  return framing === 'chunked' ? 'chunked' : 'length'
}

function deliverRequest(request: Http1Request): { messages: Message[]; text: string } {
  const client = new Http1Client()
  client.start(0)
  const { method, target, framing, body } = request
  const fields = sentFields(request)
  if (framing === 'chunked') {
    client.sendHead(method, target, fields, -1)
    for (let at = 0; at < body.length; at += 7) client.sendData(body.slice(at, at + 7))
    client.sendEnd(request.trailers)
  } else {
    client.sendRequest(method, target, fields, framing === 'none' ? '' : body.slice())
  }
  return messagesIn(readByServer(outputOf(client)))
}

function deliverResponse(exchange: Http1Exchange): { messages: Message[]; text: string } {
  const { method, response } = exchange
  const server = new Http1Server({ date: () => DATE })
  server.start(0)
  server.receive(
    encodeRequest({ ...response, framing: 'none', method, target: '/', version: '1.1', fields: ['Host', 'a'] }),
    0,
  )
  while (server.poll() !== undefined);
  const { status, reason, fields, framing, body, trailers } = response
  if (framing === 'chunked') {
    server.sendHead(status, fields, -1, reason.trim())
    for (let at = 0; at < body.length; at += 7) server.sendData(body.slice(at, at + 7))
    server.sendEnd(trailers)
  } else {
    server.sendResponse(status, fields, hasContent(exchange) ? body.slice() : '', reason.trim())
  }
  return messagesIn(readByClient([method], outputOf(server)))
}

/** 204, 205, 304 and answers to HEAD have none. */
function hasContent({ method, response: { status } }: Http1Exchange): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304
}

function messagesIn({ events, log }: Trace): { messages: Message[]; text: string } {
  return { messages: messagesOf(events), text: log.join('\n') }
}
