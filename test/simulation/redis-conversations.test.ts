import assert from 'node:assert/strict'
import { runs } from '../thorough.js'
import { describe, test } from 'node:test'
import { type Conversation, simulate } from 'skitai/testing'
import { RedisModel } from '../../fuzz/redis-model.js'
import { clientOf, type Plan, planOf, serverOf } from './redis-plan.js'

const SEED = Number(process.env['SKITAI_SEED'] ?? 1) * 1_000_000

interface Held extends Conversation {
  readonly model: RedisModel
}

function converse(seed: number, plan: Plan): Held {
  const model = new RedisModel()
  const conversation = simulate({
    seed,
    left: clientOf(plan, model),
    right: serverOf(plan, model),
    leftToRight: plan.toServer,
    rightToLeft: plan.toClient,
    stepsMax: 2_000_000,
  })
  return { ...conversation, model }
}

function lastCode({ events }: Conversation['left']): unknown {
  return events.at(-1)?.['code'] ?? events.at(-1)?.['initiator']
}

const CONVERSATIONS = runs(500, 3000)

describe('a client and a server of Redis, back to back', () => {
  test(`${CONVERSATIONS} conversations with pipelines, errors, messages and farewells at any time end as they must`, () => {
    let heard = 0
    for (let seed = SEED; seed < SEED + CONVERSATIONS; seed++) {
      const plan = planOf(seed)
      const { left, right, outcome, model } = converse(seed, plan)
      const context = `seed ${seed}: ${JSON.stringify([plan.fate, left.log.at(-1), right.log.at(-1)])}`
      assert.deepEqual([outcome, left.last !== '', right.last !== ''], ['ended', true, true], context)
      for (const side of [left, right])
        assert.ok(['local', 'remote', 'REDIS_TRUNCATED'].includes(lastCode(side) as string), context)
      if (plan.fate !== 'none') continue
      assert.deepEqual(
        [left.last, right.last, lastCode(left), lastCode(right)],
        ['closed', 'closed', 'local', 'remote'],
        context,
      )
      model.ensureHeard()
      heard += left.events.length
    }
    assert.ok(heard > 3000, `${heard} events`)
  })

  test('the same seed gives the same conversation', () => {
    for (let seed = 1; seed < 30; seed++) {
      const [first, second] = [converse(seed, planOf(seed)), converse(seed, planOf(seed))]
      assert.deepEqual([second.left.log, second.right.log], [first.left.log, first.right.log])
      assert.deepEqual([second.nowMs, second.steps], [first.nowMs, first.steps])
    }
  })
})

describe('a conversation over Redis that is cut', () => {
  const plans = Array.from({ length: 200 }, (_, index) => ({ seed: SEED + index, plan: planOf(SEED + index) })).filter(
    ({ seed, plan }) => {
      const { left, right } = converse(seed, plan)
      const octets = left.sent.length + right.sent.length
      return plan.fate === 'none' && octets > 300 && octets < 1200
    },
  )

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, ended at each octet of a few conversations, ends both sides`, () => {
      assert.ok(plans.length >= 4, `${plans.length}`)
      for (const { seed, plan } of plans.slice(0, 4)) {
        const whole = converse(seed, plan)
        const { length } = (direction === 'toServer' ? whole.left : whole.right).sent
        for (let at = 0; at < length; at++) {
          const cut = { ...plan, [direction]: { ...plan[direction], truncateAtBytes: at } }
          const { left, right } = converse(seed, cut)
          assert.ok(left.last !== '' && right.last !== '', `seed ${seed}, at ${at}: ${left.last}, ${right.last}`)
        }
      }
    })

  test('stalled for good within the start, ends the client that waits', () => {
    const { seed, plan } = plans.find((each) => each.plan.protocol === 3)!
    const impatient = { ...plan, clientLimits: { ...plan.clientLimits, startupMs: 30_000 } }
    for (let at = 0; at < 20; at++) {
      const { left } = converse(seed, { ...impatient, toServer: { stall: { afterBytes: at, ms: Infinity } } })
      assert.equal(lastCode(left), 'REDIS_STARTUP_TIMEOUT', `${at}`)
    }
  })

  test('stalled for a while at each octet, goes on', () => {
    for (const { seed, plan } of plans.slice(0, 2)) {
      const { left } = converse(seed, plan)
      for (let at = 0; at < left.sent.length; at += 3) {
        const held = converse(seed, { ...plan, toServer: { ...plan.toServer, stall: { afterBytes: at, ms: 300 } } })
        held.model.ensureHeard()
        assert.deepEqual([held.left.last, held.right.last], ['closed', 'closed'], `seed ${seed}, at ${at}`)
      }
    }
  })
})
