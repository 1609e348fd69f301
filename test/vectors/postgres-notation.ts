/** Messages of PostgreSQL as lines of text, both ways; README.md beside this file says how they look. */

import { bytesOf, concat, escapeBytes, latin1Of, unescapeBytes } from 'skitai/testing'
import { parseCommand } from './command-words.js'

const OPTIONS = ['hex', 'length', 'type', 'columns', 'minor', 'major', 'formats']

/** Types of the messages of a server, by name. */
const SERVER: Readonly<Record<string, string>> = {
  Authentication: 'R',
  BackendKeyData: 'K',
  BindComplete: '2',
  CloseComplete: '3',
  CommandComplete: 'C',
  CopyBothResponse: 'W',
  CopyData: 'd',
  CopyDone: 'c',
  CopyInResponse: 'G',
  CopyOutResponse: 'H',
  DataRow: 'D',
  EmptyQueryResponse: 'I',
  ErrorResponse: 'E',
  FunctionCallResponse: 'V',
  NegotiateProtocolVersion: 'v',
  NoData: 'n',
  NoticeResponse: 'N',
  NotificationResponse: 'A',
  ParameterDescription: 't',
  ParameterStatus: 'S',
  ParseComplete: '1',
  PortalSuspended: 's',
  ReadyForQuery: 'Z',
  RowDescription: 'T',
}

/** Types of the messages of a client that no server has under the same name. */
const CLIENT_TYPES: Readonly<Record<string, string>> = {
  Bind: 'B',
  Close: 'C',
  CopyFail: 'f',
  Describe: 'D',
  Execute: 'E',
  Flush: 'H',
  FunctionCall: 'F',
  Parse: 'P',
  Password: 'p',
  Query: 'Q',
  SaslInitial: 'p',
  SaslResponse: 'p',
  Sync: 'S',
  Terminate: 'X',
}

/** What a client begins with: no type, and a number. */
const STARTS: Readonly<Record<string, number>> = {
  CancelRequest: 80_877_102,
  SSLRequest: 80_877_103,
  GSSENCRequest: 80_877_104,
  Startup: 196_608,
}

const AUTH: Readonly<Record<string, number>> = { ok: 0, cleartext: 3, md5: 5, sasl: 10, continue: 11, final: 12 }

export function int16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value)
}

export function int32(value: number): Uint8Array {
  return Uint8Array.of(value >> 24, value >> 16, value >> 8, value)
}

function zeroEnded(text: string): Uint8Array {
  return concat([unescapeBytes(text), Uint8Array.of(0)])
}

/** The octets of lines, one message a line. */
export function encodeMessages(lines: readonly string[]): Uint8Array {
  return concat(lines.filter((line) => line.trim() !== '').map((line) => encodeMessage(line.trim())))
}

function encodeMessage(line: string): Uint8Array {
  const { verb, options } = parseCommand(line, OPTIONS)
  if (verb === 'raw') return unescapeBytes(line.slice(5, -1))
  const start = STARTS[verb]
  if (start !== undefined) return encodeStart(line, start)
  const type = options.get('type') ?? SERVER[verb] ?? CLIENT_TYPES[verb]
  if (type === undefined) throw new Error(`not a message: ${line}`)
  const hex = options.get('hex')
  const content = hex === undefined ? contentOf(line) : Uint8Array.from(Buffer.from(hex, 'hex'))
  const length = Number(options.get('length') ?? content.length + 4)
  return concat([bytesOf(type), int32(length), content])
}

/** `Startup [major=3] [minor=0] [length=5] name value …`; what ends its pairs is written, too. */
function encodeStart(line: string, code: number): Uint8Array {
  const { verb, options } = parseCommand(line, OPTIONS)
  const words = wordsOf(line).filter((word) => !/^(?:length|minor|major)=/.test(word))
  const version = Number(options.get('major') ?? 3) * 65_536 + Number(options.get('minor') ?? 0)
  const content =
    verb === 'Startup'
      ? concat([int32(version), ...words.map(zeroEnded), Uint8Array.of(0)])
      : verb === 'CancelRequest'
        ? concat([int32(code), int32(Number(words[0])), unescapeBytes(words[1] ?? '')])
        : int32(code)
  return concat([int32(Number(options.get('length') ?? content.length + 4)), content])
}

