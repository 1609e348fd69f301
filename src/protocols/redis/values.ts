/**
 * What replies are in JavaScript. Most types have a value of the language; where two share one, or where the exact form
 * matters (`ReplyFlags.typed`), there is a class for it.
 */

/** An error reply. It is a value like others: in the result of a transaction it may stand beside them. */
export class ReplyError {
  /** The first word, as `WRONGTYPE`; `ERR` for errors without a word of their own. */
  readonly code: string
  /** All of it, the code included. */
  readonly message: string

  constructor(message: string) {
    const blank = message.indexOf(' ')
    this.code = blank < 0 ? message : message.slice(0, blank)
    this.message = message
  }
}

/** A string with its octets and its text (`ReplyFlags.both`). */
export class BulkString {
  readonly bytes: Uint8Array
  readonly text: string

  constructor(bytes: Uint8Array, text: string) {
    this.bytes = bytes
    this.text = text
  }
}

/** A simple string, where it is told from a bulk string. */
export class SimpleString {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A text with the format in which it is meant, as `txt` or `mkd`. */
export class VerbatimString {
  /** Three octets. */
  readonly format: string
  readonly text: string

  constructor(format: string, text: string) {
    this.format = format
    this.text = text
  }
}

/** A double, where it is told from an integer. */
export class DoubleNumber {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A big number, where it is told from an integer. */
export class BigNumber {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** A set, where it is told from an array: the elements as they came. */
export class ReplySet {
  readonly elements: readonly ReplyValue[]

  constructor(elements: readonly ReplyValue[]) {
    this.elements = elements
  }
}

/** A map as it came: keys of any type, in order, repeated ones included. */
export class ReplyMap {
  readonly pairs: readonly (readonly [ReplyValue, ReplyValue])[]

  constructor(pairs: readonly (readonly [ReplyValue, ReplyValue])[]) {
    this.pairs = pairs
  }
}

/** The values of a map by its keys (`ReplyFlags.objects`): an object without a prototype. */
export interface ReplyObject {
  [key: string]: ReplyValue
}

/** Anything that a server replies. */
export type ReplyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ReplyError
  | BulkString
  | SimpleString
  | VerbatimString
  | DoubleNumber
  | BigNumber
  | ReplySet
  | ReplyMap
  | ReplyObject
  | Map<ReplyValue, ReplyValue>
  | ReplyValue[]

/** How a reply is made into values. They are added up. */
export const ReplyFlags = {
  /** Bulk and verbatim strings as octets. */
  bytes: 1,
  /** Bulk and verbatim strings as `BulkString`: octets and text. */
  both: 2,
  /** Integers as bigint, all of them; else only those beyond ±(2^53 - 1). */
  bigints: 4,
  /** Maps as objects without a prototype; keys become text. Else they are a `Map`. */
  objects: 8,
  /** Each type as a value of its own: nothing that came over the wire is lost. */
  typed: 16,
} as const
