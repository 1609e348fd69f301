/** What must hold for every input to a WebSocket engine. */

import { type WebSocketFaultCode, webSocketFaults } from 'skitai/websocket'
import type { Snapshot, Step, Trace } from 'skitai/testing'
import { ensure } from './http1-oracles.js'

/** What is inflated waits for its span of time, and a peer that was told to close may take some. */
export const FOR_EVER: Step = { type: 'wait', ms: 1_000_000 }

/**
 * Messages are whole, or `message data* end`; nothing but the end follows Close; faults come from the table and lie
 * inside the input; the connection ends.
 */
export function checkEvents({ events, ended }: Trace, inputBytes: number): void {
  let inMessage = false
  let closed = false
  for (const event of events) {
    const { type } = event
    ensure(!closed || type === 'closed' || type === 'fatal', `${type} behind close`)
    if (type === 'message' || type === 'text' || type === 'binary') ensure(!inMessage, `${type} inside a message`)
    if (type === 'message') {
      inMessage = true
    } else if (type === 'data') {
      ensure(inMessage && (event['bytes'] as Uint8Array).length > 0, 'data outside of a message, or without octets')
    } else if (type === 'end') {
      ensure(inMessage, 'an end without a message')
      inMessage = false
    } else if (type === 'close') {
      closed = true
    } else if (type === 'fatal') {
      checkFault(event, inputBytes)
    }
  }
  ensure(ended, 'neither the end of the input nor time ended the connection')
}

function checkFault(event: Snapshot, inputBytes: number): void {
  const fault = webSocketFaults[event['code'] as WebSocketFaultCode]
  ensure(fault !== undefined, `an unknown fault ${String(event['code'])}`)
  const wireCode = event['wireCode']
  ensure(wireCode === 0 || wireCode === fault.closeCode, 'a code that is not the fault’s')
  const offset = event['offset'] as number
  ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
}

/** What an engine writes is bounded by what came, and is frames as its role sends them, one Close at the most. */
export function checkOutput({ output, events }: Trace, inputBytes: number, client: boolean): void {
  const content = events.reduce((sum, event) => sum + contentBytes(event), 0)
  const bound = 2000 + 3 * inputBytes + 2 * content + events.length * 30
  ensure(output.length <= bound, `${output.length} octets for ${inputBytes}`)
  let closes = 0
  for (let at = 0; at < output.length;) {
    const first = output[at]!
    const second = output[at + 1]!
    ensure(second >= 0x80 === client, 'a mask against the role')
    ensure((first & 0x70) === 0, 'a reserved bit')
    ensure(closes === 0, 'a frame behind Close')
    if ((first & 0xf) === 8) closes++
    const view = new DataView(output.buffer, output.byteOffset + at)
    const short = second & 0x7f
    const length = short < 126 ? short : short === 126 ? view.getUint16(2) : view.getUint32(6)
    at += (short < 126 ? 2 : short === 126 ? 4 : 10) + (client ? 4 : 0) + length
    ensure(at <= output.length, 'half a frame')
  }
}

/** The octets of a message; one of Latin-1 takes two of UTF-8 at the most, any other three. */
function contentBytes(event: Snapshot): number {
  const text = event['text']
  return typeof text === 'string' ? 2 * text.length : ((event['bytes'] as Uint8Array | undefined)?.length ?? 0)
}
