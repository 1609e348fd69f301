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
