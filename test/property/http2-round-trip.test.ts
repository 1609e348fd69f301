import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Http2Server } from 'skitai/http2'
import {
  concat,
  encodeFrames,
  http2Arbitraries,
  http2Preface,
  type Http2Request,
  type Http2Response,
  messageFrames,
  requestFields,
  responseFields,
  settingsAckFrame,
  settingsFrame,
  stepsOf,
  trace,
} from 'skitai/testing'
import { DATE, pairsOf } from './http1-support.js'
import { messagesByStream, Pair, plainClient, plainServer, type StreamMessage } from './http2-support.js'
import { check } from './run.js'

const arbitraries = http2Arbitraries(fc)
const { request, response } = arbitraries
const RUNS = 600
const OPENING = [settingsFrame([]), settingsAckFrame]

describe('an HTTP/2 message is read as it was written', () => {
  test('requests, by the server role', () => {
    check(
      RUNS,
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 80 }), (list, piece) => {
        const frames = list.flatMap((each, i) => messageFrames(2 * i + 1, requestFields(each), each, piece))
        const octets = concat([http2Preface, encodeFrames([...OPENING, ...frames])])
        const messages = messagesByStream(trace(() => plainServer(), stepsOf([octets])).events)
        assert.equal(messages.size, list.length)
        list.forEach((each, i) => sameRequest(messages.get(2 * i + 1)!, each))
      }),
    )
  })

  test('responses, by the client role', () => {
    check(
      RUNS,
      fc.property(
        fc.array(response, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 80 }),
        (list, piece) => {
          const frames = list.flatMap((each, i) => messageFrames(2 * i + 1, responseFields(each), each, piece))
          const octets = encodeFrames([...OPENING, ...frames])
          const methods = list.map(() => 'GET')
          const messages = messagesByStream(trace(() => plainClient(methods), stepsOf([octets])).events)
          assert.equal(messages.size, list.length)
          list.forEach((each, i) => sameResponse(messages.get(2 * i + 1)!, each))
        },
      ),
    )
  })
})

describe('HTTP/2 messages cross from one role to the other', () => {
  const exchange = fc.record({ asked: request, answered: response, pieceBytes: fc.integer({ min: 1, max: 40 }) })

  test('many on one connection, with any windows', () => {
    check(
      RUNS,
      fc.property(
        fc.array(exchange, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 100 }),
        (list, streamWindowBytes) => {
          const pair = new Pair({ client: { streamWindowBytes }, server: { streamWindowBytes } }, (event) => {
            const ends = event.type === 'end' || (event.type === 'request' && event.endStream)
            if (!ends) return
            const { answered, pieceBytes } = list[(event.streamId - 1) / 2]!
            respond(pair.server, event.streamId, answered, pieceBytes)
          })
          for (const { asked, pieceBytes } of list) ask(pair, asked, pieceBytes)
          pair.run()
          const requests = messagesByStream(pair.serverEvents)
          const responses = messagesByStream(pair.clientEvents)
          list.forEach(({ asked, answered }, i) => {
            sameRequest(requests.get(2 * i + 1)!, asked)
            const head = asked.method === 'HEAD'
            sameResponse(responses.get(2 * i + 1)!, head ? { ...answered, body: new Uint8Array(0) } : answered)
          })
          assert.deepEqual(pair.client.describeState()['streams'], {})
          assert.deepEqual(pair.server.describeState()['streams'], {})
        },
      ),
    )
  })

  test('promises, with the request that they answer', () => {
    check(
      200,
      fc.property(request, response, (promised, answered) => {
        const pair = new Pair({ push: true }, (event) => {
          if (event.type !== 'request') return
          const { scheme, authority, target, fields } = promised
          const id = pair.server.pushPromise(1, { method: 'GET', scheme, authority, target, fields })
          assert.equal(id, 2)
          pair.server.sendResponse(1, 204, [])
          respond(pair.server, id, answered, 10)
        })
        pair.client.sendRequest({ method: 'GET', authority: 'a' })
        pair.run()
        const push = pair.clientEvents.find(({ type }) => type === 'push')!
        assert.deepEqual(
          [push['method'], push['scheme'], push['authority'], push['target'], push['promisedId']],
          ['GET', promised.scheme, promised.authority, promised.target, 2],
        )
        assert.deepEqual(push['fields'], pairsOf(promised.fields))
        sameResponse(messagesByStream(pair.clientEvents).get(2)!, answered)
      }),
    )
  })
})

function ask({ client }: Pair, { method, body, trailers, announced, ...rest }: Http2Request, pieceBytes: number): void {
  if (trailers.length === 0 && announced) {
    client.sendRequest({ method, ...rest }, body.slice())
    return
  }
  const streamId = client.sendHead({ method, ...rest }, announced ? body.length : -1)
  for (let at = 0; at < body.length; at += pieceBytes) client.sendData(streamId, body.slice(at, at + pieceBytes))
  client.sendEnd(streamId, trailers)
}

function respond(server: Http2Server, streamId: number, message: Http2Response, pieceBytes: number): void {
  const { status, fields, body, trailers, announced } = message
  if (trailers.length === 0 && announced) {
    server.sendResponse(streamId, status, fields, body.slice())
    return
  }
  server.sendHead(streamId, status, fields, announced ? body.length : -1)
  for (let at = 0; at < body.length; at += pieceBytes) server.sendData(streamId, body.slice(at, at + pieceBytes))
  server.sendEnd(streamId, trailers)
}

function sameRequest({ head, body, trailers }: StreamMessage, expected: Http2Request): void {
  assert.deepEqual(
    [head['method'], head['scheme'], head['authority'], head['target']],
    [expected.method, expected.scheme, expected.authority, expected.target],
  )
  assert.deepEqual(withoutFraming(head['fields']), pairsOf(expected.fields))
  assert.deepEqual(body, expected.body)
  assert.deepEqual(trailers, pairsOf(expected.trailers))
}

function sameResponse({ head, body, trailers }: StreamMessage, expected: Http2Response): void {
  assert.equal(head['status'], expected.status)
  assert.deepEqual(withoutFraming(head['fields']), pairsOf(expected.fields))
  assert.deepEqual(body, expected.body)
  assert.deepEqual(trailers, pairsOf(expected.trailers))
}

/** Without what engines add: content-length and date. */
function withoutFraming(fields: unknown): unknown[] {
  return (fields as [string, string][]).filter(
    ([name, value]) => name !== 'content-length' && !(name === 'date' && value === DATE),
  )
}
