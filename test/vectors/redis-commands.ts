/** The commands of Redis vectors, and the applications that a vector describes. */

import {
  type CommandArgument,
  RedisClient,
  type RedisClientEvent,
  type RedisClientOptions,
  type RedisLimits,
  ReplyError,
  ReplyFlags,
  RedisServer,
  type RedisServerEvent,
  SimpleString,
} from 'skitai/redis'
import { type Subject, unescapeBytes } from 'skitai/testing'
import { applyingRules, parseRule } from './command-words.js'
import { logLines } from './redis-log.js'

const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g

function textOf(escaped: string): string {
  return new TextDecoder().decode(unescapeBytes(escaped))
}

/** Words, or texts in quotes; `x:00ff` is octets. */
function wordsOf(line: string): CommandArgument[] {
  return [...line.matchAll(WORD)].map(([, quoted, word = '']) => {
    if (quoted !== undefined) return textOf(quoted)
    return word.startsWith('x:') ? Uint8Array.from(Buffer.from(word.slice(2), 'hex')) : word
  })
}

/** An engine, and the lines of its events as far as they have come. */
export interface RedisSubject<Engine, Event extends { readonly type: string }> extends Subject<Event> {
  readonly engine: Engine & Subject<Event>['engine']
  readonly lines: string[]
  readonly run: (command: string) => void
}

/** How replies are read, as the words of `with` say. */
export function flagsOf(words: readonly string[]): number {
  return words.reduce((sum, word) => sum | (ReplyFlags[word as keyof typeof ReplyFlags] ?? 0), 0)
}

function optionsOf(words: readonly string[]): RedisClientOptions {
  const value = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
  const pushes = value('pushes')
  const database = value('database')
  return {
    username: value('username'),
    password: value('password'),
    name: value('name'),
    ...(words.includes('resp2') && { protocol: 2 }),
    ...(database !== undefined && { database: Number(database) }),
    ...(words.includes('library') && { library: { name: 'skitai', version: '1.0' } }),
    ...(pushes !== undefined && { pushFlags: flagsOf([pushes]) }),
  }
}

/** A client whose application does what the lines of its blocks say. */
export function clientSubject(
  words: readonly string[],
  limits: Partial<RedisLimits>,
  begin: readonly string[],
  answers: readonly string[],
): RedisSubject<RedisClient, RedisClientEvent> {
  const engine = new RedisClient({ ...optionsOf(words), limits })
  const rules = answers.map(parseRule)
  const lines: string[] = []
  const flags = flagsOf(words)
  const run = (command: string): void => {
    if (command === 'hold' || command === 'release') engine.hold(command === 'hold')
    else if (command === 'close') engine.close()
    else if (command === 'abort') engine.abort()
    else engine.command(wordsOf(command), flags)
  }
  return {
    engine,
    lines,
    run,
    onEvent: (event) => {
      lines.push(...logLines(event))
      if (event.type === 'ready') for (const command of begin) run(command)
      const id = 'id' in event ? event.id : 0
      for (const { command } of applyingRules(rules, event.type, id)) run(command)
    },
  }
}

/** A server that answers each command with OK, unless a line says something else for it by its name. */
export function serverSubject(
  limits: Partial<RedisLimits>,
  answers: readonly string[],
): RedisSubject<RedisServer, RedisServerEvent> {
  const engine = new RedisServer({ limits })
  const rules = answers.map(parseRule)
  const lines: string[] = []
  const run = (command: string): void => {
    const [verb, text = ''] = wordsOf(command) as [string, string?]
    if (verb === 'hold' || verb === 'release') engine.hold(verb === 'hold')
    else if (verb === 'close') engine.close()
    else if (verb === 'abort') engine.abort()
    else if (verb === 'reply') engine.reply(text)
    else if (verb === 'number') engine.reply(Number(text))
    else if (verb === 'error') engine.reply(new ReplyError(text))
    else if (verb === 'push') engine.push(['message', text])
    else if (verb === 'resp3') engine.protocol = 3
    else if (verb !== 'nothing') throw new Error(`not a command: ${command}`)
  }
  return {
    engine,
    lines,
    run,
    onEvent: (event) => {
      lines.push(...logLines(event))
      if (event.type !== 'command') return
      const applying = applyingRules(rules, event.name, 0)
      if (applying.length === 0) engine.reply(new SimpleString('OK'))
      for (const { command } of applying) run(command)
    },
  }
}
