/** What must hold for every input to an HTTP/1.1 engine. */

import { type Http1FaultCode, http1Faults } from 'skitai/http1'
import {
  checkBorrow,
  checkChunkInvariance,
  type MakeSubject,
  type Step,
  type Trace,
  type TypedEvent,
} from 'skitai/testing'

/** Throws an Error with `what` unless `condition` holds. */
export function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** One chunk, a silence that may be longer than every deadline, then the end of the input; the octets decide. */
export function scriptOf(data: Uint8Array): Step[] {
  const sum = data.reduce((total, octet) => total + octet, 0)
  return [{ type: 'bytes', bytes: data }, { type: 'wait', ms: (sum % 3) * 50_000 }, { type: 'end' }]
}

/**
 * Runs the input whole, octet by octet, in three parts, and with memory overwritten: all must agree. `behind` happens
 * after its end.
 */
export function checkAllWays<Event extends TypedEvent>(
  make: MakeSubject<Event>,
  data: Uint8Array,
  behind: readonly Step[] = [],
): Trace {
  const script = [...scriptOf(data), ...behind]
  const third = Math.floor(data.length / 3) + 1
  checkChunkInvariance(make, script, [third, 2 * third])
  const octets = Array.from({ length: data.length }, (_, position) => position)
  const whole = checkChunkInvariance(make, script, octets)
  checkBorrow(make, script)
  return whole
}

/** Messages are `head data* end`; faults come from the table and lie inside the input; the end is the last of all. */
export function checkEvents({ events, ended }: Trace, head: 'request' | 'response', data: Uint8Array): void {
  let inMessage = false
  for (const { type, ...event } of events) {
    if (type === head) {
      // A message that was answered before it was complete is dropped without its end; only a server does that.
      ensure(!inMessage || head === 'request', `a second ${head} inside a message`)
      inMessage = true
    } else if (type === 'data' || type === 'end') {
      ensure(inMessage, `${type} outside of a message`)
      if (type === 'end') inMessage = false
      else ensure((event['bytes'] as Uint8Array).length > 0, 'data without octets')
    } else if (type === 'fatal') {
      const fault = http1Faults[event['code'] as Http1FaultCode]
      ensure(fault !== undefined, `an unknown fault ${String(event['code'])}`)
      const wireCode = event['wireCode']
      ensure(wireCode === 0 || (head === 'request' && wireCode === fault.status), 'a status that is not the fault’s')
      const offset = event['offset'] as number
      ensure(offset >= -1 && offset <= data.length, `offset ${offset} of ${data.length}`)
    }
  }
  ensure(ended, 'neither the end of the input nor time ended the connection')
}
