/** Values that are no aggregates into replies: in RESP3 as what they are, in RESP2 as the nearest that it has. */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'
import { NullArray, StreamedString } from './answers.js'
import { writeHead, writeOctets, writeText } from './command-writer.js'
import { ReplyTypes as T } from './reply-types.js'
import type { AnswerValue } from './reply-writer.js'
import { BigNumber, BulkString, DoubleNumber, type ReplyError, SimpleString, VerbatimString } from './values.js'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const CRLF = '\r\n'
const LINE_END = /[\r\n]/

/** Throws `UsageError` for what is no value, and for a line with CR or LF in it. */
export function checkScalar(value: AnswerValue): void {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new UsageError('REDIS_VALUE', `a ${typeof value} is no value of a reply`)
  if (value instanceof SimpleString && LINE_END.test(value.text))
    throw new UsageError('REDIS_VALUE', 'a simple string holds CR or LF')
  if (value instanceof VerbatimString && native.utf8Length(value.format) !== 3)
    throw new UsageError('REDIS_VALUE', `a format has 3 octets, not ${value.format}`)
  if (value instanceof StreamedString && !value.pieces.every((piece) => piece instanceof Uint8Array))
    throw new UsageError('REDIS_VALUE', 'a piece of a string is no Uint8Array')
}

/** Writes a value that `checkScalar` has let pass. */
export function writeScalar(out: OutputQueue, protocol: 2 | 3, value: AnswerValue): void {
  switch (typeof value) {
    case 'string':
      return writeText(out, value)
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? out.latin1(`:${value}${CRLF}`)
        : writeDouble(out, protocol, value)
    case 'bigint':
      return value >= INT64_MIN && value <= INT64_MAX
        ? out.latin1(`:${value}${CRLF}`)
        : writeBigNumber(out, protocol, value)
    case 'boolean':
      if (protocol === 3) return out.latin1(value ? '#t\r\n' : '#f\r\n')
      return out.latin1(value ? ':1\r\n' : ':0\r\n')
    case 'undefined':
      return writeNull(out, protocol)
    default:
      return writeObject(out, protocol, value as object | null)
  }
}

function writeObject(out: OutputQueue, protocol: 2 | 3, value: object | null): void {
  if (value === null) writeNull(out, protocol)
  else if (value instanceof Uint8Array) writeOctets(out, value)
  else if (value instanceof BulkString) writeOctets(out, value.bytes)
  else if (value instanceof SimpleString) writeLine(out, '+', value.text)
  else if (value instanceof DoubleNumber) writeDouble(out, protocol, value.value)
  else if (value instanceof BigNumber) writeBigNumber(out, protocol, value.value)
  else if (value instanceof VerbatimString) writeVerbatim(out, protocol, value)
  else if (value instanceof StreamedString) writeStreamedString(out, protocol, value.pieces)
  else if (value instanceof NullArray) out.latin1(protocol === 3 ? '_\r\n' : '*-1\r\n')
  else writeError(out, protocol, (value as ReplyError).message)
}

function writeNull(out: OutputQueue, protocol: 2 | 3): void {
  out.latin1(protocol === 3 ? '_\r\n' : '$-1\r\n')
}

function writeDouble(out: OutputQueue, protocol: 2 | 3, value: number): void {
  const text = Number.isFinite(value) ? numberText(value) : String(value).toLowerCase().replace('infinity', 'inf')
  if (protocol === 3) out.latin1(`,${text}${CRLF}`)
  else writeText(out, text)
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function writeBigNumber(out: OutputQueue, protocol: 2 | 3, value: bigint): void {
  if (protocol === 3) out.latin1(`(${value}${CRLF}`)
  else writeText(out, String(value))
}

function writeVerbatim(out: OutputQueue, protocol: 2 | 3, { format, text }: VerbatimString): void {
  if (protocol === 2) return writeText(out, text)
  const bytes = native.utf8Length(text)
  writeHead(out, T.verbatim, bytes + 4)
  out.utf8(`${format}:${text}`, bytes + 4)
  out.latin1(CRLF)
}

function writeStreamedString(out: OutputQueue, protocol: 2 | 3, pieces: readonly Uint8Array[]): void {
  if (protocol === 3) out.latin1('$?\r\n')
  else
    writeHead(
      out,
      T.bulk,
      pieces.reduce((sum, { length }) => sum + length, 0),
    )
  for (const piece of pieces) {
    // An empty one would be the last.
    if (protocol === 3 && piece.length > 0) writeHead(out, T.chunk, piece.length)
    out.append(piece)
    if (protocol === 3 && piece.length > 0) out.latin1(CRLF)
  }
  out.latin1(protocol === 3 ? ';0\r\n' : CRLF)
}

/** An error of more than one line has a length with RESP3; with RESP2 blanks take the place of what ends a line. */
function writeError(out: OutputQueue, protocol: 2 | 3, message: string): void {
  if (!LINE_END.test(message)) return writeLine(out, '-', message)
  if (protocol === 2) return writeLine(out, '-', message.replaceAll(/[\r\n]+/g, ' '))
  const bytes = native.utf8Length(message)
  writeHead(out, T.bulkError, bytes)
  out.utf8(message, bytes)
  out.latin1(CRLF)
}

function writeLine(out: OutputQueue, type: '+' | '-', text: string): void {
  const line = type + text + CRLF
  out.utf8(line, native.utf8Length(line))
}
