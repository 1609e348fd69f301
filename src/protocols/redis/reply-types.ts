/** The first octet of each type of RESP2 and RESP3. */

export const ReplyTypes = {
  simple: 0x2b, // +
  error: 0x2d, // -
  integer: 0x3a, // :
  bulk: 0x24, // $
  array: 0x2a, // *
  null: 0x5f, // _
  boolean: 0x23, // #
  double: 0x2c, // ,
  big: 0x28, // (
  bulkError: 0x21, // !
  verbatim: 0x3d, // =
  map: 0x25, // %
  set: 0x7e, // ~
  attribute: 0x7c, // |
  push: 0x3e, // >
  chunk: 0x3b, // ;
  end: 0x2e, // .
} as const

/** Whether a type has one line, and is neither a simple string nor an integer. */
export function isLineType(type: number): boolean {
  return (
    type === ReplyTypes.error ||
    type === ReplyTypes.null ||
    type === ReplyTypes.boolean ||
    type === ReplyTypes.double ||
    type === ReplyTypes.big
  )
}
