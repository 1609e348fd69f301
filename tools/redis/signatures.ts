/** How a command is called in TypeScript: its parameters, from its row in the command table. */

import type { TableArgument, TableCommand } from './command-table.js'

/** The parameters of one way to call a method, and whether the last optional arguments are among them. */
export interface Signature {
  readonly parameters: string
  readonly extended: boolean
}

/** A list of optional arguments that is written out; longer ones are words in any order. */
const ALTERNATIVES_MAX = 16

/** Integers by their table, which stand for more than that on the wire. */
const TEXT_NAMES: ReadonlySet<string> = new Set(['cursor', 'offset', 'id', 'start', 'end', 'entries-read'])
const NUMBER_OFFSETS: ReadonlySet<string> = new Set(['GETBIT', 'SETBIT', 'SETRANGE'])

/** The ways to call a method. `token` tells which word makes the extended one; without it, it is any optional one. */
export function signaturesOf(command: TableCommand, extended: { readonly token?: string } | undefined): Signature[] {
  const leading: string[] = []
  const names = new Set<string>()
  const args = command.arguments
  let at = 0
  for (; at < args.length; at++) {
    const parameter = leadingParameter(command, args, at, names)
    if (parameter === undefined) break
    leading.push(parameter)
  }
  const rest = args.slice(at)
  if (rest.length === 0) return [{ parameters: leading.join(', '), extended: false }]
  const call = (type: string): string => [...leading, `...${restName(rest)}: ${type}`].join(', ')
  if (extended?.token !== undefined) return tokenSignatures(command, rest, extended.token, call)
  const alternatives = alternativesOfAll(command, rest)
  if (alternatives === undefined || alternatives.length > ALTERNATIVES_MAX)
    return [{ parameters: call(`(${wordsOf(command, rest).join(' | ')})[]`), extended: false }]
  if (extended === undefined) return [{ parameters: call(tuples(alternatives)), extended: false }]
  return [
    { parameters: leading.join(', '), extended: false },
    { parameters: call(tuples(alternatives.filter(({ length }) => length > 0))), extended: true },
  ]
}

/** With the token at the end, and without it. */
function tokenSignatures(
  command: TableCommand,
  rest: readonly TableArgument[],
  token: string,
  call: (type: string) => string,
): Signature[] {
  const words = wordsOf(command, rest)
  const word = `'${token}'`
  const others = words.filter((one) => one !== word)
  const ends = words.includes('number | bigint') && token === 'COUNT' ? `${word}, number | bigint` : word
  const some = others.length === 0 ? '' : `...(${others.join(' | ')})[], `
  const behind = others.length === 0 || ends !== word ? [] : [call(`[${word}, ...(${others.join(' | ')})[]]`)]
  return [
    ...[call(`[${some}${ends}]`), ...behind].map((parameters) => ({ parameters, extended: true })),
    { parameters: others.length === 0 ? call('[]') : call(`(${others.join(' | ')})[]`), extended: false },
  ]
}

/** A parameter of its own; undefined where an argument is optional, or more than one word. */
function leadingParameter(
  command: TableCommand,
  args: readonly TableArgument[],
  at: number,
  names: Set<string>,
): string | undefined {
  const argument = args[at]!
  if (argument.optional === true || argument.multipleToken === true) return undefined
  const last = at === args.length - 1
  const name = parameterName(argument.name, names)
  if (argument.multiple === true) {
    const type = manyType(command, argument)
    if (type === undefined || argument.token !== undefined) return undefined
    return last ? `...${name}: ${type}[]` : `${name}: ${type}`
  }
  const words = alternativesOf(command, argument)
  if (words === undefined || words.some(({ length }) => length !== 1)) return undefined
  return `${name}: ${words.map(([word]) => word).join(' | ')}`
}

/** Several of one kind: each alone, in arrays, and pairs of texts as the properties of objects. */
function manyType(command: TableCommand, argument: TableArgument): string | undefined {
  const { arguments: inner = [], type } = argument
  if (type !== 'block') {
    const words = alternativesOf(command, { ...argument, multiple: undefined } as unknown as TableArgument)
    return words?.every(({ length }) => length === 1) === true ? `Many<${words.flat().join(' | ')}>` : undefined
  }
  const words = new Set<string>()
  for (const part of inner) {
    const alternatives = alternativesOf(command, part)
    if (alternatives === undefined) return undefined
    for (const word of alternatives.flat()) words.add(word)
  }
  const [first, second] = inner
  const pairs = inner.length === 2 && isText(first!) && isText(second!)
  return pairs ? `Pairs` : `Many<${[...words].join(' | ')}>`
}

