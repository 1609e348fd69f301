import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Http1Limits, Http1Server, UsageError } from 'skitai/http1'
import { bytesOf, latin1Of } from 'skitai/testing'

const DATE = 'Thu, 01 Jan 1970 00:00:00 GMT'

function served(head: string, options: { limits?: Partial<Http1Limits>; date?: () => string } = {}): Http1Server {
  const server = new Http1Server({ date: () => DATE, ...options })
  server.start(0)
  server.receive(bytesOf(`${head}\r\nHost: a:1\r\n\r\n`), 0)
  while (server.poll() !== undefined);
  return server
}

/** The command must be refused with `code`, and nothing may have changed. */
function refuses(server: Http1Server, code: string, command: () => void): void {
  const before = JSON.stringify(server.describeState())
  assert.throws(command, (error: unknown) => error instanceof UsageError && error.code === code)
  assert.equal(JSON.stringify(server.describeState()), before)
}

describe('a server that switches protocols (RFC 9110 section 7.8)', () => {
  const offer = 'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket, chat/2'

  test('may take what the client has offered, and says so', () => {
    const server = served(offer)
    server.sendHead(101, ['Upgrade', 'Chat/2'])
    assert.deepEqual(server.poll(), { type: 'handover', rest: new Uint8Array(0) })
  })

  for (const [what, fields] of [
    ['another one', ['Upgrade', 'h2c']],
    ['one of its own beside it', ['Upgrade', 'websocket, h2c']],
    ['none', []],
  ] as const)
    test(`must not switch to ${what}`, () => {
      const server = served(offer)
      refuses(server, 'H1_SWITCH', () => server.sendHead(101, fields))
    })
})

test('an interim response with Upgrade says so in Connection (RFC 9110 section 7.8)', () => {
  const server = served('GET / HTTP/1.1')
  server.sendInform(102, ['Upgrade', 'h2c'])
  assert.equal(latin1Of(server.output()!), 'HTTP/1.1 102 Processing\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n')
})
