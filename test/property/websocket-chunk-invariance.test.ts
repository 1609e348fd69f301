import { describe, test } from 'node:test'
import fc from 'fast-check'
import { checkBorrow, checkChunkInvariance, cutScript, type Step, webSocketArbitraries } from 'skitai/testing'
import { check } from './run.js'
import { deflated, echo, moody, NEGOTIATED, SMALL } from './websocket-support.js'

const RUNS = 800
const plain = webSocketArbitraries(fc)
const compressed = webSocketArbitraries(fc, { deflate: deflated })
const { cuts } = plain

/** One chunk, then the end of the input or an hour of silence. */
function scriptOf(bytes: Uint8Array, ends: boolean): Step[] {
  return [{ type: 'bytes', bytes }, ends ? { type: 'end' } : { type: 'wait', ms: 3_600_000 }]
}

/** Frames as a peer of the role gets them, right or damaged, compressed where that was negotiated. */
function octetsOf(client: boolean, damaged: boolean, deflate: boolean): fc.Arbitrary<Uint8Array> {
  const arbitraries = deflate ? compressed : plain
  if (client) return damaged ? arbitraries.damagedServerOctets : arbitraries.serverOctets
  return damaged ? arbitraries.damagedClientOctets : arbitraries.clientOctets
}

const roles = [
  ['a server', false],
  ['a client', true],
] as const

const negotiated = fc.constantFrom(...NEGOTIATED)
const settings = fc.record({ deflate: negotiated, pieces: fc.boolean(), limits: fc.constantFrom({}, SMALL) })

describe('WebSocket events and output do not depend on how the input is cut', () => {
  for (const [name, client] of roles)
    for (const damaged of [false, true])
      for (const mood of ['echo', 'any mood'])
        test(`${damaged ? 'damaged frames' : 'frames'} to ${name} of ${mood}`, () => {
          check(
            RUNS,
            fc.property(settings, cuts, fc.boolean(), fc.nat(), fc.gen(), (options, positions, ends, seed, gen) => {
              const bytes = gen(octetsOf, client, damaged, options.deflate !== undefined)
              const make = () => (mood === 'echo' ? echo(client, options) : moody(client, seed, options))
              checkChunkInvariance(make, scriptOf(bytes, ends), positions)
            }),
          )
        })

  for (const [name, client] of roles)
    test(`a message that is held and let go, by ${name}`, () => {
      check(
        RUNS / 2,
        fc.property(settings, cuts, fc.nat(100), fc.gen(), (options, positions, at, gen) => {
          const bytes = gen(octetsOf, client, true, options.deflate !== undefined)
          let engine = echo(client, options).engine
          const make = () => {
            const subject = echo(client, options)
            engine = subject.engine
            return subject
          }
          const script: Step[] = [
            { type: 'bytes', bytes: bytes.subarray(0, at) },
            { type: 'command', run: () => engine.hold(true) },
            { type: 'bytes', bytes: bytes.subarray(at) },
            { type: 'wait', ms: 100_000 },
            { type: 'command', run: () => engine.hold(false) },
            { type: 'wait', ms: 100_000 },
          ]
          checkChunkInvariance(make, script, positions)
        }),
      )
    })
})

describe('WebSocket engines keep no memory of others and change none that they gave away', () => {
  for (const [name, client] of roles)
    test(`${name}, cut anywhere`, () => {
      check(
        RUNS,
        fc.property(settings, cuts, fc.nat(), fc.boolean(), fc.gen(), (options, positions, seed, damaged, gen) => {
          const bytes = gen(octetsOf, client, damaged, options.deflate !== undefined)
          checkBorrow(() => moody(client, seed, options), cutScript(scriptOf(bytes, true), positions))
        }),
      )
    })
})
