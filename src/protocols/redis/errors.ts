/**
 * Every fault that a peer can commit: where the rule stands (a section of the RESP specification, or of the command
 * reference of Redis), its text. A server answers a fault of its client with an error reply.
 */

const table = {
  REDIS_TYPE: ['RESP protocol description', 'A reply begins with an octet that is no type'],
  REDIS_LINE: ['RESP protocol description', 'A line does not end in CRLF, or holds CR or LF'],
  REDIS_LINE_TOO_LONG: ['Simple strings', 'A line is longer than the limit'],
  REDIS_LENGTH: ['RESP protocol description', 'A length is not a number in its strict form'],
  REDIS_NUMBER: ['Integers', 'A number is not in its strict form, or out of its range'],
  REDIS_BOOLEAN: ['Booleans', 'A boolean is neither t nor f'],
  REDIS_NULL: ['Nulls', 'Something stands between the type and the end of a null'],
  REDIS_VERBATIM: ['Verbatim strings', 'A verbatim string does not begin with its format'],
  REDIS_STREAM: ['Streamed strings', 'A streamed string has something else than chunks'],
  REDIS_NESTING: ['RESP protocol description', 'A type stands where it may not stand inside of another one'],
  REDIS_BULK_TOO_LARGE: ['Bulk strings', 'A string is larger than the limit'],
  REDIS_REPLY_TOO_LARGE: ['Arrays', 'A reply has more octets than the limit'],
  REDIS_ELEMENTS: ['Arrays', 'A reply, or a command, has more elements than the limit'],
  REDIS_DEPTH: ['Arrays', 'Aggregates are nested deeper than the limit'],
  REDIS_PUSH: ['Pushes', 'A push is empty, or does not begin with its kind'],
  REDIS_UNEXPECTED: ['Request-response model', 'A reply came that nobody waits for'],
  REDIS_COMMAND: ['Sending commands to a Redis server', 'A command is not an array of bulk strings'],
  REDIS_INLINE_TOO_LONG: ['Inline commands', 'An inline command is longer than the limit'],
  REDIS_INLINE: ['Inline commands', 'Quotes of an inline command are not balanced'],
  REDIS_HANDSHAKE: ['HELLO', 'The server does not accept how the connection begins'],
  REDIS_STARTUP_TIMEOUT: ['HELLO', 'The server was not ready in time'],
  REDIS_WRITE_TIMEOUT: ['Request-response model', 'The peer does not take what was written'],
  REDIS_TRUNCATED: ['Request-response model', 'The peer has ended the connection before what it owes'],
} as const

/** The code of a fault that a peer committed. */
export type RedisFaultCode = keyof typeof table

/** Where the rule stands, and a text for people. */
export interface RedisFault {
  readonly section: string
  readonly text: string
}

/** The error table by code. */
export const redisFaults: Readonly<Record<RedisFaultCode, RedisFault>> = Object.fromEntries(
  Object.entries(table).map(([code, [section, text]]) => [code, { section, text }]),
) as Record<RedisFaultCode, RedisFault>
