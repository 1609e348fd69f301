/** json and jsonb (PostgreSQL documentation, section 8.14). */

import { native } from '../../core/native.js'
import { unfit, type Decode, type TypeCodec } from './type-codec.js'
import { textCodec } from './text.js'
import { ValueError } from './value-error.js'

/** The octet that begins a jsonb and a jsonpath in binary. */
const VERSION = 1

function parsed(typeName: string): Decode<unknown> {
  return (octets, start, end) => {
    const text = native.utf8Slice(octets, start, end)
    try {
      return JSON.parse(text) as unknown
    } catch {
      // The message of the parser quotes the value.
      throw new ValueError(typeName, start, 'expected JSON')
    }
  }
}

function textOf(typeName: string): (value: unknown) => string {
  return (value) => {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw unfit(typeName, 'what JSON can say', value)
    return text
  }
}

function valueCodec(oid: number, name: string): TypeCodec {
  const encodeText = textOf(name)
  return {
    oid,
    name,
    decodeText: parsed(name),
    decodeBinary: parsed(name),
    encodeText,
    encodeBinary: (value, into) => into.utf8(encodeText(value)),
    valueIsArray: true,
  }
}

/**
 * json with values as `JSON.parse` makes them. A string is a JSON string like any other: `'a'` is sent as `"a"`, so
 * that every value comes back as it went.
 */
export const json: TypeCodec = valueCodec(114, 'json')

/** json with its text as value: numbers keep their digits, members their order. */
export const jsonText: TypeCodec<string> = textCodec(114, 'json')

function withVersion<Value>(codec: TypeCodec<Value>): TypeCodec<Value> {
  return {
    ...codec,
    decodeBinary: (octets, start, end) => {
      if (start === end || octets[start] !== VERSION)
        throw new ValueError(codec.name, start, `expected version ${VERSION}`)
      return codec.decodeBinary(octets, start + 1, end)
    },
    encodeBinary: (value, into) => {
      into.int8(VERSION)
      codec.encodeBinary(value, into)
    },
  }
}

/** jsonb with values as `JSON.parse` makes them, see `json`. */
export const jsonb: TypeCodec = withVersion(valueCodec(3802, 'jsonb'))

/** jsonb with its text as value. */
export const jsonbText: TypeCodec<string> = withVersion(textCodec(3802, 'jsonb'))

/** jsonpath: its text, which binary has behind a version as jsonb. */
export const jsonPath: TypeCodec<string> = withVersion(textCodec(4072, 'jsonpath'))
