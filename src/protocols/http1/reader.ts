/**
 * Bytes → message heads and trailer sections (RFC 9112 sections 2 to 5): an integer-state tokenizer that runs over the
 * arriving chunk by offsets. All positions are relative to the start of the head, so that a head that comes in pieces
 * goes on where it stopped once the pieces lie together. The first byte that cannot be right decides the fault,
 * whatever the chunks are.
 */

import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TARGET, TOKEN } from '../core/ascii.js'
import { Fields } from '../core/fields.js'
import { native } from '../core/native.js'
import type { Http1FaultCode } from './errors.js'
import { isText, knownField, methodOf } from './known-names.js'
import type { Http1Limits } from './limits.js'
import { newSection, SectionMemory } from './section-memory.js'

/** `read` wants more input. */
export const NEED_MORE = -1
/** `read` met a fault: see `fault`. */
export const FAULTY = -2

const State = {
  emptyLine: 0,
  emptyLineEnd: 1,
  method: 2,
  target: 3,
  requestVersion: 4,
  statusVersion: 5,
  status: 6,
  reason: 7,
  startEnd: 8,
  startLf: 9,
  field: 10,
  name: 11,
  blanks: 12,
  value: 13,
  valueLf: 14,
  endLf: 15,
} as const

const VERSION = 'HTTP/1.1'
const MARKS_A_FIELD = 4

/** The positions of the fields of the head being read; shared by all readers until a head stays incomplete. */
const scratch: number[] = []

/** Up to this size a loop compares faster than a native conversion and comparison. */
const LOOP_BYTES_MAX = 64

/** Longer request lines are not remembered. */
const LINE_CHARS_MAX = 256

/** What a head reader reads. */
export type HeadKind = 'request' | 'response' | 'trailers'

/** Reads one head after another. After `read` has given an offset, the properties tell what was read. */
export class HeadReader {
  /** The fault, once `read` gave `FAULTY`. */
  fault: Http1FaultCode = 'H1_METHOD_SYNTAX'
  /** Index of the byte that is wrong, in the bytes given to `read`. */
  faultAt = 0
  /** The limit that was passed, or -1. */
  faultLimit = -1

  method = ''
  target = ''
  status = 0
  reason = ''
  /** The minor version; any above 1 counts as 1. */
  minor = 1
  fields: Fields = Fields.empty
  /** The number of the field section: equal for equal sections that were recognised. */
  section = 0
  /** Which of the `Known` fields the head has, and which of them more than once. */
  seen = 0
  repeated = 0

  readonly #limits: Http1Limits
  #kind: HeadKind = 'request'
  #state: number = State.emptyLine
  /** How far the head was read, and where its parts begin and end; relative to its start. */
  #at = 0
  #lineAt = 0
  #partAt = 0
  #methodEnd = 0
  #targetEnd = 0
  #reasonAt = 0
  #fieldsAt = 0
  #nameEnd = 0
  #valueAt = 0
  #valueEnd = 0
  #emptyLines = 0
  #fieldCount = 0
  /** Where positions go: `scratch`, or a list of its own for a head that comes in pieces. */
  #marks: number[] = scratch
  /** The last request line with its CRLF, unless it was long; whether the line being read is the same. */
  #line = ''
  #repeats = false
  readonly #memory: SectionMemory = new SectionMemory()

  constructor(limits: Http1Limits) {
    this.#limits = limits
  }

  /** Whether some bytes of a head were read and its end was not. */
  get midway(): boolean {
    return this.#at > 0
  }

