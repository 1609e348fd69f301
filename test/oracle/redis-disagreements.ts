/**
 * Where we and the decoders of others differ on purpose. The oracle lets nothing else pass, and tries every example.
 * None of theirs looks at what it takes for granted: digits, the ends of lines, what may stand where.
 */

/** One way to differ. What both have read before is the same. */
export interface Disagreement {
  /**
   * Our fault, where theirs takes it; `unknown`: they refuse what we read; `left out`: they go on without it; `waits`:
   * they have read what we wait for the end of; `another value`.
   */
  readonly kind: string
  readonly reason: string
  /** What an input has that it is read so of; with it, nothing else may be the reason. */
  readonly where: RegExp
  readonly example: string
}

const ANYWHERE = /^/

const STREAMED = 'Strings, arrays and maps without a length, and attributes, are RESP3; theirs has not heard of them.'

const DIGITS = 'Theirs computes with whatever octets stand there: `:1a` is 59.'

const LINES = 'Theirs ends a line at CR alone, and skips the octets behind a string, whatever they are.'

const EARLY = 'Theirs does not wait for the end of a line, or tells an unknown type from its first octet alone.'

/** Of node-redis's decoder. */
export const nodeRedisDisagreements: readonly Disagreement[] = [
  { kind: 'unknown', reason: STREAMED, where: /[*%~]\?|\||\$\?/, example: '*?\r\n.\r\n' },
  { kind: 'left out', reason: STREAMED, where: /\$\?/, example: '$?\r\n;0\r\n' },
  {
    kind: 'another value',
    reason: `${STREAMED} The question mark is a digit to it.`,
    where: /\$\?/,
    example: '$?\r\n;6\r\nabcdef\r\n;0\r\n',
  },
  {
    kind: 'another value',
    reason: 'The format of a verbatim string is three octets; theirs reads them as UTF-8.',
    where: /=\d+\r\n[^]{0,2}[\x80-\xff]/,
    example: '=5\r\néxt:a\r\n',
  },
  { kind: 'REDIS_STREAM', reason: STREAMED, where: /\$\?/, example: '$?\r\nx' },
  { kind: 'REDIS_LENGTH', reason: DIGITS, where: ANYWHERE, example: '$01\r\nx\r\n' },
  { kind: 'REDIS_NUMBER', reason: DIGITS, where: ANYWHERE, example: ':1a\r\n' },
  {
    kind: 'REDIS_BULK_TOO_LARGE',
    reason: 'Theirs has no limits.',
    where: /[$=!;]\d{9}/,
    example: '$999999999\r\n',
  },
  { kind: 'REDIS_ELEMENTS', reason: 'Theirs has no limits.', where: /[*%~>|]\d{8}/, example: '*100000000\r\n' },
  { kind: 'REDIS_LINE', reason: LINES, where: ANYWHERE, example: '+\n\r\n' },
  { kind: 'REDIS_NULL', reason: 'Theirs skips what stands in a null.', where: /_/, example: '_x\r\n' },
  { kind: 'REDIS_BOOLEAN', reason: 'All but t is false to theirs.', where: /#/, example: '#x\r\n' },
  { kind: 'REDIS_PUSH', reason: 'A push has a kind; theirs gives an empty one.', where: />/, example: '>0\r\n' },
  {
    kind: 'REDIS_VERBATIM',
    reason: 'Theirs takes three octets for the format unseen.',
    where: /=/,
    example: '=0\r\n\r\n',
  },
  { kind: 'REDIS_TYPE', reason: EARLY, where: ANYWHERE, example: 'x' },
  { kind: 'waits', reason: EARLY, where: ANYWHERE, example: '$-1' },
]

/** Of redis-parser, which knows RESP2 only. */
export const redisParserDisagreements: readonly Disagreement[] = [
  { kind: 'unknown', reason: 'It is a type of RESP3.', where: /[_#,(!=~%|>?]/, example: '_\r\n' },
  { kind: 'left out', reason: STREAMED, where: /\$\?/, example: '$?\r\n;0\r\n' },
  {
    kind: 'another value',
    reason: 'The sign is a digit to it.',
    where: /:\+|\$\?/,
    example: ':+5\r\n',
  },
  { kind: 'REDIS_STREAM', reason: STREAMED, where: /\$\?/, example: '$?\r\nx' },
  { kind: 'REDIS_LENGTH', reason: DIGITS, where: ANYWHERE, example: '$01\r\nx\r\n' },
  { kind: 'REDIS_NUMBER', reason: DIGITS, where: ANYWHERE, example: ':1a\r\n' },
  {
    kind: 'REDIS_BULK_TOO_LARGE',
    reason: 'Theirs has no limits.',
    where: /[$=!;]\d{9}/,
    example: '$999999999\r\n',
  },
  { kind: 'REDIS_ELEMENTS', reason: 'Theirs has no limits.', where: /[*%~>|]\d{8}/, example: '*100000000\r\n' },
  { kind: 'REDIS_LINE', reason: LINES, where: ANYWHERE, example: '+\n\r\n' },
  { kind: 'waits', reason: EARLY, where: ANYWHERE, example: ',' },
]
