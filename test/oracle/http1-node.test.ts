import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import {
  concat,
  encodeRequest,
  escapeBytes,
  http1Arbitraries,
  latin1Of,
  type Step,
  trace,
  unescapeBytes,
} from 'skitai/testing'
import { fieldsOf, type Message, messagesOf, plainClient, plainServer } from '../property/http1-support.js'
import { check } from '../property/run.js'
import { type Disagreement, requestDisagreements, responseDisagreements } from './http1-disagreements.js'
import { knownMethods, type NodeMessage, type NodeVerdict, parseByNode } from './node-parser.js'

const RUNS = 20_000
const arbitraries = http1Arbitraries(fc)
const ACCEPTED = 'accepted'
const WAITS = 'waits'

interface Verdict {
  readonly messages: readonly Message[]
  readonly error: string
  /** We read nothing behind the last message: it ended the connection. */
  readonly ended: boolean
}

function ours(bytes: Uint8Array, methods: readonly string[] | undefined): Verdict {
  const steps: Step[] = [{ type: 'bytes', bytes }, { type: 'end' }]
  const { events } = methods === undefined ? trace(plainServer, steps) : trace(() => plainClient(methods), steps)
  const last = events.at(-1)
  return {
    messages: messagesOf(events),
    error: last?.type === 'fatal' ? String(last['code']) : '',
    ended: last?.type === 'closed' || last?.type === 'handover',
  }
}

/** How the two differ at the first message that they do not read alike; undefined when they agree. */
function differ(own: Verdict, node: NodeVerdict): { ours: string; theirs: string } | undefined {
  const common = Math.min(own.messages.length, node.messages.length)
  for (let i = 0; i < common; i++)
    if (!sameMessage(own.messages[i]!, node.messages[i]!)) return { ours: 'content', theirs: 'content' }
  if (own.messages.length > common) return { ours: ACCEPTED, theirs: node.error || WAITS }
  if (own.ended) return undefined
  if (node.messages.length > common) return { ours: own.error || WAITS, theirs: ACCEPTED }
  // Which of two faults is named first is nobody's business.
  if ((own.error === '') === (node.error === '')) return undefined
  return { ours: own.error || WAITS, theirs: node.error || WAITS }
}

function sameMessage(own: Message, theirs: NodeMessage): boolean {
  const start = theirs.status === 0 ? [theirs.method, theirs.target] : [theirs.status, theirs.reason]
  const ownStart = theirs.status === 0 ? ['method', 'target'] : ['status', 'reason']
  return isDeepStrictEqual(
    [ownStart.map((name) => own.head[name]), fieldsOf(own), escapeBytes(own.body)],
    [start, theirs.fields, escapeBytes(theirs.body)],
  )
}

/** Fails for a way to differ that is not on the list. */
function judge(allowed: readonly Disagreement[], input: Uint8Array, methods: readonly string[] | undefined): void {
  // Where the connection is handed over, the two stop at different places; the vectors have that.
  if (/upgrade|CONNECT/i.test(latin1Of(input))) return
  const difference = differ(ours(input, methods), parseByNode(input, methods, true))
  if (difference === undefined) return
  const known = allowed.some(({ ours: own, theirs }) => own === difference.ours && theirs === difference.theirs)
  assert.ok(known, `a new disagreement: ${JSON.stringify(difference)} on ${escapeBytes(input)}`)
}

/** Requests with methods that their parser knows, or hardly anything would be compared. */
const requests = arbitraries.damaged(
  arbitraries.requests.map((list) =>
    concat(list.map((each) => encodeRequest(knownMethods.has(each.method) ? each : { ...each, method: 'GET' }))),
  ),
)

describe('we and the parser of node:http read the same', () => {
  test('requests, damaged or not', () => {
    check(
      RUNS,
      fc.property(requests, (input) => judge(requestDisagreements, input, undefined)),
    )
  })

  test('responses, damaged or not', () => {
    check(
      RUNS,
      fc.property(arbitraries.damagedExchanges, ({ methods, bytes }) => judge(responseDisagreements, bytes, methods)),
    )
  })
})

describe('we and the parser of node:http differ as listed', () => {
  const cases: [string, readonly Disagreement[], readonly string[] | undefined][] = [
    ['requests', requestDisagreements, undefined],
    ['responses', responseDisagreements, ['GET']],
  ]
  for (const [kind, rows, methods] of cases)
    for (const { ours: own, theirs, example } of rows)
      test(`${kind}: ${own}, ${theirs}`, () => {
        const input = unescapeBytes(example)
        assert.deepEqual(differ(ours(input, methods), parseByNode(input, methods, true)), { ours: own, theirs })
      })
})
