import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  PostgresClient,
  type PostgresClientEvent,
  type PostgresClientOptions,
  type RowsEvent,
  UsageError,
} from 'skitai/postgres'
import { latin1Of } from 'skitai/testing'
import { digests, NONCE } from '../../vectors/postgres-commands.js'
import { encodeMessages } from '../../vectors/postgres-notation.js'

const OPTIONS: PostgresClientOptions = { user: 'user', digests, nonce: () => NONCE }

function ready(options: Partial<PostgresClientOptions> = {}): PostgresClient {
  const engine = new PostgresClient({ ...OPTIONS, ...options })
  engine.start(0)
  while (engine.output() !== undefined);
  engine.receive(encodeMessages(['Authentication ok', 'ReadyForQuery I']), 0)
  while (engine.poll() !== undefined);
  return engine
}

function outputOf(engine: PostgresClient): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let octets = engine.output(); octets !== undefined; octets = engine.output()) pieces.push(octets)
  return Buffer.concat(pieces)
}

describe('the start of a connection', () => {
  test('names the user, the database and parameters', () => {
    const parameters = { application_name: 'été' }
    const engine = new PostgresClient({ ...OPTIONS, database: 'shop', parameters })
    engine.start(0)
    const text = Buffer.from(outputOf(engine)).toString()
    assert.equal(text, '\0\0\x008\0\x03\0\0user\0user\0database\0shop\0application_name\0été\0\0')
    assert.equal(engine.outputBytes, 0)
    assert.equal(engine.wantsInput, true)
  })

  for (const name of ['', 'user', 'database', 'replication'])
    test(`has no parameter ${JSON.stringify(name)}`, () => {
      const engine = new PostgresClient({ ...OPTIONS, parameters: { [name]: 'x' } })
      assert.throws(() => engine.start(0), { code: 'PG_PARAMETER' })
    })

  test('takes no commands before the server is ready', () => {
    const engine = new PostgresClient(OPTIONS)
    engine.start(0)
    outputOf(engine)
    assert.throws(() => engine.query('x'), { code: 'PG_STATE' })
    assert.throws(() => engine.copyData(new Uint8Array(1)), { code: 'PG_STATE' })
    assert.equal(engine.ready, false)
    assert.equal(engine.outputBytes, 0)
  })
})

/** Something that no message can hold; a Uint8Array says of itself how large it is. */
class Claiming extends Uint8Array {
  override get length(): number {
    return 1_073_741_820
  }
}

describe('misuse of a client', () => {
  const many = Array<string>(65_536).fill('')
  const rows: readonly (readonly [code: string, command: (engine: PostgresClient) => unknown])[] = [
    ['PG_TEXT', (engine) => engine.query('a\0b')],
    ['PG_TEXT', (engine) => engine.query(1 as unknown as string)],
    ['PG_TEXT', (engine) => engine.parse('a\0', 'x')],
    ['PG_TEXT', (engine) => engine.bind('', '', ['a\0b'])],
    ['PG_VALUE', (engine) => engine.bind('', '', [5 as unknown as string])],
    ['PG_COUNT', (engine) => engine.bind('', '', many)],
    ['PG_COUNT', (engine) => engine.bind('', '', [], Array<'text'>(65_536).fill('text'))],
    ['PG_COUNT', (engine) => engine.parse('', 'x', Array<number>(65_536).fill(23))],
    ['PG_MESSAGE_SIZE', (engine) => engine.bind('', '', [new Claiming(1)])],
    ['PG_ROWS', (engine) => engine.execute('', -1)],
    ['PG_ROWS', (engine) => engine.execute('', 1.5)],
    ['PG_ROWS', (engine) => engine.execute('', 2 ** 31)],
    ['PG_STATE', (engine) => engine.copyData(new Uint8Array(1))],
    ['PG_STATE', (engine) => engine.copyDone()],
    ['PG_STATE', (engine) => engine.copyFail('x')],
    ['PG_VALUE', (engine) => engine.copyData('x' as unknown as Uint8Array)],
    ['PG_MESSAGE_SIZE', (engine) => engine.copyData(new Claiming(1))],
  ]
  for (const [index, [code, command]] of rows.entries())
    test(`${index}: ${code}, ${String(command)}`, () => {
      const engine = ready()
      const before = engine.describeState()
      assert.throws(() => command(engine), { name: UsageError.name, code })
      assert.deepEqual(engine.describeState(), before)
      assert.equal(outputOf(engine).length, 0)
      assert.equal(engine.pendingCount, 0)
    })

  test('a limit that is none', () => {
    assert.throws(() => new PostgresClient({ ...OPTIONS, limits: { messageBytesMax: 3 } }), { code: 'PG_LIMIT' })
  })
})

