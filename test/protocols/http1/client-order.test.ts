import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, type Http1ClientEvent } from 'skitai/http1'
import { bytesOf, stepsOf, type Subject, trace } from 'skitai/testing'

const HOST = ['Host', 'a']
const NO_CONTENT = 'HTTP/1.1 204 \r\n\r\n'

/** A client that sends its second request when the first response is complete, as a pool does. */
function asksAgain(): Subject<Http1ClientEvent> {
  const engine = new Http1Client()
  let responses = 0
  return {
    engine,
    begin: () => engine.sendRequest('GET', '/1', HOST),
    onEvent: ({ type }) => {
      if (type === 'end' && ++responses === 1) engine.sendRequest('GET', '/2', HOST)
    },
  }
}

describe('a client that asks again at the end of a response', () => {
  test('takes the response that comes behind its request', () => {
    const { log } = trace(asksAgain, stepsOf([bytesOf(NO_CONTENT), bytesOf(NO_CONTENT)]))
    assert.equal(log.filter((line) => line.startsWith('response')).length, 2)
  })

  test('does not take what had come before its request was begun (RFC 9112 section 9.2)', () => {
    const { events } = trace(asksAgain, stepsOf([bytesOf(`${NO_CONTENT}HTTP/1.1 200 Poison\r\n`)]))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['response', 'end', 'fatal'],
    )
    const fatal = events.at(-1)
    assert.equal(fatal?.['code'], 'H1_RESPONSE_UNREQUESTED')
    assert.equal(fatal?.['offset'], NO_CONTENT.length)
  })
})
