import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, type Conversation, type SideReport, simulate, type Snapshot } from 'skitai/testing'
import { DATE, pairsOf } from '../property/http1-support.js'
import { clientApp, pushedContent, serverApp } from './http2-apps.js'
import { type Plan, type PlannedContent, planOf } from './http2-plan.js'

const SEED = Number(process.env['SKITAI_SEED'] ?? 1) * 1_000_000

function converse(seed: number, plan: Plan): Conversation {
  return simulate({
    seed,
    left: clientApp(plan),
    right: serverApp(plan, DATE),
    leftToRight: plan.toServer,
    rightToLeft: plan.toClient,
    stepsMax: 1_000_000,
  })
}

/** What came on one stream. */
interface Arrived {
  head: Snapshot | undefined
  readonly parts: Uint8Array[]
  trailers: unknown
  complete: boolean
  /** The error code of a reset, ours or theirs. */
  reset: Snapshot | undefined
  promise: Snapshot | undefined
}

/** What came, by stream. Throws when something comes in an order that no message has. */
function arrivedAt({ events }: SideReport): Map<number, Arrived> {
  const streams = new Map<number, Arrived>()
  const at = (id: number): Arrived => {
    const known = streams.get(id)
    if (known !== undefined) return known
    const made = { head: undefined, parts: [], trailers: [], complete: false, reset: undefined, promise: undefined }
    streams.set(id, made)
    return made
  }
  for (const event of events) {
    if (typeof event['streamId'] !== 'number') continue
    const stream = at(event['streamId'])
    assert.ok(!stream.complete || event.type === 'reset' || event.type === 'push', `${event.type} behind the end`)
    assert.equal(stream.reset, undefined, `${event.type} behind a reset`)
    if (event.type === 'request' || event.type === 'response') {
      assert.equal(stream.head, undefined, 'a second head')
      stream.head = event
      stream.complete = event['endStream'] === true
    } else if (event.type === 'data') {
      assert.ok(stream.head !== undefined, 'content without a head')
      stream.parts.push(event['bytes'] as Uint8Array)
    } else if (event.type === 'end') {
      stream.trailers = event['trailers']
      stream.complete = true
    } else if (event.type === 'push') {
      at(event['promisedId'] as number).promise = event
    } else if (event.type === 'reset' || event.type === 'streamFault') {
      stream.reset = event
    }
  }
  return streams
}

/** Whether what came of content is all of it, or at least its beginning. */
function checkContent({ parts, complete, trailers }: Arrived, planned: PlannedContent, head: boolean): void {
  const expected = head ? new Uint8Array(0) : concat(planned.pieces)
  const got = concat(parts)
  if (!complete) return assert.deepEqual(got, expected.subarray(0, got.length))
  assert.deepEqual(got, expected)
  assert.deepEqual(trailers, pairsOf(planned.trailers))
}

function checkConversation(plan: Plan, { left, right, outcome }: Conversation): void {
  assert.deepEqual([outcome, left.last, right.last], ['ended', 'closed', 'closed'])
  // A promise may come when nobody wants it any more.
  for (const { events } of [left, right])
    for (const { type, code } of events) if (type === 'streamFault') assert.equal(code, 'H2_PUSH_REFUSED')
  const requests = arrivedAt(right)
  const responses = arrivedAt(left)
  let answered = 0
  plan.exchanges.forEach((exchange, index) => {
    const id = 2 * index + 1
    const request = requests.get(id)
    const response = responses.get(id)
    if (request?.head !== undefined) {
      assert.equal(request.head['target'], `/${index}`)
      assert.equal(request.head['method'], exchange.method)
      checkContent(request, exchange.request, false)
    }
    if (response?.head !== undefined) {
      assert.equal(response.head['status'], exchange.status)
      checkContent(response, exchange.response, exchange.method === 'HEAD')
    }
    if (exchange.resetBy !== 'nobody') return
    if (response?.complete === true) answered++
    // Where nobody resets a stream it ends in order, unless the server left before it came.
    else if (plan.ending === 'server announces') {
      assert.equal(request, undefined, `stream ${id} was taken and not answered`)
      assert.ok(response === undefined || response.reset?.['unprocessed'] === true)
    } else assert.fail(`stream ${id} was not answered`)
  })
  assert.ok(
    answered > 0 || plan.ending === 'server announces' || plan.exchanges.every((each) => each.resetBy !== 'nobody'),
  )
  for (const [id, { promise, head, complete, parts, reset }] of responses) {
    if (id % 2 === 1 || reset !== undefined) continue
    const index = Number((promise!['target'] as string).slice('/push/'.length))
    assert.ok(head !== undefined && complete, `promise ${id} was not kept`)
    assert.deepEqual(concat(parts), pushedContent(index))
  }
}

