import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AnswerValue,
  Attributed,
  BigNumber,
  BulkString,
  DoubleNumber,
  NullArray,
  RedisServer,
  type RedisServerEvent,
  type RedisServerOptions,
  ReplyError,
  ReplyMap,
  ReplySet,
  SimpleString,
  Streamed,
  StreamedString,
  VerbatimString,
} from 'skitai/redis'
import { bytesOf, latin1Of } from 'skitai/testing'

function eventsOf(engine: RedisServer): RedisServerEvent[] {
  const events: RedisServerEvent[] = []
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
  return events
}

function outputOf(engine: RedisServer): string {
  let text = ''
  for (let octets = engine.output(); octets !== undefined; octets = engine.output()) text += latin1Of(octets)
  return text
}

function asked(protocol: 2 | 3, options: RedisServerOptions = {}): RedisServer {
  const engine = new RedisServer(options)
  engine.start(0)
  engine.protocol = protocol
  engine.receive(bytesOf('PING\r\n'), 0)
  eventsOf(engine)
  return engine
}

function answered(protocol: 2 | 3, value: AnswerValue): string {
  const engine = asked(protocol)
  engine.reply(value)
  return outputOf(engine)
}

const wrong = <T>(value: unknown): T => value as T
const map = new Map<AnswerValue, AnswerValue>([['a', 1]])

