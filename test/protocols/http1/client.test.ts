import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, UsageError } from 'skitai/http1'
import { bytesOf, latin1Of } from 'skitai/testing'
import { outputOf } from '../../property/http1-support.js'

const HOST = ['Host', 'a']

function started(): Http1Client {
  const client = new Http1Client()
  client.start(0)
  return client
}

function eventsOf(client: Http1Client): string[] {
  const events: string[] = []
  for (let event = client.poll(); event !== undefined; event = client.poll()) events.push(event.type)
  return events
}

function refuses(code: string, command: () => void): void {
  assert.throws(command, (error) => error instanceof UsageError && error.code === code)
}

describe('commands of a client', () => {
  test('a method is a token', () => {
    for (const method of ['', 'G T', 'GET\r\n', 'ü', undefined as unknown as string])
      refuses('H1_METHOD', () => started().sendRequest(method, '/', HOST))
  })

  test('a target is of a form that the method allows', () => {
    const wrong: [string, string][] = [
      ['GET', ''],
      ['GET', 'x'],
      ['GET', '/a b'],
      ['GET', '/#f'],
      ['GET', '/\r\n'],
      ['GET', '*'],
      ['GET', 'http://'],
      ['GET', 'http://a b/'],
      ['GET', 'a:80'],
      ['CONNECT', '/'],
      ['CONNECT', 'a'],
      ['CONNECT', 'a:'],
      ['GET', undefined as unknown as string],
    ]
    for (const [method, target] of wrong) refuses('H1_TARGET', () => started().sendRequest(method, target, HOST))
    const right: [string, string][] = [
      ['GET', '/'],
      ['GET', 'http://a/b?c'],
      ['OPTIONS', '*'],
      ['CONNECT', 'a:80'],
      ['CONNECT', '[::1]:80'],
    ]
    for (const [method, target] of right) {
      const client = started()
      client.sendRequest(method, target, HOST)
      assert.equal(latin1Of(outputOf(client)), `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    }
  })

  test('a request has one Host, and a valid one', () => {
    refuses('H1_HOST', () => started().sendRequest('GET', '/', []))
    refuses('H1_HOST', () => started().sendRequest('GET', '/', ['Host', 'a', 'Host', 'a']))
    refuses('H1_HOST', () => started().sendRequest('GET', '/', ['Host', 'a/b']))
  })

  test('CONNECT has no content', () => {
    refuses('H1_CONTENT', () => started().sendRequest('CONNECT', 'a:1', HOST, 'x'))
    refuses('H1_CONTENT', () => started().sendHead('CONNECT', 'a:1', HOST, -1))
  })

  test('content keeps to the announced length', () => {
    const client = started()
    for (const length of [-2, 1.5, NaN, Infinity]) refuses('H1_LENGTH', () => client.sendHead('PUT', '/', HOST, length))
    client.sendHead('PUT', '/', HOST, 3)
    client.sendData(bytesOf('ab'))
    client.sendData(bytesOf(''))
    refuses('H1_LENGTH', () => client.sendData(bytesOf('cd')))
    refuses('H1_LENGTH', () => client.sendEnd())
    client.sendData(bytesOf('c'))
    client.sendEnd()
    assert.match(latin1Of(outputOf(client)), /\r\nContent-Length: 3\r\n\r\nabc$/)
  })

  test('a request announced without content takes none', () => {
    const client = started()
    client.sendHead('PUT', '/', HOST)
    refuses('H1_LENGTH', () => client.sendData(bytesOf('x')))
    client.sendData(bytesOf(''))
    client.sendEnd()
    assert.match(latin1Of(outputOf(client)), /\r\nContent-Length: 0\r\n\r\n$/)
  })

  test('content of any kind', () => {
    const client = started()
    client.sendRequest('POST', '/', HOST, 'grüße')
    assert.match(latin1Of(outputOf(client)), /\r\nContent-Length: 7\r\n\r\ngr\xc3\xbc\xc3\x9fe$/)
    client.sendRequest('POST', '/', HOST, Uint8Array.of(1, 2))
    assert.ok(latin1Of(outputOf(client)).endsWith('\r\nContent-Length: 2\r\n\r\n\x01\x02'))
    assert.equal(client.outstanding, 2)
  })

  test('no request follows close', () => {
    const client = started()
    client.sendRequest('GET', '/', HOST)
    client.close()
    refuses('H1_STATE', () => client.sendRequest('GET', '/', HOST))
    client.receive(bytesOf('HTTP/1.1 204 \r\n\r\n'), 0)
    assert.deepEqual(eventsOf(client), ['response', 'end', 'closed'])
  })

  test('close ends a connection on which nothing is outstanding', () => {
    const client = started()
    client.close()
    assert.deepEqual(eventsOf(client), ['closed'])
    client.close()
    assert.deepEqual(eventsOf(client), [])
  })

  test('no request begins inside of another', () => {
    const client = started()
    client.sendHead('PUT', '/', HOST, -1)
    refuses('H1_STATE', () => client.sendRequest('GET', '/', HOST))
  })
})

describe('a response whose request is not complete', () => {
  const response = bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')

  test('ends the connection when octets are still owed', () => {
    const client = started()
    client.sendHead('PUT', '/', HOST, 3)
    client.receive(response, 0)
    assert.deepEqual(eventsOf(client), ['response', 'end', 'closed'])
  })

  test('lets it persist when only sendEnd is still to come', () => {
    const client = started()
    client.sendHead('PUT', '/', HOST, 3)
    client.sendData(bytesOf('abc'))
    client.receive(response, 0)
    assert.deepEqual(eventsOf(client), ['response', 'end'])
    client.sendEnd()
    client.sendRequest('GET', '/', HOST)
    client.receive(response, 0)
    assert.deepEqual(eventsOf(client), ['response', 'end'])
  })
})

test('a server that has gone is not late with what it has sent', () => {
  const client = started()
  client.sendRequest('GET', '/', HOST)
  outputOf(client)
  client.receive(bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 0)
  eventsOf(client)
  client.holdBody(true)
  client.receive(bytesOf('ok'), 0)
  client.receiveEnd(0)
  assert.deepEqual(eventsOf(client), [])
  assert.equal(client.deadline(), Infinity)
  client.advance(1_000_000)
  assert.equal(client.wantsInput, false)
  client.holdBody(false)
  assert.deepEqual(eventsOf(client), ['data', 'end', 'closed'])
})

test('held content of a response is not delivered', () => {
  const client = started()
  client.sendRequest('GET', '/', HOST)
  client.receive(bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 0)
  assert.deepEqual(eventsOf(client), ['response'])
  client.holdBody(true)
  client.receive(bytesOf('ok'), 0)
  assert.deepEqual(eventsOf(client), [])
  assert.equal(client.wantsInput, false)
  client.holdBody(false)
  assert.deepEqual(eventsOf(client), ['data', 'end'])
})
