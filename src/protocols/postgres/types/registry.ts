/** Which types are known, by oid. One registry may serve any number of connections to servers with the same types. */

import { UsageError } from '../../core/errors.js'
import { arrayCodec } from './arrays.js'
import { RANGES, scalarTypes, type TypeOptions } from './builtin-types.js'
import { compositeCodec, recordCodec, type CompositeField } from './composites.js'
import { textAt } from './octets.js'
import { multirangeCodec, rangeCodec } from './ranges.js'
import { octetsOfAnyType, textCodec } from './text.js'
import type { Decode, TypeCodec } from './type-codec.js'
import { vectorCodec } from './vectors.js'

/** The format of a value on the wire. */
export const ValueFormat = { text: 0, binary: 1 } as const
/** One of the two numbers of `ValueFormat`. */
export type ValueFormat = (typeof ValueFormat)[keyof typeof ValueFormat]

/**
 * The known types. It begins with those that every server has; a database's own are added by their oid there, which
 * `select 'name'::regtype::oid` tells. Registering a type again replaces it, in arrays and other types made of it, too.
 * Those that name a type which is not registered throw `UsageError` (`PG_TYPE_UNKNOWN`).
 */
export class TypeRegistry {
  readonly #codecs = new Map<number, TypeCodec>()
  readonly #resolve = (oid: number): TypeCodec => this.#known(oid)

  constructor(options: Partial<TypeOptions> = {}) {
    const { int8 = 'bigint', json = 'value' } = options
    for (const [codec, arrayOid] of scalarTypes({ int8, json })) {
      this.register(codec)
      if (arrayOid > 0) this.registerArray(arrayOid, `_${codec.name}`, codec.oid)
    }
    this.register(recordCodec((oid) => this.decoder(oid, ValueFormat.binary)))
    this.registerArray(2287, '_record', 2249)
    this.register(vectorCodec(22, 'int2vector', 21, this.#resolve))
    this.registerArray(1006, '_int2vector', 22)
    this.register(vectorCodec(30, 'oidvector', 26, this.#resolve))
    this.registerArray(1013, '_oidvector', 30)
    for (const range of RANGES) {
      this.registerRange(range.oid, range.name, range.subtypeOid)
      this.registerArray(range.arrayOid, `_${range.name}`, range.oid)
      this.registerMultirange(range.multirangeOid, range.multirangeName, range.subtypeOid)
      this.registerArray(range.multirangeArrayOid, `_${range.multirangeName}`, range.multirangeOid)
    }
  }

  /** The codec of a type, or undefined. */
  codec(oid: number): TypeCodec | undefined {
    return this.#codecs.get(oid)
  }

  /** How values of a type are read. Of one that is not registered: the server's text, or a copy of the octets. */
  decoder(oid: number, format: ValueFormat): Decode<unknown> {
    const codec = this.#codecs.get(oid)
    if (format === ValueFormat.text) return codec?.decodeText ?? textAt
    return codec?.decodeBinary ?? octetsOfAnyType
  }

  /** Adds a codec, or takes it in place of the one with the same oid. */
  register(codec: TypeCodec): void {
    this.#codecs.set(codec.oid, codec)
  }

  /** Adds the arrays of a type. */
  registerArray(oid: number, name: string, elementOid: number): void {
    this.#known(elementOid)
    this.register(arrayCodec(oid, name, elementOid, this.#resolve))
  }

  /** Adds an enum: its values are its labels. */
  registerEnum(oid: number, name: string): void {
    this.register(textCodec(oid, name))
  }

  /** Adds ranges of a type. */
  registerRange(oid: number, name: string, subtypeOid: number): void {
    this.#known(subtypeOid)
    this.register(rangeCodec(oid, name, subtypeOid, this.#resolve))
  }

  /** Adds multiranges; `subtypeOid` is the type of the bounds. */
  registerMultirange(oid: number, name: string, subtypeOid: number): void {
    this.#known(subtypeOid)
    this.register(multirangeCodec(oid, name, subtypeOid, this.#resolve))
  }

  /** Adds a composite type with its fields in the server's order. */
  registerComposite(oid: number, name: string, fields: readonly CompositeField[]): void {
    for (const field of fields) this.#known(field.oid)
    this.register(compositeCodec(oid, name, fields, this.#resolve))
  }

  #known(oid: number): TypeCodec {
    const codec = this.#codecs.get(oid)
    if (codec === undefined) throw new UsageError('PG_TYPE_UNKNOWN', `no type with the oid ${oid} is registered`)
    return codec
  }
}
