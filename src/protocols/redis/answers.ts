/** What a server may reply beside the values that a client reads: forms that a reader of replies leaves no trace of. */

import type { AnswerValue } from './reply-writer.js'

/** A value with what the server says about it; attributes are keys and values. With RESP2 the value alone is sent. */
export class Attributed {
  readonly value: AnswerValue
  readonly attributes: ReadonlyMap<AnswerValue, AnswerValue> | { readonly [key: string]: AnswerValue }

  constructor(value: AnswerValue, attributes: Attributed['attributes']) {
    this.value = value
    this.attributes = attributes
  }
}

/** A string in pieces whose number is not told before. With RESP2 it is a bulk string. */
export class StreamedString {
  readonly pieces: readonly Uint8Array[]

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces
  }
}

/** An array, a set or a map whose size is not told before. With RESP2 it is told. */
export class Streamed {
  readonly value: readonly AnswerValue[] | ReadonlySet<AnswerValue> | ReadonlyMap<AnswerValue, AnswerValue>

  constructor(value: Streamed['value']) {
    this.value = value
  }
}

/** Null in the place of an array, as RESP2 has it for a transaction that was not run. With RESP3 it is null. */
export class NullArray {
  /** What stands on the wire instead of a length. */
  readonly length = -1 as const
}
