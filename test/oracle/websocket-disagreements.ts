/**
 * Where we and `ws` differ on purpose. The oracle lets nothing else pass, and tries every example, as a client sends
 * it.
 */

/** One way to differ: the fault of each, or `waits` for none. What both have seen before it is the same. */
export interface Disagreement {
  readonly ours: string
  readonly theirs: string
  readonly reason: string
  /** Octets in hexadecimal digits on which they differ so. */
  readonly example: string
}

const EARLY = 'Ours finds the first octet that cannot be right (RFC 6455 section 8.1); theirs waits for more.'

const FINAL = 'Behind a final block another stream begins (RFC 7692 section 7.2.3.4); theirs leaves the rest out.'

/** For both roles. */
export const disagreements: readonly Disagreement[] = [
  {
    ours: 'WS_LENGTH',
    theirs: 'waits',
    reason: 'A length must be in its shortest form (RFC 6455 section 5.2); theirs takes any.',
    example: '82fe000100000000',
  },
  { ours: 'WS_UTF8', theirs: 'waits', reason: EARLY, example: '018100000000ff' },
  { ours: 'WS_OPCODE', theirs: 'waits', reason: EARLY, example: '83' },
  { ours: 'WS_RESERVED_BIT', theirs: 'waits', reason: EARLY, example: 'a1' },
  { ours: 'WS_CONTINUATION', theirs: 'waits', reason: EARLY, example: '80' },
  { ours: 'WS_CONTROL_FRAGMENTED', theirs: 'waits', reason: EARLY, example: '09' },
  { ours: 'WS_MESSAGE_UNFINISHED', theirs: 'waits', reason: EARLY, example: '01800000000081' },
]

/** Where permessage-deflate was negotiated, these as well. */
export const deflateDisagreements: readonly Disagreement[] = [
  ...disagreements,
  {
    ours: 'another message',
    theirs: 'another message',
    reason: FINAL,
    example: 'c18f00000000f348cdc9c90700f348cdc9c9070000',
  },
  { ours: 'WS_DEFLATE', theirs: 'waits', reason: FINAL, example: 'c181000000002b' },
  {
    ours: 'waits',
    theirs: 'WS_ERR_INVALID_UTF8',
    reason: `${FINAL} Fragments of later messages confuse it.`,
    example: 'c18100000000194181000000000080800000000041800000000080810000000000',
  },
  {
    ours: 'waits',
    theirs: 'Z_DATA_ERROR',
    reason: `${FINAL} Fragments of later messages confuse it.`,
    example: 'c1810000000019418100000000008080000000004180000000008086000000004a4a1a400000',
  },
]
