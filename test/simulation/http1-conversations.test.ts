import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, type Conversation, type SideReport, simulate } from 'skitai/testing'
import { DATE, fieldsOf, type Message, messagesOf, pairsOf } from '../property/http1-support.js'
import { clientApp, serverApp } from './http1-apps.js'
import { type Plan, type PlannedContent, planOf } from './http1-plan.js'

const CONVERSATIONS = 3000
const SEED = Number(process.env['SKITAI_SEED'] ?? 1) * 1_000_000

function converse(seed: number, plan: Plan): Conversation {
  return simulate({
    seed,
    left: clientApp(plan),
    // The planned answers take longer than a server waits that does not know whether its client is still there.
    right: serverApp(plan, DATE, { halfClosedMs: 60_000 }),
    leftToRight: plan.toServer,
    rightToLeft: plan.toClient,
  })
}

/** Whether what arrived is a beginning of what was planned; the messages that arrived whole. */
function checkRequests(plan: Plan, { events }: SideReport): Message[] {
  const messages = messagesOf(events)
  messages.forEach((message, index) => {
    const exchange = plan.exchanges[index]
    assert.ok(exchange !== undefined, 'a request that nobody sent')
    assert.equal(message.head['method'], exchange.method)
    assert.equal(message.head['target'], `/${index}`)
    sameContent(message, exchange.request)
  })
  return messages
}

function checkResponses(plan: Plan, { events }: SideReport): Message[] {
  const messages = messagesOf(events)
  messages.forEach((message, index) => {
    const exchange = plan.exchanges[index]
    assert.ok(exchange !== undefined, 'a response to no request')
    if (message.head['status'] === 400 || message.head['status'] === 408) return
    assert.equal(message.head['status'], exchange.status)
    assert.equal(fieldsOf(message).find(([name]) => name === 'x-index')?.[1], String(index), 'answers keep their order')
    const { response } = exchange
    sameContent(message, exchange.method === 'HEAD' ? { ...response, pieces: [], trailers: [] } : response)
  })
  return messages
}

function sameContent(message: Message, { pieces, trailers }: PlannedContent): void {
  assert.deepEqual(message.body, concat(pieces))
  assert.deepEqual(message.trailers, pairsOf(trailers))
}

describe('a client and a server engine, back to back', () => {
  test(`${CONVERSATIONS} conversations, pipelined with any delay, lose nothing, keep the order, and end`, () => {
    for (let seed = SEED; seed < SEED + CONVERSATIONS; seed++) {
      const plan = planOf(seed)
      const { left, right, outcome } = converse(seed, plan)
      const context = `seed ${seed}`
      assert.deepEqual([outcome, left.last, right.last], ['ended', 'closed', 'closed'], context)
      assert.equal(checkRequests(plan, right).length, plan.exchanges.length, context)
      assert.equal(checkResponses(plan, left).length, plan.exchanges.length, context)
    }
  })

  test('the same seed gives the same conversation', () => {
    for (let seed = 1; seed < 20; seed++) {
      const [first, second] = [converse(seed, planOf(seed)), converse(seed, planOf(seed))]
      assert.deepEqual([second.left.log, second.right.log], [first.left.log, first.right.log])
      assert.deepEqual([second.nowMs, second.steps], [first.nowMs, first.steps])
    }
  })
})

describe('a connection that is cut', () => {
  /** Short enough to be cut at every octet. */
  const plans = Array.from({ length: 400 }, (_, index) => ({ seed: SEED + index, plan: planOf(SEED + index) })).filter(
    ({ seed, plan }) => {
      const { left, right } = converse(seed, plan)
      return left.sent.length + right.sent.length < 1200 && plan.exchanges.length > 1
    },
  )

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, at each octet of ${Math.min(plans.length, 12)} conversations, ends both sides`, () => {
      assert.ok(plans.length >= 12)
      for (const { seed, plan } of plans.slice(0, 12)) {
        const whole = converse(seed, plan)
        const length = (direction === 'toServer' ? whole.left : whole.right).sent.length
        for (let truncateAtBytes = 0; truncateAtBytes < length; truncateAtBytes++) {
          const cut = { ...plan, [direction]: { ...plan[direction], truncateAtBytes } }
          const conversation = converse(seed, cut)
          const context = `seed ${seed}, cut at ${truncateAtBytes} ${direction}`
          assert.equal(conversation.outcome, 'ended', context)
          checkRequests(plan, conversation.right)
          checkResponses(plan, conversation.left)
        }
      }
    })

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, stalled for good at each octet, ends both sides in time`, () => {
      for (const { seed, plan } of plans.slice(0, 6)) {
        const whole = converse(seed, plan)
        const length = (direction === 'toServer' ? whole.left : whole.right).sent.length
        for (let afterBytes = 0; afterBytes < length; afterBytes++) {
          const stalled = { ...plan, [direction]: { ...plan[direction], stall: { afterBytes, ms: Infinity } } }
          const { left, right, nowMs } = converse(seed, stalled)
          const context = `seed ${seed}, stalled at ${afterBytes} ${direction}: ${left.last}, ${right.last}`
          // Whoever hears nothing more ends by a deadline; its peer hears that, unless it is the one that hears
          // nothing.
          assert.notEqual(direction === 'toServer' ? right.last : left.last, '', context)
          assert.ok(nowMs <= whole.nowMs + 200_000, context)
          checkRequests(plan, right)
          checkResponses(plan, left)
        }
      }
    })
})
