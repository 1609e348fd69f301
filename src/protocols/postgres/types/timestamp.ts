/**
 * timestamp and timestamptz (PostgreSQL documentation, section 8.5).
 *
 * A value is a string in the server's ISO form: `2024-02-29 12:34:56.789012`, `0044-03-15 00:00:00 BC`, `infinity`. It
 * keeps microseconds, years that a Date cannot hold, and infinity; it compares, prints and goes back to the server as
 * it is. A timestamptz is an instant and not a place, so it is in UTC (`…+00`) whatever the time zone of the session.
 * Text in another DateStyle is handed on as the server wrote it.
 *
 * `epochMicros` makes a number to reckon with, `instantCodec` a codec for a class of the caller's: Date,
 * Temporal.Instant.
 */

import { UsageError } from '../../core/errors.js'
import { native } from '../../core/native.js'
import { DAY_MICROS, dayText, EPOCH_DAYS, eraText, timeText } from './calendar.js'
import { found, readCommonInstant } from './common-instant.js'
import { commonInstantText } from './instant-text.js'
import { isInstantLike, isoDateTime, postgresText } from './iso-text.js'
import { checkLength, exactInt64At, int64At } from './octets.js'
import { unfit, type Decode, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const INFINITY = 2n ** 63n - 1n
const MINUS_INFINITY = -(2n ** 63n)

const DAY = BigInt(DAY_MICROS)
const EPOCH_MICROS = BigInt(EPOCH_DAYS) * DAY

const PLUS = 0x2b
const ZERO = 0x30

/** The text of an instant so many microseconds after 2000-01-01 00:00. */
function instantText(micros: bigint, zone: string): string {
  if (micros === INFINITY) return 'infinity'
  if (micros === MINUS_INFINITY) return '-infinity'
  const rest = ((micros % DAY) + DAY) % DAY
  return partsText(Number((micros - rest) / DAY), Number(rest), zone)
}

function partsText(days: number, micros: number, zone: string): string {
  const common = commonInstantText(days, micros, zone !== '')
  return common ?? `${dayText(days)} ${timeText(micros)}${zone}${eraText(days)}`
}

function binaryDecoder(typeName: string, zone: string): Decode<string> {
  return (octets, start, end) => {
    checkLength(typeName, start, end, 8)
    const micros = exactInt64At(octets, start)
    if (micros !== micros) return instantText(int64At(octets, start), zone)
    // Exact: a quotient below 2^17 with a remainder of at least 1 / DAY_MICROS is never rounded up to the next day.
    const days = Math.floor(micros / DAY_MICROS)
    return partsText(days, micros - days * DAY_MICROS, zone)
  }
}

/** The server's own text; in UTC for timestamptz, see above. */
function zonedText(octets: Uint8Array, start: number, end: number): string {
  const inUtc = end - start > 3 && octets[end - 3] === PLUS && octets[end - 2] === ZERO && octets[end - 1] === ZERO
  const text = native.latin1Slice(octets, start, end)
  if (inUtc) return text
  if (readCommonInstant(octets, start, end)) {
    const micros = found.micros - found.zoneSeconds * 1_000_000
    const days = Math.floor(micros / DAY_MICROS)
    return partsText(found.days + days, micros - days * DAY_MICROS, '+00')
  }
  const micros = microsIn(text)
  return micros === undefined ? text : instantText(micros, '+00')
}

/** Microseconds from 2000-01-01 00:00 UTC to the instant of a text; a text without zone is in UTC. */
function microsIn(text: string): bigint | undefined {
  if (text === 'infinity') return INFINITY
  if (text === '-infinity') return MINUS_INFINITY
  const instant = isoDateTime(text)
  if (instant === undefined) return undefined
  return BigInt(instant.days) * DAY + BigInt(instant.micros - (instant.zoneSeconds ?? 0) * 1_000_000)
}

const EXPECTED = 'a string in ISO form, a Date, or microseconds since 1970 as bigint'

/** The text of a caller's value. */
function textOf(typeName: string, value: unknown): string {
  if (typeof value === 'string') return value
  const zone = typeName === 'timestamptz' ? '+00' : ''
  if (typeof value === 'bigint') return instantText(value - EPOCH_MICROS, zone)
  const text = isInstantLike(value) ? postgresText(value) : undefined
  if (text === undefined) throw unfit(typeName, EXPECTED, value)
  return text.endsWith(' BC') ? `${text.slice(0, -3)}${zone} BC` : text + zone
}

/**
 * Microseconds from 2000-01-01 00:00 of a caller's value. In timestamp a zone has no meaning; the server ignores it,
 * too.
 */
function microsOf(typeName: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value - EPOCH_MICROS
  const text = textOf(typeName, value)
  const micros = microsIn(typeName === 'timestamp' ? text.replace(ZONE, '') : text)
  if (micros === undefined) throw unfit(typeName, EXPECTED, value)
  return micros
}

const ZONE = / ?(?:Z|[+-]\d\d(?::?\d\d){0,2})(?=$| BC$)/

function timestampCodec(oid: number, name: string, decodeText: Decode<string>, zone: string): TypeCodec<string> {
  return {
    oid,
    name,
    decodeText,
    decodeBinary: binaryDecoder(name, zone),
    encodeText: (value) => textOf(name, value),
    encodeBinary: (value, into) => into.int64(microsOf(name, value)),
  }
}

/** timestamp: date and time without zone. A Date is taken in UTC. */
export const timestamp: TypeCodec<string> = timestampCodec(1114, 'timestamp', native.latin1Slice, '')

/** timestamptz: an instant. */
export const timestamptz: TypeCodec<string> = timestampCodec(1184, 'timestamptz', zonedText, '+00')

/**
 * Microseconds from 1970-01-01 00:00 UTC to the instant of a text that a timestamp, timestamptz or date was decoded to;
 * the numbers `Infinity` and `-Infinity` for those that have no end. Throws `UsageError` for another text.
 */
export function epochMicros(text: string): bigint | number {
  const micros = microsIn(text)
  if (micros === undefined) throw new UsageError('PG_VALUE_UNFIT', 'expected a date in ISO form')
  if (micros === INFINITY) return Infinity
  return micros === MINUS_INFINITY ? -Infinity : micros + EPOCH_MICROS
}

/**
 * Makes an instant of a caller's: from milliseconds since 1970 in UTC and the microseconds, 0 to 999, beyond them.
 * Milliseconds are `Infinity` or `-Infinity` where the server has these.
 */
export type MakeInstant<Value> = (epochMillis: number, micros: number) => Value

const MILLIS_TO_EPOCH = EPOCH_DAYS * 86_400_000

/**
 * timestamp or timestamptz with values of a class of the caller's: `instantCodec(timestamptz, (millis) => new
 * Date(millis))`.
 */
export function instantCodec<Value>(type: TypeCodec<string>, make: MakeInstant<Value>): TypeCodec<Value> {
  const fromMicros = (micros: bigint): Value => {
    if (micros === INFINITY) return make(Infinity, 0)
    if (micros === MINUS_INFINITY) return make(-Infinity, 0)
    const rest = ((micros % 1000n) + 1000n) % 1000n
    return make(Number((micros - rest) / 1000n) + MILLIS_TO_EPOCH, Number(rest))
  }
  return {
    oid: type.oid,
    name: type.name,
    encodeText: type.encodeText,
    encodeBinary: type.encodeBinary,
    decodeText: (octets, start, end) => {
      if (readCommonInstant(octets, start, end)) {
        const millis = Math.floor(found.micros / 1000)
        const epochMillis = found.days * 86_400_000 + MILLIS_TO_EPOCH + millis - found.zoneSeconds * 1000
        return make(epochMillis, found.micros - millis * 1000)
      }
      const micros = microsIn(native.latin1Slice(octets, start, end))
      if (micros === undefined) throw new ValueError(type.name, start, 'expected a date and a time in ISO form')
      return fromMicros(micros)
    },
    decodeBinary: (octets, start, end) => {
      checkLength(type.name, start, end, 8)
      const micros = exactInt64At(octets, start)
      if (micros !== micros) return fromMicros(int64At(octets, start))
      const millis = Math.floor(micros / 1000)
      return make(millis + MILLIS_TO_EPOCH, micros - millis * 1000)
    },
  }
}
