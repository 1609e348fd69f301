import assert from 'node:assert/strict'
import { runs } from '../thorough.js'
import { describe, test } from 'node:test'
import { concat, type Conversation, type SideReport, simulate } from 'skitai/testing'
import { appOf, type Plan, type PlannedMessage, planOf } from './websocket-plan.js'

const SEED = Number(process.env['SKITAI_SEED'] ?? 1) * 1_000_000

interface Told extends Conversation {
  readonly byClient: PlannedMessage[]
  readonly byServer: PlannedMessage[]
}

function converse(seed: number, plan: Plan): Told {
  const byClient: PlannedMessage[] = []
  const byServer: PlannedMessage[] = []
  const conversation = simulate({
    seed,
    left: appOf(plan, true, byClient),
    right: appOf(plan, false, byServer),
    leftToRight: plan.toServer,
    rightToLeft: plan.toClient,
    stepsMax: 2_000_000,
  })
  return { ...conversation, byClient, byServer }
}

/** The messages that one side got; one in pieces that is not complete is the last. */
function messagesAt({ events }: SideReport): { kind: string; octets: Uint8Array; complete: boolean }[] {
  const messages: { kind: string; octets: Uint8Array; complete: boolean }[] = []
  for (const event of events) {
    const bytes = event['bytes'] as Uint8Array
    if (event.type === 'text')
      messages.push({ kind: 'text', octets: Buffer.from(event['text'] as string), complete: true })
    else if (event.type === 'binary') messages.push({ kind: 'binary', octets: bytes, complete: true })
    else if (event.type === 'message')
      messages.push({ kind: event['kind'] as string, octets: new Uint8Array(0), complete: false })
    else if (event.type === 'data') messages.at(-1)!.octets = concat([messages.at(-1)!.octets, bytes])
    else if (event.type === 'end') messages.at(-1)!.complete = true
  }
  return messages
}

/** What came is what was planned, in order, as far as it came. */
function checkMessages(report: SideReport, planned: readonly PlannedMessage[]): number {
  const messages = messagesAt(report)
  for (const [i, { kind, octets, complete }] of messages.entries()) {
    const expected = planned[i]
    assert.ok(expected !== undefined, 'more messages than were planned')
    assert.equal(kind, expected.kind)
    const size = complete ? expected.octets.length : octets.length
    assert.ok(Buffer.from(octets).equals(expected.octets.subarray(0, size)), `message ${i}`)
  }
  return messages.filter(({ complete }) => complete).length
}

function checkConversation(plan: Plan, { left, right, outcome, byClient, byServer }: Told): void {
  assert.deepEqual([outcome, left.last, right.last], ['ended', 'closed', 'closed'])
  const atServer = checkMessages(right, plan.client.messages)
  const atClient = checkMessages(left, plan.server.messages)
  // What was sent before Close arrives before it (RFC 6455 section 7.1.1), unless the other end had ended already.
  assert.ok(atServer === byClient.length || closed(left) || closed(right))
  assert.equal(atServer <= byClient.length && atClient <= byServer.length, true)
  const [close] = right.events.filter(({ type }) => type === 'close')
  if (close !== undefined && !closed(left)) assert.equal(atServer, byClient.length)
}

/** Whether the other end closed first. */
function closed({ events }: SideReport): boolean {
  return events.some(({ type }) => type === 'close')
}

const CONVERSATIONS = runs(300, 1600)