function isText({ type, optional, token }: TableArgument): boolean {
  return (type === 'string' || type === 'key') && optional !== true && token === undefined
}

function alternativesOfAll(command: TableCommand, args: readonly TableArgument[]): string[][] | undefined {
  if (args.filter(({ optional }) => optional === true).length > 1) return undefined
  let all: string[][] = [[]]
  for (const [index, argument] of args.entries()) {
    const some = alternativesOf(command, argument, index === args.length - 1)
    if (some === undefined) return undefined
    all = all.flatMap((before) => some.map((behind) => [...before, ...behind]))
  }
  return all
}

/** The words that an argument can be; undefined where there are too many ways. */
function alternativesOf(command: TableCommand, argument: TableArgument, last = false): string[][] | undefined {
  const { token, optional, multiple, arguments: inner = [], type } = argument
  const before = token === undefined || type === 'pure-token' ? [] : [tokenType(token)]
  let ways: string[][] | undefined
  if (multiple === true) {
    const many = manyType(command, argument)
    if (many === undefined || argument.multipleToken === true) return undefined
    ways = [last && optional === true ? [`...${many}[]`] : [many]]
  } else if (type === 'oneof') {
    const each = inner.map((one) => alternativesOf(command, one))
    if (each.some((one) => one === undefined)) return undefined
    ways = each.flatMap((one) => one!)
  } else if (type === 'block') {
    ways = alternativesOfAll(command, inner)
  } else {
    ways = [[simpleType(command, argument)]]
  }
  if (ways === undefined) return undefined
  const written = ways.map((way) => [...before, ...way])
  return optional === true ? [[], ...written] : written
}

function tuples(alternatives: readonly (readonly string[])[]): string {
  return alternatives.map((way) => `[${way.join(', ')}]`).join(' | ')
}

function simpleType({ name: command }: TableCommand, { type, name, token }: TableArgument): string {
  switch (type) {
    case 'key':
      return 'Key'
    case 'integer':
      return TEXT_NAMES.has(name) && !NUMBER_OFFSETS.has(command) ? 'Value' : 'number | bigint'
    case 'unix-time':
      return 'number | bigint'
    case 'double':
      return 'number | string'
    case 'pure-token':
      return tokenType(token!)
    default:
      return 'Value'
  }
}

function tokenType(token: string): string {
  return `'${token.replaceAll('"', '')}'`
}

/** All that can stand somewhere in a list, each once. */
function wordsOf(command: TableCommand, args: readonly TableArgument[]): string[] {
  const words = new Set<string>()
  const visit = ({ token, type, arguments: inner = [], ...argument }: TableArgument, many = false): void => {
    if (token !== undefined) words.add(tokenType(token))
    if (type === 'pure-token') return
    if (inner.length > 0) {
      for (const one of inner) visit(one, many || argument.multiple === true)
      if (type === 'block' && argument.multiple === true && inner.length === 2 && inner.every(isText))
        words.add('Pairs')
      return
    }
    const simple = simpleType(command, { type, ...argument })
    words.add(many || argument.multiple === true ? `Many<${simple}>` : simple)
  }
  for (const argument of args) visit(argument)
  return [...words]
}

function restName(rest: readonly TableArgument[]): string {
  return rest.some(({ optional }) => optional === true) ? 'options' : 'words'
}

const RESERVED: ReadonlySet<string> = new Set(['function', 'default', 'new', 'delete', 'with', 'in'])

function parameterName(name: string, taken: Set<string>): string {
  const base = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replaceAll(/[^a-zA-Z0-9]/g, '')
  const start = RESERVED.has(base) ? `${base}Name` : /^\d/.test(base) ? `_${base}` : base
  let unique = start
  for (let number = 2; taken.has(unique); number++) unique = `${start}${number}`
  taken.add(unique)
  return unique
}

/** A command as it is written: its words, what is optional in brackets. */
export function syntaxOf({ name, arguments: args }: TableCommand): string {
  return [name, ...args.map(syntaxOfOne)].join(' ')
}

function syntaxOfOne(argument: TableArgument): string {
  const { name, type, token, optional, multiple, multipleToken, arguments: inner = [] } = argument
  let text = name
  if (type === 'pure-token') text = token!
  else if (type === 'oneof') text = inner.map(syntaxOfOne).join(' | ')
  else if (type === 'block') text = inner.map(syntaxOfOne).join(' ')
  if (type !== 'pure-token' && token !== undefined) text = `${token} ${text}`
  if (type === 'oneof' && optional !== true) text = `<${text}>`
  if (multiple === true) text = `${text} [${multipleToken === true || token === undefined ? text : name} ...]`
  return optional === true ? `[${text}]` : text
}