describe('what a client writes', () => {
  test('values that are large, as text and as octets', () => {
    const engine = ready()
    const text = 'é'.repeat(10_000)
    engine.bind('', '', [text, new Uint8Array(20_000).fill(7), 'x'.repeat(9000)], ['text', 'binary'])
    const octets = outputOf(engine)
    assert.equal(octets.length, 5 + 2 + 2 + 6 + 2 + 4 + 20_000 + 4 + 20_000 + 4 + 9000 + 6)
    const written = Buffer.from(octets).toString()
    assert.ok(written.includes(text))
  })

  test('numbers of commands, and how many are not answered', () => {
    const engine = ready()
    assert.deepEqual([engine.query('a'), engine.query('b'), engine.sync()], [1, 2, 3])
    assert.equal(engine.pendingCount, 3)
  })
})

describe('rows', () => {
  test('are read by text, by octets, and by position', () => {
    const engine = ready()
    engine.query('x')
    engine.receive(encodeMessages(['RowDescription a:25 b:25', 'DataRow "one" null', 'DataRow "" "two"']), 0)
    const events: PostgresClientEvent[] = []
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
    const { rows } = events[1] as RowsEvent
    assert.deepEqual([rows.rowCount, rows.columnCount], [2, 2])
    assert.ok(rows.next())
    assert.deepEqual([rows.text(0), rows.text(1)], ['one', undefined])
    assert.equal(rows.size(1), -1)
    assert.equal(rows.view(1), undefined)
    assert.equal(latin1Of(rows.view(0)!), 'one')
    assert.equal(latin1Of(rows.bytes.subarray(rows.start(0), rows.start(0) + rows.size(0))), 'one')
    // Iteration begins at the first row, wherever the cursor is.
    assert.deepEqual(
      [...rows].map((row) => row.map((value) => value && latin1Of(value))),
      [
        ['one', null],
        ['', 'two'],
      ],
    )
    assert.ok(rows.next())
    assert.deepEqual([rows.text(0), rows.text(1)], ['', 'two'])
    assert.equal(rows.next(), false)
  })
})

describe('deadlines of a client', () => {
  test('a server that takes nothing', () => {
    const engine = ready({ limits: { writeMs: 1000 } })
    engine.query('x')
    assert.equal(engine.deadline(), 1000)
    engine.advance(999)
    assert.equal(engine.poll(), undefined)
    engine.advance(1000)
    assert.deepEqual(engine.poll(), {
      type: 'fatal',
      code: 'PG_WRITE_TIMEOUT',
      wireCode: 0,
      offset: -1,
      limit: -1,
      got: -1,
    })
    assert.equal(engine.poll(), undefined)
    assert.deepEqual(
      [engine.output(), engine.deadline(), engine.wantsInput, engine.over],
      [undefined, Infinity, false, true],
    )
    engine.advance(5000)
    engine.receive(Uint8Array.of(1), 5000)
    assert.equal(engine.poll(), undefined)
  })

  test('a server that says nothing more', () => {
    const engine = ready()
    engine.receiveEnd(1)
    engine.receive(Uint8Array.of(1), 1)
    assert.equal(engine.wantsInput, false)
    assert.equal((engine.poll() as { code: string }).code, 'PG_TRUNCATED')
  })
})
