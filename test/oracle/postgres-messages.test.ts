/**
 * Our engines beside `pg-protocol`, which shares nothing with them: the messages of a server, of our own one and those
 * of the vectors, right and damaged; and the messages of a client that it writes.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { serialize } from 'pg-protocol'
import { PostgresServer, type PostgresServerEvent, UsageError } from 'skitai/postgres'
import { concat, Random, simulate, trace } from 'skitai/testing'
import { PostgresModel } from '../../fuzz/postgres-model.js'
import { mutateMessages } from '../../fuzz/postgres-message-mutator.js'
import { check } from '../property/run.js'
import { clientOf, planOf, serverOf } from '../simulation/postgres-plan.js'
import { subjectOf } from '../vectors/postgres-commands.js'
import { encodeMessages } from '../vectors/postgres-notation.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'
import { receiveByThem, type Verdict, verdictOfOurs } from './pg-protocol-receiver.js'
import { refused } from './postgres-disagreements.js'

const HANDSHAKE = encodeMessages(['Authentication ok', 'BackendKeyData 7 "\\0\\0\\0\\x09"', 'ReadyForQuery I'])
const MUTANTS = 20_000

const vectors = [...readVectors('postgres', encodeMessages)]
  .filter(([file]) => !file.startsWith('server-'))
  .flatMap(([, list]) => list)
  .filter(({ input, answers }) => answers === undefined && input.every(({ type }) => type === 'bytes'))

function inputOf({ flags, input }: Vector): Uint8Array {
  const octets = concat(input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : [])))
  return flags.includes('raw') ? octets : concat([HANDSHAKE, octets])
}

function receiveByUs({ flags, requests = [] }: Vector, input: Uint8Array): Verdict {
  const { events } = trace(() => subjectOf(flags, {}, requests, []), [{ type: 'bytes', bytes: input }])
  return verdictOfOurs(events)
}

/** The octets up to the message that stands at a position, or (`before`) that ends there. */
function upTo(input: Uint8Array, offset: number, before: boolean): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  const last = before ? offset - 1 : offset
  let at = 0
  while (at + 5 <= last && at + 1 + view.getInt32(at + 1) <= last) at += 1 + view.getInt32(at + 1)
  return input.subarray(0, at)
}

/**
 * As far as ours goes, both have seen the same. What ours refuses is not shown to theirs, which reads on behind the end
 * of a message that is not what it says, for ever if need be. A fault lies where the message begins, or where it should
 * not end.
 */
function compare(vector: Vector, input: Uint8Array): number {
  const ours = receiveByUs(vector, input)
  const { seen, fault, offset } = ours
  if (fault === '') {
    assert.deepEqual(receiveByThem(input).seen, seen, Buffer.from(input).toString('hex'))
  } else {
    const theirs = receiveByThem(upTo(input, offset, true))
    if (theirs.seen.join() !== seen.join())
      assert.deepEqual(receiveByThem(upTo(input, offset, false)).seen, seen, Buffer.from(input).toString('hex'))
  }
  return seen.length
}

describe('the messages of a server, beside pg-protocol', () => {
  test('of 400 conversations with our own server: the same', () => {
    let lines = 0
    for (let seed = 1; seed <= 400; seed++) {
      const plan = { ...planOf(seed), fate: 'none' as const }
      const model = new PostgresModel()
      const { left, right } = simulate({ seed, left: clientOf(plan, model), right: serverOf(plan, model) })
      const ours = verdictOfOurs(left.events)
      const theirs = receiveByThem(right.sent)
      assert.deepEqual([theirs.seen, theirs.fault, ours.fault], [ours.seen, '', ''])
      lines += theirs.seen.length
    }
    assert.ok(lines > 5000, `${lines} lines`)
  })

  test(`of ${vectors.length} vectors, and of ${MUTANTS} damaged ones: the same, as far as we go`, () => {
    let lines = 0
    for (const vector of vectors) lines += compare(vector, inputOf(vector))
    const random = new Random(Number(process.env['SKITAI_SEED'] ?? 1))
    const corpus = vectors.map((vector) => concat([Uint8Array.of(0), inputOf(vector)]))
    for (let left = MUTANTS; left > 0; left--) {
      const index = random.below(vectors.length)
      const damaged = mutateMessages(random, [corpus[index]!, random.pick(corpus)]).subarray(1)
      lines += compare(vectors[index]!, damaged)
    }
    assert.ok(lines > 50_000, `${lines} lines`)
  })

  for (const { ours, reason, example, commands = [] } of refused)
    test(`${ours}: ${reason}`, () => {
      const { events } = trace(
        () => subjectOf([], {}, commands, []),
        [{ type: 'bytes', bytes: concat([HANDSHAKE, encodeMessages(example)]) }],
      )
      assert.equal(verdictOfOurs(events).fault, ours)
      assert.equal(receiveByThem(encodeMessages(example)).fault, '')
    })
})