describe('answers of a Redis server', () => {
  const rows: readonly (readonly [what: string, value: AnswerValue, resp3: string, resp2: string])[] = [
    ['a text', 'été', '$5\r\n\xc3\xa9t\xc3\xa9\r\n', '$5\r\n\xc3\xa9t\xc3\xa9\r\n'],
    ['octets', bytesOf('\xff'), '$1\r\n\xff\r\n', '$1\r\n\xff\r\n'],
    ['octets and text', new BulkString(bytesOf('\xff'), '?'), '$1\r\n\xff\r\n', '$1\r\n\xff\r\n'],
    ['a simple string', new SimpleString('OK'), '+OK\r\n', '+OK\r\n'],
    ['an error', new ReplyError('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
    ['an error of two lines', new ReplyError('ERR é\r\nb'), '!9\r\nERR \xc3\xa9\r\nb\r\n', '-ERR \xc3\xa9 b\r\n'],
    ['an integer', -7, ':-7\r\n', ':-7\r\n'],
    ['an integer as bigint', 2n ** 63n - 1n, ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
    ['the smallest integer', -(2n ** 63n), ':-9223372036854775808\r\n', ':-9223372036854775808\r\n'],
    ['a bigint beyond 64 bits', 2n ** 63n, '(9223372036854775808\r\n', '$19\r\n9223372036854775808\r\n'],
    ['a big number', new BigNumber(-5n), '(-5\r\n', '$2\r\n-5\r\n'],
    ['a double', 1.5, ',1.5\r\n', '$3\r\n1.5\r\n'],
    ['a whole double', new DoubleNumber(2), ',2\r\n', '$1\r\n2\r\n'],
    ['a number beyond what is exact', 2 ** 53, ',9007199254740992\r\n', '$16\r\n9007199254740992\r\n'],
    ['minus zero', -0, ',-0\r\n', '$2\r\n-0\r\n'],
    ['infinity', Infinity, ',inf\r\n', '$3\r\ninf\r\n'],
    ['minus infinity', -Infinity, ',-inf\r\n', '$4\r\n-inf\r\n'],
    ['not a number', Number.NaN, ',nan\r\n', '$3\r\nnan\r\n'],
    ['true', true, '#t\r\n', ':1\r\n'],
    ['false', false, '#f\r\n', ':0\r\n'],
    ['null', null, '_\r\n', '$-1\r\n'],
    ['undefined', undefined, '_\r\n', '$-1\r\n'],
    ['null instead of an array', new NullArray(), '_\r\n', '*-1\r\n'],
    ['a verbatim string', new VerbatimString('txt', 'é'), '=6\r\ntxt:\xc3\xa9\r\n', '$2\r\n\xc3\xa9\r\n'],
    ['an array', [1, ['a'], []], '*3\r\n:1\r\n*1\r\n$1\r\na\r\n*0\r\n', '*3\r\n:1\r\n*1\r\n$1\r\na\r\n*0\r\n'],
    ['a set', new Set([1, 2]), '~2\r\n:1\r\n:2\r\n', '*2\r\n:1\r\n:2\r\n'],
    ['a set that was read', new ReplySet([1, 1]), '~2\r\n:1\r\n:1\r\n', '*2\r\n:1\r\n:1\r\n'],
    ['a map', map, '%1\r\n$1\r\na\r\n:1\r\n', '*2\r\n$1\r\na\r\n:1\r\n'],
    ['a map that was read', new ReplyMap([[1, 2]]), '%1\r\n:1\r\n:2\r\n', '*2\r\n:1\r\n:2\r\n'],
    ['an object', { a: 1 }, '%1\r\n$1\r\na\r\n:1\r\n', '*2\r\n$1\r\na\r\n:1\r\n'],
    ['attributes', new Attributed(5, { ttl: 1 }), '|1\r\n$3\r\nttl\r\n:1\r\n:5\r\n', ':5\r\n'],
    [
      'attributes inside',
      [new Attributed([7], map)],
      '*1\r\n|1\r\n$1\r\na\r\n:1\r\n*1\r\n:7\r\n',
      '*1\r\n*1\r\n:7\r\n',
    ],
    [
      'a streamed string',
      new StreamedString([bytesOf('ab'), bytesOf(''), bytesOf('c')]),
      '$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n',
      '$3\r\nabc\r\n',
    ],
    ['a streamed array', new Streamed([1, [2]]), '*?\r\n:1\r\n*1\r\n:2\r\n.\r\n', '*2\r\n:1\r\n*1\r\n:2\r\n'],
    ['a streamed set', [new Streamed(new Set([1]))], '*1\r\n~?\r\n:1\r\n.\r\n', '*1\r\n*1\r\n:1\r\n'],
    ['a streamed map', new Streamed(map), '%?\r\n$1\r\na\r\n:1\r\n.\r\n', '*2\r\n$1\r\na\r\n:1\r\n'],
    ['a streamed array of nothing', new Streamed([]), '*?\r\n.\r\n', '*0\r\n'],
  ]
  for (const [what, value, resp3, resp2] of rows)
    test(`${what}, in RESP3 and in RESP2`, () => {
      assert.equal(answered(3, value), resp3)
      assert.equal(answered(2, value), resp2)
    })

  test('large octets leave as they are', () => {
    const engine = asked(3)
    const octets = new Uint8Array(100_000)
    engine.reply(octets)
    const blocks: Uint8Array[] = []
    for (let block = engine.output(); block !== undefined; block = engine.output()) blocks.push(block)
    assert.ok(blocks.some((block) => block.buffer === octets.buffer))
  })

  const nested = (depth: number): AnswerValue => {
    let value: AnswerValue = 1
    for (let i = 0; i < depth; i++) value = [value]
    return value
  }

  for (const [what, value] of Object.entries<unknown>({
    'a function': () => {},
    'a symbol inside': [Symbol('x')],
    'a function behind other values': [1, 'a', { x: () => {} }],
    'a simple string with CR': new SimpleString('a\rb'),
    'a simple string with LF, inside': [new SimpleString('a\nb')],
    'a format of two octets': new VerbatimString('tx', 'a'),
    'a format of three characters': new VerbatimString('txé', 'a'),
    'a piece that is a text': new StreamedString([wrong('a')]),
    'what is nested deeper than 128': nested(129),
    'what is nested without end': ((): unknown[] => {
      const array: unknown[] = []
      array.push(array)
      return array
    })(),
  }))
    test(`are refused, and nothing is written: ${what}`, () => {
      for (const protocol of [2, 3] as const) {
        const engine = asked(protocol)
        assert.throws(() => engine.reply(wrong(value)), { code: 'REDIS_VALUE' })
        assert.throws(() => engine.push(['x', wrong(value)], true), { code: 'REDIS_VALUE' })
        assert.deepEqual([engine.outputBytes, engine.unansweredCount], [0, 1])
      }
    })

  test('may be nested 128 deep, and a push around them one less', () => {
    assert.equal(answered(3, nested(128)), '*1\r\n'.repeat(128) + ':1\r\n')
    const engine = asked(3)
    engine.push(['x', nested(127)])
    assert.throws(() => engine.push(['x', nested(128)]), { code: 'REDIS_VALUE' })
  })
})

describe('pushes of a Redis server', () => {
  test('are arrays with RESP2', () => {
    for (const [protocol, type] of [
      [2, '*'],
      [3, '>'],
    ] as const) {
      const engine = asked(protocol)
      engine.push(['message', 'a', bytesOf('b')])
      assert.equal(outputOf(engine), `${type}3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n`)
      assert.equal(engine.unansweredCount, 1)
    }
  })

  test('may answer a command', () => {
    const engine = asked(3)
    engine.push(['subscribe', 'a', 1])
    engine.push(['subscribe', 'b', 2], true)
    assert.equal(engine.unansweredCount, 0)
    assert.throws(() => engine.push(['subscribe', 'c', 3], true), { code: 'REDIS_STATE' })
    assert.throws(() => engine.reply(1), { code: 'REDIS_STATE' })
  })

  test('begin with a kind', () => {
    assert.throws(() => asked(3).push([]), { code: 'REDIS_VALUE' })
  })
})

describe('the connection of a Redis server', () => {
  test('ends when its output is not taken', () => {
    const engine = asked(2, { limits: { writeMs: 1000 } })
    assert.equal(engine.deadline(), Infinity)
    engine.reply('x')
    assert.equal(engine.deadline(), 1000)
    engine.advance(999)
    assert.equal(engine.over, false)
    engine.advance(1000)
    const fatal = { type: 'fatal', code: 'REDIS_WRITE_TIMEOUT', wireCode: 0, offset: -1, limit: -1, got: -1 }
    assert.deepEqual(eventsOf(engine), [fatal])
    assert.deepEqual([engine.outputBytes, engine.deadline(), engine.wantsInput], [0, Infinity, false])
    engine.advance(3000)
    assert.deepEqual(eventsOf(engine), [])
  })

  test('reads nothing while output waits, or while it is held', () => {
    const engine = asked(2, { limits: { outputBytesMax: 5 } })
    engine.reply('x')
    assert.equal(engine.wantsInput, false)
    engine.receive(bytesOf('PING\r\n'), 0)
    assert.deepEqual(eventsOf(engine), [])
    outputOf(engine)
    engine.hold(true)
    assert.deepEqual([eventsOf(engine), engine.wantsInput], [[], false])
    engine.hold(false)
    assert.deepEqual(eventsOf(engine), [{ type: 'command', name: 'PING', args: [] }])
  })

  test('waits for answers behind the end of its input', () => {
    const engine = asked(2)
    engine.receiveEnd(0)
    engine.receive(bytesOf('PING\r\n'), 0)
    assert.deepEqual([eventsOf(engine), engine.wantsInput], [[], false])
    engine.reply('x')
    assert.deepEqual(eventsOf(engine), [{ type: 'closed', initiator: 'remote' }])
    engine.reply('x')
    engine.push(['x'])
    assert.equal(outputOf(engine), '$1\r\nx\r\n')
  })

  test('can be told', () => {
    assert.deepEqual(asked(2).describeState(), {
      protocol: 2,
      unanswered: 1,
      inputBytes: 0,
      outputBytes: 0,
      ended: false,
      held: false,
      over: false,
    })
  })
})
