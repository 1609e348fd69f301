import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  md5Verifier,
  PostgresServer,
  type PostgresServerEvent,
  type PostgresServerOptions,
  scramVerifier,
  TypeRegistry,
  UsageError,
} from 'skitai/postgres'
import { digests } from '../../vectors/postgres-commands.js'
import { encodeMessages, printServerMessages } from '../../vectors/postgres-notation.js'
import { authOptions, counted, verifiers } from '../../vectors/postgres-server-commands.js'

function eventsOf(engine: PostgresServer): PostgresServerEvent[] {
  const events: PostgresServerEvent[] = []
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
  return events
}

function outputOf(engine: PostgresServer): Buffer {
  const pieces: Uint8Array[] = []
  for (let octets = engine.output(); octets !== undefined; octets = engine.output()) pieces.push(octets)
  return Buffer.concat(pieces)
}

/** A server that has heard these messages behind the start. */
function told(messages: readonly string[], options: PostgresServerOptions = {}): PostgresServer {
  const engine = started(options)
  engine.authenticate({ method: 'none' })
  engine.sendReady()
  outputOf(engine)
  engine.receive(encodeMessages(messages), 0)
  eventsOf(engine)
  return engine
}

function started(options: PostgresServerOptions = {}): PostgresServer {
  const engine = new PostgresServer(options)
  engine.start(0)
  engine.receive(encodeMessages(['Startup user user']), 0)
  eventsOf(engine)
  return engine
}

