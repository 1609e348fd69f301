/** What can be done with commands, wherever they are sent. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import { ReplyFlags, type BulkString, type ReplyValue } from '../../../protocols/redis/values.js'
import { type Argument, commandWords, type Key } from './arguments.js'
import { Command } from './command.js'
import { DirectMethods } from './command-methods.js'
import type { CommandSpec } from './command-spec.js'
import { rawSpecOf, specOf } from './command-specs.js'
import { Multi, Pipeline } from './pipeline.js'
import { hscanPages, type ScanOptions, scanPages } from './scan.js'
import { type RedisScript, type ScriptOptions, ScriptSource } from './script.js'

/** How replies are given, and how long they may take. */
export interface CallOptions {
  /** Strings as octets. */
  readonly bytes?: boolean | undefined
  /** Strings as `BulkString`: octets and text. */
  readonly both?: boolean | undefined
  /** Integers as bigint. */
  readonly bigints?: boolean | undefined
  /** How long a command may take, in milliseconds, from its call on. */
  readonly timeoutMs?: number | undefined
  /** What is not sent when it aborts will not be; for what is sent, nobody waits any more. */
  readonly signal?: AbortSignal | undefined
}

/** What strings are with some options. */
export type TextWith<Options extends CallOptions, Text> = Options extends { readonly both: true }
  ? BulkString
  : Options extends { readonly bytes: true }
    ? Uint8Array
    : Options extends { readonly bytes: false } | { readonly both: false }
      ? string
      : Text

/** What integers are with some options. */
export type IntWith<Options extends CallOptions, Int> = Options extends { readonly bigints: true }
  ? bigint
  : Options extends { readonly bigints: false }
    ? number
    : Int

/** All options together, as the client takes them. */
export interface Call {
  readonly replyFlags: number
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Without any option: maps are objects. */
export const PLAIN_CALL: Call = { replyFlags: ReplyFlags.objects, timeoutMs: undefined, signal: undefined }

/** `options` over those before. */
export function callOf(before: Call, { bytes, both, bigints, timeoutMs, signal }: CallOptions): Call {
  let { replyFlags } = before
  const set = (flag: number, on: boolean | undefined): void => {
    if (on !== undefined) replyFlags = on ? replyFlags | flag : replyFlags & ~flag
  }
  set(ReplyFlags.bytes, bytes)
  set(ReplyFlags.both, both)
  set(ReplyFlags.bigints, bigints)
  return { replyFlags, timeoutMs: timeoutMs ?? before.timeoutMs, signal: signal ?? before.signal }
}

/** Commands as methods, lists of them, scripts and scans. */
export abstract class RedisBase<Text, Int> extends DirectMethods<Text, Int> {
  protected readonly call: Call

  protected constructor(call: Call) {
    super()
    this.call = call
  }

  /** Sends a command on its way. */
  protected abstract dispatch(command: Command): void

  /**
   * Any command, as `command('JSON.GET', 'k', '$')`. Its reply is as it comes over the wire: maps are objects with
   * RESP3, and arrays with RESP2.
   */
  command<Result = ReplyValue>(name: string, ...given: readonly Argument[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      const args = commandWords([name], given)
      this.dispatch(new Command(args, rawSpecOf(args), this.call.replyFlags, resolve, reject))
    })
  }

  /** A list of commands that are sent together, each with a result of its own. */
  pipeline(): Pipeline<[], Text, Int> {
    return new Pipeline((command) => this.dispatch(command), this.call.replyFlags)
  }

  /** A list of commands that the server executes together. */
  multi(): Multi<[], Text, Int> {
    return new Multi((command) => this.dispatch(command), this.call.replyFlags)
  }

  /**
   * A script of Lua as a function: `const f = r.script('return redis.call("GET", KEYS[1])', { keys: 1 })`, then
   * `await f('k')`. Its text is sent only when the server does not know it.
   */
  script<Result = ReplyValue>(lua: string, options?: ScriptOptions): RedisScript<Result> {
    const source = new ScriptSource(lua, options)
    const run = (...given: readonly Argument[]): Promise<Result> =>
      new Promise((resolve, reject) => {
        const send = (command: Command): void => this.dispatch(command)
        send(source.command(source.words(given), this.call.replyFlags, resolve, reject, send))
      })
    return Object.assign(run, { source })
  }

  /** All keys (SCAN). Keys that are there all the while come at least once, perhaps more often; others may come. */
  async *scanAll(options: ScanOptions = {}): AsyncGenerator<Text, void, undefined> {
    for await (const keys of scanPages<Text>((args) => this.#send(specOf('SCAN'), args), [], options)) yield* keys
  }

  /** The members of a set (SSCAN), as `scanAll` gives keys. */
  async *sscanAll(key: Key, options: ScanOptions = {}): AsyncGenerator<Text, void, undefined> {
    for await (const some of scanPages<Text>((args) => this.#send(specOf('SSCAN'), args), [key], options)) yield* some
  }

  /** The fields of a hash with their values (HSCAN), as `scanAll` gives keys. */
  async *hscanAll(key: Key, options: ScanOptions = {}): AsyncGenerator<[field: Text, value: Text], void, undefined> {
    for await (const some of hscanPages<[Text, Text]>((args) => this.#send(specOf('HSCAN'), args), key, options))
      yield* some
  }

  /** The members of a sorted set with their scores (ZSCAN), as `scanAll` gives keys. */
  async *zscanAll(key: Key, options: ScanOptions = {}): AsyncGenerator<[member: Text, score: number], void, undefined> {
    for await (const some of hscanPages<[Text, number]>((args) => this.#send(specOf('ZSCAN'), args), key, options))
      yield* some
  }

  protected override perform(spec: CommandSpec, given: readonly Argument[]): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.dispatch(new Command(commandWords(spec.words, given), spec, this.call.replyFlags, resolve, reject)),
    )
  }

  #send(spec: CommandSpec, args: readonly CommandArgument[]): Promise<never> {
    return this.perform(spec, args) as Promise<never>
  }
}
