/** Octets as values of every type: a value or a ValueError, and what is a value is written and read again as itself. */

import { isDeepStrictEqual } from 'node:util'
import { type TypeCodec, TypeRegistry, UsageError, ValueError, ValueWriter } from 'skitai/postgres'
import { ensure } from './http1-oracles.js'

const types = new TypeRegistry()
types.registerEnum(100_000, 'mood')
types.registerComposite(100_001, 'item', [
  { name: 'price', oid: 1700 },
  { name: 'counts', oid: 1007 },
])
types.registerArray(100_002, '_item', 100_001)

/** Every type that there is, by its oid. */
export const codecs: readonly TypeCodec[] = Array.from({ length: 7000 }, (_, oid) => types.codec(oid))
  .concat([types.codec(100_000), types.codec(100_001), types.codec(100_002)])
  .filter((codec) => codec !== undefined)

/** Types that cannot say in one format, or at all, what they can in the other. */
const ONE_WAY: readonly string[] = ['record', '_record', 'void']

/** The first octet is the format in bit 0, the second one the type, the rest the value. */
export function fuzz(data: Uint8Array): void {
  const binary = ((data[0] ?? 0) & 1) === 1
  const codec = codecs[(data[1] ?? 0) % codecs.length]!
  const decode = binary ? codec.decodeBinary : codec.decodeText
  const decoded = attempt(() => decode(data, 2, data.length))
  if (decoded === undefined || ONE_WAY.includes(codec.name) || !isFaithful(codec)) return
  // Dates and the like are ASCII to their readers; what else would stand there is no value of theirs.
  if (!binary && data.some((octet, at) => at > 1 && octet > 0x7f)) return
  const { value } = decoded
  for (const through of [throughText, throughBinary]) {
    const sent = attempt(() => through(codec, value))
    if (sent === undefined) continue
    // A text may say the same in several ways; octets, and what we write, say it in one.
    if (binary) check(codec, value, sent.value, through.name)
    check(codec, sent.value, through(codec, sent.value), `${through.name} again`)
  }
}

function throughBinary(codec: TypeCodec, value: unknown): unknown {
  const writer = new ValueWriter()
  codec.encodeBinary(value, writer)
  return codec.decodeBinary(writer.octets, 0, writer.length)
}

function throughText(codec: TypeCodec, value: unknown): unknown {
  const octets = Buffer.from(codec.encodeText(value))
  return codec.decodeText(octets, 0, octets.length)
}

/**
 * JSON has a value `null` that JavaScript does not tell from NULL, and numbers that it cannot hold; what has a name in
 * text has a number in binary.
 */
function isFaithful({ name }: TypeCodec): boolean {
  return !name.includes('json') && !name.replace('_', '').startsWith('reg')
}

function attempt<Value>(run: () => Value): { readonly value: Value } | undefined {
  try {
    return { value: run() }
  } catch (error) {
    if (error instanceof ValueError || error instanceof UsageError) return undefined
    throw error
  }
}

function check({ name }: TypeCodec, value: unknown, again: unknown, how: string): void {
  ensure(isDeepStrictEqual(again, value), `${name} ${how}: ${shown(value)} came back as ${shown(again)}`)
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value)
}