describe('misuse of a server', () => {
  const rows: readonly (readonly [code: string, messages: readonly string[], run: (engine: PostgresServer) => void])[] =
    [
      ['PG_STATE', [], (engine) => engine.authenticate({ method: 'none' })],
      ['PG_STATE', [], (engine) => engine.askPassword()],
      ['PG_STATE', [], (engine) => engine.sendKeyData(7, new Uint8Array(4))],
      ['PG_STATE', [], (engine) => engine.sendReady()],
      ['PG_STATE', [], (engine) => engine.sendRow(['a'])],
      ['PG_STATE', [], (engine) => engine.sendColumn('a')],
      ['PG_STATE', [], (engine) => engine.endRow()],
      ['PG_STATE', [], (engine) => engine.sendCopyData(new Uint8Array(1))],
      ['PG_STATE', ['Query x'], (engine) => engine.sendParsed()],
      ['PG_STATE', ['Query x'], (engine) => engine.sendRow(['a'])],
      ['PG_STATE', ['Parse "" x'], (engine) => engine.sendBound()],
      ['PG_STATE', ['Sync'], (engine) => engine.sendComplete('x')],
      ['PG_KEY', [], (engine) => engine.sendKeyData(7, new Uint8Array(3))],
      ['PG_KEY', [], (engine) => engine.sendKeyData(7, new Uint8Array(257))],
      ['PG_TEXT', [], (engine) => engine.sendParameter('a', 'b\0c')],
      ['PG_TEXT', [], (engine) => engine.sendNotice({ message: 'a\0b' })],
      ['PG_TEXT', [], (engine) => engine.sendNotification(7, 'a\0', '')],
      ['PG_TEXT', [], (engine) => engine.sendNotification(7, '', 'a\0')],
      ['PG_TEXT', ['Query x'], (engine) => engine.sendFields([{ name: 'a\0' }])],
      ['PG_TEXT', ['Query x'], (engine) => engine.sendComplete('SELECT\0')],
      ['PG_TEXT', ['Query x'], (engine) => engine.sendError({ message: 'x', detail: 5 as unknown as string })],
      ['PG_COUNT', ['Query x'], (engine) => engine.sendFields(Array.from({ length: 65_536 }, () => ({ name: '' })))],
      ['PG_COUNT', ['Describe statement ""'], (engine) => engine.sendParameters(Array<number>(65_536).fill(23))],
      ['PG_COUNT', ['Query x'], (engine) => engine.sendCopy('in', 'text', Array<'text'>(65_536).fill('text'))],
      ['PG_VALUE', ['Execute "" 0'], (engine) => engine.sendRow([5 as unknown as string])],
      ['PG_VALUE', ['Query x'], (engine) => engine.sendCopyData('x' as unknown as Uint8Array)],
      ['PG_VALUE', ['FunctionCall 5'], (engine) => engine.sendFunctionResult(5 as unknown as string)],
    ]

  for (const [index, [code, messages, run]] of rows.entries())
    test(`${code}, ${index}: is told, and changes nothing`, () => {
      const engine = told(messages)
      const before = engine.describeState()
      assert.throws(() => run(engine), { name: 'UsageError', code })
      assert.deepEqual(engine.describeState(), before)
      assert.equal(outputOf(engine).length, 0)
    })

  test('before the start nothing can be said', () => {
    const engine = new PostgresServer()
    engine.start(0)
    for (const run of [
      (): void => engine.authenticate({ method: 'none' }),
      (): void => engine.askPassword(),
      (): void => engine.sendParameter('a', 'b'),
      (): void => engine.sendNotice({ message: 'x' }),
      (): void => engine.sendNotification(1, 'a', 'b'),
      (): void => engine.sendError({ message: 'x' }),
    ])
      assert.throws(run, { code: 'PG_STATE' })
  })

  test('a row of another number of columns', () => {
    const engine = told(['Query x'])
    engine.sendFields([{ name: 'a' }, { name: 'b' }])
    assert.throws(() => engine.sendRow(['1']), { code: 'PG_ROW' })
    engine.sendRow(['1', null])
    const other = told(['Execute "" 0'])
    other.sendRow(['1'])
    assert.throws(() => other.sendRow(['1', '2']), { code: 'PG_ROW' })
    assert.deepEqual(printServerMessages(outputOf(other)), ['DataRow "\\0\\x01\\0\\0\\0\\x011"'])
  })

  test('nothing but columns inside a row', () => {
    const engine = told(['Execute "" 0'])
    engine.beginRow()
    engine.sendColumn('a')
    assert.equal(outputOf(engine).length, 0)
    for (const run of [
      (): void => engine.beginRow(),
      (): void => engine.sendComplete('x'),
      (): void => engine.sendNotice({ message: 'x' }),
      (): void => engine.sendError({ message: 'x' }),
    ])
      assert.throws(run, { code: 'PG_STATE' })
    engine.endRow()
    assert.deepEqual(printServerMessages(outputOf(engine)), ['DataRow "\\0\\x01\\0\\0\\0\\x01a"'])
  })

  test('a copy that the client has not completed is not complete', () => {
    const engine = told(['Query x'])
    engine.sendCopy('in')
    assert.throws(() => engine.sendComplete('COPY 0'), { code: 'PG_STATE' })
    engine.receive(encodeMessages(['CopyFail no']), 0)
    eventsOf(engine)
    assert.throws(() => engine.sendComplete('COPY 0'), { code: 'PG_STATE' })
    engine.sendError({ message: 'no' })
    engine.sendReady()
  })

  test('limits that are none', () => {
    for (const limits of [{ pipelinedMax: 0 }, { startupBytesMax: 1e9 }, { nonsense: 1 }])
      assert.throws(() => new PostgresServer({ limits }), { code: 'PG_LIMIT' })
  })

  test('proofs without digests, a short secret, and verifiers of another kind', () => {
    assert.throws(() => started().authenticate({ method: 'md5', password: 'x' }), { code: 'PG_AUTH_OPTIONS' })
    const short = { ...authOptions, secret: new Uint8Array(15) }
    assert.throws(() => started({ auth: short }).authenticate({ method: 'md5', password: 'x' }), {
      code: 'PG_AUTH_OPTIONS',
    })
    const engine = started({ auth: authOptions })
    for (const verifier of ['', 'md5', verifiers.scram])
      assert.throws(() => engine.authenticate({ method: 'md5', verifier }), { code: 'PG_VERIFIER' })
    for (const verifier of [verifiers.md5, 'SCRAM-SHA-256$1:AAAA$AAAA:AAAA', `${verifiers.scram}x`, ''])
      for (const method of ['scram-sha-256', 'password'] as const)
        if (method !== 'password' || !verifier.startsWith('md5'))
          assert.throws(() => engine.authenticate({ method, verifier }), { code: 'PG_VERIFIER' })
    assert.equal(outputOf(engine).length, 0)
    engine.authenticate({ method: 'password', verifier: verifiers.md5 })
    assert.deepEqual(printServerMessages(outputOf(engine)), ['Authentication "\\0\\0\\0\\x03"'])
  })
})

