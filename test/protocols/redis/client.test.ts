import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type CommandArgument,
  RedisClient,
  type RedisClientEvent,
  type RedisClientOptions,
  redisLimits,
  ReplyFlags,
  UsageError,
} from 'skitai/redis'
import { bytesOf, latin1Of } from 'skitai/testing'

function eventsOf(engine: RedisClient): RedisClientEvent[] {
  const events: RedisClientEvent[] = []
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
  return events
}

function outputOf(engine: RedisClient): string {
  let text = ''
  for (let octets = engine.output(); octets !== undefined; octets = engine.output()) text += latin1Of(octets)
  return text
}

function receive(engine: RedisClient, text: string, now = 0): RedisClientEvent[] {
  engine.receive(bytesOf(text), now)
  return eventsOf(engine)
}

function ready(options: RedisClientOptions = {}): RedisClient {
  const engine = new RedisClient(options)
  engine.start(0)
  outputOf(engine)
  if (options.protocol !== 2) engine.receive(bytesOf('%1\r\n+proto\r\n:3\r\n'), 0)
  eventsOf(engine)
  return engine
}

const wrong = <T>(value: unknown): T => value as T

describe('options of a Redis client', () => {
  for (const [what, options] of Object.entries<RedisClientOptions>({
    'a version that does not exist': { protocol: wrong(4) },
    'a database below 0': { database: -1 },
    'half a database': { database: 0.5 },
    'a user without a password': { username: 'ann' },
    'a name with a blank': { name: 'my app' },
    'a name beyond ASCII': { name: 'été' },
  }))
    test(`are refused: ${what}`, () => {
      assert.throws(() => new RedisClient(options), { code: 'REDIS_OPTION' })
    })

  test('are refused: limits that are none', () => {
    assert.throws(() => new RedisClient({ limits: wrong({ bytesMax: 1 }) }), { code: 'REDIS_LIMIT' })
    for (const depthMax of [0, 1025, 1.5])
      assert.throws(() => new RedisClient({ limits: { depthMax } }), { code: 'REDIS_LIMIT' })
    assert.doesNotThrow(() => new RedisClient({ limits: { ...redisLimits, depthMax: 1024 } }))
  })
})

