import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type PostgresFaultCode,
  postgresFaults,
  type PostgresServerEvent,
  type PostgresServerLimits,
  postgresServerLimits,
} from 'skitai/postgres'
import {
  bytesOf,
  checkBorrow,
  checkEveryCut,
  concat,
  type MakeSubject,
  scriptBytes,
  type Step,
  trace,
} from 'skitai/testing'
import { logOf } from './postgres-log.js'
import { encodeMessages, printServerMessages } from './postgres-notation.js'
import { runServerCommand, serverSubjectOf } from './postgres-server-commands.js'
import { readVectors, type Vector } from './vector-file.js'

const files = new Map([...readVectors('postgres', encodeMessages)].filter(([file]) => file.startsWith('server-')))

for (const [file, vectors] of files)
  describe(`postgres/${file}`, () => {
    for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
  })

/** Faults of a server, and those of a client that need more than input and time. */
const OTHERS: readonly PostgresFaultCode[] = [
  'PG_COLUMN_COUNT',
  'PG_AUTH_UNSUPPORTED',
  'PG_AUTH_REFUSED',
  'PG_AUTH_PASSWORD',
  'PG_CHANNEL_BINDING',
  'PG_SCRAM_ITERATIONS',
  'PG_SCRAM_SIGNATURE',
  'PG_PARAMETERS',
  'PG_NOTICES',
  'PG_KEY_DATA',
  'PG_TLS_ANSWER',
  // Depends on what is there when the request is answered, as it must.
  'PG_TLS_REST',
  'PG_WRITE_TIMEOUT',
]

describe('the vectors of a PostgreSQL server', () => {
  const all = [...files.values()].flat()

  test('are at least 100, and no two share file and name', () => {
    assert.ok(all.length >= 100, `${all.length} vectors`)
    assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
  })

  test('hit every fault that the input of a client and time can cause', () => {
    const hit = new Set(all.flatMap(({ events }) => events.map((event) => /^fatal (\S+)/.exec(event)?.[1])))
    const codes = Object.keys(postgresFaults) as PostgresFaultCode[]
    assert.deepEqual(
      codes.filter((code) => hit.has(code) === OTHERS.includes(code)),
      [],
    )
  })
})

/** The client is let in, as it stands before every vector but those `with: raw`. */
const HANDSHAKE = encodeMessages(['Startup user user'])
const HANDSHAKE_OUTPUT = ['Authentication "\\0\\0\\0\\0"', 'ReadyForQuery "I"']

interface Runner {
  readonly make: MakeSubject<PostgresServerEvent>
  readonly script: readonly Step[]
}

function runnerOf(vector: Vector, following?: Uint8Array): Runner {
  for (const name of Object.keys(vector.limits)) assert.ok(name in postgresServerLimits, `no limit ${name}`)
  let run: (command: string) => void = () => {}
  const make: MakeSubject<PostgresServerEvent> = () => {
    const limits = vector.limits as Partial<PostgresServerLimits>
    const subject = serverSubjectOf(vector.flags, limits, vector.answers ?? [])
    run = (command) => runServerCommand(subject.engine, command)
    return subject
  }
  const script = vector.input.map((step): Step => {
    if (step.type !== 'do') return step
    return { type: 'command', run: () => run(step.command) }
  })
  if (!vector.flags.includes('raw')) script.unshift({ type: 'bytes', bytes: HANDSHAKE })
  const last = script.at(-1)
  if (following !== undefined && last?.type === 'bytes')
    script[script.length - 1] = { type: 'bytes', bytes: concat([last.bytes, following]) }
  return { make, script }
}

const CUTS_MAX = 1000

function check(vector: Vector): void {
  const { make, script } = runnerOf(vector)
  const whole = trace(make, script)
  const log = logOf(whole.events)
  const lines = printServerMessages(whole.output)
  if (!vector.flags.includes('raw')) {
    assert.deepEqual(log.splice(0, 1), ['startup "user" "user" 0'])
    assert.deepEqual(lines.splice(0, 2), HANDSHAKE_OUTPUT)
  }
  assert.deepEqual(log, vector.events)
  if (vector.output !== undefined)
    assert.deepEqual(
      lines,
      vector.output.filter((line) => line !== ''),
    )
  const fault = whole.events.at(-1)
  const sqlState = postgresFaults[fault?.['code'] as PostgresFaultCode]?.sqlState ?? ''
  if (vector.output === undefined && fault?.type === 'fatal' && sqlState !== '')
    assert.match(lines.at(-1) ?? '', new RegExp(String.raw`^ErrorResponse "SFATAL\\0VFATAL\\0C${sqlState}\\0M`))
  checkEveryCut(make, script, { sizeMax: 24, step: Math.ceil(scriptBytes(script) / CUTS_MAX) })
  checkBorrow(make, script)
  if (vector.skipFollowing !== undefined || vector.input.at(-1)?.type !== 'bytes') return
  // What comes behind a conversation is read; behind its end nothing is.
  const farewell = encodeMessages(['Terminate'])
  const more = runnerOf(vector, whole.ended ? bytesOf('anything at all') : farewell)
  const followed = trace(more.make, more.script)
  assert.equal(followed.events.length, whole.events.length + (whole.ended ? 0 : 1))
}