  /** How many octets of empty lines before the start line were read. They are forgotten: nothing has begun yet. */
  dropEmptyLines(): number {
    if (this.#state > State.emptyLineEnd) return 0
    const read = this.#at
    this.#at = 0
    return read
  }

  /** Prepares for a head of this kind. */
  begin(kind: HeadKind): void {
    this.#kind = kind
    this.#state = kind === 'request' ? State.emptyLine : kind === 'response' ? State.statusVersion : State.field
    this.#at = 0
    this.#lineAt = 0
    this.#repeats = false
    this.#partAt = 0
    this.#fieldsAt = 0
    this.#emptyLines = 0
    this.#fieldCount = 0
    this.#marks = scratch
    this.fields = Fields.empty
    this.seen = 0
    this.repeated = 0
  }

  /**
   * Goes on reading: the head starts at `base`, and `bytes` holds input up to `end`. Gives the index behind the head,
   * `NEED_MORE` (call again with the same head and more bytes), or `FAULTY`.
   */
  read(bytes: Uint8Array, base: number, end: number): number {
    if (this.#state < State.field) {
      const at = this.#readStartLine(bytes, base, end)
      if (at < 0) return at
      const behind = this.#readRemembered(bytes, at, end)
      if (behind > 0) return this.#finish(bytes, base, behind)
    }
    const at = this.#readFields(bytes, base, end)
    if (at < 0) return at
    this.#takeFields(bytes, base + this.#fieldsAt, at)
    return this.#finish(bytes, base, at)
  }

  /**
   * Clients repeat themselves: most heads on a connection bring the very field section of the one before. One
   * comparison then takes the place of reading it (a browser's head: 0.25 of the time).
   */
  #readRemembered(bytes: Uint8Array, start: number, end: number): number {
    const memo = this.#memory.recall()
    if (memo === undefined) return 0
    const { text } = memo
    const behind = start + text.length
    // The middle is where a different section is most likely to differ: a look there saves most vain comparisons.
    const middle = text.length >> 1
    if (behind > end || bytes[behind - 3] !== LF || bytes[start + middle] !== text.charCodeAt(middle)) return 0
    if (text.length <= LOOP_BYTES_MAX ? !isText(bytes, start, text) : native.latin1Slice(bytes, start, behind) !== text)
      return 0
    this.fields = memo.fields
    this.seen = memo.seen
    this.repeated = memo.repeated
    this.section = memo.number
    return behind
  }

  #takeFields(bytes: Uint8Array, start: number, end: number): void {
    const count = this.#fieldCount * MARKS_A_FIELD
    const text = native.latin1Slice(bytes, start, end)
    const marks = this.#marks === scratch ? scratch.slice(0, count) : this.#marks
    const fields = count === 0 ? Fields.empty : new Fields(text, marks)
    this.fields = fields
    this.section = newSection()
    if (this.#kind === 'trailers') return
    const { seen, repeated, section: number } = this
    this.#memory.remember({ text, fields, seen, repeated, number })
  }

  #readStartLine(bytes: Uint8Array, base: number, end: number): number {
    if (this.#kind !== 'request') return this.#readStatusLine(bytes, base, end)
    return this.#readRepeatedLine(bytes, base, end) || this.#readRequestLine(bytes, base, end)
  }

