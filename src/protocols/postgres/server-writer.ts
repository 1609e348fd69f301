/**
 * Writes the messages of a server ("Message Formats" of the documentation), each into memory from which it leaves as it
 * is. What throws has written nothing.
 */

import { UsageError } from '../core/errors.js'
import type { OutputQueue } from '../core/output.js'
import type { FieldDescription, NoticeFields, TransactionStatus } from './events.js'
import { AuthCodes, NOTICE_LETTERS, ServerMessages } from './server-messages.js'
import type { TypeCodec } from './types/type-codec.js'
import { ValueWriter } from './types/value-writer.js'
import { checkCount, checkText, type ParameterValue } from './writer.js'

/** A column to describe: what is left out is that of a text which is no column of a table. */
export type FieldToSend = Partial<FieldDescription> & Pick<FieldDescription, 'name'>

/** An error or a notice to send. The severity is `ERROR` or `NOTICE`, the code `XX000` or `00000` by default. */
export type NoticeToSend = Partial<NoticeFields> & Pick<NoticeFields, 'message'>

/** From here on octets leave as they are; below, copying them is cheaper than a piece of their own. */
const PASS_BYTES = 16_384

/** An idle connection keeps no more memory than this. */
const KEPT_BYTES = 1024
const FIRST_BYTES = 256

const HEAD_BYTES = 5
const TEXT_OID = 25

const STATUSES: Readonly<Record<TransactionStatus, number>> = { idle: 0x49, transaction: 0x54, failed: 0x45 }

/** Writes for one connection. Behind it `flush` hands over to the output. */
export class ServerWriter {
  readonly #out: OutputQueue
  readonly #values: ValueWriter = new ValueWriter()
  /** Where the row begins that is being written; -1 for none. */
  #rowAt = -1
  #rowColumns = 0

  constructor(out: OutputQueue) {
    this.#out = out
  }

  /** Octets that are not handed over. */
  get bytes(): number {
    return this.#values.length
  }

  /** Whether a row has begun and not ended. */
  get inRow(): boolean {
    return this.#rowAt >= 0
  }

  /** How many columns the row has so far. */
  get rowColumns(): number {
    return this.#rowColumns
  }

  /** Hands over what is complete. `idle`: nothing follows for now. */
  flush(idle: boolean): void {
    const values = this.#values
    if (this.#rowAt >= 0) return
    if (values.length >= PASS_BYTES) {
      this.#out.pass(values.take(2 * PASS_BYTES))
    } else if (values.length > 0) {
      this.#out.append(values.octets)
      values.clear()
    }
    if (idle && values.capacityBytes > KEPT_BYTES) values.take(FIRST_BYTES)
  }

  /** Forgets what was not handed over. */
  clear(): void {
    this.dropRow()
    this.#values.clear()
  }

  /** Takes back the row that has not ended. */
  dropRow(): void {
    if (this.#rowAt >= 0) this.#values.length = this.#rowAt
    this.#rowAt = -1
  }

  /** One octet, outside of any message: the answer to a request for encryption. */
  octet(octet: number): void {
    this.#values.int8(octet)
  }

  /** A message without content. */
  bare(type: number): void {
    this.#message(type, () => {})
  }

  /** A message of texts. */
  texts(type: number, texts: readonly string[]): void {
    for (const text of texts) checkText(text, 'a text')
    this.#message(type, () => texts.forEach((text) => this.#text(text)))
  }

  /** Authentication: what is asked for, and its data. */
  authentication(code: (typeof AuthCodes)[keyof typeof AuthCodes], data?: Uint8Array): void {
    this.#message(ServerMessages.authentication, (values) => {
      values.int32(code)
      if (data !== undefined) values.bytes(data)
    })
  }

