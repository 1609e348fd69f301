/**
 * What can be wrong with a field block. All of it is a connection error of type COMPRESSION_ERROR (RFC 9113 section
 * 4.3).
 */

/** Faults by name; 0 is none. They are small integers, since the peer decides how often there is one. */
export const HpackFault = {
  none: 0,
  indexZero: 1,
  indexBeyond: 2,
  integerTooLarge: 3,
  huffmanEos: 4,
  huffmanPadding: 5,
  sizeUpdateMisplaced: 6,
  sizeUpdateRepeated: 7,
  sizeUpdateTooLarge: 8,
  sizeUpdateMissing: 9,
  truncated: 10,
} as const

/** One fault explained. */
export interface HpackFaultText {
  /** A stable name. */
  readonly code: string
  /** The section of RFC 7541. */
  readonly section: string
  readonly text: string
}

/** The explanations, by the number of the fault. */
export const hpackFaults: readonly HpackFaultText[] = [
  { code: 'HPACK_NONE', section: '', text: 'There is no fault' },
  { code: 'HPACK_INDEX_ZERO', section: '6.1', text: 'An indexed field has the index 0' },
  { code: 'HPACK_INDEX_BEYOND', section: '2.3.3', text: 'An index is beyond the end of both tables' },
  {
    code: 'HPACK_INTEGER_TOO_LARGE',
    section: '5.1',
    text: 'An integer is larger than 2147483647 or has more than 5 octets behind its prefix',
  },
  { code: 'HPACK_HUFFMAN_EOS', section: '5.2', text: 'A string holds the code of EOS' },
  {
    code: 'HPACK_HUFFMAN_PADDING',
    section: '5.2',
    text: 'The padding of a string is longer than 7 bits or not the beginning of EOS',
  },
  { code: 'HPACK_SIZE_UPDATE_MISPLACED', section: '4.2', text: 'A size update stands behind a field' },
  { code: 'HPACK_SIZE_UPDATE_REPEATED', section: '4.2', text: 'A block begins with more than two size updates' },
  { code: 'HPACK_SIZE_UPDATE_TOO_LARGE', section: '6.3', text: 'A size update is above what was announced' },
  {
    code: 'HPACK_SIZE_UPDATE_MISSING',
    section: '4.2',
    text: 'A block does not begin with the size update that a lower setting demands',
  },
  { code: 'HPACK_TRUNCATED', section: '3.1', text: 'The block ends inside of a representation' },
]
