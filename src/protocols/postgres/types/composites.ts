/** Composite types and record (PostgreSQL documentation, section 8.16). */

import { fromText } from './from-text.js'
import { int32At, textAt, uint32At } from './octets.js'
import { PieceReader, quotedText } from './piece-reader.js'
import { unfit, type Decode, type ResolveCodec, type TypeCodec } from './type-codec.js'
import { ValueError } from './value-error.js'

/** A field of a composite type. */
export interface CompositeField {
  readonly name: string
  /** The oid of its type. */
  readonly oid: number
}

const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c

const COUNT_BYTES = 4
const FIELD_HEADER_BYTES = 8

/** How deep records may lie in each other: the octets say how deep, and a stack has an end. */
const DEPTH_MAX = 32

/** The fields in text, null for NULL. */
function readFields(name: string, octets: Uint8Array, start: number, end: number, decoders: FieldDecoders): unknown[] {
  const reader = new PieceReader(name, octets, start, end)
  reader.expect(OPEN)
  const fields: unknown[] = []
  for (let close = COMMA; close !== CLOSE; close = reader.take()) {
    const decode = decoders(fields.length)
    reader.read(COMMA, CLOSE)
    const { source, from, to } = reader
    fields.push(from === to && !reader.quoted ? null : decode(source, from, to))
  }
  if (reader.at !== end) throw reader.fault('expected the end')
  return fields
}

/** The decoder of the field with this index. */
type FieldDecoders = (index: number) => Decode<unknown>

/** The fields in binary, null for NULL. `decoders` is asked with the index and the type that the octets name. */
function decodeFields(
  name: string,
  octets: Uint8Array,
  start: number,
  end: number,
  decoders: (index: number, oid: number, at: number) => Decode<unknown>,
): unknown[] {
  const count = end - start < COUNT_BYTES ? -1 : int32At(octets, start)
  if (count < 0) throw new ValueError(name, start, 'expected the number of fields')
  const fields: unknown[] = []
  let at = start + COUNT_BYTES
  while (fields.length < count) {
    const from = at + FIELD_HEADER_BYTES
    const length = from > end ? -2 : int32At(octets, at + 4)
    if (length < -1 || length > end - from) throw new ValueError(name, at, 'expected a field')
    const decode = decoders(fields.length, uint32At(octets, at), at)
    at = length < 0 ? from : from + length
    fields.push(length < 0 ? null : decode(octets, from, at))
  }
  if (at !== end) throw new ValueError(name, at, 'expected the end')
  return fields
}

/** A composite type with named fields: objects. `resolve` is asked for the codecs of the fields at each use. */
export function compositeCodec(
  oid: number,
  name: string,
  fields: readonly CompositeField[],
  resolve: ResolveCodec,
): TypeCodec<Record<string, unknown>> {
  const fieldAt = (index: number, at: number): CompositeField => {
    const field = fields[index]
    if (field === undefined) throw new ValueError(name, at, `expected ${fields.length} fields`)
    return field
  }
  const objectOf = (values: readonly unknown[], end: number): Record<string, unknown> => {
    if (values.length !== fields.length) throw new ValueError(name, end, `expected ${fields.length} fields`)
    return Object.fromEntries(fields.map((field, index) => [field.name, values[index]]))
  }
  const decodeText = (octets: Uint8Array, start: number, end: number): Record<string, unknown> => {
    // `()` is no field at all, or one that is NULL.
    if (fields.length === 0 && end - start === 2 && octets[start] === OPEN && octets[start + 1] === CLOSE) return {}
    const decoders: FieldDecoders = (index) => resolve(fieldAt(index, start).oid).decodeText
    return objectOf(readFields(name, octets, start, end, decoders), end)
  }
  return {
    oid,
    name,
    decodeText,
    decodeBinary: (octets, start, end) => {
      const values = decodeFields(name, octets, start, end, (index, typeOid, at) => {
        const field = fieldAt(index, at)
        if (typeOid !== field.oid) throw new ValueError(name, at, `expected a field of type ${field.oid}`)
        return resolve(typeOid).decodeBinary
      })
      return objectOf(values, end)
    },
    encodeText: (value) => {
      if (typeof value === 'string') return value
      const values = recordOf(name, value)
      return `(${fields.map((field) => fieldText(own(values, field.name), resolve(field.oid))).join(',')})`
    },
    encodeBinary: (value, into) => {
      const values = typeof value === 'string' ? fromText(decodeText, value) : recordOf(name, value)
      into.int32(fields.length)
      for (const field of fields) {
        const part = own(values, field.name)
        into.int32(field.oid)
        if (part === null || part === undefined) {
          into.int32(-1)
          continue
        }
        const at = into.beginSized()
        resolve(field.oid).encodeBinary(part, into)
        into.endSized(at)
      }
    },
  }
}

function recordOf(typeName: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unfit(typeName, 'an object with the fields by name', value)
  return value as Readonly<Record<string, unknown>>
}

/** A member of the object itself: a field may have the name of what every object has. */
function own(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function fieldText(value: unknown, codec: TypeCodec): string {
  return value === null || value === undefined ? '' : quotedText(codec.encodeText(value))
}

/** Finds the decoder of a type in binary, whether it is registered or not. */
export type ResolveDecoder = (oid: number) => Decode<unknown>

/**
 * record, of which only the octets say what it is made of: an array of values in binary, of strings in text, since that
 * names no types. The server takes none; what is sent goes as text.
 */
export function recordCodec(resolve: ResolveDecoder): TypeCodec<unknown[]> {
  let depth = 0
  return {
    oid: 2249,
    name: 'record',
    decodeText: (octets, start, end) => readFields('record', octets, start, end, () => textAt),
    decodeBinary: (octets, start, end) => {
      if (depth === DEPTH_MAX) throw new ValueError('record', start, `expected at most ${DEPTH_MAX} in each other`)
      depth++
      try {
        return decodeFields('record', octets, start, end, (_index, oid) => resolve(oid))
      } finally {
        depth--
      }
    },
    encodeText: (value) => {
      if (typeof value === 'string') return value
      throw unfit('record', 'a string', value)
    },
    encodeBinary: (value) => {
      throw unfit('record', 'nothing in binary', value)
    },
    valueIsArray: true,
  }
}
