import assert from 'node:assert/strict'
import {
  type PostgresFaultCode,
  postgresFaults,
  type PostgresServerEvent,
  type PostgresServerLimits,
  postgresServerLimits,
} from 'skitai/postgres'
import { bytesOf, type MakeSubject, trace } from 'skitai/testing'
import { logOf } from './postgres-log.js'
import { encodeMessages, printServerMessages } from './postgres-notation.js'
import { runServerCommand, serverSubjectOf } from './postgres-server-commands.js'
import { readVectors, type Vector } from './vector-file.js'
import { checkCuts, describeVectors, linesOf, mayFollow, type Runner, scriptOf, withMore } from './vector-suite.js'

const files = new Map([...readVectors('postgres', encodeMessages)].filter(([file]) => file.startsWith('server-')))

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

/** The client is let in, as it stands before every vector but those `with: raw`. */
const HANDSHAKE = encodeMessages(['Startup user user'])
const HANDSHAKE_OUTPUT = ['Authentication "\\0\\0\\0\\0"', 'ReadyForQuery "I"']

describeVectors('postgres', 'a PostgreSQL server', files, check, {
  atLeast: 100,
  faults: postgresFaults,
  others: OTHERS,
})

function runnerOf(vector: Vector, following?: Uint8Array): Runner<PostgresServerEvent> {
  let run: (command: string) => void = () => {}
  const make: MakeSubject<PostgresServerEvent> = () => {
    const limits = vector.limits as Partial<PostgresServerLimits>
    const subject = serverSubjectOf(vector.flags, limits, vector.answers ?? [])
    run = (command) => runServerCommand(subject.engine, command)
    return subject
  }
  const script = scriptOf(vector, postgresServerLimits, (command) => run(command))
  if (!vector.flags.includes('raw')) script.unshift({ type: 'bytes', bytes: HANDSHAKE })
  return { make, script: withMore(script, following) }
}

function check(vector: Vector): void {
  const runner = runnerOf(vector)
  const whole = trace(runner.make, runner.script)
  const log = logOf(whole.events)
  const lines = printServerMessages(whole.output)
  if (!vector.flags.includes('raw')) {
    assert.deepEqual(log.splice(0, 1), ['startup "user" "user" 0'])
    assert.deepEqual(lines.splice(0, 2), HANDSHAKE_OUTPUT)
  }
  assert.deepEqual(log, vector.events)
  if (vector.output !== undefined) assert.deepEqual(lines, linesOf(vector.output))
  const fault = whole.events.at(-1)
  const sqlState = postgresFaults[fault?.['code'] as PostgresFaultCode]?.sqlState ?? ''
  if (vector.output === undefined && fault?.type === 'fatal' && sqlState !== '')
    assert.match(lines.at(-1) ?? '', new RegExp(String.raw`^ErrorResponse "SFATAL\\0VFATAL\\0C${sqlState}\\0M`))
  checkCuts(runner)
  if (!mayFollow(vector)) return
  // What comes behind a conversation is read; behind its end nothing is.
  const farewell = encodeMessages(['Terminate'])
  const more = runnerOf(vector, whole.ended ? bytesOf('anything at all') : farewell)
  const followed = trace(more.make, more.script)
  assert.equal(followed.events.length, whole.events.length + (whole.ended ? 0 : 1))
}