describe('commands of a Redis client', () => {
  test('may be given once the server is ready', () => {
    const engine = new RedisClient()
    assert.throws(() => engine.command(['PING']), { code: 'REDIS_STATE' })
    engine.start(0)
    assert.equal(engine.ready, false)
    assert.throws(() => engine.command(['PING']), { code: 'REDIS_STATE' })
    assert.equal(engine.pendingCount, 1)
  })

  const refused: readonly (readonly [string, readonly CommandArgument[], string])[] = [
    ['no words', [], 'REDIS_ARGUMENTS'],
    ['more words than any command has', Array<string>(1_048_577).fill('x'), 'REDIS_ARGUMENTS'],
    ['a name in octets', [bytesOf('PING')], 'REDIS_ARGUMENTS'],
    ['a name that is a number', [1], 'REDIS_ARGUMENTS'],
    ['NaN', ['SET', 'k', Number.NaN], 'REDIS_ARGUMENTS'],
    ['infinity', ['SET', 'k', -Infinity], 'REDIS_ARGUMENTS'],
    ['null', ['SET', 'k', wrong(null)], 'REDIS_ARGUMENTS'],
    ['undefined', ['SET', 'k', wrong(undefined)], 'REDIS_ARGUMENTS'],
    ['an object', ['SET', 'k', wrong({})], 'REDIS_ARGUMENTS'],
    ['octets that are too many', ['SET', 'k', new Uint8Array(536_870_913)], 'REDIS_ARGUMENTS'],
    ['a text that is too long', ['SET', 'k', 'é'.repeat(268_435_457)], 'REDIS_ARGUMENTS'],
    ['HELLO', ['HELLO', 3], 'REDIS_COMMAND'],
    ['SYNC in small letters', ['sync'], 'REDIS_COMMAND'],
    ['PSYNC', ['PSYNC', '?', -1], 'REDIS_COMMAND'],
    ['REPLCONF', ['REPLCONF', 'ACK', 1], 'REDIS_COMMAND'],
    ['CLIENT REPLY', ['CLIENT', 'reply', 'OFF'], 'REDIS_COMMAND'],
    ['CLIENT REPLY in octets', ['client', bytesOf('Reply'), 'OFF'], 'REDIS_COMMAND'],
  ]
  for (const [what, args, code] of refused)
    test(`are refused, and change nothing: ${what}`, () => {
      const engine = ready()
      const before = JSON.stringify(engine.describeState())
      assert.throws(
        () => engine.command(args),
        (error) => error instanceof UsageError && error.code === code,
      )
      assert.equal(JSON.stringify(engine.describeState()), before)
      assert.equal(engine.output(), undefined)
    })

  test('may have a text as long as the server takes', () => {
    const engine = ready()
    engine.command(['SET', 'k', 'x'.repeat(178_956_971)])
    assert.equal(engine.outputBytes, 178_957_005)
    engine.abort()
  })

  test('are written with arguments of every type', () => {
    const engine = ready()
    engine.command(['SET', 'été', 1.5, -0, 12n, bytesOf('\r\n'), '\ud800'])
    const expected =
      '*7\r\n$3\r\nSET\r\n$5\r\n\xc3\xa9t\xc3\xa9\r\n$3\r\n1.5\r\n$1\r\n0\r\n$2\r\n12\r\n$2\r\n\r\n\r\n$3\r\n\xef\xbf\xbd\r\n'
    assert.equal(outputOf(engine), expected)
  })

  test('are written with texts of any length', () => {
    for (const length of [0, 1, 9, 10, 39, 40, 41, 99, 100, 16_384, 16_385, 70_000])
      for (const letter of ['x', 'é']) {
        const engine = ready()
        const text = letter.repeat(length)
        engine.command(['ECHO', text])
        const octets = Buffer.from(text)
        const expected = `*2\r\n$4\r\nECHO\r\n$${octets.length}\r\n${octets.toString('latin1')}\r\n`
        assert.equal(outputOf(engine), expected, `${length} ${letter}`)
      }
  })

  test('have numbers that go up, and none once it is over', () => {
    const engine = ready()
    assert.deepEqual([engine.command(['PING']), engine.command(['ping']), engine.pendingCount], [1, 2, 2])
    outputOf(engine)
    engine.close()
    assert.deepEqual(eventsOf(engine), [{ type: 'closed', initiator: 'local' }])
    assert.equal(engine.command(['PING']), 2)
    assert.equal(engine.output(), undefined)
    assert.equal(engine.ready, false)
  })

  test('are read as each of them says', () => {
    const engine = ready()
    for (const flags of [0, ReplyFlags.bytes, ReplyFlags.bigints, ReplyFlags.objects])
      engine.command(['DUMP', 'k'], flags)
    const values = receive(engine, '*2\r\n$1\r\na\r\n:1\r\n'.repeat(3) + '%1\r\n$1\r\na\r\n:1\r\n').map((event) =>
      event.type === 'reply' ? event.value : event,
    )
    assert.deepEqual(values, [
      ['a', 1],
      [bytesOf('a'), 1],
      ['a', 1n],
      Object.assign(Object.create(null) as object, { a: 1 }),
    ])
  })
})

describe('what a Redis client is in the middle of', () => {
  const misused = (engine: RedisClient, ...words: string[]): void => {
    const before = JSON.stringify(engine.describeState())
    assert.throws(() => engine.command(words), { code: 'REDIS_STATE' })
    assert.equal(JSON.stringify(engine.describeState()), before)
  }

  test('with RESP2 a subscriber subscribes, pings and leaves, and does nothing else', () => {
    const engine = ready({ protocol: 2 })
    engine.command(['SUBSCRIBE', 'a'])
    receive(engine, '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n')
    for (const name of ['GET', 'MONITOR', 'MULTI', 'get']) misused(engine, name, 'k')
    for (const name of ['PING', 'psubscribe', 'UNSUBSCRIBE', 'RESET', 'QUIT']) engine.command([name, 'x'])
  })

  test('with RESP3 a subscriber does all', () => {
    const engine = ready()
    engine.command(['SUBSCRIBE', 'a'])
    receive(engine, '>3\r\n+subscribe\r\n+a\r\n:1\r\n')
    engine.command(['GET', 'k'])
    assert.deepEqual(receive(engine, ':1\r\n'), [{ type: 'reply', id: 2, value: 1, attributes: undefined }])
  })

  test('behind MONITOR there is RESET and QUIT, from when it is sent', () => {
    const engine = ready()
    engine.command(['MONITOR'])
    misused(engine, 'PING')
    misused(engine, 'MONITOR')
    receive(engine, '+OK\r\n')
    misused(engine, 'PING')
    engine.command(['RESET'])
    misused(engine, 'PING')
    receive(engine, '+RESET\r\n')
    assert.equal(engine.protocol, 2)
    engine.command(['PING'])
  })

  test('within a transaction nothing is subscribed to', () => {
    const engine = ready()
    for (const end of ['EXEC', 'discard']) {
      engine.command(['MULTI'])
      for (const name of ['SUBSCRIBE', 'PUNSUBSCRIBE', 'ssubscribe']) misused(engine, name, 'a')
      engine.command(['GET', 'k'])
      engine.command([end])
      engine.command(['UNSUBSCRIBE', 'a'])
    }
  })
})

