/** What the encoder knows of names: their place in the static table, and whether their values are worth an entry. */

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
  /** The index of its first field in the static table, 0 for none. */
  readonly index: number
  /** Its values there, from that index on. */
  readonly values: readonly string[]
  readonly indexing: Indexing
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

function knownNames(): Map<string, KnownName> {
  const names = new Map<string, KnownName>()
  for (const name of new Set([...STATIC_FIELDS.map(([each]) => each), ...RARELY_REPEATED])) {
    const fields = STATIC_FIELDS.filter(([each]) => each === name)
    names.set(name, {
      index: STATIC_FIELDS.findIndex(([each]) => each === name) + 1,
      values: fields.map(([, value]) => value),
      indexing: indexingOf(name),
    })
  }
  return names
}

/** What is known, by name. */
export const KNOWN_NAMES: ReadonlyMap<string, KnownName> = knownNames()
