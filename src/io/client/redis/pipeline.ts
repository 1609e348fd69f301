/** Commands that are collected, and sent together. */

import { UsageError } from '../../../protocols/core/errors.js'
import { checkCommand, type CommandArgument } from '../../../protocols/redis/command-writer.js'
import { ReplyError, type ReplyValue } from '../../../protocols/redis/values.js'
import { type Argument, commandWords } from './arguments.js'
import { Command } from './command.js'
import { CommandGroup } from './command-group.js'
import { ListMethods } from './command-methods.js'
import { CommandFlags, type CommandSpec, nameOf } from './command-spec.js'
import { rawSpecOf } from './command-specs.js'
import { RedisError } from './redis-error.js'
import type { RedisScript, ScriptSource } from './script.js'

/** Sends a command for a list. */
export type SendCommand = (command: Command) => void

/** What a list gives that was filled in a loop. */
export type ListedReplies = (ReplyValue | object)[]

/** The results in the order of the commands; of a list that was filled in a loop, nothing more is known. */
export type ResultsOf<Results extends readonly unknown[]> = Results extends readonly [] ? ListedReplies : Results

interface Item {
  readonly args: readonly CommandArgument[]
  readonly spec: CommandSpec
  readonly script: ScriptSource | undefined
}

/** What both kinds of lists have. */
abstract class CommandList<
  List extends 'pipeline' | 'multi',
  Results extends readonly unknown[],
  Text,
  Int,
> extends ListMethods<List, Results, Text, Int> {
  protected readonly send: SendCommand
  protected readonly replyFlags: number
  protected items: Item[] = []

  constructor(send: SendCommand, replyFlags: number) {
    super()
    this.send = send
    this.replyFlags = replyFlags
  }

  /** How many commands there are. */
  get length(): number {
    return this.items.length
  }

  protected override perform(spec: CommandSpec, given: readonly Argument[]): this {
    return this.add(commandWords(spec.words, given), spec, undefined)
  }

  protected add(args: readonly CommandArgument[], spec: CommandSpec, script: ScriptSource | undefined): this {
    this.items.push({ args, spec, script })
    return this
  }

  protected take(): readonly Item[] {
    const { items } = this
    this.items = []
    return items
  }
}

/** Commands of which each has its own result. Between them, others of the same connection have no place. */
export class Pipeline<Results extends readonly unknown[], Text, Int> extends CommandList<
  'pipeline',
  Results,
  Text,
  Int
> {
  /** Adds any command. */
  command<Result = ReplyValue>(
    name: string,
    ...given: readonly Argument[]
  ): Pipeline<[...Results, Result | RedisError], Text, Int> {
    const args = commandWords([name], given)
    return this.add(args, rawSpecOf(args), undefined) as unknown as Pipeline<
      [...Results, Result | RedisError],
      Text,
      Int
    >
  }

  /** Adds a script. When the server does not know it yet, it is executed behind the others. */
  runScript<Result>(
    script: RedisScript<Result>,
    ...given: readonly Argument[]
  ): Pipeline<[...Results, Result | RedisError], Text, Int> {
    return this.add(script.source.words(given), script.source.spec, script.source) as unknown as Pipeline<
      [...Results, Result | RedisError],
      Text,
      Int
    >
  }

  /**
   * Sends all, and gives a result or an error for each: a `RedisError` when the server has refused it, another one when
   * it has no answer. It never rejects. The list is empty then.
   */
  exec(): Promise<ResultsOf<Results>> {
    const items = this.take()
    const results: unknown[] = Array(items.length)
    let left = items.length
    return new Promise((resolve) => {
      if (left === 0) resolve(results as ResultsOf<Results>)
      for (const [at, { args, spec, script }] of items.entries()) {
        const settle = (result: unknown): void => {
          results[at] = result
          if (--left === 0) resolve(results as ResultsOf<Results>)
        }
        const command =
          script === undefined
            ? new Command(args, spec, this.replyFlags, settle, settle)
            : script.command(args, this.replyFlags, settle, settle, this.send)
        this.send(command)
      }
    })
  }
}

const MULTI: CommandSpec = { words: ['MULTI'], flags: 0, firstKey: 0, lastKey: 0, keyStep: 0, read: undefined }
const EXEC: CommandSpec = { ...MULTI, words: ['EXEC'] }

/** Commands that the server executes together, and nothing in between (MULTI and EXEC). */
export class Multi<Results extends readonly unknown[], Text, Int> extends CommandList<'multi', Results, Text, Int> {
  /** Adds any command. */
  command<Result = ReplyValue>(
    name: string,
    ...given: readonly Argument[]
  ): Multi<[...Results, Result | RedisError], Text, Int> {
    const args = commandWords([name], given)
    return this.add(args, rawSpecOf(args), undefined) as unknown as Multi<[...Results, Result | RedisError], Text, Int>
  }

  /** Adds a script; its whole text is sent. */
  runScript<Result>(
    script: RedisScript<Result>,
    ...given: readonly Argument[]
  ): Multi<[...Results, Result | RedisError], Text, Int> {
    return this.add(
      script.source.wholeWords(script.source.words(given)),
      script.source.spec,
      undefined,
    ) as unknown as Multi<[...Results, Result | RedisError], Text, Int>
  }

  /**
   * Sends all. Gives a result for each, or a `RedisError` where its execution has failed: the others are executed
   * nevertheless. Null when a watched key has changed: nothing is executed then. Rejects with `RedisError` when the
   * server has not accepted one of the commands (`cause`): nothing is executed, either. The list is empty then.
   */
  exec(): Promise<ResultsOf<Results> | null> {
    const items = this.take()
    return new Promise((resolve, reject) => {
      for (const { args, spec } of items) checkListed(args, spec)
      let refused: unknown
      const keep = (error: unknown): void => void (refused ??= error)
      const parts = [new Command(MULTI.words, MULTI, 0, ignore, keep)]
      // Alone they would do harm: none of them is ever sent again.
      for (const { args, spec } of items)
        parts.push(new Command(args, { ...MULTI, words: spec.words }, 0, ignore, keep))
      const onReply = (value: ReplyValue): void => {
        group.finish()
        if (value === null) resolve(null)
        else
          resolve((value as ReplyValue[]).map((one, at) => resultOf(one, items[at]!)) as unknown as ResultsOf<Results>)
      }
      const onError = (error: unknown): void => {
        group.finish()
        if (error instanceof RedisError && refused !== undefined) error.cause ??= refused
        reject(error)
      }
      parts.push(new Command(EXEC.words, EXEC, this.replyFlags, onReply, onError))
      const group = new CommandGroup(parts, items)
      this.send(group)
    })
  }
}

/** What is refused behind MULTI would leave the connection inside of the transaction. */
function checkListed(args: readonly CommandArgument[], spec: CommandSpec): void {
  checkCommand(args)
  if ((spec.flags & CommandFlags.session) !== 0)
    throw new UsageError('REDIS_COMMAND', `${nameOf(spec)} is not for a transaction`)
}

function resultOf(value: ReplyValue, { spec, args }: Item): unknown {
  if (value instanceof ReplyError) return new RedisError(value.message, nameOf(spec))
  return spec.read === undefined ? value : spec.read(value, args)
}

function ignore(): void {}
