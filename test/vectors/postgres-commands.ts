/** The commands of PostgreSQL vectors, and the application that a vector describes. */

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import {
  type AuthMethod,
  type Digests,
  type ParameterValue,
  PostgresClient,
  type PostgresClientEvent,
  type PostgresClientOptions,
  type PostgresLimits,
} from 'skitai/postgres'
import { type Subject, unescapeBytes } from 'skitai/testing'
import { applyingRules, parseRule } from './command-words.js'

/** The digests of the runtime. */
export const digests: Digests = {
  md5: (octets) => createHash('md5').update(octets).digest('hex'),
  sha256: (octets) => createHash('sha256').update(octets).digest(),
  hmacSha256: (key, octets) => createHmac('sha256', key).update(octets).digest(),
  pbkdf2Sha256: (password, salt, iterations) => pbkdf2Sync(password, salt, iterations, 32, 'sha256'),
}

/** The nonce of every client of the vectors. */
export const NONCE = 'rOprNGfwEbeRWgbNEkqO'

const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g

function textOf(escaped: string): string {
  return new TextDecoder().decode(unescapeBytes(escaped))
}

/**
 * Gives a command to an engine: its name, and its arguments as words or in quotes; `x"…"` is octets, `null` is null.
 */
export function runCommand(engine: PostgresClient, line: string): void {
  const [verb, ...rest] = [...line.matchAll(WORD)].map(([, quoted, word]) => ({ quoted, word }))
  const args = rest.map(({ quoted, word }) => textOf(quoted ?? word ?? ''))
  const values = rest.slice(2).map(({ quoted, word }): ParameterValue => {
    if (word === 'null') return null
    return word?.startsWith('x:') === true
      ? Uint8Array.from(Buffer.from(word.slice(2), 'hex'))
      : textOf(quoted ?? word!)
  })
  const [first = '', second = ''] = args
  switch (verb?.word) {
    case 'query':
      return void engine.query(first)
    case 'parse':
      return void engine.parse(first, second, args.slice(2).map(Number))
    case 'bind':
      return void engine.bind(first, second, values)
    case 'bind-binary':
      return void engine.bind(first, second, values, ['binary'])
    case 'describe':
      return void engine.describe(first as 'statement', second)
    case 'execute':
      return void engine.execute(first, Number(second))
    case 'close':
      return void engine.closeObject(first as 'statement', second)
    case 'call':
      return void engine.callFunction(
        Number(first),
        values.length === 0 ? [] : values,
        second === 'binary' ? 'binary' : 'text',
      )
    case 'sync':
      return void engine.sync()
    case 'flush':
      return engine.flush()
    case 'copy-data':
      return engine.copyData(new TextEncoder().encode(first))
    case 'copy-done':
      return engine.copyDone()
    case 'copy-fail':
      return engine.copyFail(first)
    case 'hold':
      return engine.hold(true)
    case 'release':
      return engine.hold(false)
    case 'terminate':
      return engine.terminate()
    case 'abort':
      return engine.abort()
    default:
      throw new Error(`not a command: ${line}`)
  }
}

/** What `with` may say. */
function optionsOf(flags: readonly string[]): Partial<PostgresClientOptions> {
  const value = (name: string): string | undefined =>
    flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1)
  const auth = value('auth')
  const binding = value('binding')
  return {
    password: flags.includes('no-password') ? undefined : 'pencil',
    encrypted: flags.includes('encrypted'),
    ...(flags.includes('3.2') && { version: '3.2' }),
    ...(auth !== undefined && { requireAuth: auth.split(',') as AuthMethod[] }),
    ...(binding !== undefined && { channelBinding: binding as 'prefer' }),
    ...(flags.includes('certificate') && { channelBindingData: Uint8Array.of(1, 2, 3, 4) }),
  }
}

/** An engine whose application does what the lines of its blocks say. */
export function subjectOf(
  flags: readonly string[],
  limits: Partial<PostgresLimits>,
  begin: readonly string[],
  answers: readonly string[],
): Subject<PostgresClientEvent> & { readonly engine: PostgresClient } {
  const engine = new PostgresClient({ user: 'user', digests, nonce: () => NONCE, limits, ...optionsOf(flags) })
  const rules = answers.map(parseRule)
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'ready' && event.id === 0) for (const command of begin) runCommand(engine, command)
      for (const { command } of applyingRules(rules, event.type, 'id' in event ? event.id : 0))
        runCommand(engine, command)
    },
  }
}
