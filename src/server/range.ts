/** Range requests for octets (RFC 9110 section 14). Positions are octets from 0 on; an end is not included. */

/** A part of a representation: at least one octet. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a Range field selects: everything (no usable field), nothing (416), or some parts in the order of the request.
 */
export type RangeSelection = 'whole' | 'unsatisfiable' | readonly ByteRange[]

/** Ranges that one request may ask for; with more the field is ignored. Each costs some 200 octets of part head. */
export const rangeCountMax = 16

/** Octets of a Range field that is looked at; a longer one is ignored. */
const FIELD_BYTES_MAX = 1024

/**
 * Reads a Range field for a representation of `size` octets. Other units than `bytes`, more than `rangeCountMax`
 * ranges and overlong fields are ignored (RFC 9110 section 14.2 allows it); a malformed set of ranges is
 * `unsatisfiable`, and so is one of which no range begins inside. Ranges that overlap or touch become one, so the
 * parts never add up to more than the whole. `bytes=-N` of an empty representation selects the whole, which no
 * Content-Range could express.
 */
export function selectRanges(field: string, size: number): RangeSelection {
  const equals = field.indexOf('=')
  if (equals < 0 || field.slice(0, equals).toLowerCase() !== 'bytes' || field.length > FIELD_BYTES_MAX) return 'whole'
  const specs = field.slice(equals + 1).split(',')
  const ranges: ByteRange[] = []
  let count = 0
  let suffixOfEmpty = false
  for (const spec of specs) {
    if (/^[\t ]*$/.test(spec)) continue
    const match = /^[\t ]*(\d*)-(\d*)[\t ]*$/.exec(spec)
    if (match === null) return 'unsatisfiable'
    const [, first = '', last = ''] = match
    if (first === '' && last === '') return 'unsatisfiable'
    if (first !== '' && last !== '' && Number(first) > Number(last)) return 'unsatisfiable'
    count++
    if (first === '') {
      const length = Math.min(Number(last), size)
      if (length > 0) ranges.push({ start: size - length, end: size })
      else suffixOfEmpty ||= Number(last) > 0
    } else if (Number(first) < size) {
      ranges.push({ start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) })
    }
  }
  if (count > rangeCountMax || suffixOfEmpty) return 'whole'
  return ranges.length === 0 ? 'unsatisfiable' : coalesce(ranges)
}

/** Joins ranges that overlap or touch; a joint one stands where the first of its parts stood. */
function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const joined: ByteRange[] = []
  for (const range of ranges) {
    let { start, end } = range
    let place = joined.length
    // A joint range may reach others that it did not reach before: begin anew until nothing is left to join.
    for (let index = 0; index < joined.length; index++) {
      const other = joined[index]
      if (other === undefined || other.start > end || other.end < start) continue
      start = Math.min(start, other.start)
      end = Math.max(end, other.end)
      joined.splice(index, 1)
      place = Math.min(place, index)
      index = -1
    }
    joined.splice(place, 0, { start, end })
  }
  return joined
}

/** The value of Content-Range for a part (206). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end - 1}/${size}`
}

/** The value of Content-Range for 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`
}

/** The content of a 206 with several parts (RFC 9110 section 14.6). */
export interface Multipart {
  /** The value of Content-Type. */
  readonly type: string
  /** What stands before each part, in the order of the ranges. */
  readonly heads: readonly string[]
  readonly tail: string
  /** Octets of the whole content. */
  readonly length: number
}

/**
 * Plans a multipart/byteranges content. `type` is the Content-Type of the representation (ASCII). `boundary` is 1 to
 * 70 letters, digits or `-` that nobody could guess when the representation was made: that keeps it out of the
 * content, which is not searched.
 */
export function planMultipart(ranges: readonly ByteRange[], size: number, type: string, boundary: string): Multipart {
  const heads: string[] = []
  const tail = `\r\n--${boundary}--\r\n`
  let length = tail.length
  for (const range of ranges) {
    const opening = `${heads.length === 0 ? '' : '\r\n'}--${boundary}\r\n`
    const head = `${opening}Content-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`
    heads.push(head)
    length += head.length + range.end - range.start
  }
  return { type: `multipart/byteranges; boundary=${boundary}`, heads, tail, length }
}
