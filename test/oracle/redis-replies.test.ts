/** Our reader of replies beside those of ioredis and node-redis, on replies right and damaged. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, concat, http1Arbitraries, latin1Of, redisArbitraries } from 'skitai/testing'
import { readByNodeRedis, readByRedisParser, readByUs, type Verdict } from './redis-decoders.js'
import { type Disagreement, nodeRedisDisagreements, redisParserDisagreements } from './redis-disagreements.js'

const RUNS = 1000
const arbitraries = redisArbitraries(fc)
const replies2 = fc.array(arbitraries.reply2, { maxLength: 6 }).map(concat)
const damaged2 = http1Arbitraries(fc).damaged(replies2)

/** How the two differ; undefined when they agree. Which of two faults is named is nobody's business. */
function differ(ours: Verdict, theirs: Verdict): string | undefined {
  const both = Math.min(ours.seen.length, theirs.seen.length)
  if (ours.seen.slice(0, both).some((line, at) => line !== theirs.seen[at])) return 'another value'
  if (ours.seen.length > both) return theirs.fault === '' ? 'left out' : 'unknown'
  if (ours.fault !== '') return theirs.fault !== '' && theirs.seen.length === both ? undefined : ours.fault
  return theirs.seen.length > both || theirs.fault !== '' ? 'waits' : undefined
}

const others = [
  {
    name: 'redis-parser',
    read: readByRedisParser,
    known: redisParserDisagreements,
    right: replies2,
    damaged: damaged2,
  },
  {
    name: 'node-redis',
    read: readByNodeRedis,
    known: nodeRedisDisagreements,
    right: arbitraries.serverOctets,
    damaged: arbitraries.damagedServerOctets,
  },
] as const

function judge(input: Uint8Array, { read, known }: (typeof others)[number]): Disagreement | undefined {
  const [ours, theirs] = [readByUs(input), read(input)]
  const kind = differ(ours, theirs)
  if (kind === undefined) return undefined
  const text = latin1Of(input)
  const row = known.find((each) => each.kind === kind && each.where.test(text))
  assert.ok(row, `a new disagreement: ${kind} on ${JSON.stringify(text)}, ${JSON.stringify([ours, theirs])}`)
  return row
}

for (const other of others)
  describe(`replies beside ${other.name}`, { timeout: 60_000 }, () => {
    const check = (runs: number, octets: fc.Arbitrary<Uint8Array>): number => {
      let agreed = 0
      const property = fc.property(octets, (input) => {
        if (judge(input, other) === undefined) agreed++
      })
      fc.assert(property, { numRuns: runs, seed: Number(process.env['SKITAI_SEED'] ?? 1) })
      return agreed
    }

    test('right ones of RESP2 are the same to both, but for what is listed', () => {
      const agreed = check(RUNS, replies2)
      assert.ok(agreed > RUNS / 2, `${agreed} agreed`)
    })

    test('right ones of all that the other knows, and damaged ones, are', () => {
      const agreed = check(RUNS, other.right) + check(RUNS, other.damaged)
      assert.ok(agreed > RUNS / 2, `${agreed} agreed`)
    })

    for (const row of other.known)
      test(`${row.kind}: ${JSON.stringify(row.example)}`, () => {
        assert.equal(judge(bytesOf(row.example), other), row)
      })
  })