  /** AuthenticationSASL. */
  mechanisms(names: readonly string[]): void {
    this.#message(ServerMessages.authentication, (values) => {
      values.int32(AuthCodes.sasl)
      for (const name of names) this.#text(name)
      values.int8(0)
    })
  }

  /** NegotiateProtocolVersion. */
  negotiate(version: number, unknown: readonly string[]): void {
    this.#message(ServerMessages.negotiateProtocolVersion, (values) => {
      values.int32(version)
      values.int32(unknown.length)
      for (const name of unknown) this.#text(name)
    })
  }

  /** BackendKeyData. */
  keyData(processId: number, key: Uint8Array): void {
    this.#message(ServerMessages.backendKeyData, (values) => {
      values.int32(processId)
      values.bytes(key)
    })
  }

  /** ReadyForQuery. */
  ready(status: TransactionStatus): void {
    this.#message(ServerMessages.readyForQuery, (values) => values.int8(STATUSES[status]))
  }

  /** RowDescription. */
  fields(fields: readonly FieldToSend[]): void {
    checkCount(fields.length, 'columns')
    for (const { name } of fields) checkText(name, 'the name of a column')
    this.#message(ServerMessages.rowDescription, (values) => {
      values.int16(fields.length)
      for (const field of fields) {
        this.#text(field.name)
        values.int32(field.tableOid ?? 0)
        values.int16(field.columnNumber ?? 0)
        values.int32(field.typeOid ?? TEXT_OID)
        values.int16(field.typeSize ?? -1)
        values.int32(field.typeModifier ?? -1)
        values.int16(field.format === 'binary' ? 1 : 0)
      }
    })
  }

  /** ParameterDescription. */
  parameters(oids: readonly number[]): void {
    checkCount(oids.length, 'types')
    this.#message(ServerMessages.parameterDescription, (values) => {
      values.int16(oids.length)
      for (const oid of oids) values.int32(oid)
    })
  }

  /** CopyInResponse, CopyOutResponse, CopyBothResponse. */
  copy(type: number, format: 'text' | 'binary', columnFormats: readonly ('text' | 'binary')[]): void {
    checkCount(columnFormats.length, 'columns')
    this.#message(type, (values) => {
      values.int8(format === 'binary' ? 1 : 0)
      values.int16(columnFormats.length)
      for (const each of columnFormats) values.int16(each === 'binary' ? 1 : 0)
    })
  }

  /** NotificationResponse. */
  notification(processId: number, channel: string, payload: string): void {
    checkText(channel, 'a channel')
    checkText(payload, 'a payload')
    this.#message(ServerMessages.notificationResponse, (values) => {
      values.int32(processId)
      this.#text(channel)
      this.#text(payload)
    })
  }

  /** FunctionCallResponse. */
  functionResult(value: ParameterValue): void {
    this.#message(ServerMessages.functionCallResponse, () => this.value(value))
  }

  /** ErrorResponse or NoticeResponse. */
  notice(type: number, notice: NoticeToSend): void {
    const error = type === ServerMessages.errorResponse
    const severity = notice.severity ?? (error ? 'ERROR' : 'NOTICE')
    const fields = { ...notice, severity, code: notice.code ?? (error ? 'XX000' : '00000') }
    const texts = NOTICE_LETTERS.flatMap(([letter, name]) => {
      const text = fields[name]
      if (text !== undefined) checkText(text, name)
      return text === undefined ? [] : [letter + text]
    })
    this.#message(type, (values) => {
      // In the language of the client, as one would say: ours has one.
      this.#text(`S${severity}`)
      for (const text of texts) this.#text(text)
      values.int8(0)
    })
  }

  /** CopyData. Large octets are given away. */
  copyData(octets: Uint8Array): void {
    const values = this.#values
    values.int8(ServerMessages.copyData)
    values.int32(octets.length + 4)
    if (octets.length < PASS_BYTES) {
      values.bytes(octets)
      if (values.length >= PASS_BYTES) this.flush(false)
    } else {
      this.flush(false)
      this.#out.pass(octets)
    }
  }

  /** Begins a DataRow. */
  beginRow(): void {
    this.#rowAt = this.#values.length
    this.#rowColumns = 0
    this.#values.int8(ServerMessages.dataRow)
    this.#values.int32(0)
    this.#values.int16(0)
  }

  /** A column of the row. */
  column(value: ParameterValue): void {
    this.value(value)
    this.#rowColumns++
  }

  /** A column of the row, written by the codec of its type in the binary format. */
  encoded(codec: TypeCodec, value: unknown): void {
    const values = this.#values
    const at = values.beginSized()
    try {
      codec.encodeBinary(value, values)
    } catch (error) {
      values.length = at - 4
      throw error
    }
    values.endSized(at)
    this.#rowColumns++
  }

  /** Ends the row. */
  endRow(): void {
    const values = this.#values
    values.setInt32(this.#rowAt + 1, values.length - this.#rowAt - 1)
    values.setInt16(this.#rowAt + HEAD_BYTES, this.#rowColumns)
    this.#rowAt = -1
    if (values.length >= PASS_BYTES) this.flush(false)
  }

  /** A value with its length before it. */
  value(value: ParameterValue): void {
    const values = this.#values
    if (value === null) {
      values.int32(-1)
    } else if (typeof value === 'string') {
      const at = values.beginSized()
      values.utf8(value)
      values.endSized(at)
    } else if (value instanceof Uint8Array) {
      values.int32(value.length)
      values.bytes(value)
    } else {
      throw new UsageError('PG_VALUE', `a value is a string, a Uint8Array or null, not ${typeof value}`)
    }
  }

  #message(type: number, write: (values: ValueWriter) => void): void {
    const values = this.#values
    const at = values.length
    values.int8(type)
    const sizeAt = values.beginSized()
    try {
      write(values)
    } catch (error) {
      values.length = at
      throw error
    }
    // The length counts itself.
    values.setInt32(sizeAt - 4, values.length - sizeAt + 4)
    if (values.length >= PASS_BYTES) this.flush(false)
  }

  #text(text: string): void {
    this.#values.utf8(text)
    this.#values.int8(0)
  }
}
