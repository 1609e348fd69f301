/** What a decoder throws for a value that the server cannot have meant. */

/**
 * A value that breaks the format of its type: the peer's fault. It is thrown at the one boundary between the octets of
 * a row and what they mean, and names no octet of the value, which may be a secret.
 */
export class ValueError extends Error {
  override readonly name = 'ValueError'
  /** The type as the server calls it: `int4`, `_text`. */
  readonly typeName: string
  /**
   * Position in the octets that the decoder was given; within an element that had escapes, a position in that element.
   */
  readonly offset: number
  /** What was expected, in words. */
  readonly reason: string

  constructor(typeName: string, offset: number, reason: string) {
    super(`malformed ${typeName} at octet ${offset}: ${reason}`)
    this.typeName = typeName
    this.offset = offset
    this.reason = reason
  }
}