describe('a client and a server of HTTP/2, back to back', () => {
  for (const [conversations, exchangesMax] of [
    [1000, 8],
    [60, 60],
    [8, 400],
  ] as const)
    test(`${conversations} conversations of up to ${exchangesMax} requests at once lose nothing and end`, () => {
      for (let seed = SEED; seed < SEED + conversations; seed++) {
        const plan = planOf(seed, exchangesMax)
        try {
          checkConversation(plan, converse(seed, plan))
        } catch (cause) {
          throw new Error(`seed ${seed} of ${exchangesMax}, ${plan.ending}`, { cause })
        }
      }
    })

  test('the same seed gives the same conversation', () => {
    for (let seed = 1; seed < 20; seed++) {
      const [first, second] = [converse(seed, planOf(seed, 8)), converse(seed, planOf(seed, 8))]
      assert.deepEqual([second.left.log, second.right.log], [first.left.log, first.right.log])
      assert.deepEqual([second.nowMs, second.steps], [first.nowMs, first.steps])
    }
  })
})

/** With deadlines for content, and a client that wants signs of life. */
function impatient(plan: Plan): Plan {
  const client = { ...plan.client, pingEveryMs: 30_000 }
  return { ...plan, client, server: { ...plan.server, bodyBytesPerSecondMin: 1 } }
}

describe('an HTTP/2 connection that is cut', () => {
  const plans = Array.from({ length: 200 }, (_, index) => ({
    seed: SEED + index,
    plan: planOf(SEED + index, 4),
  })).filter(({ seed, plan }) => {
    const { left, right } = converse(seed, plan)
    return left.sent.length + right.sent.length < 1500 && plan.exchanges.length > 1
  })

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, at each octet of 8 conversations, ends both sides`, () => {
      assert.ok(plans.length >= 8, `${plans.length}`)
      for (const { seed, plan } of plans.slice(0, 8)) {
        const whole = converse(seed, plan)
        const length = (direction === 'toServer' ? whole.left : whole.right).sent.length
        for (let truncateAtBytes = 0; truncateAtBytes < length; truncateAtBytes++) {
          const cut = { ...plan, [direction]: { ...plan[direction], truncateAtBytes } }
          const { outcome, left, right } = converse(seed, cut)
          assert.equal(outcome, 'ended', `seed ${seed}, cut at ${truncateAtBytes} ${direction}`)
          arrivedAt(left)
          arrivedAt(right)
        }
      }
    })

  for (const direction of ['toServer', 'toClient'] as const)
    test(`${direction}, stalled for good at each octet, ends the side that hears nothing`, () => {
      for (const { seed, plan } of plans.slice(0, 4)) {
        const whole = converse(seed, plan)
        const length = (direction === 'toServer' ? whole.left : whole.right).sent.length
        for (let afterBytes = 0; afterBytes < length; afterBytes++) {
          const stalled = {
            ...impatient(plan),
            [direction]: { ...plan[direction], stall: { afterBytes, ms: Infinity } },
          }
          const { left, right } = converse(seed, stalled)
          const context = `seed ${seed}, stalled at ${afterBytes} ${direction}: ${left.last}, ${right.last}`
          assert.notEqual(direction === 'toServer' ? right.last : left.last, '', context)
        }
      }
    })
})
