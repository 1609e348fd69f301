/**
 * What turns the octets of a value into a JavaScript value and back, in the two formats that PostgreSQL has
 * (Frontend/Backend Protocol, "Formats and Format Codes").
 *
 * Both formats give the same value: what a column means does not depend on how it travelled. A decoder reads from the
 * octets of the chunk that a row came in, keeps none of them, and is a plain function that may be called without its
 * codec.
 *
 * | types | value |
 * |---|---|
 * | bool | boolean |
 * | int2, int4, oid, xid, cid | number |
 * | int8 | bigint, or by option a number where that is exact and a bigint beyond 2^53 - 1 |
 * | xid8 | bigint |
 * | float4, float8 | number; float4 exactly as the server holds it, so 0.1 is 0.10000000149011612 |
 * | numeric | string with all its digits, `NaN`, `Infinity`, `-Infinity` |
 * | text, varchar, bpchar, name, "char", xml, enums, uuid, bit, varbit | string |
 * | inet, cidr, macaddr, macaddr8, tid, pg_lsn | string as the server writes it |
 * | regclass and its family | string: the name in text, the digits of the oid in binary, which has no name |
 * | bytea | Uint8Array of its own |
 * | date, time, timetz, timestamp, timestamptz | string in ISO form, timestamptz in UTC; see `timestamp.ts` |
 * | interval | `{ months, days, micros }` |
 * | json, jsonb | the parsed value, or by option its text |
 * | point | `{ x, y }` |
 * | arrays, int2vector, oidvector | arrays, nested for more dimensions, null for NULL; lower bounds are not kept |
 * | ranges, multiranges | `{ empty, lower, upper, lowerInclusive, upperInclusive }`, an array of these |
 * | composites | an object by field name; record: an array, in text of strings, since it does not say the types |
 * | void | null |
 */

import { UsageError } from '../../core/errors.js'
import type { ValueWriter } from './value-writer.js'

/** Reads the value that stands from `start` to `end`. Throws `ValueError` for what its type cannot be. */
export type Decode<Value> = (octets: Uint8Array, start: number, end: number) => Value

/** One type, both formats, both ways. The functions use no `this`. */
export interface TypeCodec<Value = unknown> {
  /** Its row in `pg_type`. */
  readonly oid: number
  /** Its name there: `int4`, `_int4`. */
  readonly name: string
  /** From the text format, in UTF-8. */
  readonly decodeText: Decode<Value>
  /** From the binary format. */
  readonly decodeBinary: Decode<Value>
  /**
   * A value in text. A string is sent as it is, and the server judges it; but for json, where it is a value like
   * others. Throws `UsageError` (`PG_VALUE_UNFIT`) for what the type cannot be.
   */
  readonly encodeText: (value: unknown) => string
  /**
   * A value in binary. A string is read as the text format is. Throws `UsageError` (`PG_VALUE_UNFIT`,
   * `PG_VALUE_TOO_LARGE`).
   */
  readonly encodeBinary: (value: unknown, into: ValueWriter) => void
  /** Its values are JavaScript arrays themselves, so that an array of them has one dimension only. */
  readonly valueIsArray?: boolean
}

/** Finds the codec of a type; throws `UsageError` for one that is not registered. */
export type ResolveCodec = (oid: number) => TypeCodec

/** What is thrown for a value that a type cannot be. It says what kind of value came, never the value. */
export function unfit(typeName: string, expected: string, value: unknown): UsageError {
  return new UsageError('PG_VALUE_UNFIT', `${typeName} takes ${expected}, got ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'another object' : `another ${typeof value}`
}
