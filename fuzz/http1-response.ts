/** Responses to the client role: any octets, after requests that the first of them decide. */

import { Http1Client, type Http1ClientEvent } from 'skitai/http1'
import type { Subject } from 'skitai/testing'
import { checkAllWays, checkEvents, ensure } from './http1-oracles.js'

/** The first two octets are the requests; the rest is what the server sends. */
export function fuzz(data: Uint8Array): void {
  const asked = [data[0] ?? 0, data[1] ?? 0]
  const input = data.subarray(2)
  const whole = checkAllWays(() => subjectOf(asked), input)
  checkEvents(whole, 'response', input)
  const responses = whole.events.filter(({ type }) => type === 'response').length
  ensure(responses <= requestsOf(asked[0]!).length, 'more responses than requests')
}

const METHODS = ['GET', 'HEAD', 'POST', 'CONNECT'] as const

/** Up to four requests, two bits each for the method; bits 6 and 7 of the second octet tell how many. */
function requestsOf(methods: number): (typeof METHODS)[number][] {
  return [0, 2, 4, 6].map((shift) => METHODS[(methods >> shift) & 3]!)
}

function subjectOf([methods = 0, options = 0]: readonly number[]): Subject<Http1ClientEvent> {
  const limits = options & 1 ? { informCountMax: 2, fieldBytesMax: 200, bodyBytesMax: 100, reasonBytesMax: 20 } : {}
  const engine = new Http1Client({ limits })
  return {
    engine,
    begin: () => {
      for (const method of requestsOf(methods).slice(0, 1 + (options >> 6))) {
        const connect = method === 'CONNECT'
        const fields = ['Host', 'a', ...(options & 2 && !connect ? ['Upgrade', 'x'] : [])]
        engine.sendRequest(method, connect ? 'a:1' : '/', fields)
      }
      if (options & 4) engine.close()
    },
  }
}
