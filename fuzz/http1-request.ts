/** Requests to the server role: any octets, an application whose mood is decided by the first of them. */

import { Http1Server, type Http1ServerEvent } from 'skitai/http1'
import { Random, type Subject } from 'skitai/testing'
import { checkAllWays, checkEvents, ensure } from './http1-oracles.js'

/** The first octet is the mood; the rest is what the client sends. */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const input = data.subarray(1)
  const whole = checkAllWays(() => subjectOf(mood), input)
  checkEvents(whole, 'request', input)
  const requests = whole.events.filter(({ type }) => type === 'request').length
  ensure(
    whole.output.length <= (requests + 1) * OUTPUT_BYTES_MAX,
    `${whole.output.length} octets for ${requests} requests`,
  )
}

/** The longest that the application below, or the engine for a fault, writes for one request. */
const OUTPUT_BYTES_MAX = 600

function subjectOf(mood: number): Subject<Http1ServerEvent> {
  // Small limits make small inputs reach them.
  const limits = mood & 1 ? { drainBytesMax: 8, fieldBytesMax: 200, bodyBytesMax: 100, chunkExtensionBytesMax: 10 } : {}
  const engine = new Http1Server({ date: () => 'Thu, 01 Jan 1970 00:00:00 GMT', limits })
  const random = new Random(mood)
  const answer = (): void => {
    if (mood & 2) return engine.sendResponse(random.pick([200, 204, 304]), ['x-a', 'b'])
    engine.sendHead(200, [], mood & 4 ? 5 : -1)
    engine.sendData(new Uint8Array([104, 101, 108, 108, 111]))
    engine.sendEnd(['x-sum', '1'])
  }
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'request') {
        if (mood & 8) engine.sendContinue()
        if (mood & 16 && event.upgrade !== '' && event.framing === 'none')
          return engine.sendHead(101, ['Upgrade', event.upgrade])
        if (mood & 32) return answer()
      }
      if (event.type === 'end' && !(mood & 32)) answer()
      if (event.type === 'data' && mood & 64) engine.close()
    },
  }
}
