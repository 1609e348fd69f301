/** What is known of a command before it is sent. */

import type { CommandArgument } from '../../../protocols/redis/command-writer.js'
import type { ReplyValue } from '../../../protocols/redis/values.js'

/** Makes the reply of a command what its method gives, the same for RESP2 and RESP3. */
export type ReadReply = (value: ReplyValue, args: readonly CommandArgument[]) => unknown

/** What a command does; they are added up. */
export const CommandFlags = {
  /** It changes nothing: it may be sent again. */
  readonly: 1,
  /** It may change keys. */
  write: 2,
  /** It makes the connection wait, always or with BLOCK among its arguments. */
  blocking: 4,
  /** It changes what the connection is: no command for one that others use. */
  session: 8,
  /** Done twice it is done once, although it writes. */
  idempotent: 16,
  /** Which arguments are keys shows only in the arguments. */
  movableKeys: 32,
  /** Its reply is the same as long as its keys do not change. */
  cacheable: 64,
} as const

/** One command. */
export interface CommandSpec {
  /** The words that it begins with, in capital letters, as `['CONFIG', 'GET']`. */
  readonly words: readonly string[]
  /** `CommandFlags`, added up. */
  readonly flags: number
  /** Where its keys stand: the index of the first word that is one, 0 for none. */
  readonly firstKey: number
  /** The index of the last one; negative ones count from the end, -1 for the last word. */
  readonly lastKey: number
  /** From one key to the next one. */
  readonly keyStep: number
  readonly read: ReadReply | undefined
}

/** The name of a command, as errors show it. */
export function nameOf(spec: CommandSpec): string {
  return spec.words.join(' ')
}
