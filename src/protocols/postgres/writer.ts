/**
 * Writes the messages of a client ("Message Formats" of the documentation). Everything is measured before anything is
 * written: a length that does not fit its field would let data be read as messages (CVE-2024-27304).
 */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'

/** The first octet of each message. */
export const ClientMessages = {
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  password: 0x70,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const

/** The value of a parameter: text, octets in the binary format of its type, or null. */
export type ParameterValue = string | Uint8Array | null

/** No message has more octets, its length included; the server takes no more. */
const MESSAGE_BYTES_MAX = 1_073_741_823

/** Counts are numbers of 16 bits. */
const COUNT_MAX = 65_535

/** Up to this size values are written into the block; larger ones pass through. */
const INLINE_BYTES_MAX = 8192

/** Octets of type and length. */
const HEAD_BYTES = 5

/** Throws for a text that has a zero octet inside, which would end it. */
export function checkText(text: string, what: string): void {
  if (typeof text !== 'string') throw new UsageError('PG_TEXT', `${what} is a string, not ${typeof text}`)
  if (text.includes('\0')) throw new UsageError('PG_TEXT', `${what} holds a zero octet`)
}

/** Octets of a text with the zero octet behind it. Throws for a text that has one inside. */
export function textBytes(text: string, what: string): number {
  checkText(text, what)
  return native.utf8Length(text) + 1
}

/** Throws for more than a count of 16 bits can say. */
export function checkCount(count: number, what: string): void {
  if (count > COUNT_MAX) throw new UsageError('PG_COUNT', `${count} ${what} are more than ${COUNT_MAX}`)
}

/** Octets that the content of a message may have; throws for more. */
export function checkBytes(bytes: number): void {
  if (bytes + 4 > MESSAGE_BYTES_MAX)
    throw new UsageError('PG_MESSAGE_SIZE', `a message has ${MESSAGE_BYTES_MAX} octets at the most, not ${bytes + 4}`)
}

/** Writes into the output of one connection. */
export class MessageWriter {
  readonly #out: OutputQueue

  constructor(out: OutputQueue) {
    this.#out = out
  }

  /** A message without content. */
  bare(type: number): void {
    this.#head(type, 0)
  }

  /** A message of some texts, each ended by zero, with octets before them. */
  texts(type: number, first: string, texts: readonly string[]): void {
    const sizes = texts.map((text) => textBytes(text, 'a text'))
    this.#head(type, first.length + sum(sizes))
    this.#out.latin1(first)
    texts.forEach((text, index) => this.#text(text, sizes[index]!))
  }

  /** A message of octets. Large ones are given away. */
  octets(type: number, octets: Uint8Array): void {
    checkBytes(octets.length)
    this.#head(type, octets.length)
    this.#out.append(octets)
  }

  /** StartupMessage: no type, the version, pairs of texts. */
  startup(version: number, pairs: readonly (readonly [name: string, value: string])[]): void {
    const texts = pairs.flat()
    const sizes = texts.map((text) => textBytes(text, 'a parameter'))
    this.#int32(4 + 4 + sum(sizes) + 1)
    this.#int32(version)
    texts.forEach((text, index) => this.#text(text, sizes[index]!))
    this.#out.latin1('\0')
  }

  /** Parse. */
  parse(name: string, sql: string, typeOids: readonly number[]): void {
    const nameBytes = textBytes(name, 'the name of a statement')
    const sqlBytes = textBytes(sql, 'a statement')
    checkCount(typeOids.length, 'types')
    const bytes = nameBytes + sqlBytes + 2 + typeOids.length * 4
    checkBytes(bytes)
    this.#head(ClientMessages.parse, bytes)
    this.#text(name, nameBytes)
    this.#text(sql, sqlBytes)
    this.#int16(typeOids.length)
    for (const oid of typeOids) this.#int32(oid)
  }

  /** Bind. Texts are sent as text, octets in the binary format. */
  bind(
    portal: string,
    statement: string,
    values: readonly ParameterValue[],
    resultFormats: readonly ('text' | 'binary')[],
  ): void {
    const portalBytes = textBytes(portal, 'the name of a portal')
    const statementBytes = textBytes(statement, 'the name of a statement')
    checkCount(values.length, 'parameters')
    checkCount(resultFormats.length, 'formats')
    const sizes = values.map(valueBytes)
    const binary = values.some((value) => value instanceof Uint8Array)
    const formatBytes = binary ? values.length * 2 : 0
    let bytes = portalBytes + statementBytes + 2 + formatBytes + 2 + 2 + resultFormats.length * 2
    for (const size of sizes) bytes += 4 + Math.max(size, 0)
    checkBytes(bytes)
    this.#head(ClientMessages.bind, bytes)
    this.#text(portal, portalBytes)
    this.#text(statement, statementBytes)
    this.#int16(binary ? values.length : 0)
    if (binary) for (const value of values) this.#int16(value instanceof Uint8Array ? 1 : 0)
    this.#int16(values.length)
    values.forEach((value, index) => this.#value(value, sizes[index]!))
    this.#int16(resultFormats.length)
    for (const format of resultFormats) this.#int16(format === 'binary' ? 1 : 0)
  }

  /** FunctionCall. Texts are sent as text, octets in the binary format. */
  functionCall(oid: number, values: readonly ParameterValue[], resultFormat: 'text' | 'binary'): void {
    checkCount(values.length, 'arguments')
    const sizes = values.map(valueBytes)
    let bytes = 4 + 2 + values.length * 2 + 2 + 2
    for (const size of sizes) bytes += 4 + Math.max(size, 0)
    checkBytes(bytes)
    this.#head(ClientMessages.functionCall, bytes)
    this.#int32(oid)
    this.#int16(values.length)
    for (const value of values) this.#int16(value instanceof Uint8Array ? 1 : 0)
    this.#int16(values.length)
    values.forEach((value, index) => this.#value(value, sizes[index]!))
    this.#int16(resultFormat === 'binary' ? 1 : 0)
  }

  /** Execute; 0 for all rows. */
  execute(portal: string, rowsMax: number): void {
    const portalBytes = textBytes(portal, 'the name of a portal')
    if (!Number.isInteger(rowsMax) || rowsMax < 0 || rowsMax > 0x7f_ff_ff_ff)
      throw new UsageError('PG_ROWS', `not a number of rows: ${rowsMax}`)
    this.#head(ClientMessages.execute, portalBytes + 4)
    this.#text(portal, portalBytes)
    this.#int32(rowsMax)
  }

  /** SASLInitialResponse: a mechanism and the first message of the client. */
  saslInitial(mechanism: string, response: string): void {
    const mechanismBytes = textBytes(mechanism, 'a mechanism')
    const bytes = native.utf8Length(response)
    this.#head(ClientMessages.password, mechanismBytes + 4 + bytes)
    this.#text(mechanism, mechanismBytes)
    this.#int32(bytes)
    this.#out.utf8(response, bytes)
  }

  /** SASLResponse. */
  saslResponse(response: string): void {
    const bytes = native.utf8Length(response)
    this.#head(ClientMessages.password, bytes)
    this.#out.utf8(response, bytes)
  }

  #value(value: ParameterValue, size: number): void {
    this.#int32(size)
    if (size <= 0) return
    if (typeof value !== 'string') {
      this.#out.append(value!)
    } else if (size <= INLINE_BYTES_MAX) {
      this.#out.utf8(value, size)
    } else {
      const octets = native.allocate(size)
      native.utf8Write(octets, value, 0)
      this.#out.append(octets)
    }
  }

  #text(text: string, bytes: number): void {
    this.#out.utf8(text, bytes - 1)
    this.#out.latin1('\0')
  }

  #head(type: number, bytes: number): void {
    checkBytes(bytes)
    const at = this.#out.reserve(HEAD_BYTES)
    const { memory } = this.#out
    memory[at] = type
    writeInt32(memory, at + 1, bytes + 4)
    this.#out.commit(at + HEAD_BYTES)
  }

  #int16(value: number): void {
    const at = this.#out.reserve(2)
    const { memory } = this.#out
    memory[at] = value >>> 8
    memory[at + 1] = value
    this.#out.commit(at + 2)
  }

  #int32(value: number): void {
    const at = this.#out.reserve(4)
    writeInt32(this.#out.memory, at, value)
    this.#out.commit(at + 4)
  }
}

/** Octets of a value; -1 for null. */
function valueBytes(value: ParameterValue): number {
  if (value === null) return -1
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new UsageError('PG_TEXT', 'a parameter holds a zero octet')
    return native.utf8Length(value)
  }
  if (value instanceof Uint8Array) return value.length
  throw new UsageError('PG_VALUE', `a parameter is a string, a Uint8Array or null, not ${typeof value}`)
}

function sum(numbers: readonly number[]): number {
  let total = 0
  for (const each of numbers) total += each
  return total
}

function writeInt32(memory: Uint8Array, at: number, value: number): void {
  memory[at] = value >>> 24
  memory[at + 1] = value >>> 16
  memory[at + 2] = value >>> 8
  memory[at + 3] = value
}
