/** Short ways to call codecs in tests. */

import { TypeRegistry, ValueWriter, type TypeCodec } from '#src/protocols/postgres/types/index.js'

/** The types that every server has, with the default options. */
export const builtin: TypeRegistry = new TypeRegistry()

/** Decodes a text that stands between other octets, which it must not touch. */
export function readText(codec: TypeCodec, text: string): unknown {
  const octets = Buffer.from(`7{"${text}"}7`)
  return codec.decodeText(octets, 3, octets.length - 3)
}

/** Decodes octets, given in hexadecimal with spaces wherever they help, that stand between others. */
export function readBinary(codec: TypeCodec, hex: string): unknown {
  const octets = Buffer.from(`ff01${hex.replaceAll(' ', '')}01ff`, 'hex')
  return codec.decodeBinary(octets, 2, octets.length - 2)
}

/** A value in binary, in hexadecimal. */
export function binaryHex(codec: TypeCodec, value: unknown): string {
  const into = new ValueWriter()
  codec.encodeBinary(value, into)
  return Buffer.from(into.octets).toString('hex')
}

/** The octets of a value in either format. */
export function encoded(codec: TypeCodec, format: 'text' | 'binary', value: unknown): Uint8Array {
  if (format === 'text') return Buffer.from(codec.encodeText(value))
  const into = new ValueWriter()
  codec.encodeBinary(value, into)
  return into.octets
}