describe('a server whose connection is over', () => {
  test('takes every command and does nothing', () => {
    const engine = told(['Query x'])
    engine.abort()
    assert.deepEqual(eventsOf(engine), [{ type: 'closed', initiator: 'local' }])
    const type = new TypeRegistry().codec(23)!
    engine.authenticate({ method: 'none' })
    engine.askPassword()
    engine.sendParameter('a', 'b')
    engine.sendKeyData(1, new Uint8Array(4))
    engine.sendReady()
    engine.sendRow(['a'])
    engine.sendEncoded(type, 1)
    engine.sendCopy('in')
    engine.sendError({ message: 'x' })
    engine.sendNotice({ message: 'x' })
    engine.sendComplete('x')
    engine.close()
    engine.abort()
    engine.receive(encodeMessages(['Query x']), 0)
    engine.advance(1e9)
    assert.deepEqual([eventsOf(engine), outputOf(engine).length, engine.deadline()], [[], 0, Infinity])
    assert.equal(engine.wantsInput, false)
  })

  test('a row that has not ended is not sent', () => {
    const engine = told(['Execute "" 0'])
    engine.sendRow(['whole'])
    engine.beginRow()
    engine.sendColumn('half')
    engine.close({ message: 'enough', code: '57P01', hint: 'later' })
    const lines = printServerMessages(outputOf(engine))
    assert.deepEqual(lines, [
      'DataRow "\\0\\x01\\0\\0\\0\\x05whole"',
      'ErrorResponse "SFATAL\\0VFATAL\\0C57P01\\0Menough\\0Hlater\\0\\0"',
    ])
  })
})

describe('TLS before a server', () => {
  test('what came before it is refused', () => {
    const engine = new PostgresServer({ encryption: 'offered' })
    engine.start(0)
    engine.receive(encodeMessages(['SSLRequest', 'Startup user user']), 0)
    const [event] = eventsOf(engine)
    assert.deepEqual([event?.type, outputOf(engine).length], ['fatal', 0])
    assert.equal(event?.type === 'fatal' && event.code, 'PG_TLS_REST')
  })
})

describe('a client that does not take what is written', () => {
  test('is given up', () => {
    const engine = told(['Execute "" 0'])
    engine.sendRow(['a'])
    assert.equal(engine.deadline(), 60_000)
    engine.advance(60_000)
    const [event] = eventsOf(engine)
    assert.equal(event?.type === 'fatal' && event.code, 'PG_WRITE_TIMEOUT')
    assert.equal(engine.outputBytes, 0)
  })

  test('is not given up for a row that has not ended', () => {
    const engine = told(['Execute "" 0'])
    engine.beginRow()
    engine.sendColumn('a')
    assert.equal(engine.deadline(), Infinity)
    assert.ok(engine.outputBytes > 0)
  })
})

