/** Values into replies: in RESP3 as what they are, in RESP2 as the nearest that it has. */

import { UsageError } from '../core/errors.js'
import type { OutputQueue } from '../core/output.js'
import { Attributed, NullArray, Streamed, StreamedString } from './answers.js'
import { writeHead } from './command-writer.js'
import { ReplyTypes as T } from './reply-types.js'
import { checkScalar, writeScalar } from './scalar-writer.js'
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

/** What may be replied: all that can be read, sets and plain objects, and forms that only a writer tells apart. */
export type AnswerValue =
  | ReplyValue
  | undefined
  | Attributed
  | Streamed
  | StreamedString
  | NullArray
  | ReadonlySet<AnswerValue>
  | ReadonlyMap<AnswerValue, AnswerValue>
  | readonly AnswerValue[]
  | { readonly [key: string]: AnswerValue }

/** As deep as clients read at the most. */
const DEPTH_MAX = 128

const STREAMED = -1

/** An aggregate that is not written yet: its head, and its elements. */
interface Parts {
  /** 0 for none. */
  readonly type: number
  /** Elements, or pairs; `STREAMED` when that is not told. */
  readonly length: number
  readonly elements: readonly AnswerValue[]
}

/** Somebody who is told of a value from the outside to the inside, in the order of the wire. */
interface Visitor {
  scalar(value: AnswerValue): void
  begin(parts: Parts): void
  /** Behind the last element of a streamed aggregate. */
  endOfStream(): void
}

const CHECK: Visitor = { scalar: checkScalar, begin: () => {}, endOfStream: () => {} }

/**
 * Throws `UsageError` for what is no value, for a line with CR or LF in it, and for what is nested deeper than 128,
 * `outside` included.
 */
export function checkReply(value: AnswerValue, outside = 0): void {
  walk(value, 3, CHECK, DEPTH_MAX - outside)
}

/** Writes a reply that `checkReply` has let pass. */
export function writeReply(out: OutputQueue, protocol: 2 | 3, value: AnswerValue): void {
  // Most replies are a string.
  if (typeof value !== 'object' || value instanceof Uint8Array) return writeScalar(out, protocol, value)
  const visitor: Visitor = {
    scalar: (scalar) => writeScalar(out, protocol, scalar),
    begin: (parts) => writeBegin(out, protocol, parts),
    endOfStream: () => out.latin1('.\r\n'),
  }
  walk(value, protocol, visitor, DEPTH_MAX)
}

/** Writes a push; with RESP2 it is an array. */
export function writePush(out: OutputQueue, protocol: 2 | 3, values: readonly AnswerValue[]): void {
  writeHead(out, protocol === 3 ? T.push : T.array, values.length)
  for (const value of values) writeReply(out, protocol, value)
}

function writeBegin(out: OutputQueue, protocol: 2 | 3, { type, length }: Parts): void {
  if (length === STREAMED) out.latin1(`${String.fromCharCode(type)}?\r\n`)
  else if (protocol === 3) writeHead(out, type, length)
  else if (type !== 0) writeHead(out, T.array, type === T.map ? length * 2 : length)
}

/** An aggregate of which a part was visited. */
interface Open {
  readonly parts: Parts
  next: number
}

function walk(value: AnswerValue, protocol: 2 | 3, visitor: Visitor, depthMax: number): void {
  const open: Open[] = []
  let next = value
  for (;;) {
    const parts = partsOf(next, protocol)
    if (parts === undefined) {
      visitor.scalar(next)
    } else {
      if (open.length === depthMax) throw new UsageError('REDIS_VALUE', `nested deeper than ${depthMax}`)
      visitor.begin(parts)
      open.push({ parts, next: 0 })
    }
    let innermost = open.at(-1)
    while (innermost !== undefined && innermost.next === innermost.parts.elements.length) {
      if (innermost.parts.length === STREAMED) visitor.endOfStream()
      open.pop()
      innermost = open.at(-1)
    }
    if (innermost === undefined) return
    next = innermost.parts.elements[innermost.next++]
  }
}

function partsOf(value: AnswerValue, protocol: 2 | 3): Parts | undefined {
  if (typeof value !== 'object' || value === null || isScalarObject(value)) return undefined
  if (value instanceof Attributed) return attributedParts(value, protocol)
  if (!(value instanceof Streamed)) return aggregateParts(value)
  const parts = aggregateParts(value.value)
  return protocol === 3 ? { ...parts, length: STREAMED } : parts
}

function attributedParts({ value, attributes }: Attributed, protocol: 2 | 3): Parts {
  if (protocol === 2) return { type: 0, length: 0, elements: [value] }
  const { length, elements } = aggregateParts(attributes)
  return { type: T.attribute, length, elements: [...elements, value] }
}

function aggregateParts(value: object): Parts {
  if (Array.isArray(value)) return { type: T.array, length: value.length, elements: value as AnswerValue[] }
  if (value instanceof Set) return setParts([...(value as ReadonlySet<AnswerValue>)])
  if (value instanceof ReplySet) return setParts(value.elements)
  if (value instanceof Map) return mapParts([...(value as ReadonlyMap<AnswerValue, AnswerValue>)])
  if (value instanceof ReplyMap) return mapParts(value.pairs)
  return mapParts(Object.entries(value as Readonly<Record<string, AnswerValue>>))
}

function setParts(elements: readonly AnswerValue[]): Parts {
  return { type: T.set, length: elements.length, elements }
}

function mapParts(pairs: readonly (readonly [AnswerValue, AnswerValue])[]): Parts {
  return { type: T.map, length: pairs.length, elements: pairs.flatMap(([key, value]) => [key, value]) }
}

function isScalarObject(value: object): boolean {
  return (
    value instanceof Uint8Array ||
    value instanceof ReplyError ||
    value instanceof BulkString ||
    value instanceof SimpleString ||
    value instanceof VerbatimString ||
    value instanceof DoubleNumber ||
    value instanceof BigNumber ||
    value instanceof StreamedString ||
    value instanceof NullArray
  )
}
