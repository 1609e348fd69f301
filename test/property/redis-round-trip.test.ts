/** What a server replies is what a client reads, of every type, in both versions; arguments are what was given. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type AnswerValue,
  Attributed,
  BigNumber,
  BulkString,
  DoubleNumber,
  RedisClient,
  RedisServer,
  ReplyError,
  ReplyFlags,
  ReplyMap,
  ReplySet,
  type ReplyValue,
  SimpleString,
  Streamed,
  StreamedString,
  VerbatimString,
} from 'skitai/redis'
import { check } from './run.js'

const RUNS = 1500

const text = fc.string({ unit: 'grapheme', maxLength: 60 })
const line = text.map((each) => each.replaceAll(/[\r\n]/g, ' '))
const octets = fc.uint8Array({ maxLength: 60 })

/** A value, and as what a client reads it that tells types apart and has octets for strings. */
type Pair = readonly [value: AnswerValue, read: ReplyValue]

const same = <Value extends ReplyValue>(values: fc.Arbitrary<Value>): fc.Arbitrary<Pair> =>
  values.map((value) => [value, value])

const scalar = fc.oneof<fc.Arbitrary<Pair>[]>(
  text.map((each) => [each, new Uint8Array(Buffer.from(each))]),
  same(octets),
  octets.map((each) => [new BulkString(each, 'as it is told'), each]),
  same(line.map((each) => new SimpleString(each))),
  same(text.map((each) => new ReplyError(`ERR ${each}`))),
  same(fc.maxSafeInteger()),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((each) => [each, safe(each)]),
  same(fc.bigInt().map((each) => new BigNumber(each))),
  same(fc.double().map((each) => new DoubleNumber(each))),
  same(fc.boolean()),
  same(fc.constant(null)),
  same(fc.tuple(fc.constantFrom('txt', 'mkd'), text).map(([format, each]) => new VerbatimString(format, each))),
  fc
    .array(octets, { maxLength: 3 })
    .map((pieces) => [new StreamedString(pieces), new Uint8Array(Buffer.concat(pieces))]),
)

function safe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const { pair } = fc.letrec<{ pair: Pair }>((tie) => {
  const list = fc.array(tie('pair'), { maxLength: 6 })
  const pairs = fc.array(fc.tuple(tie('pair'), tie('pair')), { maxLength: 4 })
  const values = (all: readonly Pair[]): AnswerValue[] => all.map(([value]) => value)
  const reads = (all: readonly Pair[]): ReplyValue[] => all.map(([, read]) => read)
  const mapped = pairs.map(
    (all) =>
      [
        new Map(all.map(([key, value]) => [key[0], value[0]])),
        new ReplyMap([...new Map(all.map((each) => [each[0][0], each]))].map(([, [key, value]]) => [key[1], value[1]])),
      ] as const,
  )
  return {
    pair: fc.oneof(
      { depthSize: 'small' },
      { weight: 3, arbitrary: scalar },
      list.map((all): Pair => [values(all), reads(all)]),
      list.map((all): Pair => [new ReplySet(values(all) as ReplyValue[]), new ReplySet(reads(all))]),
      list.map((all): Pair => [new Streamed(values(all)), reads(all)]),
      mapped.map((each): Pair => [...each]),
      mapped.map(([map, read]): Pair => [new Streamed(map), read]),
      tie('pair').map(([value, read]): Pair => [new Attributed(value, { about: 'it' }), read]),
    ),
  }
})

interface Ends {
  readonly client: RedisClient
  readonly server: RedisServer
}

function connected(protocol: 2 | 3): Ends {
  const client = new RedisClient({ protocol })
  const server = new RedisServer()
  server.protocol = protocol
  client.start(0)
  server.start(0)
  return { client, server }
}

