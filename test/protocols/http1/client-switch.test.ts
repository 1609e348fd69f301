import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, Http1Server } from 'skitai/http1'
import { bytesOf, latin1Of } from 'skitai/testing'

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n'

function typesOf(client: Http1Client): string[] {
  const types: string[] = []
  for (let event = client.poll(); event !== undefined; event = client.poll()) types.push(event.type)
  return types
}

describe('a client that switches protocols inside its request (RFC 9110 section 7.8)', () => {
  test('hands over when its own message is complete, with what came meanwhile', () => {
    const client = new Http1Client()
    client.start(0)
    client.sendHead('POST', '/', ['host', 'a', 'upgrade', 'chat'], 2)
    client.receive(bytesOf(`${SWITCHED}first `), 0)
    assert.deepEqual(typesOf(client), ['response'])
    client.receive(bytesOf('words'), 0)
    assert.deepEqual(typesOf(client), [])
    client.sendData(bytesOf('ok'))
    client.sendEnd()
    const handover = client.poll()
    assert.ok(handover?.type === 'handover')
    assert.equal(latin1Of(handover.rest), 'first words')
    assert.equal(client.poll(), undefined)
  })

  test('offers several protocols in one line or in more', () => {
    const client = new Http1Client()
    client.start(0)
    client.sendRequest('GET', '/', ['host', 'a', 'upgrade', 'other/1', 'Upgrade', 'chat'])
    client.receive(bytesOf(SWITCHED), 0)
    assert.deepEqual(typesOf(client), ['response', 'handover'])
  })
})

describe('a client whose server has half-closed', () => {
  test('waits for its own application without a deadline', () => {
    const client = new Http1Client()
    client.start(0)
    client.sendRequest('GET', '/', ['host', 'a'])
    client.output()
    client.holdBody(true)
    client.receive(bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'), 0)
    client.receiveEnd(0)
    assert.deepEqual(typesOf(client), ['response'])
    assert.equal(client.deadline(), Infinity)
    client.holdBody(false)
    assert.deepEqual(typesOf(client).slice(0, 2), ['data', 'end'])
  })
})

describe('a field section too long to be remembered', () => {
  test('is read anew each time', () => {
    const server = new Http1Server({ date: () => 'now' })
    server.start(0)
    const head = bytesOf(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(5000)}\r\n\r\n`)
    for (let i = 0; i < 2; i++) {
      server.receive(head, 0)
      const event = server.poll()
      assert.ok(event?.type === 'request')
      assert.equal(event.fields.get('x-long')?.length, 5000)
      server.sendResponse(204, [])
      assert.equal(server.poll(), undefined)
    }
  })
})
