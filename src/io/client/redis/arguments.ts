/** What callers give, and what of it goes into a command. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { CommandArgument } from '../../../protocols/redis/command-writer.js'

/** The name of a key. */
export type Key = string | Uint8Array

/** Anything that can be stored. Numbers are written as JavaScript writes them. */
export type Value = string | number | bigint | Uint8Array

/** One, or an array of them. */
export type Many<Item> = Item | readonly Item[]

/** Names and values in turn, or as the properties of an object or the entries of a `Map`. */
export type Pairs = Many<Value> | Readonly<Record<string, Value>> | ReadonlyMap<Key, Value>

/** What a method takes. */
export type Argument = Many<Value> | Pairs

/**
 * The words of a command with its arguments behind them: arrays are as if their elements stood there, objects and maps
 * as if their keys and values did.
 */
export function commandWords(words: readonly string[], given: readonly Argument[]): readonly CommandArgument[] {
  const all: CommandArgument[] = words.length === 1 ? [words[0]!] : [...words]
  for (let i = 0; i < given.length; i++) {
    const argument = given[i]!
    if (typeof argument === 'string') all.push(argument)
    else addArgument(all, argument)
  }
  return all
}

function addArgument(all: CommandArgument[], argument: Argument): void {
  if (typeof argument !== 'object' || argument instanceof Uint8Array) {
    // What cannot be sent is refused when the command is checked.
    all.push(argument)
  } else if (Array.isArray(argument)) {
    for (const element of argument as readonly Argument[]) addArgument(all, element)
  } else if (argument instanceof Map) {
    for (const [key, value] of argument as ReadonlyMap<Key, Value>) all.push(key, value)
  } else if (isPlain(argument)) {
    for (const [key, value] of Object.entries(argument as Record<string, Value>)) all.push(key, value)
  } else {
    throw new UsageError('REDIS_ARGUMENTS', `an argument is ${describe(argument)}`)
  }
}

/** Of other classes, nobody could tell what is meant. */
function isPlain(argument: object | null): argument is object {
  if (argument === null) return false
  const prototype: unknown = Object.getPrototypeOf(argument)
  return prototype === Object.prototype || prototype === null
}

function describe(argument: object | null): string {
  return argument === null ? 'null' : `an object of the class ${argument.constructor?.name}`
}
