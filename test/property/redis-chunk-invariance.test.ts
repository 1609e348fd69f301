import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  bytesOf,
  checkBorrow,
  checkChunkInvariance,
  checkIndependence,
  concat,
  cutScript,
  redisArbitraries,
  type Step,
  type Subject,
  type TypedEvent,
} from 'skitai/testing'
import { moodyClient, moodyServer, SMALL } from './redis-support.js'
import { check } from './run.js'

const RUNS = 1500
const { serverOctets, damagedServerOctets, clientOctets, damagedClientOctets, cuts, reply2 } = redisArbitraries(fc)

/** RESP3 is spoken from here on. */
const HELLO = bytesOf('%1\r\n+proto\r\n:3\r\n')

const protocol = fc.constantFrom(2 as const, 3 as const)
const limits = fc.constantFrom({}, {}, SMALL)
const pushFlags = fc.nat(31)

function scriptOf(bytes: Uint8Array, ends: boolean): Step[] {
  return [{ type: 'bytes', bytes }, ends ? { type: 'end' } : { type: 'wait', ms: 3_600_000 }]
}

describe('Redis events and output do not depend on how the input is cut', () => {
  for (const [what, octets] of Object.entries({
    'replies and pushes': serverOctets,
    'damaged ones': damagedServerOctets,
    'replies of RESP2': fc.array(reply2, { maxLength: 6 }).map(concat),
  }))
    test(`${what} to a client`, () => {
      check(
        RUNS,
        fc.property(
          octets,
          cuts,
          fc.boolean(),
          fc.nat(),
          protocol,
          limits,
          pushFlags,
          (bytes, positions, ends, seed, version, bounds, flags) => {
            const make = () => moodyClient(seed, { protocol: version, limits: bounds, pushFlags: flags })
            const input = version === 3 ? concat([HELLO, bytes]) : bytes
            checkChunkInvariance(make, scriptOf(input, ends), positions)
            checkBorrow(make, cutScript(scriptOf(input, ends), positions))
          },
        ),
      )
    })

  for (const [what, octets] of Object.entries({ commands: clientOctets, 'damaged commands': damagedClientOctets }))
    test(`${what} to a server`, () => {
      check(
        RUNS,
        fc.property(octets, cuts, fc.boolean(), fc.nat(), limits, (bytes, positions, ends, seed, bounds) => {
          const make = () => moodyServer(seed, bounds)
          checkChunkInvariance(make, scriptOf(bytes, ends), positions)
          checkBorrow(make, cutScript(scriptOf(bytes, ends), positions))
        }),
      )
    })
})

describe('Redis engines beside each other give what each gives alone', () => {
  const beside = <Event extends TypedEvent>(
    octets: fc.Arbitrary<Uint8Array>,
    make: (seed: number) => Subject<Event>,
  ): void => {
    const one = fc.record({ bytes: octets, positions: cuts, seed: fc.nat() })
    check(
      RUNS / 3,
      fc.property(fc.array(one, { minLength: 2, maxLength: 5 }), fc.array(fc.nat(100)), (all, order) => {
        const conversations = all.map(({ bytes, positions, seed }) => ({
          make: () => make(seed),
          script: cutScript(scriptOf(bytes, true), positions),
        }))
        checkIndependence(conversations, order)
      }),
    )
  }

  test('clients', () => {
    beside(damagedServerOctets, (seed) => moodyClient(seed))
  })

  test('servers', () => {
    beside(damagedClientOctets, (seed) => moodyServer(seed))
  })
})