  /** A client that asks for the same thing again: one comparison, which otherwise ends within a few octets. */
  #readRepeatedLine(bytes: Uint8Array, base: number, end: number): number {
    const size = this.#line.length
    if (this.#state !== State.emptyLine || this.#at > 0 || size === 0 || end - base < size) return 0
    if (!isText(bytes, base, this.#line)) return 0
    this.#repeats = true
    this.#state = State.field
    this.#at = size
    this.#fieldsAt = size
    return base + size
  }

  #finish(bytes: Uint8Array, base: number, end: number): number {
    if (this.#kind === 'request') {
      if (!this.#repeats) this.#takeLine(bytes, base)
    } else if (this.#kind === 'response') {
      this.reason = native.latin1Slice(bytes, base + this.#reasonAt, base + this.#targetEnd)
    }
    this.#at = 0
    return end
  }

  #takeLine(bytes: Uint8Array, base: number): void {
    const start = base + this.#lineAt
    const line = native.latin1Slice(bytes, start, base + this.#fieldsAt)
    this.method = methodOf(bytes, start, base + this.#methodEnd)
    this.target = line.slice(this.#methodEnd - this.#lineAt + 1, this.#targetEnd - this.#lineAt)
    this.#line = line.length > LINE_CHARS_MAX ? '' : line
  }

  #fail(code: Http1FaultCode, at: number, limit = -1): number {
    this.fault = code
    this.faultAt = at
    this.faultLimit = limit
    return FAULTY
  }

  #suspend(state: number, at: number, base: number): number {
    this.#state = state
    this.#at = at - base
    return NEED_MORE
  }

  /** Leading empty lines (RFC 9112 section 2.2), then the request line (section 3). */
  #readRequestLine(bytes: Uint8Array, base: number, end: number): number {
    let at = base + this.#at
    let state = this.#state
    const limits = this.#limits
    while (state < State.method) {
      if (at === end) return this.#suspend(state, at, base)
      const byte = bytes[at]!
      if (state === State.emptyLineEnd) {
        if (byte !== LF) return this.#fail('H1_LINE_ENDING', at)
        state = State.emptyLine
        at++
      } else if (byte === CR) {
        if (this.#emptyLines++ === limits.emptyLinesMax) return this.#fail('H1_EMPTY_LINES', at, limits.emptyLinesMax)
        state = State.emptyLineEnd
        at++
      } else {
        this.#lineAt = at - base
        state = State.method
      }
    }
    if (state === State.method) {
      while (at < end && TOKEN[bytes[at]!] === 1) at++
      const from = base + this.#lineAt
      if (at - from > limits.methodBytesMax)
        return this.#fail('H1_METHOD_TOO_LONG', from + limits.methodBytesMax, limits.methodBytesMax)
      if (at === end) return this.#suspend(state, at, base)
      if (bytes[at] !== SP || at === from) return this.#fail('H1_METHOD_SYNTAX', at)
      this.#methodEnd = at - base
      state = State.target
      at++
    }
    if (state === State.target) {
      while (at < end && TARGET[bytes[at]!] === 1) at++
      const from = base + this.#methodEnd + 1
      if (at - from > limits.targetBytesMax)
        return this.#fail('H1_TARGET_TOO_LONG', from + limits.targetBytesMax, limits.targetBytesMax)
      if (at === end) return this.#suspend(state, at, base)
      if (bytes[at] !== SP || at === from) return this.#fail('H1_TARGET_SYNTAX', at)
      this.#targetEnd = at - base
      this.#partAt = at - base + 1
      state = State.requestVersion
      at++
    }
    return this.#readStartEnd(bytes, base, end, at, state)
  }

  /**
   * The status line (RFC 9112 section 4). We differ: the blank before an empty reason phrase may be missing, as it
   * often is.
   */
  #readStatusLine(bytes: Uint8Array, base: number, end: number): number {
    let at = base + this.#at
    let state = this.#state
    const limits = this.#limits
    if (state === State.statusVersion) {
      at = this.#readVersion(bytes, base, end, at, state)
      if (at < 0) return at
      if (at === end) return this.#suspend(state, at, base)
      if (bytes[at] !== SP) return this.#fail('H1_VERSION_SYNTAX', at)
      this.#partAt = at - base + 1
      this.status = 0
      state = State.status
      at++
    }
    if (state === State.status) {
      const until = base + this.#partAt + 3
      while (at < end && at < until) {
        const digit = bytes[at]! - 0x30
        if (digit < 0 || digit > 9) return this.#fail('H1_STATUS_SYNTAX', at)
        // 100 to 599: what begins with another digit is not a status of HTTP (RFC 9110 section 15).
        if (at === until - 3 && (digit === 0 || digit > 5)) return this.#fail('H1_STATUS_SYNTAX', at)
        this.status = this.status * 10 + digit
        at++
      }
      if (at === end) return this.#suspend(state, at, base)
      const blank = bytes[at] === SP
      if (!blank && bytes[at] !== CR) return this.#fail('H1_STATUS_SYNTAX', at)
      if (blank) at++
      this.#partAt = at - base
      this.#reasonAt = at - base
      state = State.reason
    }
    if (state === State.reason) {
      while (at < end && FIELD_VALUE[bytes[at]!] === 1) at++
      const from = base + this.#partAt
      if (at - from > limits.reasonBytesMax)
        return this.#fail('H1_REASON_TOO_LONG', from + limits.reasonBytesMax, limits.reasonBytesMax)
      if (at === end) return this.#suspend(state, at, base)
      if (bytes[at] !== CR) return this.#fail(bytes[at] === LF ? 'H1_LINE_ENDING' : 'H1_REASON_SYNTAX', at)
      this.#targetEnd = at - base
      state = State.startEnd
    }
    return this.#readStartEnd(bytes, base, end, at, state)
  }

  /** The version of a request line, then the end of either start line. */
  #readStartEnd(bytes: Uint8Array, base: number, end: number, from: number, entered: number): number {
    let at = from
    let state = entered
    if (state === State.requestVersion) {
      at = this.#readVersion(bytes, base, end, at, state)
      if (at < 0) return at
      state = State.startEnd
    }
    if (state === State.startEnd) {
      if (at === end) return this.#suspend(state, at, base)
      if (bytes[at] !== CR) return this.#fail(bytes[at] === LF ? 'H1_LINE_ENDING' : 'H1_VERSION_SYNTAX', at)
      state = State.startLf
      at++
    }
    if (at === end) return this.#suspend(state, at, base)
    if (bytes[at] !== LF) return this.#fail('H1_LINE_ENDING', at)
    this.#state = State.field
    this.#at = at + 1 - base
    this.#fieldsAt = at + 1 - base
    return at + 1
  }

  /** `HTTP/1.` and a digit (RFC 9112 section 2.3), beginning at `#partAt`. Gives the index behind it. */
  #readVersion(bytes: Uint8Array, base: number, end: number, from: number, state: number): number {
    let at = from
    const start = base + this.#partAt
    for (let index = at - start; index < VERSION.length; index = ++at - start) {
      if (at === end) return this.#suspend(state, at, base)
      const byte = bytes[at]!
      if (index === 7) {
        if (byte < 0x30 || byte > 0x39) return this.#fail('H1_VERSION_SYNTAX', at)
        this.minor = byte === 0x30 ? 0 : 1
      } else if (byte !== VERSION.charCodeAt(index)) {
        const major = index === 5 && byte >= 0x30 && byte <= 0x39
        return this.#fail(major ? 'H1_VERSION_UNSUPPORTED' : 'H1_VERSION_SYNTAX', at)
      }
    }
    return at
  }

