/** The methods of the commands, put onto a class: what they do there is up to the class. */

import type { Argument } from './arguments.js'
import type { RedisCommands } from './commands.js'
import type { CommandSpec } from './command-spec.js'
import { specsByMethod } from './command-specs.js'
import type { Direct, Listed } from './reply-shapes.js'

/** What a method does with its command and its arguments. */
abstract class Performer {
  protected abstract perform(spec: CommandSpec, given: readonly Argument[]): unknown
}

function withMethods(): unknown {
  abstract class Methods extends Performer {}
  for (const [method, spec] of specsByMethod)
    Object.defineProperty(Methods.prototype, method, {
      value: function (this: { perform: Performer['perform'] }, ...given: readonly Argument[]) {
        return this.perform(spec, given)
      },
      writable: true,
      configurable: true,
    })
  return Methods
}

/** A class whose methods give promises. */
export const DirectMethods = withMethods() as abstract new <Text, Int>() => Performer & RedisCommands<Text, Int, Direct>

/** A class whose methods add to a list. */
export const ListMethods = withMethods() as abstract new <
  List extends 'pipeline' | 'multi',
  Results extends readonly unknown[],
  Text,
  Int,
>() => Performer & RedisCommands<Text, Int, Listed<List, Results>>