const WORD = /"((?:[^"\\]|\\.)*)"|(\S+)/g

/** Words as they stand; one in quotes loses them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(WORD)].map(([, quoted, word]) => quoted ?? word!).slice(1)
}

function contentOf(line: string): Uint8Array {
  const { verb, options } = parseCommand(line, OPTIONS)
  const words = wordsOf(line).filter((word) => !/^(?:length|type|columns|minor|major|formats)=/.test(word))
  const [first = ''] = words
  const strings = (): Uint8Array => concat(words.map(zeroEnded))
  switch (verb) {
    case 'Authentication':
      return authentication(words)
    case 'BackendKeyData':
      return concat([int32(Number(first)), unescapeBytes(words[1] ?? '')])
    case 'CommandComplete':
    case 'ParameterStatus':
      return strings()
    case 'NotificationResponse':
      return concat([int32(Number(first)), ...words.slice(1).map(zeroEnded)])
    case 'CopyData':
    case 'ReadyForQuery':
      return unescapeBytes(first)
    case 'CopyInResponse':
    case 'CopyOutResponse':
    case 'CopyBothResponse':
      return copyResponse(words)
    case 'FunctionCallResponse':
      return first === 'null' ? int32(-1) : concat([int32(unescapeBytes(first).length), unescapeBytes(first)])
    case 'DataRow':
      return dataRow(line, Number(options.get('columns') ?? -1))
    case 'ErrorResponse':
    case 'NoticeResponse':
      return concat([
        ...words.map((word) => concat([bytesOf(word.charAt(0)), zeroEnded(word.slice(1))])),
        bytesOf('\0'),
      ])
    case 'NegotiateProtocolVersion': {
      const version = Number(options.get('major') ?? 3) * 65_536 + Number(options.get('minor') ?? 0)
      return concat([int32(version), int32(words.length), strings()])
    }
    case 'ParameterDescription':
      return concat([int16(words.length), ...words.map((word) => int32(Number(word)))])
    case 'RowDescription':
      return concat([int16(words.length), ...words.map(fieldOf)])
    default:
      return clientContent(line, verb, words)
  }
}

/** The content of a message that only clients send. */
function clientContent(line: string, verb: string, words: readonly string[]): Uint8Array {
  const [first = '', second = '', ...rest] = words
  switch (verb) {
    case 'Query':
    case 'Password':
    case 'CopyFail':
      return concat(words.map(zeroEnded))
    case 'SaslInitial':
      return concat([zeroEnded(first), int32(unescapeBytes(second).length), unescapeBytes(second)])
    case 'SaslResponse':
      return unescapeBytes(first)
    case 'Parse':
      return concat([zeroEnded(first), zeroEnded(second), int16(rest.length), ...rest.map((oid) => int32(Number(oid)))])
    case 'Describe':
    case 'Close':
      return concat([bytesOf(first === 'statement' ? 'S' : first === 'portal' ? 'P' : first), zeroEnded(second)])
    case 'Execute':
      return concat([zeroEnded(first), int32(Number(second))])
    case 'Bind':
      return concat([zeroEnded(first), zeroEnded(second), valuesOf(line, 2)])
    case 'FunctionCall':
      return concat([int32(Number(first)), valuesOf(line, 1)])
    default:
      return new Uint8Array(0)
  }
}

