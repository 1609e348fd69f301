/** Values into replies: in RESP3 as what they are, in RESP2 as the nearest that it has. */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'
import { writeHead, writeOctets, writeText } from './command-writer.js'
import { ReplyTypes as T } from './reply-types.js'
import {
  BigNumber,
  BulkString,
  DoubleNumber,
  ReplyError,
  ReplyMap,
  ReplySet,
  type ReplyValue,
  SimpleString,
  VerbatimString,
} from './values.js'

/** What may be replied: all that can be read, and sets and plain objects. */
export type AnswerValue =
  | ReplyValue
  | undefined
  | ReadonlySet<AnswerValue>
  | ReadonlyMap<AnswerValue, AnswerValue>
  | readonly AnswerValue[]
  | { readonly [key: string]: AnswerValue }

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** As deep as clients read at the most. */
const DEPTH_MAX = 128

const CRLF = '\r\n'
const LINE_END = /[\r\n]/

/** An aggregate that is not written yet: its head, and its elements. */
type Parts = readonly [type: number, length: number, elements: Iterable<AnswerValue>]

/** Throws `UsageError` for what is no value, for a line with CR or LF in it, and for what is nested deeper than 128. */
export function checkReply(value: AnswerValue): void {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return
  walk(value, checkScalar, noAggregate)
}

/** Writes a reply that `checkReply` has let pass. */
export function writeReply(out: OutputQueue, protocol: 2 | 3, value: AnswerValue): void {
  walk(
    value,
    (scalar) => writeScalar(out, protocol, scalar),
    (parts) => writeAggregate(out, protocol, parts),
  )
}

/** Writes a push; with RESP2 it is an array. */
export function writePush(out: OutputQueue, protocol: 2 | 3, values: readonly AnswerValue[]): void {
  writeHead(out, protocol === 3 ? T.push : T.array, values.length)
  for (const value of values) writeReply(out, protocol, value)
}

/** Visits a value from the outside to the inside, in the order of the wire. */
function walk(value: AnswerValue, onScalar: (value: AnswerValue) => void, onAggregate: (parts: Parts) => void): void {
  const open: Iterator<AnswerValue>[] = []
  for (let next: AnswerValue | typeof END = value; ;) {
    if (next !== END) {
      const parts = partsOf(next)
      if (parts === undefined) {
        onScalar(next)
      } else {
        if (open.length === DEPTH_MAX) throw new UsageError('REDIS_VALUE', `nested deeper than ${DEPTH_MAX}`)
        onAggregate(parts)
        open.push(parts[2][Symbol.iterator]())
      }
    }
    const innermost = open[open.length - 1]
    if (innermost === undefined) return
    const { done, value: element } = innermost.next()
    next = done === true ? END : (element as AnswerValue)
    if (done === true) open.pop()
  }
}

function noAggregate(): void {}

function checkScalar(value: AnswerValue): void {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new UsageError('REDIS_VALUE', `a ${typeof value} is no value of a reply`)
  if (value instanceof SimpleString && LINE_END.test(value.text))
    throw new UsageError('REDIS_VALUE', 'a simple string holds CR or LF')
  if (value instanceof VerbatimString && native.utf8Length(value.format) !== 3)
    throw new UsageError('REDIS_VALUE', `a format has 3 octets, not ${value.format}`)
}

/** Behind the last element. */
const END: unique symbol = Symbol('end')

function partsOf(value: AnswerValue): Parts | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if (Array.isArray(value)) return [T.array, value.length, value as readonly AnswerValue[]]
  if (value instanceof Map) return [T.map, value.size, flat(value as ReadonlyMap<AnswerValue, AnswerValue>)]
  if (value instanceof ReplyMap) return [T.map, value.pairs.length, flat(value.pairs)]
  if (value instanceof Set) return [T.set, value.size, value as ReadonlySet<AnswerValue>]
  if (value instanceof ReplySet) return [T.set, value.elements.length, value.elements]
  if (isScalarObject(value)) return undefined
  const pairs = Object.entries(value as Readonly<Record<string, AnswerValue>>)
  return [T.map, pairs.length, flat(pairs)]
}

function isScalarObject(value: object): boolean {
  return (
    value instanceof ReplyError ||
    value instanceof BulkString ||
    value instanceof SimpleString ||
    value instanceof VerbatimString ||
    value instanceof DoubleNumber ||
    value instanceof BigNumber
  )
}

function flat(pairs: Iterable<readonly [AnswerValue, AnswerValue]>): AnswerValue[] {
  const all: AnswerValue[] = []
  for (const [key, value] of pairs) all.push(key, value)
  return all
}

function writeAggregate(out: OutputQueue, protocol: 2 | 3, [type, length]: Parts): void {
  if (protocol === 3) writeHead(out, type, length)
  else writeHead(out, T.array, type === T.map ? length * 2 : length)
}

function writeScalar(out: OutputQueue, protocol: 2 | 3, value: AnswerValue): void {
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
