/** The command table of a Redis server, as far as the client needs it: read from a server, kept in commands.json. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { repoRoot } from '../repo.js'

/** An argument of a command, or several that stand together. */
export interface TableArgument {
  readonly name: string
  readonly type: string
  /** The word that stands before it, or that it is. */
  readonly token?: string
  readonly optional?: true
  readonly multiple?: true
  /** The token stands before each one of several. */
  readonly multipleToken?: true
  readonly arguments?: readonly TableArgument[]
}

/** A command, or a subcommand of a container. */
export interface TableCommand {
  /** Its words in capital letters, as `CONFIG GET`. */
  readonly name: string
  /** The version of the server that has brought it. */
  readonly since: string
  readonly flags: readonly string[]
  /** The first key, the last one, and the step between them, as indices of words; 0 for none. */
  readonly keys: readonly [first: number, last: number, step: number]
  readonly arguments: readonly TableArgument[]
}

/** Where the table is kept. */
export const TABLE_FILE: string = path.join(repoRoot, 'tools/redis/commands.json')

/** The table as it is kept. */
export function readTable(): readonly TableCommand[] {
  return JSON.parse(readFileSync(TABLE_FILE, 'utf8')) as readonly TableCommand[]
}

/** What `COMMAND` says of a command, as far as it is read. */
type CommandInfo = readonly [
  name: string,
  arity: number,
  flags: readonly string[],
  first: number,
  last: number,
  step: number,
  categories: unknown,
  tips: unknown,
  keySpecs: unknown,
  subcommands: readonly CommandInfo[],
]

/** What `COMMAND DOCS` says of a command, as far as it is read. */
export interface CommandDocs {
  readonly since: string
  readonly arguments?: readonly DocsArgument[]
  readonly subcommands?: Readonly<Record<string, CommandDocs>>
}

interface DocsArgument {
  readonly name: string
  readonly type: string
  readonly token?: string
  readonly flags?: readonly string[]
  readonly arguments?: readonly DocsArgument[]
}

/** Makes the table from the answers of a server to `COMMAND` and `COMMAND DOCS`. */
export function tableOf(infos: readonly CommandInfo[], docs: Readonly<Record<string, CommandDocs>>): TableCommand[] {
  const commands: TableCommand[] = []
  const add = ([name, , flags, first, last, step, , , , subcommands]: CommandInfo, doc: CommandDocs): void => {
    for (const inner of subcommands) add(inner, doc.subcommands![inner[0]]!)
    // What is a container only cannot be sent alone.
    if (subcommands.length > 0 && name !== 'command') return
    commands.push({
      name: name.replace('|', ' ').toUpperCase(),
      since: doc.since,
      flags: [...flags].sort(),
      keys: [first, last, step],
      arguments: (doc.arguments ?? []).map(argumentOf),
    })
  }
  for (const info of infos) add(info, docs[info[0]]!)
  return commands.sort((one, other) => (one.name < other.name ? -1 : 1))
}

function argumentOf({ name, type, token, flags = [], arguments: inner }: DocsArgument): TableArgument {
  return {
    name,
    type,
    ...(token !== undefined && { token }),
    ...(flags.includes('optional') && { optional: true }),
    ...(flags.includes('multiple') && { multiple: true }),
    ...(flags.includes('multiple_token') && { multipleToken: true }),
    ...(inner !== undefined && { arguments: inner.map(argumentOf) }),
  }
}
