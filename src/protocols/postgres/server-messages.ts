/** The messages of a server ("Message Formats" of the documentation): their types, and what is in them. */

import type { BodyReader } from './body-reader.js'
import type { CopyEvent, FieldDescription, NoticeFields, TransactionStatus } from './events.js'

/** The first octet of each message. */
export const ServerMessages = {
  authentication: 0x52,
  backendKeyData: 0x4b,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  copyBothResponse: 0x57,
  copyData: 0x64,
  copyDone: 0x63,
  copyInResponse: 0x47,
  copyOutResponse: 0x48,
  dataRow: 0x44,
  emptyQueryResponse: 0x49,
  errorResponse: 0x45,
  functionCallResponse: 0x56,
  negotiateProtocolVersion: 0x76,
  noData: 0x6e,
  noticeResponse: 0x4e,
  notificationResponse: 0x41,
  parameterDescription: 0x74,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  portalSuspended: 0x73,
  readyForQuery: 0x5a,
  rowDescription: 0x54,
} as const

/** What an Authentication message asks for. */
export const AuthCodes = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const

const STATUSES: Readonly<Partial<Record<number, TransactionStatus>>> = {
  0x49: 'idle',
  0x54: 'transaction',
  0x45: 'failed',
}

/** Reads ReadyForQuery; undefined for a status that is none. */
export function readStatus(body: BodyReader): TransactionStatus | undefined {
  return STATUSES[body.byte()]
}

/** Reads RowDescription. */
export function readFields(body: BodyReader): FieldDescription[] {
  const fields: FieldDescription[] = []
  for (let left = body.uint16(); left > 0 && !body.malformed; left--)
    fields.push({
      name: body.string(),
      tableOid: body.uint32(),
      columnNumber: body.int16(),
      typeOid: body.uint32(),
      typeSize: body.int16(),
      typeModifier: body.int32(),
      format: readFormat(body),
    })
  return fields
}

/** Reads one format code. */
export function readFormat(body: BodyReader): 'text' | 'binary' {
  const code = body.uint16()
  if (code > 1) body.malformed = true
  return code === 0 ? 'text' : 'binary'
}

/** Reads type oids, as ParameterDescription and Parse have them. */
export function readTypeOids(body: BodyReader): number[] {
  const oids: number[] = []
  for (let left = body.uint16(); left > 0 && !body.malformed; left--) oids.push(body.uint32())
  return oids
}

/** Reads CopyInResponse, CopyOutResponse or CopyBothResponse. */
export function readCopy(body: BodyReader, id: number, direction: CopyEvent['direction']): CopyEvent {
  const format = body.byte()
  if (format > 1) body.malformed = true
  const columnFormats: ('text' | 'binary')[] = []
  for (let left = body.uint16(); left > 0 && !body.malformed; left--) columnFormats.push(readFormat(body))
  return { type: 'copy', id, direction, format: format === 0 ? 'text' : 'binary', columnFormats }
}

/** Reads FunctionCallResponse: the octets of the value, or null. */
export function readFunctionResult(body: BodyReader): Uint8Array | null {
  const size = body.int32()
  return size === -1 ? null : body.octets(size)
}

/** Reads the names in NegotiateProtocolVersion, behind the version. */
export function readUnknownOptions(body: BodyReader): string[] {
  const names: string[] = []
  for (let left = body.uint32(); left > 0 && !body.malformed; left--) names.push(body.string())
  return names
}

/** The names of the mechanisms in AuthenticationSASL, up to an empty one. */
export function readMechanisms(body: BodyReader): string[] {
  const names: string[] = []
  for (let name = body.string(); name !== ''; name = body.string()) names.push(name)
  return names
}

/** The letter of each field of an error or a notice ("Error and Notice Message Fields"). */
export const NOTICE_LETTERS: readonly (readonly [letter: string, name: keyof NoticeFields])[] = [
  ['V', 'severity'],
  ['C', 'code'],
  ['M', 'message'],
  ['D', 'detail'],
  ['H', 'hint'],
  ['P', 'position'],
  ['p', 'internalPosition'],
  ['q', 'internalQuery'],
  ['W', 'where'],
  ['s', 'schema'],
  ['t', 'table'],
  ['c', 'column'],
  ['d', 'dataType'],
  ['n', 'constraint'],
  ['F', 'file'],
  ['L', 'line'],
  ['R', 'routine'],
]

/** Reads ErrorResponse or NoticeResponse: fields with a letter each, in any order; unknown ones are passed over. */
export function readNotice(body: BodyReader): NoticeFields {
  const texts = new Map<number, string>()
  for (let letter = body.byte(); letter !== 0; letter = body.byte()) texts.set(letter, body.string())
  const text = (letter: string): string | undefined => texts.get(letter.charCodeAt(0))
  return {
    // The form that is not translated came with version 9.6.
    severity: text('V') ?? text('S') ?? '',
    code: text('C') ?? '',
    message: text('M') ?? '',
    detail: text('D'),
    hint: text('H'),
    position: text('P'),
    internalPosition: text('p'),
    internalQuery: text('q'),
    where: text('W'),
    schema: text('s'),
    table: text('t'),
    column: text('c'),
    dataType: text('d'),
    constraint: text('n'),
    file: text('F'),
    line: text('L'),
    routine: text('R'),
  }
}
