/** The commands of PostgreSQL vectors of the server role, and the application that answers what they leave open. */

import {
  PostgresServer,
  type PostgresServerEvent,
  type PostgresServerLimits,
  type PostgresServerOptions,
  scramVerifier,
  md5Verifier,
  type ServerAuth,
} from 'skitai/postgres'
import { type Subject, unescapeBytes } from 'skitai/testing'
import { applyingRules, parseRule } from './command-words.js'
import { digests } from './postgres-commands.js'

/** Octets that count from 1: what is random anywhere else. */
export function counted(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => index + 1)
}

/** What every server of the vectors asks proofs with. The hash of its certificate is that of the clients. */
export const authOptions: NonNullable<PostgresServerOptions['auth']> = {
  digests,
  random: counted,
  secret: new TextEncoder().encode('sixteen octets at least'),
  scramIterations: 10,
}

/** What is stored for the user of the vectors, whose password is `pencil`. */
export const verifiers: { readonly scram: string; readonly md5: string } = {
  scram: scramVerifier('pencil', counted(16), 10, digests),
  md5: md5Verifier('user', 'pencil', digests),
}

const WAYS: Readonly<Record<string, ServerAuth>> = {
  none: { method: 'none' },
  password: { method: 'password', password: 'pencil' },
  md5: { method: 'md5', password: 'pencil' },
  scram: { method: 'scram-sha-256', password: 'pencil' },
  'password-md5': { method: 'password', verifier: verifiers.md5 },
  'password-scram': { method: 'password', verifier: verifiers.scram },
  'md5-verifier': { method: 'md5', verifier: verifiers.md5 },
  'scram-verifier': { method: 'scram-sha-256', verifier: verifiers.scram },
  'password-nobody': { method: 'password', password: undefined },
  'password-nobody-verifier': { method: 'password', verifier: undefined },
  'md5-nobody': { method: 'md5', password: undefined },
  'md5-nobody-verifier': { method: 'md5', verifier: undefined },
  'scram-nobody': { method: 'scram-sha-256', password: undefined },
  'scram-nobody-verifier': { method: 'scram-sha-256', verifier: undefined },
}

const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g

function textOf(escaped: string): string {
  return new TextDecoder().decode(unescapeBytes(escaped))
}

/** Gives a command to an engine: its name, and its arguments as words or in quotes. */
export function runServerCommand(engine: PostgresServer, line: string): void {
  const [verb, ...rest] = [...line.matchAll(WORD)].map(([, quoted, word]) => ({ quoted, word }))
  const args = rest.map(({ quoted, word }) => textOf(quoted ?? word ?? ''))
  const values = rest.map(({ quoted, word }) => {
    if (word === 'null') return null
    return word?.startsWith('x:') === true
      ? Uint8Array.from(Buffer.from(word.slice(2), 'hex'))
      : textOf(quoted ?? word!)
  })
  const [first = '', second = ''] = args
  const run = COMMANDS[verb?.word ?? '']
  if (run === undefined) throw new Error(`not a command: ${line}`)
  run(engine, { args, values, first, second })
}

interface Words {
  readonly args: readonly string[]
  readonly values: readonly (string | Uint8Array | null)[]
  readonly first: string
  readonly second: string
}

const COMMANDS: Readonly<Record<string, (engine: PostgresServer, words: Words) => void>> = {
  auth: (engine, { first }) => engine.authenticate(WAYS[first]!),
  'ask-password': (engine) => engine.askPassword(),
  parameter: (engine, { first, second }) => engine.sendParameter(first, second),
  key: (engine, { first, second }) => engine.sendKeyData(Number(first), new TextEncoder().encode(second)),
  ready: (engine, { args }) => engine.sendReady((args[0] ?? 'idle') as 'idle'),
  fields: (engine, { args }) =>
    engine.sendFields(
      args.map((word) => {
        const [name = '', oid, format] = word.split(':')
        return { name, typeOid: Number(oid), format: format === '1' ? 'binary' : 'text' }
      }),
    ),
  'no-data': (engine) => engine.sendNoData(),
  parameters: (engine, { args }) => engine.sendParameters(args.map(Number)),
  row: (engine, { values }) => engine.sendRow(values),
  complete: (engine, { first }) => engine.sendComplete(first),
  empty: (engine) => engine.sendEmpty(),
  suspended: (engine) => engine.sendSuspended(),
  parsed: (engine) => engine.sendParsed(),
  bound: (engine) => engine.sendBound(),
  closed: (engine) => engine.sendClosed(),
  copy: (engine, { first, args }) =>
    engine.sendCopy(
      first as 'in',
      (args[1] ?? 'text') as 'text',
      args.slice(2).map((format) => format as 'text'),
    ),
  'copy-data': (engine, { first }) => engine.sendCopyData(new TextEncoder().encode(first)),
  'copy-done': (engine) => engine.sendCopyDone(),
  result: (engine, { values }) => engine.sendFunctionResult(values[0]!),
  error: (engine, { first, second }) => engine.sendError({ code: first, message: second }),
  notice: (engine, { first }) => engine.sendNotice({ message: first }),
  notify: (engine, { first, second }) => engine.sendNotification(7, first, second),
  close: (engine, { args }) => engine.close(args[0] === undefined ? undefined : { code: '57P01', message: args[0] }),
  abort: (engine) => engine.abort(),
  hold: (engine) => engine.hold(true),
  release: (engine) => engine.hold(false),
  nothing: () => {},
}

/** What is answered where a vector says nothing. */
const USUAL: Readonly<Partial<Record<PostgresServerEvent['type'], readonly string[]>>> = {
  startup: ['auth none'],
  authenticated: ['ready'],
  password: ['auth none', 'ready'],
  query: ['complete "SELECT 0"', 'ready'],
  parse: ['parsed'],
  bind: ['bound'],
  execute: ['complete "SELECT 0"'],
  close: ['closed'],
  sync: ['ready'],
  functionCall: ['result null', 'ready'],
  copyDone: ['complete "COPY 0"'],
  copyFail: ['error 57014 "COPY has failed"'],
}

/** What `with` may say. */
export function serverOptionsOf(flags: readonly string[]): PostgresServerOptions {
  const tls = flags.find((flag) => flag.startsWith('tls='))?.slice('tls='.length)
  const certificate = flags.includes('certificate') && { channelBindingData: Uint8Array.of(1, 2, 3, 4) }
  return {
    ...(tls !== undefined && { encryption: tls as 'none' }),
    ...(!flags.includes('no-auth') && { auth: { ...authOptions, ...certificate } }),
  }
}

/** An engine whose application does what the lines of its block say, and else what is usual. */
export function serverSubjectOf(
  flags: readonly string[],
  limits: Partial<PostgresServerLimits>,
  answers: readonly string[],
): Subject<PostgresServerEvent> & { readonly engine: PostgresServer } {
  const engine = new PostgresServer({ ...serverOptionsOf(flags), limits })
  const rules = answers.map(parseRule)
  return {
    engine,
    onEvent: (event) => {
      const id = 'id' in event ? event.id : 0
      const own = applyingRules(rules, event.type, id).map(({ command }) => command)
      for (const command of own.length > 0 ? own : usualFor(event)) runServerCommand(engine, command)
      if (event.type === 'startup' && own.length === 0) runServerCommand(engine, 'ready')
    },
  }
}

function usualFor(event: PostgresServerEvent): readonly string[] {
  if (event.type !== 'describe') return USUAL[event.type] ?? []
  return event.what === 'statement' ? ['parameters', 'no-data'] : ['no-data']
}