/** What the client reads when the server replies with each value in its turn. */
function readBack({ client, server }: Ends, values: readonly AnswerValue[], flags: number): ReplyValue[] {
  carry(client, server)
  const next = server.poll()
  if (next?.type === 'command') {
    server.reply({ proto: 3 })
    carry(server, client)
  }
  const all: ReplyValue[] = []
  client.poll()
  for (const value of values) {
    client.command(['GET', 'k'], flags)
    carry(client, server)
    assert.equal(server.poll()?.type, 'command')
    server.reply(value)
    carry(server, client)
    const event = client.poll()
    all.push(event?.type === 'error' ? event.error : event?.type === 'reply' ? event.value : `${event?.type}`)
  }
  return all
}

function carry(from: RedisClient | RedisServer, to: RedisClient | RedisServer): void {
  for (let block = from.output(); block !== undefined; block = from.output()) to.receive(block, 0)
}

describe('what a server replies', () => {
  test('is what a client reads that tells types apart', () => {
    check(
      RUNS,
      fc.property(fc.array(pair, { minLength: 1, maxLength: 4 }), (pairs) => {
        const flags = ReplyFlags.typed | ReplyFlags.bytes
        const got = readBack(
          connected(3),
          pairs.map(([value]) => value),
          flags,
        )
        assert.deepEqual(
          got,
          pairs.map(([, value]) => value),
        )
      }),
    )
  })

  test('is the same in RESP2, as near as it comes', () => {
    check(
      RUNS,
      fc.property(pair, ([value, whole]) => {
        const [got] = readBack(connected(2), [value], ReplyFlags.bytes)
        assert.deepEqual(got, inResp2(whole))
      }),
    )
  })
})

const octetsOf = (each: string): Uint8Array => new Uint8Array(Buffer.from(each))

/** As RESP2 has it: less types, nothing else. */
function inResp2(value: ReplyValue): ReplyValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof SimpleString) return value.text
  if (value instanceof ReplyError) return new ReplyError(value.message.replaceAll(/[\r\n]+/g, ' '))
  if (value instanceof VerbatimString) return octetsOf(value.text)
  if (value instanceof BigNumber) return octetsOf(String(value.value))
  if (value instanceof DoubleNumber) return octetsOf(doubleText(value.value))
  if (Array.isArray(value)) return value.map(inResp2)
  if (value instanceof ReplySet) return value.elements.map(inResp2)
  if (value instanceof ReplyMap) return value.pairs.flatMap(([key, each]) => [inResp2(key), inResp2(each)])
  return value
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? String(value) : String(value).toLowerCase().replace('infinity', 'inf')
}

describe('what a client sends', () => {
  const argument = fc.oneof(text, octets, fc.bigInt(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  const asOctets = (each: string | Uint8Array | number | bigint): Uint8Array =>
    each instanceof Uint8Array ? new Uint8Array(each) : octetsOf(String(each))

  test('is what a server reads, whatever stands in the arguments', () => {
    check(
      RUNS,
      fc.property(fc.array(fc.array(argument, { maxLength: 6 }), { minLength: 1, maxLength: 5 }), (commands) => {
        const { client, server } = connected(2)
        client.poll()
        for (const args of commands) client.command(['SET', ...args])
        carry(client, server)
        for (const args of commands)
          assert.deepEqual(server.poll(), { type: 'command', name: 'SET', args: args.map(asOctets) })
        assert.equal(server.poll(), undefined)
      }),
    )
  })

  test('begins no other command, whatever stands in the arguments', () => {
    const hostile = fc.constantFrom('\r\n', '\n', '*1\r\n$8\r\nFLUSHALL\r\n', '$-1\r\n', '"', ' ', '\0', '\r\nQUIT\r\n')
    check(
      RUNS,
      fc.property(fc.array(fc.oneof(hostile, text), { minLength: 1, maxLength: 8 }), (words) => {
        const { client, server } = connected(2)
        client.poll()
        client.command(['SET', words.join(''), ...words])
        carry(client, server)
        const event = server.poll()
        assert.equal(event?.type === 'command' ? event.args.length : -1, words.length + 1)
        assert.equal(server.poll(), undefined)
      }),
    )
  })
})
