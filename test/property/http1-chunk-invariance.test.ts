import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  checkBorrow,
  checkChunkInvariance,
  concat,
  encodeExchange,
  encodeRequest,
  http1Arbitraries,
  type Step,
} from 'skitai/testing'
import { moodyServer, plainClient, plainServer } from './http1-support.js'
import { check } from './run.js'

const arbitraries = http1Arbitraries(fc)
const RUNS = 1500

/** One chunk, then the end of the input or an hour of silence. */
function scriptOf(bytes: Uint8Array, ends: boolean): Step[] {
  return [{ type: 'bytes', bytes }, ends ? { type: 'end' } : { type: 'wait', ms: 3_600_000 }]
}

describe('HTTP/1.1 events and output do not depend on how the input is cut', () => {
  test('valid requests', () => {
    check(
      RUNS,
      fc.property(arbitraries.requests, arbitraries.cuts, fc.boolean(), (requests, cuts, ends) => {
        checkChunkInvariance(plainServer, scriptOf(concat(requests.map(encodeRequest)), ends), cuts)
      }),
    )
  })

  test('damaged requests', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedRequests, arbitraries.cuts, fc.boolean(), (bytes, cuts, ends) => {
        checkChunkInvariance(plainServer, scriptOf(bytes, ends), cuts)
      }),
    )
  })

  test('damaged requests to an application of any mood', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedRequests, arbitraries.cuts, fc.nat(), (bytes, cuts, seed) => {
        checkChunkInvariance(() => moodyServer(seed), scriptOf(bytes, true), cuts)
      }),
    )
  })

  test('damaged requests that repeat their field sections', () => {
    // What a connection remembers of one head must not show in the next.
    const repeated = arbitraries.damaged(
      arbitraries.requests.map((requests) => concat([...requests, ...requests, ...requests].map(encodeRequest))),
    )
    const limits = { fieldBytesMax: 120, fieldCountMax: 6 }
    check(
      RUNS,
      fc.property(repeated, arbitraries.cuts, (bytes, cuts) => {
        checkChunkInvariance(() => plainServer(limits), scriptOf(bytes, true), cuts)
      }),
    )
  })

  test('damaged requests under small limits', () => {
    const limits = { bodyBytesMax: 30, fieldBytesMax: 60, fieldCountMax: 4, targetBytesMax: 16, trailerBytesMax: 20 }
    check(
      RUNS,
      fc.property(arbitraries.damagedRequests, arbitraries.cuts, (bytes, cuts) => {
        checkChunkInvariance(() => plainServer(limits), scriptOf(bytes, true), cuts)
      }),
    )
  })

  test('valid responses', () => {
    check(
      RUNS,
      fc.property(arbitraries.exchanges, arbitraries.cuts, fc.boolean(), (exchanges, cuts, ends) => {
        const methods = exchanges.map(({ method }) => method)
        const bytes = concat(exchanges.map(encodeExchange))
        checkChunkInvariance(() => plainClient(methods), scriptOf(bytes, ends), cuts)
      }),
    )
  })

  test('damaged responses', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedExchanges, arbitraries.cuts, fc.boolean(), ({ methods, bytes }, cuts, ends) => {
        checkChunkInvariance(() => plainClient(methods), scriptOf(bytes, ends), cuts)
      }),
    )
  })
})

describe('HTTP/1.1 engines keep no memory of others and change none that they gave away', () => {
  test('requests, cut anywhere', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedRequests, arbitraries.cuts, fc.nat(), (bytes, cuts, seed) => {
        checkBorrow(() => moodyServer(seed), cutOf(bytes, cuts))
      }),
    )
  })

  test('responses, cut anywhere', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedExchanges, arbitraries.cuts, ({ methods, bytes }, cuts) => {
        checkBorrow(() => plainClient(methods), cutOf(bytes, cuts))
      }),
    )
  })
})

function cutOf(bytes: Uint8Array, cuts: readonly number[]): Step[] {
  const positions = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b)
  return positions.slice(1).map((to, index) => ({ type: 'bytes', bytes: bytes.subarray(positions[index], to) }))
}
