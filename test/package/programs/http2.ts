/** What a tool maker does with both roles: a request goes over, a response comes back, no socket anywhere. */

import assert from 'node:assert/strict'
import {
  defaultPriority,
  type Engine,
  errorCodeName,
  ErrorCodes,
  Http2Client,
  type Http2ClientEvent,
  type Http2FaultCode,
  http2Faults,
  http2Limits,
  Http2Server,
  type Http2ServerEvent,
  lifecycle,
  type Priority,
  type StreamState,
  UsageError,
} from 'skitai/http2'

const server = new Http2Server({ date: () => 'Sun, 06 Nov 1994 08:49:37 GMT', limits: { streamsMax: 10 } })
const client = new Http2Client({ push: true })
server.start(0)
client.start(0)
const streamId: number = client.sendRequest({ method: 'POST', authority: 'example.test', target: '/hello' }, 'Hello')

/** Moves what one side has written to the other, and gives the events. */
function pass<Event>(from: Engine<unknown>, to: Engine<Event>): Event[] {
  for (let bytes = from.output(); bytes !== undefined; bytes = from.output()) to.receive(bytes, 1)
  const events: Event[] = []
  for (let event = to.poll(); event !== undefined; event = to.poll()) events.push(event)
  return events
}

const asked: Http2ServerEvent[] = pass(client, server)
const priorities: Priority[] = asked.flatMap((event) => (event.type === 'request' ? [event.priority] : []))
assert.deepEqual(priorities, [defaultPriority])
assert.deepEqual(
  asked.map(({ type }) => type),
  ['settings', 'request', 'data', 'end'],
)
assert.throws(
  () => server.sendResponse(streamId, 200, ['x-split', 'a\r\nx-other: b']),
  (error) => error instanceof UsageError && error.code === 'H2_FIELD_VALUE',
)
server.sendResponse(streamId, 200, ['content-type', 'text/plain'], 'Hello')

const answered: Http2ClientEvent[] = pass(server, client)
const response = answered.find((event) => event.type === 'response')
assert.equal(response?.status, 200)
assert.equal(response.fields.get('content-type'), 'text/plain')
assert.equal(client.peerSettings.streamsMax, 10)

const code: Http2FaultCode = 'H2_CONTROL_FLOOD'
assert.equal(errorCodeName(http2Faults[code].errorCode), 'ENHANCE_YOUR_CALM')
assert.equal(ErrorCodes.CANCEL, 8)
assert.equal(http2Limits.streamsMax, 128)
const states: readonly StreamState[] = lifecycle.states
assert.equal(states[0], 'idle')