const name = fc
  .oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 10 }))
  .map((text) => text.replaceAll('\0', ''))
const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
)
const portal = fc.constantFrom('S' as const, 'P' as const)
const what = { S: 'statement', P: 'portal' } as const

/** Octets that they write for a command, and the event that ours must give. */
type Written = readonly [octets: Buffer, event: object]

const command = fc.oneof<fc.Arbitrary<Written>[]>(
  name.map((sql) => [serialize.query(sql), { type: 'query', sql }] as const),
  fc
    .tuple(name, name, fc.array(fc.nat({ max: 2 ** 31 - 1 }), { maxLength: 4 }))
    .map(([statement, sql, types]) => [
      serialize.parse({ name: statement, text: sql, types }),
      { type: 'parse', name: statement, sql, typeOids: types },
    ]),
  fc.tuple(name, name, fc.array(value, { maxLength: 5 }), fc.boolean()).map(([toPortal, statement, values, binary]) => [
    serialize.bind({ portal: toPortal, statement, values, binary }),
    {
      type: 'bind',
      portal: toPortal,
      statement,
      values: values.map((each) => (Buffer.isBuffer(each) ? new Uint8Array(each) : each)),
      resultFormats: [binary ? 'binary' : 'text'],
    },
  ]),
  fc
    .tuple(name, fc.nat({ max: 2 ** 31 - 1 }))
    .map(([toPortal, rows]) => [
      serialize.execute({ portal: toPortal, rows }),
      { type: 'execute', portal: toPortal, rowsMax: rows },
    ]),
  fc
    .tuple(portal, name)
    .map(([type, of]) => [serialize.describe({ type, name: of }), { type: 'describe', what: what[type], name: of }]),
  fc
    .tuple(portal, name)
    .map(([type, of]) => [serialize.close({ type, name: of }), { type: 'close', what: what[type], name: of }]),
  fc.constant([serialize.sync(), { type: 'sync' }] as const),
  fc.constant([serialize.flush(), { type: 'flush' }] as const),
)

/** A server that answers everything with as little as it takes, and what it was told. */
function served(
  octets: readonly Uint8Array[],
  start: Uint8Array = serialize.startup({ user: 'user' }),
): PostgresServerEvent[] {
  const engine = new PostgresServer({ limits: { pipelinedMax: 1000 } })
  const events: PostgresServerEvent[] = []
  engine.start(0)
  for (const chunk of [start, ...octets]) {
    engine.receive(chunk, 0)
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      events.push(event)
      try {
        if (event.type === 'startup') engine.authenticate({ method: 'none' })
        if (event.type === 'startup') engine.sendReady()
        if (event.type === 'query' && event.sql === 'copy') engine.sendCopy('in')
      } catch (error) {
        assert.ok(error instanceof UsageError)
      }
    }
  }
  return events
}

describe('the messages of a client that pg-protocol writes', () => {
  test('2,000 lists of commands are told as they were given', () => {
    check(
      2000,
      fc.property(fc.array(command, { maxLength: 10 }), (commands) => {
        const events = served(commands.map(([octets]) => octets)).slice(1)
        let id = 0
        const expected = commands.map(([, event]) =>
          'type' in event && event.type === 'flush' ? event : { ...event, id: ++id },
        )
        assert.deepEqual(
          events.map((event) => ({ ...event })),
          expected,
        )
      }),
    )
  })

  test('a start, and what comes before it and behind it', () => {
    const start = serialize.startup({ user: 'alice', database: 'shop', application_name: 'été' })
    const [event] = served([], start)
    assert.deepEqual(event, {
      type: 'startup',
      user: 'alice',
      database: 'shop',
      parameters: new Map([
        ['application_name', 'été'],
        ['client_encoding', 'UTF8'],
      ]),
      minor: 0,
      unknown: [],
    })
    assert.deepEqual(served([], serialize.cancel(77, 0x01020304)), [
      { type: 'cancel', processId: 77, key: Uint8Array.of(1, 2, 3, 4) },
      { type: 'closed', initiator: 'remote' },
    ])
    assert.deepEqual(
      served([start], serialize.requestSsl()).map(({ type }) => type),
      ['startup'],
    )
    assert.deepEqual(
      served([serialize.end()]).map(({ type }) => type),
      ['startup', 'closed'],
    )
  })

  test('data of COPY', () => {
    const octets = [serialize.query('copy'), serialize.copyData(Buffer.from([1, 0, 2])), serialize.copyDone()]
    const events = served(octets).slice(2)
    assert.deepEqual(events, [
      { type: 'copyData', id: 1, bytes: Buffer.from([1, 0, 2]) },
      { type: 'copyDone', id: 1 },
    ])
    const failed = served([serialize.query('copy'), serialize.copyFail('no more')]).slice(2)
    assert.deepEqual(failed, [{ type: 'copyFail', id: 1, reason: 'no more' }])
  })
})
