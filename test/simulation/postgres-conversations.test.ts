import assert from 'node:assert/strict'
import { runs } from '../thorough.js'
import { describe, test } from 'node:test'
import { cancelRequest, PostgresServer, type PostgresServerEvent } from 'skitai/postgres'
import { type Conversation, simulate } from 'skitai/testing'
import { PostgresModel } from '../../fuzz/postgres-model.js'
import { clientOf, type Plan, planOf, serverOf } from './postgres-plan.js'

const SEED = Number(process.env['SKITAI_SEED'] ?? 1) * 1_000_000

interface Held extends Conversation {
  readonly model: PostgresModel
}

function converse(seed: number, plan: Plan): Held {
  const model = new PostgresModel()
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

describe('a client and a server of PostgreSQL, back to back', () => {
  test(`${CONVERSATIONS} conversations with pipelines, errors, copies that break off and farewells at any time end as they must`, () => {
    let answered = 0
    for (let seed = SEED; seed < SEED + CONVERSATIONS; seed++) {
      const plan = planOf(seed)
      const { left, right, outcome, model } = converse(seed, plan)
      const context = `seed ${seed}: ${JSON.stringify([plan.fate, left.log.at(-1), right.log.at(-1)])}`
      assert.deepEqual([outcome, left.last !== '', right.last !== ''], ['ended', true, true], context)
      for (const side of [left, right])
        assert.ok(['local', 'remote', 'PG_TRUNCATED'].includes(lastCode(side) as string), context)
      if (plan.fate !== 'none') continue
      assert.deepEqual(
        [left.last, right.last, lastCode(left), lastCode(right)],
        ['closed', 'closed', 'local', 'remote'],
      )
      model.ensureHeard()
      answered += left.events.length
    }
    assert.ok(answered > 3000, `${answered} events`)
  })

  test('the same seed gives the same conversation', () => {
    for (let seed = 1; seed < 30; seed++) {
      const [first, second] = [converse(seed, planOf(seed)), converse(seed, planOf(seed))]
      assert.deepEqual([second.left.log, second.right.log], [first.left.log, first.right.log])
      assert.deepEqual([second.nowMs, second.steps], [first.nowMs, first.steps])
    }
  })

  test('each part of a pipeline fails by itself', () => {
    const model = new PostgresModel()
    const plan: Plan = {
      ...planOf(1),
      commands: Array.from({ length: 200 }, (_, index) => ({
        kind: (['parse', 'bind', 'execute', 'sync'] as const)[index % 4]!,
        name: String(index),
        pauseMs: 0,
      })),
      fate: 'none',
      holdMs: 0,
    }
    const { left } = simulate({ seed: 1, left: clientOf(plan, model), right: serverOf(plan, model) })
    model.ensureHeard()
    const count = (type: string): number => left.events.filter((event) => event.type === type).length
    assert.equal(count('ready'), 51)
    assert.ok(count('error') > 20 && count('complete') > 10, left.log.join('\n'))
  })
})

describe('a conversation over PostgreSQL that is cut', () => {
  const plans = Array.from({ length: 300 }, (_, index) => ({ seed: SEED + index, plan: planOf(SEED + index) })).filter(
    ({ seed, plan }) => {
      const { left, right } = converse(seed, plan)
      const octets = left.sent.length + right.sent.length
      return plan.fate === 'none' && octets > 700 && octets < 2500
    },
  )

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, ended at each octet of a few conversations, ends both sides`, () => {
      assert.ok(plans.length >= 8, `${plans.length}`)
      for (const { seed, plan } of plans.slice(0, runs(3, 8))) {
        const whole = converse(seed, plan)
        const { length } = (direction === 'toServer' ? whole.left : whole.right).sent
        for (let at = 0; at < length; at++) {
          const cut = { ...plan, [direction]: { ...plan[direction], truncateAtBytes: at } }
          const { left, right } = converse(seed, cut)
          assert.ok(left.last !== '' && right.last !== '', `seed ${seed}, at ${at}: ${left.last}, ${right.last}`)
        }
      }
    })

  test('stalled for good within the start, ends whoever waits', () => {
    const { seed, plan } = plans[0]!
    const impatient = {
      ...plan,
      clientLimits: { ...plan.clientLimits, startupMs: 30_000 },
      serverLimits: { ...plan.serverLimits, startupMs: 30_000 },
    }
    for (let at = 0; at < 10; at++) {
      const { left, right } = converse(seed, { ...impatient, toServer: { stall: { afterBytes: at, ms: Infinity } } })
      assert.deepEqual([lastCode(left), lastCode(right)], ['PG_STARTUP_TIMEOUT', 'PG_STARTUP_TIMEOUT'], `${at}`)
    }
  })

  test('stalled for a while at each octet, goes on', () => {
    for (const { seed, plan } of plans.slice(0, runs(1, 2))) {
      const { left } = converse(seed, plan)
      for (let at = 0; at < left.sent.length; at += runs(7, 1)) {
        const held = converse(seed, { ...plan, toServer: { ...plan.toServer, stall: { afterBytes: at, ms: 60_000 } } })
        held.model.ensureHeard()
        assert.deepEqual([held.left.last, held.right.last], ['closed', 'closed'], `seed ${seed}, at ${at}`)
      }
    }
  })
})

describe('a request to cancel', () => {
  test('reaches the connection that it names', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index)
    const other = new PostgresServer()
    other.start(0)
    other.receive(cancelRequest(77, key), 0)
    const events: PostgresServerEvent[] = []
    for (let event = other.poll(); event !== undefined; event = other.poll()) events.push(event)
    assert.deepEqual(events, [
      { type: 'cancel', processId: 77, key },
      { type: 'closed', initiator: 'remote' },
    ])
    assert.equal(other.output(), undefined)
  })
})
