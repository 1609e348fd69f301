/** Values of the caller as parameters of the wire. */

import { UsageError } from '../../../protocols/core/errors.js'
import { parameterText } from '../../../protocols/postgres/types/parameter-text.js'
import type { TypeRegistry } from '../../../protocols/postgres/types/registry.js'
import type { ParameterValue } from '../../../protocols/postgres/writer.js'

/** Makes a parameter of a value that is not null. Throws `UsageError` for what the type cannot be. */
export type Encode = (value: unknown) => ParameterValue

const BYTEA = 17

/** How values of a type are sent: as text, which is as short as binary for most, but for octets. */
export function encoderOf(typeOid: number, types: TypeRegistry): Encode {
  const codec = types.codec(typeOid)
  // What the type is, only the server knows: an enum, a composite, a type of an extension.
  if (codec === undefined) return parameterText
  const { encodeText } = codec
  if (typeOid !== BYTEA) return encodeText
  return (value) => (value instanceof Uint8Array ? value : encodeText(value))
}

/** Throws `UsageError` for a value that is no parameter, so that a misspelt property is no NULL. */
export function checkParameters(params: readonly unknown[]): void {
  for (let index = 0; index < params.length; index++)
    if (params[index] === undefined)
      throw new UsageError('PG_PARAMETER', `parameter $${index + 1} is undefined; NULL is null`)
}

/** All parameters of a statement. Throws `UsageError` when there are too many or too few, or one does not fit. */
export function encodeParameters(params: readonly unknown[], encoders: readonly Encode[]): readonly ParameterValue[] {
  const { length } = params
  if (length !== encoders.length)
    throw new UsageError('PG_PARAMETER', `the statement takes ${encoders.length} parameters, got ${length}`)
  const values: ParameterValue[] = []
  for (let index = 0; index < length; index++) {
    const value = params[index]
    values.push(value === null ? null : encoders[index]!(value))
  }
  return values
}