describe('what a server writes', () => {
  test('rows of any size are one message each, in any number', () => {
    const engine = told(['Execute "" 0'])
    const values = ['', 'ä€😀', 'x'.repeat(5000), 'y'.repeat(40_000)]
    for (let i = 0; i < 200; i++) engine.sendRow([values[i % 4]!, null, Uint8Array.of(i)])
    engine.sendComplete('SELECT 200')
    const output = outputOf(engine)
    let at = 0
    for (let i = 0; i < 200; i++) {
      const length = output.readInt32BE(at + 1)
      const text = Buffer.from(values[i % 4]!)
      assert.deepEqual([output[at], output.readInt16BE(at + 5), output.readInt32BE(at + 7)], [0x44, 3, text.length])
      assert.ok(output.subarray(at + 11, at + 11 + text.length).equals(text))
      assert.equal(length, 4 + 2 + 4 + text.length + 4 + 4 + 1)
      at += 1 + length
    }
    assert.deepEqual(printServerMessages(output.subarray(at)), ['CommandComplete "SELECT 200\\0"'])
    assert.equal(engine.outputBytes, 0)
  })

  test('columns are written by their codecs; one that throws leaves no trace', () => {
    const engine = told(['Execute "" 0'])
    const types = new TypeRegistry()
    engine.beginRow()
    engine.sendEncoded(types.codec(23)!, 5)
    assert.throws(() => engine.sendEncoded(types.codec(23)!, {}), UsageError)
    engine.sendEncoded(types.codec(25)!, 'text')
    assert.throws(() => engine.sendColumn(5 as unknown as string), { code: 'PG_VALUE' })
    engine.sendColumn(null)
    engine.endRow()
    assert.deepEqual(printServerMessages(outputOf(engine)), [
      'DataRow "\\0\\x03\\0\\0\\0\\x04\\0\\0\\0\\x05\\0\\0\\0\\x04text\\xff\\xff\\xff\\xff"',
    ])
  })

  test('messages of any size', () => {
    const engine = told(['Query x'])
    for (const size of [10, 16_500, 40_000]) engine.sendNotice({ message: 'x'.repeat(size) })
    engine.sendCopy('out')
    for (let i = 0; i < 20; i++) engine.sendCopyData(new Uint8Array(3000))
    const lines = printServerMessages(outputOf(engine))
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      [...Array<string>(3).fill('NoticeResponse'), 'CopyOutResponse', ...Array<string>(20).fill('CopyData')],
    )
    assert.deepEqual(
      lines.slice(0, 3).map((line) => line.length - lines[0]!.length),
      [0, 16_490, 39_990],
    )
  })

  test('large data of COPY leaves as it is, in its place', () => {
    const engine = told(['Query x'])
    engine.sendCopy('out')
    const large = new Uint8Array(20_000).fill(0x61)
    engine.sendCopyData(Uint8Array.of(0x62))
    engine.sendCopyData(large)
    engine.sendCopyData(Uint8Array.of(0x63))
    const pieces: Uint8Array[] = []
    for (let octets = engine.output(); octets !== undefined; octets = engine.output()) pieces.push(octets)
    assert.ok(pieces.includes(large))
    const lines = printServerMessages(Buffer.concat(pieces))
    assert.deepEqual(lines.slice(1), ['CopyData "b"', `CopyData "${'a'.repeat(20_000)}"`, 'CopyData "c"'])
  })

  test('nothing is read while too much of it waits', () => {
    const engine = told(['Query x', 'Query y'], { limits: { outputBytesMax: 100, pipelinedMax: 2 } })
    assert.equal(engine.wantsInput, false)
    engine.sendFields([{ name: 'a', tableOid: 1, columnNumber: 2, typeOid: 23, typeSize: 4, typeModifier: -1 }])
    engine.sendComplete('SELECT 0')
    engine.sendReady()
    assert.equal(engine.wantsInput, true)
    engine.sendNotice({ message: 'x'.repeat(100), severity: 'WARNING', code: '01000' })
    assert.equal(engine.wantsInput, false)
    outputOf(engine)
    assert.equal(engine.wantsInput, true)
  })
})

describe('what is stored instead of a password', () => {
  test('has the form that PostgreSQL has', () => {
    assert.equal(md5Verifier('user', 'pencil', digests), `md5${digests.md5(Buffer.from('penciluser'))}`)
    // Salt and password of RFC 7677, with the number of rounds there.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
    assert.equal(
      scramVerifier('pencil', salt, 4096, digests),
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    )
    assert.match(scramVerifier('pencil', counted(16), 10, digests), /^SCRAM-SHA-256\$10:/)
  })
})