  /**
   * Field lines up to the empty line (RFC 9112 section 5). The loops stop at `stop`, the first byte that may not be
   * part of a field line any more, so that the size limit costs nothing inside them.
   */
  #readFields(bytes: Uint8Array, base: number, end: number): number {
    let at = base + this.#at
    let state = this.#state
    const limit = this.#kind === 'trailers' ? this.#limits.trailerBytesMax : this.#limits.fieldBytesMax
    const last = base + this.#fieldsAt + limit
    const stop = last < end ? last : end
    let nameAt = base + this.#partAt
    let nameEnd = base + this.#nameEnd
    let valueAt = base + this.#valueAt
    if (state === State.field) at = this.#readWholeLines(bytes, base, at, stop)
    for (;;) {
      if (state === State.field) {
        if (at === end) break
        const byte = bytes[at]!
        if (byte === CR) {
          state = State.endLf
          at++
        } else {
          const code = this.#refuseField(byte, at, last)
          if (code !== undefined) return this.#fail(code, at, this.faultLimit)
          nameAt = at
          state = State.name
        }
      }
      if (state === State.name) {
        while (at < stop && TOKEN[bytes[at]!] === 1) at++
        if (at === stop) break
        if (bytes[at] !== COLON || at === nameAt) return this.#fail('H1_FIELD_NAME_SYNTAX', at)
        nameEnd = at++
        state = State.blanks
      }
      if (state === State.blanks) {
        while (at < stop && (bytes[at] === SP || bytes[at] === HTAB)) at++
        if (at === stop) break
        valueAt = at
        state = State.value
      }
      if (state === State.value) {
        while (at < stop && FIELD_VALUE[bytes[at]!] === 1) at++
        if (at === stop) break
        if (bytes[at] !== CR) return this.#fail(bytes[at] === LF ? 'H1_LINE_ENDING' : 'H1_FIELD_VALUE_SYNTAX', at)
        let valueEnd = at++
        while (valueEnd > valueAt && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--
        this.#valueEnd = valueEnd - base
        state = State.valueLf
      }
      if (state === State.valueLf) {
        if (at === stop) break
        if (bytes[at] !== LF) return this.#fail('H1_LINE_ENDING', at)
        at++
        this.#record(bytes, base, nameAt, nameEnd, valueAt, base + this.#valueEnd)
        state = State.field
        at = this.#readWholeLines(bytes, base, at, stop)
      } else {
        if (at === end) break
        if (bytes[at] !== LF) return this.#fail('H1_LINE_ENDING', at)
        return at + 1
      }
    }
    if (at < end) return this.#fail('H1_FIELDS_TOO_LARGE', at, limit)
    this.#partAt = nameAt - base
    this.#nameEnd = nameEnd - base
    this.#valueAt = valueAt - base
    if (this.#marks === scratch) this.#marks = scratch.slice(0, this.#fieldCount * MARKS_A_FIELD)
    return this.#suspend(state, at, base)
  }

  /**
   * The plain case, fast: reads field lines that lie whole before `stop` and have one blank behind the colon and none
   * at the end. Gives the start of the first line that is anything else, for the state machine to judge.
   */
  #readWholeLines(bytes: Uint8Array, base: number, from: number, stop: number): number {
    const countMax = this.#limits.fieldCountMax
    let line = from
    while (line < stop && this.#fieldCount < countMax) {
      let at = line
      while (at < stop && TOKEN[bytes[at]!] === 1) at++
      if (at === line || stop - at < 4 || bytes[at] !== COLON || bytes[at + 1] !== SP) break
      const nameEnd = at
      at += 2
      const valueAt = at
      while (at < stop && FIELD_VALUE[bytes[at]!] === 1) at++
      if (stop - at < 2 || bytes[at] !== CR || bytes[at + 1] !== LF || bytes[at - 1]! <= SP || bytes[valueAt]! <= SP)
        break
      this.#record(bytes, base, line, nameEnd, valueAt, at)
      line = at + 2
    }
    return line
  }