/** `"text"`, `x:00ff`, `null`, then `-> 0 1` for the formats of what comes back; a function has one. */
function valuesOf(line: string, skipped: number): Uint8Array {
  const all = [...line.matchAll(WORD)].slice(1 + skipped)
  const arrow = all.findIndex(([word]) => word === '->')
  const given = arrow < 0 ? all : all.slice(0, arrow)
  const formats = arrow < 0 ? [] : all.slice(arrow + 1).map(([word]) => int16(Number(word)))
  const binary = given.some(([word]) => word.startsWith('x:'))
  const values = given.map(([word, quoted]) => {
    if (word === 'null') return int32(-1)
    const octets = word.startsWith('x:')
      ? Uint8Array.from(Buffer.from(word.slice(2), 'hex'))
      : unescapeBytes(quoted ?? word)
    return concat([int32(octets.length), octets])
  })
  const valueFormats = binary ? given.map(([word]) => int16(word.startsWith('x:') ? 1 : 0)) : []
  const isCall = line.startsWith('FunctionCall')
  return concat([
    int16(valueFormats.length),
    ...valueFormats,
    int16(values.length),
    ...values,
    ...(isCall ? (formats.length === 0 ? [int16(0)] : formats) : [int16(formats.length), ...formats]),
  ])
}

function authentication([kind = '', ...rest]: readonly string[]): Uint8Array {
  const code = AUTH[kind] ?? Number(kind)
  if (kind === 'sasl') return concat([int32(code), ...rest.map(zeroEnded), Uint8Array.of(0)])
  return concat([int32(code), ...rest.map(unescapeBytes)])
}

/** `text 0 1`: the format of all, and one a column. */
function copyResponse([format = '', ...columns]: readonly string[]): Uint8Array {
  const whole = Uint8Array.of(format === 'text' ? 0 : format === 'binary' ? 1 : Number(format))
  return concat([whole, int16(columns.length), ...columns.map((column) => int16(Number(column)))])
}

/** `"text"` or `null` a column. */
function dataRow(line: string, columns: number): Uint8Array {
  const values = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|\bnull\b/g)].map(([, text]) =>
    text === undefined ? int32(-1) : concat([int32(unescapeBytes(text).length), unescapeBytes(text)]),
  )
  return concat([int16(columns < 0 ? values.length : columns), ...values])
}

/** `name:25` or `name:25:1` with its format. */
function fieldOf(word: string): Uint8Array {
  const [name = '', oid, format] = word.split(':')
  return concat([
    zeroEnded(name),
    int32(0),
    int16(0),
    int32(Number(oid)),
    int16(-1),
    int32(-1),
    int16(Number(format ?? 0)),
  ])
}

/** Names of the messages of a client; those of passwords cannot be told apart. */
const CLIENT: Readonly<Record<string, string>> = {
  B: 'Bind',
  C: 'Close',
  D: 'Describe',
  E: 'Execute',
  F: 'FunctionCall',
  H: 'Flush',
  P: 'Parse',
  Q: 'Query',
  S: 'Sync',
  X: 'Terminate',
  c: 'CopyDone',
  d: 'CopyData',
  f: 'CopyFail',
  p: 'Password',
}

/** What a client has written, a message a line: the start first, then type and content in escaped octets. */
export function printMessages(octets: Uint8Array): string[] {
  const lines: string[] = []
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  for (let at = 0; at < octets.length;) {
    const first = lines.length === 0
    const lengthAt = first ? at : at + 1
    const end = lengthAt + view.getInt32(lengthAt)
    const content = escapeBytes(octets.subarray(lengthAt + 4, end))
    const name = first ? 'Startup' : (CLIENT[latin1Of(octets.subarray(at, at + 1))] ?? 'unknown')
    lines.push(content === '' ? name : `${name} "${content}"`)
    at = end
  }
  return lines
}

const SERVER_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SERVER).map(([name, type]) => [type, name]),
)

/** What a server has written: answers of one octet first, then a message a line with its content in escaped octets. */
export function printServerMessages(octets: Uint8Array): string[] {
  const lines: string[] = []
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  for (let at = 0; at < octets.length;) {
    const type = latin1Of(octets.subarray(at, at + 1))
    const length = octets.length - at < 5 ? Infinity : view.getInt32(at + 1)
    // An answer to a request for encryption has no length behind it.
    if (length > octets.length - at) {
      lines.push(`octet ${type}`)
      at += 1
      continue
    }
    const content = escapeBytes(octets.subarray(at + 5, at + 1 + length))
    const name = SERVER_NAMES[type] ?? 'unknown'
    lines.push(content === '' ? name : `${name} "${content}"`)
    at += 1 + length
  }
  return lines
}
