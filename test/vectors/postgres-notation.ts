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
  const type = options.get('type') ?? SERVER[verb]
  if (type === undefined) throw new Error(`not a message: ${line}`)
  const hex = options.get('hex')
  const content = hex === undefined ? contentOf(line) : Uint8Array.from(Buffer.from(hex, 'hex'))
  const length = Number(options.get('length') ?? content.length + 4)
  return concat([bytesOf(type), int32(length), content])
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
      return new Uint8Array(0)
  }
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
