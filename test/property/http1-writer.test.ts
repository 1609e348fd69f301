import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Http1Client, Http1Server, UsageError } from 'skitai/http1'
import { bytesOf, concat, http1Arbitraries, latin1Of, type Trace } from 'skitai/testing'
import { DATE, fieldsOf, type Message, messagesOf, outputOf, readByClient, readByServer } from './http1-support.js'
import { check } from './run.js'

const { hostileText, fieldValue, token } = http1Arbitraries(fc)
const RUNS = 4000
const text = fc.oneof(hostileText, fieldValue, token)
const fieldList = fc.array(text, { maxLength: 5 })

/** The engine writes a Connection line for these, and checks Host as one; they are tested by the vectors. */
const STEERING = ['te', 'upgrade', 'date', 'host']

describe('no call makes an HTTP/1.1 engine emit a line that was not asked for', () => {
  test('sendResponse: status, reason, names, values', () => {
    const status = fc.oneof(fc.constantFrom(200, 204, 304, 404, 599), fc.integer(), fc.double())
    check(
      RUNS,
      fc.property(status, fc.option(text, { nil: undefined }), fieldList, (code, reason, fields) => {
        const server = serverWithRequest()
        if (!accepts(server, () => server.sendResponse(code, fields, '', reason))) return
        const { message, lines } = readResponse(server)
        assert.equal(message.head['status'], code)
        if (reason !== undefined) assert.equal(message.head['reason'], reason)
        sameFields(message, fields, lines)
      }),
    )
  })

  test('sendInform: names and values', () => {
    check(
      RUNS,
      fc.property(fieldList, (fields) => {
        const server = serverWithRequest()
        if (!accepts(server, () => server.sendInform(103, fields))) return
        server.sendResponse(204, [])
        const { lines } = readResponse(server)
        if (!steers(fields)) assert.equal(lines, 1 + fields.length / 2 + 1 + 3)
      }),
    )
  })

  test('sendEnd: trailers', () => {
    check(
      RUNS,
      fc.property(fieldList, (trailers) => {
        const server = serverWithRequest()
        server.sendHead(200, [])
        if (!accepts(server, () => server.sendEnd(trailers))) return
        const { message } = readResponse(server)
        assert.deepEqual(message.trailers, pairs(trailers))
      }),
    )
  })

  test('sendRequest: method, target, names, values', () => {
    check(
      RUNS,
      fc.property(
        text,
        fc.oneof(
          text,
          text.map((rest) => `/${rest}`),
        ),
        fieldList,
        (method, target, fields) => {
          const client = new Http1Client()
          client.start(0)
          if (!accepts(client, () => client.sendRequest(method, target, ['Host', 'a', ...fields]))) return
          const { message, lines } = readRequest(client)
          assert.equal(message.head['method'], method)
          assert.equal(message.head['target'], target)
          sameFields(message, fields, lines)
        },
      ),
    )
  })

  test('sendHead and sendEnd of a request: length and trailers', () => {
    check(
      RUNS,
      fc.property(fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, 0, 3)), fieldList, (length, trailers) => {
        const client = new Http1Client()
        client.start(0)
        if (!accepts(client, () => client.sendHead('PUT', '/', ['Host', 'a'], length))) return
        if (length === 3) client.sendData(bytesOf('abc'))
        else if (length > 0) return
        if (!accepts(client, () => client.sendEnd(trailers))) return
        assert.deepEqual(readRequest(client).message.trailers, length === -1 ? pairs(trailers) : [])
      }),
    )
  })

  test('content that looks like messages', () => {
    check(
      RUNS / 4,
      fc.property(fc.array(text, { maxLength: 4 }), (pieces) => {
        const server = serverWithRequest()
        server.sendHead(200, [])
        const octets = pieces.map((piece) => Uint8Array.from(piece, (character) => character.charCodeAt(0) & 0xff))
        for (const piece of octets) server.sendData(piece)
        server.sendEnd()
        assert.deepEqual(readResponse(server).message.body, concat(octets))
      }),
    )
  })
})

/** Whether the engine took the command. If not, it threw a UsageError and is as it was. */
function accepts(engine: Http1Client | Http1Server, command: () => void): boolean {
  const before = JSON.stringify([engine.describeState(), engine.outputBytes, engine.deadline(), engine.wantsInput])
  try {
    command()
    return true
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    const after = JSON.stringify([engine.describeState(), engine.outputBytes, engine.deadline(), engine.wantsInput])
    assert.equal(after, before)
    return false
  }
}

function serverWithRequest(): Http1Server {
  const server = new Http1Server({ date: () => DATE })
  server.start(0)
  server.receive(bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 0)
  while (server.poll() !== undefined);
  return server
}

interface Read {
  readonly message: Message
  /** Lines of the output, each with its CRLF. */
  readonly lines: number
}

function readResponse(server: Http1Server): Read {
  return read(server, (octets) => readByClient(['GET'], octets))
}

function readRequest(client: Http1Client): Read {
  return read(client, readByServer)
}

function read(sender: Http1Client | Http1Server, receiver: (octets: Uint8Array) => Trace): Read {
  const octets = outputOf(sender)
  const { events, log } = receiver(octets)
  const messages = messagesOf(events)
  assert.equal(messages.length, 1, log.join('\n'))
  const extra = events.filter(({ type }) => !['request', 'response', 'inform', 'data', 'end'].includes(type))
  assert.deepEqual(extra, [], 'nothing but the one message')
  return { message: messages[0] as Message, lines: latin1Of(octets).split('\r\n').length - 1 }
}

function sameFields(message: Message, fields: readonly string[], lines: number): void {
  if (steers(fields)) return
  const own = ['host', 'date', 'content-length']
  const engineWrote = fieldsOf(message).filter(([name]) => own.includes(name)).length
  assert.deepEqual(
    fieldsOf(message).filter(([name]) => !own.includes(name)),
    pairs(fields),
  )
  assert.equal(lines, 1 + engineWrote + fields.length / 2 + 1, 'as many lines as fields')
}

function pairs(fields: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) list.push([fields[i]!.toLowerCase(), fields[i + 1]!])
  return list
}

function steers(fields: readonly string[]): boolean {
  return fields.some((name, index) => index % 2 === 0 && STEERING.includes(name.toLowerCase()))
}
