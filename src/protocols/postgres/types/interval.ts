/**
 * interval (PostgreSQL documentation, section 8.5.4): the three numbers that the server keeps. A month has no fixed
 * number of days and a day none of hours, so they cannot be one.
 */

import { native } from '../../core/native.js'
import { fractionText, twoDigits } from './calendar.js'
import { fromText } from './from-text.js'
import { intervalFields, INT64_MAX, INT64_MIN } from './interval-text.js'
import { checkLength, int32At, int64At } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

/** A span of time; each part has its own sign. */
export interface Interval {
  /** Months, 12 a year; 32 bits. */
  readonly months: number
  /** Days; 32 bits. */
  readonly days: number
  /** Microseconds; 64 bits. */
  readonly micros: bigint
}

const INT32_MAX = 2_147_483_647
const INT32_MIN = -2_147_483_648

/** `infinity`: all parts are as large as they can be, as on the wire. */
export const INTERVAL_INFINITY: Interval = Object.freeze({ months: INT32_MAX, days: INT32_MAX, micros: INT64_MAX })

/** `-infinity`. */
export const INTERVAL_MINUS_INFINITY: Interval = Object.freeze({
  months: INT32_MIN,
  days: INT32_MIN,
  micros: INT64_MIN,
})

/** interval. Text is read in each IntervalStyle: postgres, postgres_verbose, iso_8601, sql_standard. */
export const interval: TypeCodec<Interval> = {
  oid: 1186,
  name: 'interval',
  decodeText,
  decodeBinary: (octets, start, end) => {
    checkLength('interval', start, end, 16)
    return { months: int32At(octets, start + 12), days: int32At(octets, start + 8), micros: int64At(octets, start) }
  },
  encodeText: (value) => (typeof value === 'string' ? value : intervalText(intervalOf(value))),
  encodeBinary: (value, into) => {
    const { months, days, micros } = intervalOf(value)
    into.int64(micros)
    into.int32(days)
    into.int32(months)
  },
}

function decodeText(octets: Uint8Array, start: number, end: number): Interval {
  const text = native.latin1Slice(octets, start, end)
  if (text === 'infinity') return INTERVAL_INFINITY
  if (text === '-infinity') return INTERVAL_MINUS_INFINITY
  const fields = intervalFields(text)
  if (fields === undefined) throw new ValueError('interval', start, 'expected an interval')
  return fields
}

/** A caller's interval: parts that are missing are 0, microseconds may be a safe integer. */
function intervalOf(value: unknown): Interval {
  if (typeof value === 'string') return fromText(decodeText, value)
  if (typeof value !== 'object' || value === null) throw unfit('interval', EXPECTED, value)
  const { months = 0, days = 0, micros = 0n } = value as Partial<Record<keyof Interval, unknown>>
  const exact = typeof micros === 'number' && Number.isSafeInteger(micros) ? BigInt(micros) : micros
  if (!isInt32(months) || !isInt32(days) || typeof exact !== 'bigint' || exact < INT64_MIN || exact > INT64_MAX)
    throw unfit('interval', EXPECTED, value)
  return { months, days, micros: exact }
}

const EXPECTED = '{ months, days, micros } or a string'

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX
}

/** The text of an interval, which the server reads in each IntervalStyle: `14 mons -3 days 04:05:06.789`. */
export function intervalText({ months, days, micros }: Interval): string {
  if (months === INT32_MAX && days === INT32_MAX && micros === INT64_MAX) return 'infinity'
  if (months === INT32_MIN && days === INT32_MIN && micros === INT64_MIN) return '-infinity'
  const size = micros < 0n ? -micros : micros
  const seconds = Number(size / 1_000_000n)
  const minutes = Math.floor(seconds / 60)
  const time = `${hoursText(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`
  return `${months} mons ${days} days ${micros < 0n ? '-' : ''}${time}${fractionText(Number(size % 1_000_000n))}`
}

function hoursText(hours: number): string {
  return String(hours).padStart(2, '0')
}
