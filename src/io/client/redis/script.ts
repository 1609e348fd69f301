/** Scripts that the server knows by their digest. */

import { createHash } from 'node:crypto'
import { UsageError } from '../../../protocols/core/errors.js'
import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { type Argument, commandWords } from './arguments.js'
import { Command } from './command.js'
import type { CommandSpec } from './command-spec.js'
import { specOf } from './command-specs.js'
import { RedisError } from './redis-error.js'

/** How a script is called. */
export interface ScriptOptions {
  /** How many of its arguments are keys: the first ones. Default 0. */
  readonly keys?: number | undefined
  /** It writes nothing: it may be executed where nothing can be written, and again when its answer was lost. */
  readonly readonly?: boolean | undefined
}

/** A script as a function: keys first, then what else it takes. */
export interface RedisScript<Result> {
  (...given: readonly Argument[]): Promise<Result>
  readonly source: ScriptSource
}

/** What is sent for a script: its digest, and its text where the server does not know that. */
export class ScriptSource {
  readonly lua: string
  readonly sha1: string
  readonly spec: CommandSpec
  readonly #wholeSpec: CommandSpec
  readonly #keys: number

  /** Throws `UsageError` (`REDIS_OPTION`). */
  constructor(lua: string, { keys = 0, readonly = false }: ScriptOptions = {}) {
    if (!Number.isInteger(keys) || keys < 0) throw new UsageError('REDIS_OPTION', `keys is a whole number, not ${keys}`)
    this.lua = lua
    this.sha1 = createHash('sha1').update(lua).digest('hex')
    this.#keys = keys
    this.spec = specOf(readonly ? 'EVALSHA_RO' : 'EVALSHA')
    this.#wholeSpec = specOf(readonly ? 'EVAL_RO' : 'EVAL')
  }

  /** By its digest. */
  words(given: readonly Argument[]): readonly CommandArgument[] {
    const words = commandWords([this.spec.words[0]!, this.sha1, String(this.#keys)], given)
    if (words.length - 3 < this.#keys)
      throw new UsageError('REDIS_ARGUMENTS', `the script has ${this.#keys} keys, not ${words.length - 3}`)
    return words
  }

  /** The same with its text. */
  wholeWords(words: readonly CommandArgument[]): readonly CommandArgument[] {
    return [this.#wholeSpec.words[0]!, this.lua, ...words.slice(2)]
  }

  /** The command by the digest; one with the text follows when the server does not know it. */
  command(
    words: readonly CommandArgument[],
    replyFlags: number,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
    send: (command: Command) => void,
  ): Command {
    const retry = (error: unknown): void => {
      if (error instanceof RedisError && error.code === 'NOSCRIPT')
        send(new Command(this.wholeWords(words), this.#wholeSpec, replyFlags, resolve, reject))
      else reject(error)
    }
    return new Command(words, this.spec, replyFlags, resolve, retry)
  }
}