describe('a client and a server of WebSocket, back to back', () => {
  test(`${CONVERSATIONS} conversations with fragments, compression, pings and closes from both ends lose nothing and end`, () => {
    for (let seed = SEED; seed < SEED + CONVERSATIONS; seed++) {
      const plan = planOf(seed)
      try {
        checkConversation(plan, converse(seed, plan))
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause })
      }
    }
  })

  test('where nobody closes while the other one speaks, every message arrives', () => {
    let messages = 0
    for (let seed = SEED; seed < SEED + CONVERSATIONS / 2; seed++) {
      const drawn = planOf(seed)
      const plan: Plan = {
        ...drawn,
        client: { ...drawn.client, closeMs: 300_000 },
        server: { ...drawn.server, closeMs: Infinity },
      }
      const { left, right } = converse(seed, plan)
      assert.equal(checkMessages(right, plan.client.messages), plan.client.messages.length, `seed ${seed}`)
      assert.equal(checkMessages(left, plan.server.messages), plan.server.messages.length, `seed ${seed}`)
      messages += plan.client.messages.length + plan.server.messages.length
    }
    assert.ok(messages > 500)
  })

  test('the same seed gives the same conversation', () => {
    for (let seed = 1; seed < 20; seed++) {
      const [first, second] = [converse(seed, planOf(seed)), converse(seed, planOf(seed))]
      assert.deepEqual([second.left.log, second.right.log], [first.left.log, first.right.log])
      assert.deepEqual([second.nowMs, second.steps], [first.nowMs, first.steps])
    }
  })

  test('both may close at once, at every distance in time', () => {
    for (let ms = 0; ms <= 40; ms++) {
      const drawn = planOf(1)
      const end = { ...drawn.client, messages: [], holdMs: 0 }
      const plan: Plan = {
        ...drawn,
        client: { ...end, closeMs: 20, code: 3000 },
        server: { ...end, closeMs: ms, code: 4000 },
        toServer: { delayMs: [5, 5] },
        toClient: { delayMs: [5, 5] },
      }
      const { left, right } = converse(ms, plan)
      const closes = [left, right].map(({ events }) => events.map(({ type, code }) => [type, code]))
      // Whoever has heard of the other one's Close sends its code back.
      const heardFirst = ms < 15 ? 'server' : ms > 25 ? 'client' : 'both'
      const [byServer, byClient] =
        heardFirst === 'server' ? [4000, 4000] : heardFirst === 'client' ? [3000, 3000] : [4000, 3000]
      if (ms === 15 || ms === 25) continue
      assert.deepEqual(closes[0]![0], ['close', byServer], `${ms}`)
      assert.deepEqual(closes[1]![0], ['close', byClient], `${ms}`)
    }
  })
})

/** With deadlines again. */
function impatient(plan: Plan): Plan {
  const limits = { frameMs: 10_000, closeMs: 5000, writeMs: 30_000, idleMs: 60_000 }
  return { ...plan, client: { ...plan.client, limits }, server: { ...plan.server, limits } }
}

describe('a WebSocket connection that is cut', () => {
  const plans = Array.from({ length: 300 }, (_, index) => ({ seed: SEED + index, plan: planOf(SEED + index) })).filter(
    ({ seed, plan }) => {
      const { left, right } = converse(seed, plan)
      const octets = left.sent.length + right.sent.length
      return octets > 300 && octets < 2000
    },
  )

  for (const direction of ['toServer', 'toClient'] as const)
    for (const how of ['ended', 'stalled for good'])
      test(`${direction}, ${how} at each octet of a few conversations, ends both sides`, () => {
        assert.ok(plans.length >= 8, `${plans.length}`)
        for (const { seed, plan } of plans.slice(0, how === 'ended' ? 8 : 2)) {
          const whole = converse(seed, plan)
          const { length } = (direction === 'toServer' ? whole.left : whole.right).sent
          for (let at = 0; at < length; at++) {
            const fate = how === 'ended' ? { truncateAtBytes: at } : { stall: { afterBytes: at, ms: Infinity } }
            const cut = { ...impatient(plan), [direction]: { ...plan[direction], ...fate } }
            const { left, right } = converse(seed, cut)
            const context = `seed ${seed}, ${how} at ${at} ${direction}: ${left.last}, ${right.last}`
            if (how === 'ended') assert.ok(left.last !== '' && right.last !== '', context)
            else assert.notEqual(direction === 'toServer' ? right.last : left.last, '', context)
            checkMessages(right, plan.client.messages)
            checkMessages(left, plan.server.messages)
          }
        }
      })
})
