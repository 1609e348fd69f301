/**
 * date, time and timetz (PostgreSQL documentation, section 8.5): strings in the server's ISO form, see `timestamp.ts`.
 */

import { native } from '../../core/native.js'
import { DAY_MICROS, dayText, eraText, timeText, twoDigits } from './calendar.js'
import { isInstantLike, isoDateTime, isoTime, postgresText } from './iso-text.js'
import { checkLength, exactInt64At, int32At } from './octets.js'
import { unfit, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

const INFINITY = 2_147_483_647
const MINUS_INFINITY = -2_147_483_648

/** date: `2024-02-29`, `0044-03-15 BC`, `infinity`. A Date is taken in UTC. */
export const date: TypeCodec<string> = {
  oid: 1082,
  name: 'date',
  decodeText: native.latin1Slice,
  decodeBinary: (octets, start, end) => {
    checkLength('date', start, end, 4)
    const days = int32At(octets, start)
    if (days === INFINITY) return 'infinity'
    if (days === MINUS_INFINITY) return '-infinity'
    return dayText(days) + eraText(days)
  },
  encodeText: dateText,
  encodeBinary: (value, into) => into.int32(daysIn(value)),
}

function dateText(value: unknown): string {
  if (typeof value === 'string') return value
  const text = isInstantLike(value) ? postgresText(value) : undefined
  if (text === undefined) throw unfit('date', 'a string in ISO form or a Date', value)
  return text.replace(/T[^ ]*/, '')
}

function daysIn(value: unknown): number {
  const text = dateText(value)
  if (text === 'infinity') return INFINITY
  if (text === '-infinity') return MINUS_INFINITY
  const instant = isoDateTime(text)
  if (instant === undefined) throw unfit('date', 'a string in ISO form or a Date', value)
  return instant.days
}

/** time: `12:34:56.789012`, up to `24:00:00`. */
export const time: TypeCodec<string> = {
  oid: 1083,
  name: 'time',
  decodeText: native.latin1Slice,
  decodeBinary: (octets, start, end) => {
    checkLength('time', start, end, 8)
    return timeText(dayMicrosAt('time', octets, start))
  },
  encodeText: (value) => timeString('time', value),
  encodeBinary: (value, into) => {
    const instant = isoTime(timeString('time', value))
    if (instant === undefined) throw unfit('time', 'a string HH:MM:SS.ffffff', value)
    into.int64(BigInt(instant.micros))
  },
}

/** timetz: `12:34:56.789012+05:30`. */
export const timetz: TypeCodec<string> = {
  oid: 1266,
  name: 'timetz',
  decodeText: native.latin1Slice,
  decodeBinary: (octets, start, end) => {
    checkLength('timetz', start, end, 12)
    const micros = dayMicrosAt('timetz', octets, start)
    return timeText(micros) + zoneText(int32At(octets, start + 8), start + 8)
  },
  encodeText: (value) => timeString('timetz', value),
  encodeBinary: (value, into) => {
    const instant = isoTime(timeString('timetz', value))
    if (instant?.zoneSeconds === undefined) throw unfit('timetz', 'a string HH:MM:SS.ffffff+HH:MM', value)
    into.int64(BigInt(instant.micros))
    into.int32(-instant.zoneSeconds)
  },
}

function timeString(typeName: string, value: unknown): string {
  if (typeof value !== 'string') throw unfit(typeName, 'a string', value)
  return value
}

function dayMicrosAt(typeName: string, octets: Uint8Array, at: number): number {
  const micros = exactInt64At(octets, at)
  if (!(micros >= 0 && micros <= DAY_MICROS)) throw new ValueError(typeName, at, 'expected a time within one day')
  return micros
}

/** The server counts a zone in seconds west of UTC. */
function zoneText(west: number, at: number): string {
  const size = Math.abs(west)
  if (size >= 57_600) throw new ValueError('timetz', at, 'expected a zone of less than 16 hours')
  const seconds = size % 60
  const minutes = Math.floor(size / 60) % 60
  const hours = twoDigits(Math.floor(size / 3600))
  const sign = west > 0 ? '-' : '+'
  if (seconds > 0) return `${sign}${hours}:${twoDigits(minutes)}:${twoDigits(seconds)}`
  return minutes > 0 ? `${sign}${hours}:${twoDigits(minutes)}` : sign + hours
}
