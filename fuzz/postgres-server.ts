/** Messages to the server role of PostgreSQL: any octets, and an application whose mood is decided by the first. */

import { type PostgresFaultCode, postgresFaults } from 'skitai/postgres'
import { concat, type Step, type Trace } from 'skitai/testing'
import { checkAllWays, ensure } from './http1-oracles.js'
import { serverSubject } from './postgres-subjects.js'

/** The start of a user that is called `user`. */
const START = Uint8Array.from([0, 0, 0, 0x13, 0, 3, 0, 0, ...Buffer.from('user\0user\0\0')])

/** Longer than every deadline. */
const FOR_EVER: Step = { type: 'wait', ms: 1_000_000 }

/** The first octet is the mood, whose bit 2 leaves the start out; the rest is what the client sends. */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const rest = data.subarray(1)
  const input = (mood & 4) !== 0 ? rest : concat([START, rest])
  // Whether something came before TLS depends on what is there when it is asked for: there the octets are not cut.
  const isTls = (mood & 64) !== 0 && asksForTls(input)
  const whole = checkAllWays(() => serverSubject(isTls ? mood & ~64 : mood), input, [FOR_EVER])
  checkTrace(whole, input.length)
}

function asksForTls(input: Uint8Array): boolean {
  return Buffer.from(input).includes('04d2162f', 0, 'hex')
}

/** Numbers of commands count up by one; data of COPY belongs to the last one; faults lie inside the input. */
function checkTrace({ events, output }: Trace, inputBytes: number): void {
  let last = 0
  for (const event of events) {
    const id = event['id']
    if (typeof id === 'number') {
      const isCommand = !event.type.startsWith('copy')
      ensure(isCommand ? id === last + 1 : id <= last, `${event.type} ${id} behind ${last}`)
      last = Math.max(last, id)
    }
    if (event.type !== 'fatal') continue
    ensure(postgresFaults[event['code'] as PostgresFaultCode] !== undefined, 'an unknown fault')
    const offset = event['offset'] as number
    ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
  }
  ensure(events.length <= inputBytes + 2, `${events.length} events`)
  ensure(output.length < 2000 + inputBytes * 100, `${output.length} octets of output`)
}
