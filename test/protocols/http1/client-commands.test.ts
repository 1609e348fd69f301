import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, UsageError } from 'skitai/http1'
import { bytesOf, latin1Of } from 'skitai/testing'

const HOST = ['Host', 'a']
const EXPECTING = [...HOST, 'Expect', '100-continue']

function startedClient(): Http1Client {
  const client = new Http1Client()
  client.start(0)
  return client
}

const refused: readonly (readonly [what: string, send: (client: Http1Client) => void])[] = [
  ['TRACE with content (RFC 9110 section 9.3.8)', (client) => client.sendRequest('TRACE', '/', HOST, 'x')],
  ['CONNECT with content (section 9.3.6)', (client) => client.sendHead('CONNECT', 'a:1', HOST, -1)],
  ['an expectation without content (section 10.1.1)', (client) => client.sendRequest('PUT', '/', EXPECTING)],
  ['content that is no octets', (client) => client.sendRequest('PUT', '/', HOST, [1] as unknown as Uint8Array)],
]

describe('a client refuses to send', () => {
  for (const [what, send] of refused)
    test(what, () => {
      const client = startedClient()
      const before = JSON.stringify(client.describeState())
      assert.throws(
        () => send(client),
        (error: unknown) => error instanceof UsageError && error.code === 'H1_CONTENT',
      )
      assert.equal(JSON.stringify(client.describeState()), before)
    })
})

test('no command of a client throws once the connection is over', () => {
  const client = startedClient()
  client.abort()
  client.sendHead('GET', '/', [], -5)
  client.sendRequest('GET', '/', [], [1] as unknown as Uint8Array)
  assert.equal(client.output(), undefined)
})

test('the last request that was announced says close, and none follows it (RFC 9112 section 9.6)', () => {
  const client = startedClient()
  client.announceClose()
  client.sendRequest('GET', '/', [...HOST, 'TE', 'trailers'])
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, te\r\n\r\n'
  assert.equal(latin1Of(client.output()!), request)
  assert.throws(() => client.sendRequest('GET', '/', HOST), { code: 'H1_STATE' })
  client.receive(bytesOf('HTTP/1.1 204 \r\n\r\n'), 0)
  const events = [client.poll(), client.poll(), client.poll()].map((event) => event?.type)
  assert.deepEqual(events, ['response', 'end', 'closed'])
})