describe('time, and the output of a Redis client', () => {
  test('output that is not taken ends the connection', () => {
    const engine = ready({ limits: { writeMs: 1000 } })
    assert.equal(engine.deadline(), Infinity)
    engine.command(['PING'])
    assert.equal(engine.deadline(), 1000)
    engine.advance(999)
    assert.deepEqual(eventsOf(engine), [])
    engine.advance(1000)
    const fatal = { type: 'fatal', code: 'REDIS_WRITE_TIMEOUT', wireCode: 0, offset: -1, limit: -1, got: -1 }
    assert.deepEqual(eventsOf(engine), [fatal])
    assert.deepEqual([engine.outputBytes, engine.deadline(), engine.wantsInput], [0, Infinity, false])
    engine.advance(2000)
    assert.deepEqual(eventsOf(engine), [])
  })

  test('each block that is taken gives it more time', () => {
    const engine = ready({ limits: { writeMs: 1000 } })
    engine.command(['SET', 'k', new Uint8Array(300_000)])
    assert.equal(engine.deadline(), 1000)
    engine.advance(900)
    engine.output()
    assert.equal(engine.deadline(), 1900)
  })

  test('before the start there is no deadline, behind it that of the start', () => {
    const engine = new RedisClient()
    assert.equal(engine.deadline(), Infinity)
    engine.start(5)
    outputOf(engine)
    assert.equal(engine.deadline(), 30_005)
  })

  test('output that waits does not hold the input back: the server may wait for us to read', () => {
    const engine = ready({ limits: { outputBytesMax: 20 } })
    engine.command(['GET', 'key'])
    assert.equal(engine.wantsInput, true)
    assert.equal(receive(engine, ':1\r\n').length, 1)
  })

  test('hold stops events, not output', () => {
    const engine = ready()
    engine.hold(true)
    engine.command(['PING'])
    assert.deepEqual([engine.wantsInput, outputOf(engine)], [false, '*1\r\n$4\r\nPING\r\n'])
    assert.deepEqual(receive(engine, '+PONG\r\n'), [])
    engine.receiveEnd(0)
    assert.deepEqual(eventsOf(engine), [])
    engine.hold(false)
    assert.deepEqual(
      eventsOf(engine).map(({ type }) => type),
      ['reply', 'closed'],
    )
    assert.deepEqual(receive(engine, '+PONG\r\n'), [])
  })

  test('input behind its end is not looked at', () => {
    const engine = ready()
    engine.command(['PING'])
    engine.receiveEnd(0)
    assert.deepEqual(
      receive(engine, '+PONG\r\n').map((event) => (event.type === 'fatal' ? event.code : event.type)),
      ['REDIS_TRUNCATED'],
    )
  })
})

test('a ready client that is ended at once tells both in order', () => {
  const engine = new RedisClient({ protocol: 2 })
  engine.start(0)
  engine.abort()
  assert.deepEqual(
    eventsOf(engine).map(({ type }) => type),
    ['ready', 'closed'],
  )
})

test('a client that is ended while it shakes hands tells nothing else', () => {
  const engine = new RedisClient()
  engine.start(0)
  engine.receive(bytesOf('-ERR unknown command\r\n-ERR x\r\n'), 0)
  assert.deepEqual(
    eventsOf(engine).map(({ type }) => type),
    ['ready', 'error'],
  )
})

test('the state of a client can be told', () => {
  assert.deepEqual(ready().describeState(), {
    state: 'idle',
    protocol: 3,
    pending: 0,
    subscriptions: 0,
    inputBytes: 0,
    outputBytes: 0,
    ended: false,
    held: false,
    over: false,
  })
})
