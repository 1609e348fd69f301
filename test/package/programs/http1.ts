/** What a tool maker does with the engine: a request goes in, a response comes out, no socket anywhere. */

import assert from 'node:assert/strict'
import { type Http1FaultCode, Http1Server, http1Faults, http1Limits, UsageError } from 'skitai/http1'

const server = new Http1Server({ date: () => 'Sun, 06 Nov 1994 08:49:37 GMT', limits: { fieldCountMax: 10 } })
server.start(0)
server.receive(new TextEncoder().encode('GET /hello HTTP/1.1\r\nHost: example.test\r\n\r\n'), 1)

let target = ''
for (let event = server.poll(); event !== undefined; event = server.poll())
  if (event.type === 'request') target = `${event.method} ${event.target} for ${event.fields.get('host')}`
assert.equal(target, 'GET /hello for example.test')

assert.throws(
  () => server.sendResponse(200, ['X-Split', 'a\r\nX-Other: b']),
  (error) => error instanceof UsageError && error.code === 'H1_FIELD_VALUE',
)
server.sendResponse(200, ['Content-Type', 'text/plain'], 'Hello')
const output = server.output()
assert.ok(output)
assert.match(new TextDecoder().decode(output), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHello$/)

const code: Http1FaultCode = 'H1_HOST_MISSING'
assert.equal(http1Faults[code].status, 400)
assert.equal(http1Limits.fieldCountMax, 100)
