import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type PostgresClientEvent,
  type PostgresFaultCode,
  postgresFaults,
  type PostgresLimits,
  postgresLimits,
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
import { runCommand, subjectOf } from './postgres-commands.js'
import { logOf } from './postgres-log.js'
import { encodeMessages, printMessages } from './postgres-notation.js'
import { readVectors, type Vector } from './vector-file.js'

const files = new Map([...readVectors('postgres', encodeMessages)].filter(([file]) => !file.startsWith('server-')))

for (const [file, vectors] of files)
  describe(`postgres/${file}`, () => {
    for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
  })

describe('the vectors of PostgreSQL', () => {
  const all = [...files.values()].flat()

  test('are at least 100, and no two share file and name', () => {
    assert.ok(all.length >= 100, `${all.length} vectors`)
    assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
  })

  test('hit every fault that input and time can cause', () => {
    const hit = new Set(all.flatMap(({ events }) => events.map((event) => /^fatal (\S+)/.exec(event)?.[1])))
    // The question for TLS is an engine of its own, and a server that takes no output needs a driver that cannot write.
    const others: PostgresFaultCode[] = ['PG_TLS_ANSWER', 'PG_TLS_REST', 'PG_WRITE_TIMEOUT']
    // Only a client can commit these.
    others.push('PG_NAME_TOO_LONG', 'PG_VALUES', 'PG_STARTUP', 'PG_AUTH_FAILED', 'PG_TLS_REQUIRED')
    const codes = Object.keys(postgresFaults) as PostgresFaultCode[]
    assert.deepEqual(
      codes.filter((code) => !hit.has(code) && !others.includes(code)),
      [],
    )
  })
})

/** The server lets the client in, as it stands before every vector but those `with: raw`. */
const HANDSHAKE = encodeMessages(['Authentication ok', 'BackendKeyData 7 "\\0\\0\\0\\x09"', 'ReadyForQuery I'])

interface Runner {
  readonly make: MakeSubject<PostgresClientEvent>
  readonly script: readonly Step[]
}

function runnerOf(vector: Vector, following?: Uint8Array): Runner {
  for (const name of Object.keys(vector.limits)) assert.ok(name in postgresLimits, `no limit ${name}`)
  let run: (command: string) => void = () => {}
  const make: MakeSubject<PostgresClientEvent> = () => {
    const limits = vector.limits as Partial<PostgresLimits>
    const subject = subjectOf(vector.flags, limits, vector.requests ?? [], vector.answers ?? [])
    run = (command) => runCommand(subject.engine, command)
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
  const lines = printMessages(whole.output)
  if (!vector.flags.includes('raw')) {
    assert.deepEqual(log.splice(0, 3), ['authenticated none', 'keyData 7 "\\0\\0\\0\\t"', 'ready 0 idle'])
    assert.match(lines.shift() ?? '', /^Startup /)
  }
  assert.deepEqual(log, vector.events)
  if (vector.output !== undefined)
    assert.deepEqual(
      lines,
      vector.output.filter((line) => line !== ''),
    )
  checkEveryCut(make, script, { sizeMax: 24, step: Math.ceil(scriptBytes(script) / CUTS_MAX) })
  checkBorrow(make, script)
  if (vector.skipFollowing !== undefined || vector.input.at(-1)?.type !== 'bytes') return
  // What comes behind a conversation is read; behind its end nothing is.
  const notice = encodeMessages(['NoticeResponse M=followed'])
  const more = runnerOf(vector, whole.ended ? bytesOf('anything at all') : notice)
  const followed = trace(more.make, more.script)
  assert.equal(followed.events.length, whole.events.length + (whole.ended ? 0 : 1))
}
