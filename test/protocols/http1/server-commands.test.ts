import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Http1Limits, Http1Server, UsageError } from 'skitai/http1'
import { bytesOf, concat, latin1Of } from 'skitai/testing'

const DATE = 'Thu, 01 Jan 1970 00:00:00 GMT'

function served(head: string, date: () => string = () => DATE): Http1Server {
  const server = new Http1Server({ date })
  server.start(0)
  server.receive(bytesOf(`${head}\r\nHost: a:1\r\n\r\n`), 0)
  while (server.poll() !== undefined);
  return server
}

function outputOf(server: Http1Server): string {
  const blocks: Uint8Array[] = []
  for (let block = server.output(); block !== undefined; block = server.output()) blocks.push(block)
  return latin1Of(concat(blocks))
}

/** The command must be refused with `code`, and nothing may have changed. */
function refuses(server: Http1Server, code: string, command: () => void): void {
  const before = JSON.stringify(server.describeState())
  assert.throws(command, (error: unknown) => error instanceof UsageError && error.code === code)
  assert.equal(JSON.stringify(server.describeState()), before)
}

describe('a command of a server that throws changes nothing', () => {
  test('when the date cannot be sent', () => {
    let date = 'no\ndate'
    const server = served('GET / HTTP/1.0\r\nConnection: keep-alive', () => date)
    // A length that is not known would make this response the last one.
    refuses(server, 'H1_DATE', () => server.sendHead(200, []))
    refuses(server, 'H1_DATE', () => server.sendResponse(200, []))
    date = DATE
    server.sendResponse(204, [])
    assert.equal(outputOf(server), `HTTP/1.1 204 No Content\r\nDate: ${DATE}\r\nConnection: keep-alive\r\n\r\n`)
  })

  test('when the content is neither text nor octets', () => {
    const server = served('GET / HTTP/1.1')
    const views = [new Uint16Array(2), new DataView(new ArrayBuffer(2))]
    for (const wrong of [{ length: '0\r\nSet-Cookie: a=b' }, ['a'], ...views])
      refuses(server, 'H1_CONTENT', () => server.sendResponse(200, [], wrong as unknown as Uint8Array))
    server.sendHead(200, [])
    refuses(server, 'H1_CONTENT', () => server.sendData('text' as unknown as Uint8Array))
  })

  test('when content is put before a tunnel', () => {
    const server = served('CONNECT a:1 HTTP/1.1')
    refuses(server, 'H1_CONTENT', () => server.sendResponse(200, [], 'Hello'))
    refuses(server, 'H1_SWITCH', () => server.sendHead(101, ['Upgrade', 'x']))
    server.sendResponse(200, [])
    assert.equal(server.poll()?.type, 'handover')
  })
})

test('limits that are none are refused at once', () => {
  for (const limits of [{ headMs: Number.NaN }, { idleMs: -1 }, { bodyMs: '5' }, { headMS: 5 }])
    assert.throws(
      () => new Http1Server({ date: () => DATE, limits: limits as unknown as Partial<Http1Limits> }),
      (error: unknown) => error instanceof UsageError && error.code === 'H1_LIMIT',
    )
})
