import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RedisFaultCode, redisFaults, type RedisLimits, redisLimits } from 'skitai/redis'
import {
  bytesOf,
  checkBorrow,
  checkEveryCut,
  concat,
  type MakeSubject,
  scriptBytes,
  type Step,
  trace,
  type TypedEvent,
} from 'skitai/testing'
import { clientSubject, serverSubject } from './redis-commands.js'
import { octetsOf, readVectors, type Vector } from './vector-file.js'

const files = readVectors('redis')

for (const [file, vectors] of files)
  describe(`redis/${file}`, () => {
    for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
  })

describe('the vectors of Redis', () => {
  const all = [...files.values()].flat()

  test('are at least 200, and no two share file and name', () => {
    assert.ok(all.length >= 200, `${all.length} vectors`)
    assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
  })

  test('hit every fault that input and time can cause', () => {
    const hit = new Set(all.flatMap(({ events }) => events.map((event) => /^fatal (\S+)/.exec(event)?.[1])))
    // A peer that takes no output needs a driver that cannot write.
    const others: RedisFaultCode[] = ['REDIS_WRITE_TIMEOUT']
    const codes = Object.keys(redisFaults) as RedisFaultCode[]
    assert.deepEqual(
      codes.filter((code) => !hit.has(code) && !others.includes(code)),
      [],
    )
  })
})

/** The server speaks RESP3, as it stands before every vector for a client but those `with: raw`. */
const HANDSHAKE = bytesOf('%1\r\n+proto\r\n:3\r\n')

interface Runner {
  readonly make: MakeSubject<TypedEvent>
  readonly script: readonly Step[]
  /** Of the subject that was made last. */
  readonly lines: () => readonly string[]
}

function isServer({ file }: Vector): boolean {
  return file.startsWith('redis/server-')
}

function hasHandshake(vector: Vector): boolean {
  return !isServer(vector) && !vector.flags.includes('raw') && !vector.flags.includes('resp2')
}

function runnerOf(vector: Vector, following?: Uint8Array): Runner {
  for (const name of Object.keys(vector.limits)) assert.ok(name in redisLimits, `no limit ${name}`)
  const limits = vector.limits as Partial<RedisLimits>
  const { flags, requests = [], answers = [] } = vector
  let last: { readonly lines: readonly string[]; readonly run: (command: string) => void } | undefined
  const make: MakeSubject<TypedEvent> = () => {
    const subject = isServer(vector) ? serverSubject(limits, answers) : clientSubject(flags, limits, requests, answers)
    last = subject
    return subject as unknown as ReturnType<MakeSubject<TypedEvent>>
  }
  const script = vector.input.map((step): Step => {
    if (step.type !== 'do') return step
    return { type: 'command', run: () => last!.run(step.command) }
  })
  if (hasHandshake(vector)) script.unshift({ type: 'bytes', bytes: HANDSHAKE })
  const end = script.at(-1)
  if (following !== undefined && end?.type === 'bytes')
    script[script.length - 1] = { type: 'bytes', bytes: concat([end.bytes, following]) }
  return { make, script, lines: () => last!.lines }
}

const CUTS_MAX = 1000

function check(vector: Vector): void {
  const { make, script, lines } = runnerOf(vector)
  const whole = trace(make, script)
  const log = [...lines()]
  if (hasHandshake(vector)) assert.match(log.shift() ?? '', /^ready 3 /)
  assert.deepEqual(log, vector.events)
  if (vector.output !== undefined)
    assert.equal(Buffer.from(whole.output).toString('latin1'), Buffer.from(octetsOf(vector.output)).toString('latin1'))
  checkEveryCut(make, script, { sizeMax: 24, step: Math.ceil(scriptBytes(script) / CUTS_MAX) })
  checkBorrow(make, script)
  if (vector.skipFollowing !== undefined || vector.input.at(-1)?.type !== 'bytes') return
  // What comes behind a conversation is read; behind its end nothing is.
  const more = runnerOf(vector, bytesOf(isServer(vector) ? 'PING\r\n' : '-ERR followed\r\n'))
  const followed = trace(more.make, more.script)
  assert.equal(followed.events.length, whole.events.length + (whole.ended ? 0 : 1))
}
