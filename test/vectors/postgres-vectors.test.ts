import assert from 'node:assert/strict'
import { type PostgresClientEvent, postgresFaults, type PostgresLimits, postgresLimits } from 'skitai/postgres'
import { bytesOf, type MakeSubject, trace } from 'skitai/testing'
import { runCommand, subjectOf } from './postgres-commands.js'
import { logOf } from './postgres-log.js'
import { encodeMessages, printMessages } from './postgres-notation.js'
import { readVectors, type Vector } from './vector-file.js'
import { checkCuts, describeVectors, linesOf, mayFollow, type Runner, scriptOf, withMore } from './vector-suite.js'

const files = new Map([...readVectors('postgres', encodeMessages)].filter(([file]) => !file.startsWith('server-')))

/** The question for TLS is an engine of its own; a server that takes no output needs a driver that cannot write. */
const OTHERS = ['PG_TLS_ANSWER', 'PG_TLS_REST', 'PG_WRITE_TIMEOUT']
/** Only a client can commit these. */
const OF_CLIENTS = ['PG_NAME_TOO_LONG', 'PG_VALUES', 'PG_STARTUP', 'PG_AUTH_FAILED', 'PG_TLS_REQUIRED']

/** The server lets the client in, as it stands before every vector but those `with: raw`. */
const HANDSHAKE = encodeMessages(['Authentication ok', 'BackendKeyData 7 "\\0\\0\\0\\x09"', 'ReadyForQuery I'])

describeVectors('postgres', 'PostgreSQL', files, check, {
  atLeast: 100,
  faults: postgresFaults,
  others: [...OTHERS, ...OF_CLIENTS],
})

function runnerOf(vector: Vector, following?: Uint8Array): Runner<PostgresClientEvent> {
  let run: (command: string) => void = () => {}
  const make: MakeSubject<PostgresClientEvent> = () => {
    const limits = vector.limits as Partial<PostgresLimits>
    const subject = subjectOf(vector.flags, limits, vector.requests ?? [], vector.answers ?? [])
    run = (command) => runCommand(subject.engine, command)
    return subject
  }
  const script = scriptOf(vector, postgresLimits, (command) => run(command))
  if (!vector.flags.includes('raw')) script.unshift({ type: 'bytes', bytes: HANDSHAKE })
  return { make, script: withMore(script, following) }
}

function check(vector: Vector): void {
  const runner = runnerOf(vector)
  const whole = trace(runner.make, runner.script)
  const log = logOf(whole.events)
  const lines = printMessages(whole.output)
  if (!vector.flags.includes('raw')) {
    assert.deepEqual(log.splice(0, 3), ['authenticated none', 'keyData 7 "\\0\\0\\0\\t"', 'ready 0 idle'])
    assert.match(lines.shift() ?? '', /^Startup /)
  }
  assert.deepEqual(log, vector.events)
  if (vector.output !== undefined) assert.deepEqual(lines, linesOf(vector.output))
  checkCuts(runner)
  if (!mayFollow(vector)) return
  // What comes behind a conversation is read; behind its end nothing is.
  const notice = encodeMessages(['NoticeResponse M=followed'])
  const more = runnerOf(vector, whole.ended ? bytesOf('anything at all') : notice)
  const followed = trace(more.make, more.script)
  assert.equal(followed.events.length, whole.events.length + (whole.ended ? 0 : 1))
}
