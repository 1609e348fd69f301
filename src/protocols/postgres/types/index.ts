/** The types of PostgreSQL: what the octets of a value mean, in both formats, both ways. See `type-codec.ts`. */

export type { TypeOptions } from './builtin-types.js'
export type { CompositeField } from './composites.js'
export { INTERVAL_INFINITY, INTERVAL_MINUS_INFINITY, intervalText, type Interval } from './interval.js'
export type { InstantLike } from './iso-text.js'
export type { Point } from './point.js'
export { EMPTY_RANGE, type Range } from './ranges.js'
export { TypeRegistry, ValueFormat } from './registry.js'
export { textCodec } from './text.js'
export { epochMicros, instantCodec, timestamp, timestamptz, type MakeInstant } from './timestamp.js'
export type { Decode, ResolveCodec, TypeCodec } from './type-codec.js'
export { ValueError } from './value-error.js'
export { VALUE_BYTES_MAX, ValueWriter } from './value-writer.js'
