/** What the encoder knows of names: their place in the static table, and whether their values are worth an entry. */

import { FREQUENT_NAMES } from './known-texts.js'
import { writeString } from './primitives.js'
import { STATIC_FIELDS } from './static-table.js'

/** How a field is represented that is in no table (RFC 7541 section 6.2). */
export const Indexing = {
  /** It gets an entry. */
  incremental: 0,
  /** It gets none: its value hardly comes again. */
  without: 1,
  /** It gets none, and whoever passes it on must not give it one: it is a secret (section 7.1.3). */
  never: 2,
  /** As `never` if it is short enough to be guessed, else as `incremental`. */
  neverIfShort: 3,
  /** As `never` if it is short enough to be guessed, else as `without`. */
  neverIfShortElseWithout: 4,
} as const
export type Indexing = (typeof Indexing)[keyof typeof Indexing]

/** What is known of one name. */
export interface KnownName {
  /** A number of its own: 0 to `KNOWN_NAMES.size - 1`. */
  readonly id: number
  /** The index of its first field in the static table, 0 for none. */
  readonly index: number
  /** Its values there, from that index on. */
  readonly values: readonly string[]
  readonly indexing: Indexing
  /** The name as a string literal: length and octets. */
  readonly literal: Uint8Array
}

/** Shorter cookies can be guessed octet by octet by what they compress with. */
export const SECRET_CHARS_MIN = 20

/** Values of these fields differ from message to message. */
const RARELY_REPEATED = [
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'range',
  'request-id',
  'traceparent',
  'x-amzn-trace-id',
  'x-correlation-id',
  'x-request-id',
  'x-trace-id',
]

function indexingOf(name: string): Indexing {
  if (RARELY_REPEATED.includes(name)) return Indexing.without
  if (name === 'authorization' || name === 'proxy-authorization') return Indexing.never
  if (name === 'cookie') return Indexing.neverIfShort
  return name === 'set-cookie' ? Indexing.neverIfShortElseWithout : Indexing.incremental
}

function literalOf(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length + 6)
  return bytes.slice(0, writeString(name, bytes, 0))
}

function knownNames(): Map<string, KnownName> {
  const names = new Map<string, KnownName>()
  for (const name of new Set([...STATIC_FIELDS.map(([each]) => each), ...RARELY_REPEATED, ...FREQUENT_NAMES])) {
    const fields = STATIC_FIELDS.filter(([each]) => each === name)
    names.set(name, {
      id: names.size,
      index: STATIC_FIELDS.findIndex(([each]) => each === name) + 1,
      values: fields.map(([, value]) => value),
      indexing: indexingOf(name),
      literal: literalOf(name),
    })
  }
  return names
}

/** What is known, by name. */
export const KNOWN_NAMES: ReadonlyMap<string, KnownName> = knownNames()
