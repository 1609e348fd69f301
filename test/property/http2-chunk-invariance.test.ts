import { describe, test } from 'node:test'
import fc from 'fast-check'
import { checkBorrow, checkChunkInvariance, cutScript, http2Arbitraries, type Step } from 'skitai/testing'
import { moodyClient, moodyServer, plainClient, plainServer, SMALL } from './http2-support.js'
import { check } from './run.js'

const arbitraries = http2Arbitraries(fc)
const { cuts } = arbitraries
const RUNS = 800
const METHODS = ['GET', 'POST', 'HEAD']

/** One chunk, then the end of the input or an hour of silence. */
function scriptOf(bytes: Uint8Array, ends: boolean): Step[] {
  return [{ type: 'bytes', bytes }, ends ? { type: 'end' } : { type: 'wait', ms: 3_600_000 }]
}

describe('HTTP/2 events and output do not depend on how the input is cut', () => {
  const servers = [
    ['a plain server', () => plainServer()],
    ['one with small limits', () => plainServer(SMALL)],
    ['one of any mood', moodyServer],
    ['one of any mood with small limits', (seed: number) => moodyServer(seed, SMALL)],
  ] as const
  for (const [name, make] of servers)
    for (const damaged of [false, true])
      test(`${damaged ? 'damaged frames' : 'frames'} to ${name}`, () => {
        const octets = damaged ? arbitraries.damagedClientOctets : arbitraries.clientOctets
        check(
          RUNS,
          fc.property(octets, cuts, fc.boolean(), fc.nat(), (bytes, positions, ends, seed) => {
            checkChunkInvariance(() => make(seed), scriptOf(bytes, ends), positions)
          }),
        )
      })

  const clients = [
    ['a plain client', () => plainClient(METHODS)],
    ['one that takes promises', () => plainClient(METHODS, { push: true })],
    ['one with small limits', () => plainClient(METHODS, { push: true, limits: SMALL })],
    ['one of any mood', moodyClient],
    ['one of any mood with small limits', (seed: number) => moodyClient(seed, SMALL)],
  ] as const
  for (const [name, make] of clients)
    for (const damaged of [false, true])
      test(`${damaged ? 'damaged frames' : 'frames'} to ${name}`, () => {
        const octets = damaged ? arbitraries.damagedServerOctets : arbitraries.serverOctets
        check(
          RUNS,
          fc.property(octets, cuts, fc.boolean(), fc.nat(), (bytes, positions, ends, seed) => {
            checkChunkInvariance(() => make(seed), scriptOf(bytes, ends), positions)
          }),
        )
      })
})

describe('HTTP/2 engines keep no memory of others and change none that they gave away', () => {
  test('the server, cut anywhere', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedClientOctets, cuts, fc.nat(), (bytes, positions, seed) => {
        checkBorrow(() => moodyServer(seed), cutScript(scriptOf(bytes, true), positions))
      }),
    )
  })

  test('the client, cut anywhere', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedServerOctets, cuts, fc.nat(), (bytes, positions, seed) => {
        checkBorrow(() => moodyClient(seed), cutScript(scriptOf(bytes, true), positions))
      }),
    )
  })
})
