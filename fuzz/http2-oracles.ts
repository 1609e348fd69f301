/** What must hold for every input to an HTTP/2 engine. */

import { type Http2FaultCode, http2Faults } from 'skitai/http2'
import type { Snapshot, Step, Trace } from 'skitai/testing'
import { ensure } from './http1-oracles.js'

/** An application may never answer: then time ends the connection. */
export const FOR_EVER: Step = { type: 'wait', ms: 1_000_000 }

/** What a stream was told so far. */
interface Told {
  head: boolean
  over: boolean
}

/**
 * On each stream come `head data* end`, and nothing behind an end or a reset but resets; faults come from the table
 * with their own codes and lie inside the input; the connection ends.
 */
export function checkEvents({ events, ended }: Trace, head: 'request' | 'response', inputBytes: number): void {
  const streams = new Map<number, Told>()
  const at = (event: Snapshot): Told => {
    const id = event['streamId'] as number
    const known = streams.get(id) ?? { head: false, over: false }
    streams.set(id, known)
    return known
  }
  for (const event of events) {
    const { type } = event
    if (type === 'fatal' || type === 'streamFault') checkFault(event, inputBytes)
    if (type === 'streamFault' || type === 'reset') at(event).over = true
    if (type === head) {
      const stream = at(event)
      ensure(!stream.head && !stream.over, `a second ${head}`)
      stream.head = true
      stream.over = event['endStream'] === true
    } else if (type === 'data' || type === 'end') {
      const stream = at(event)
      ensure(stream.head && !stream.over, `${type} outside of a message`)
      if (type === 'end') stream.over = true
      else ensure((event['bytes'] as Uint8Array).length > 0, 'data without octets')
    } else if (type === 'inform') {
      ensure(!at(event).head, 'an interim response behind the final one')
    }
  }
  ensure(ended, 'neither the end of the input nor time ended the connection')
}

function checkFault(event: Snapshot, inputBytes: number): void {
  const fault = http2Faults[event['code'] as Http2FaultCode]
  ensure(fault !== undefined, `an unknown fault ${String(event['code'])}`)
  const fatal = event.type === 'fatal'
  ensure(fault.scope === (fatal ? 'connection' : 'stream'), `${String(event['code'])} as ${event.type}`)
  ensure(event[fatal ? 'wireCode' : 'errorCode'] === fault.errorCode, 'a code that is not the fault’s')
  const offset = event['offset'] as number
  ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
}

/** Frames that a peer has caused: what an engine writes is bounded by them. */
export function checkOutput({ output, events }: Trace, inputBytes: number, contentBytesMax: number): void {
  const heads = events.filter(({ type }) => type === 'request' || type === 'streamFault' || type === 'push').length
  // For each octet no more than a PING gives back or a frame header costs; a head and content for each stream.
  const bound = 500 + 3 * inputBytes + (heads + 8) * (600 + 2 * contentBytesMax)
  ensure(output.length <= bound, `${output.length} octets for ${inputBytes}`)
  checkFrames(output)
}

/** What was written are whole frames of types that we know, none larger than the least that every peer takes. */
function checkFrames(output: Uint8Array): void {
  let at = output[0] === 0x50 ? 24 : 0
  const view = new DataView(output.buffer, output.byteOffset, output.length)
  while (at < output.length) {
    ensure(at + 9 <= output.length, 'half a frame header')
    const length = view.getUint32(at) >>> 8
    ensure(length <= 16_384 && output[at + 3]! <= 16, `a frame of type ${output[at + 3]} with ${length} octets`)
    at += 9 + length
  }
  ensure(at === output.length, 'half a frame')
}
