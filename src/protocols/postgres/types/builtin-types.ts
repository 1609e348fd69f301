/** The types that every PostgreSQL server has under the same oids (`pg_type.dat`), as far as they are known here. */

import { bit, varbit } from './bits.js'
import { bool, nothing } from './bool.js'
import { bytea } from './bytea.js'
import { date, time, timetz } from './date.js'
import { float4, float8 } from './floats.js'
import { nameCodec, pgLsn, tid } from './identifiers.js'
import { int2, int4, int8, int8Number, unsignedCodec, xid8 } from './integers.js'
import { interval } from './interval.js'
import { json, jsonb, jsonbText, jsonPath, jsonText } from './json.js'
import { cidr, inet, macaddr, macaddr8 } from './network.js'
import { numeric } from './numeric.js'
import { point } from './point.js'
import { singleChar, textCodec, textOfAnyType } from './text.js'
import { timestamp, timestamptz } from './timestamp.js'
import type { TypeCodec } from './type-codec.js'
import { uuid } from './uuid.js'

/** Choices between values that a type may have. */
export interface TypeOptions {
  /**
   * `bigint` (the default), or `number`: a number where that is exact, and a bigint beyond 2^53 - 1 either way, so that
   * no digit is lost.
   */
  readonly int8: 'bigint' | 'number'
  /** json and jsonb: `value` (the default) parses them, `text` leaves them as they are, both ways. */
  readonly json: 'value' | 'text'
}

/** A type with the oid of the arrays of it; 0 where there are none. */
export type TypeWithArray = readonly [codec: TypeCodec, arrayOid: number]

/** The scalar types. */
export function scalarTypes(options: TypeOptions): readonly TypeWithArray[] {
  return [
    [bool, 1000],
    [bytea, 1001],
    [singleChar, 1002],
    [options.int8 === 'number' ? int8Number : int8, 1016],
    [int2, 1005],
    [int4, 1007],
    [tid, 1010],
    [point, 1017],
    [float4, 1021],
    [float8, 1022],
    [numeric, 1231],
    [uuid, 2951],
    [cidr, 651],
    [inet, 1041],
    [macaddr, 1040],
    [macaddr8, 775],
    [date, 1182],
    [time, 1183],
    [timetz, 1270],
    [timestamp, 1115],
    [timestamptz, 1185],
    [interval, 1187],
    [bit, 1561],
    [varbit, 1563],
    [pgLsn, 3221],
    [xid8, 271],
    [options.json === 'text' ? jsonText : json, 199],
    [options.json === 'text' ? jsonbText : jsonb, 3807],
    [jsonPath, 4073],
    [unsignedCodec(26, 'oid'), 1028],
    [unsignedCodec(28, 'xid'), 1011],
    [unsignedCodec(29, 'cid'), 1012],
    [textOfAnyType, 0],
    [nothing, 0],
    ...TEXTS.map(([oid, name, arrayOid]): TypeWithArray => [textCodec(oid, name), arrayOid]),
    ...NAMES.map(([oid, name, arrayOid]): TypeWithArray => [nameCodec(oid, name), arrayOid]),
  ]
}

type Row = readonly [oid: number, name: string, arrayOid: number]

const TEXTS: readonly Row[] = [
  [19, 'name', 1003],
  [25, 'text', 1009],
  [142, 'xml', 143],
  [1042, 'bpchar', 1014],
  [1043, 'varchar', 1015],
  [1790, 'refcursor', 2201],
  [2275, 'cstring', 1263],
]

const NAMES: readonly Row[] = [
  [24, 'regproc', 1008],
  [2202, 'regprocedure', 2207],
  [2203, 'regoper', 2208],
  [2204, 'regoperator', 2209],
  [2205, 'regclass', 2210],
  [2206, 'regtype', 2211],
  [3734, 'regconfig', 3735],
  [3769, 'regdictionary', 3770],
  [4089, 'regnamespace', 4090],
  [4096, 'regrole', 4097],
  [4191, 'regcollation', 4192],
]

/** A range type, its multiranges, and the arrays of both. */
export interface RangeRow {
  readonly name: string
  readonly oid: number
  readonly arrayOid: number
  readonly subtypeOid: number
  readonly multirangeName: string
  readonly multirangeOid: number
  readonly multirangeArrayOid: number
}

/** The range types. */
export const RANGES: readonly RangeRow[] = [
  rangeRow('int4range', 3904, 3905, 23, 'int4multirange', 4451, 6150),
  rangeRow('numrange', 3906, 3907, 1700, 'nummultirange', 4532, 6151),
  rangeRow('tsrange', 3908, 3909, 1114, 'tsmultirange', 4533, 6152),
  rangeRow('tstzrange', 3910, 3911, 1184, 'tstzmultirange', 4534, 6153),
  rangeRow('daterange', 3912, 3913, 1082, 'datemultirange', 4535, 6155),
  rangeRow('int8range', 3926, 3927, 20, 'int8multirange', 4536, 6157),
]

function rangeRow(
  name: string,
  oid: number,
  arrayOid: number,
  subtypeOid: number,
  multirangeName: string,
  multirangeOid: number,
  multirangeArrayOid: number,
): RangeRow {
  return { name, oid, arrayOid, subtypeOid, multirangeName, multirangeOid, multirangeArrayOid }
}