  /** What speaks against a field line that begins with `byte`, if anything does. */
  #refuseField(byte: number, at: number, last: number): Http1FaultCode | undefined {
    this.faultLimit = -1
    if (at === last) {
      this.faultLimit = this.#kind === 'trailers' ? this.#limits.trailerBytesMax : this.#limits.fieldBytesMax
      return 'H1_FIELDS_TOO_LARGE'
    }
    if (byte === SP || byte === HTAB) return 'H1_FIELD_FOLDED'
    if (this.#fieldCount < this.#limits.fieldCountMax) return undefined
    this.faultLimit = this.#limits.fieldCountMax
    return 'H1_FIELDS_TOO_MANY'
  }

  #record(bytes: Uint8Array, base: number, nameAt: number, nameEnd: number, valueAt: number, valueEnd: number): void {
    const section = base + this.#fieldsAt
    const mark = this.#fieldCount * MARKS_A_FIELD
    this.#fieldCount++
    const marks = this.#marks
    marks[mark] = nameAt - section
    marks[mark + 1] = nameEnd - section
    marks[mark + 2] = valueAt - section
    marks[mark + 3] = valueEnd - section
    const bit = knownField(bytes, nameAt, nameEnd)
    if (bit === 0) return
    this.repeated |= this.seen & bit
    this.seen |= bit
  }
}
