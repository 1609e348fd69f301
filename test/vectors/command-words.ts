/** The commands of vectors as words; README.md beside this file says how they look. */

import { unescapeBytes } from 'skitai/testing'

/** A command: positional words, content in quotes, and `name=value` pairs, which are options or fields. */
export interface Command {
  readonly verb: string
  readonly words: readonly string[]
  readonly fields: readonly string[]
  readonly content: Uint8Array | undefined
  readonly options: ReadonlyMap<string, string>
}

const WORD = /([^\s"=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))|"((?:[^"\\]|\\.)*)"|(\S+)/g

/** Reads a command; the pairs named in `optionNames` are options, all others fields. */
export function parseCommand(text: string, optionNames: readonly string[]): Command {
  const words: string[] = []
  const fields: string[] = []
  const options = new Map<string, string>()
  let content: Uint8Array | undefined
  for (const [, name, quoted, bare, octets, word] of text.matchAll(WORD)) {
    const value = quoted === undefined ? bare! : String.fromCharCode(...unescapeBytes(quoted))
    if (octets !== undefined) content = unescapeBytes(octets)
    else if (name === undefined || name.startsWith('/')) words.push(word ?? `${name}=${bare}`)
    else if (optionNames.includes(name)) options.set(name, value)
    else fields.push(name, value)
  }
  const size = options.get('size')
  if (size !== undefined) content = new Uint8Array(Number(size)).fill(0x78)
  const [verb = '', ...rest] = words
  return { verb, words: rest, fields, content, options }
}

/** A line of an `answers` block: what an application does upon an event. */
export interface Rule {
  readonly event: string
  /** The request or stream that it is for; 0 for every one. */
  readonly subject: number
  readonly command: string
}

/** Reads `event: command` or `event number: command`. */
export function parseRule(line: string): Rule {
  const match = /^(\w+)(?: (\d+))?: (.+)$/.exec(line)
  if (match === null) throw new Error(`not an answer: ${line}`)
  const [, event = '', subject, command = ''] = match
  return { event, subject: Number(subject ?? 0), command }
}

/** The rules for an event: those for its subject before those for every one. */
export function applyingRules(rules: readonly Rule[], event: string, subject: number): readonly Rule[] {
  const here = rules.filter((rule) => rule.event === event)
  const own = here.filter((rule) => rule.subject === subject)
  return own.length > 0 ? own : here.filter((rule) => rule.subject === 0)
}
