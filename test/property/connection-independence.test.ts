import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  checkIndependence,
  concat,
  cutScript,
  encodeRequest,
  http1Arbitraries,
  http2Arbitraries,
  type Scripted,
  type TypedEvent,
  webSocketArbitraries,
} from 'skitai/testing'
import * as http1 from './http1-support.js'
import * as http2 from './http2-support.js'
import { check } from './run.js'
import { deflated, moody, NEGOTIATED, SMALL } from './websocket-support.js'

const RUNS = 500

/** Two to five conversations, each cut in its own way, in an order of any kind. */
function checkBeside<Event extends TypedEvent>(
  octets: fc.Arbitrary<Uint8Array>,
  cuts: fc.Arbitrary<number[]>,
  make: (seed: number, which: number) => ReturnType<Scripted<Event>['make']>,
): void {
  const one = fc.record({ bytes: octets, positions: cuts, seed: fc.nat() })
  check(
    RUNS,
    fc.property(fc.array(one, { minLength: 2, maxLength: 5 }), fc.array(fc.nat(100)), (all, order) => {
      const conversations = all.map(({ bytes, positions, seed }, which) => ({
        make: () => make(seed, which),
        script: cutScript([{ type: 'bytes', bytes }, { type: 'end' }], positions),
      }))
      checkIndependence(conversations, order)
    }),
  )
}

function kindOf(client: boolean, damaged: boolean) {
  if (client) return damaged ? 'damagedServerOctets' : 'serverOctets'
  return damaged ? 'damagedClientOctets' : 'clientOctets'
}

describe('engines beside each other give what each gives alone', () => {
  test('HTTP/1.1 servers', () => {
    const { damaged, requests, cuts } = http1Arbitraries(fc)
    checkBeside(damaged(requests.map((all) => concat(all.map(encodeRequest)))), cuts, http1.moodyServer)
  })

  test('HTTP/2 servers', () => {
    const { damagedClientOctets, cuts } = http2Arbitraries(fc)
    checkBeside(damagedClientOctets, cuts, (seed) => http2.moodyServer(seed))
  })

  for (const client of [false, true])
    for (const damaged of [false, true])
      test(`WebSocket ${client ? 'clients' : 'servers'} that get ${damaged ? 'damaged frames' : 'frames'}`, () => {
        const plain = webSocketArbitraries(fc)
        const compressed = webSocketArbitraries(fc, { deflate: deflated })
        const kind = kindOf(client, damaged)
        checkBeside(fc.oneof(plain[kind], compressed[kind]), plain.cuts, (seed, which) =>
          moody(client, seed, {
            deflate: NEGOTIATED[which],
            pieces: seed % 2 === 0,
            limits: seed % 3 === 0 ? SMALL : {},
          }),
        )
      })
})
