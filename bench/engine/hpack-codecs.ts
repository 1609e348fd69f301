/**
 * The codecs of the HPACK bench, brought to the same work: a list becomes octets in the same representations, and
 * octets become names and values as strings.
 */

import { createRequire } from 'node:module'
import path from 'node:path'
import { HpackDecoder, HpackEncoder } from 'skitai/hpack'
import { repoRoot } from '../../tools/repo.js'

/** The encoder of one connection. Gives how many octets a block has. */
export type EncodeList = (index: number) => number

/** The decoder of one connection. Gives how many characters the fields of a block have. */
export type DecodeBlock = (index: number) => number

/** A codec, made ready for lists and their blocks. Each call makes that of a new connection. */
export interface BenchCodec {
  newEncoder(): EncodeList
  newDecoder(): DecodeBlock
}

/** What our encoder makes of the lists, one after the other, with the table that is there. */
export function blocksOf(encoder: HpackEncoder, lists: readonly (readonly string[])[]): Uint8Array[] {
  return lists.map((list) => Uint8Array.from(encoder.encode(list)))
}

/** Ours. */
export function skitaiCodec(lists: readonly (readonly string[])[], blocks: readonly Uint8Array[]): BenchCodec {
  return {
    newEncoder: () => {
      const encoder = new HpackEncoder()
      return (index) => encoder.encode(lists[index]!).length
    },
    newDecoder: () => {
      const decoder = new HpackDecoder()
      return (index) => {
        const block = blocks[index]!
        decoder.begin()
        if (decoder.decode(block, 0, block.length) !== 0 || decoder.finish() !== 0) throw new Error('a fault')
        const { names, values, count } = decoder
        let characters = 0
        for (let i = 0; i < count; i++) characters += names[i]!.length + values[i]!.length
        return characters
      }
    },
  }
}

interface HpackJsField {
  readonly name: string
  readonly value: string
  readonly huffman: boolean
  readonly incremental: boolean
  readonly neverIndex: boolean
}

interface HpackJsStream<Out> {
  write(data: unknown): boolean
  read(): Out | null
}

interface HpackJs {
  readonly compressor: { create(options: object): HpackJsStream<Uint8Array> }
  readonly decompressor: { create(options: object): HpackJsStream<HpackJsField> & { execute(): void } }
}

const hpackJs = createRequire(path.join(repoRoot, 'package.json'))('hpack.js') as HpackJs
const OPTIONS = { table: { maxSize: 4096 } }

/** hpack.js. It is told for each field what we would do with it; its own choice would be to index everything. */
export function hpackJsCodec(lists: readonly (readonly string[])[], blocks: readonly Uint8Array[]): BenchCodec {
  const fields = lists.map(fieldsOf)
  const buffers = blocks.map((block) => Buffer.from(block))
  return {
    newEncoder: () => {
      const stream = hpackJs.compressor.create(OPTIONS)
      return (index) => {
        stream.write(fields[index])
        let octets = 0
        for (let part = stream.read(); part !== null; part = stream.read()) octets += part.length
        return octets
      }
    },
    newDecoder: () => {
      const stream = hpackJs.decompressor.create(OPTIONS)
      return (index) => {
        stream.write(buffers[index])
        stream.execute()
        let characters = 0
        for (let field = stream.read(); field !== null; field = stream.read())
          characters += field.name.length + field.value.length
        return characters
      }
    },
  }
}

/** The representation that our encoder chooses for a literal shows in its first octet (RFC 7541 section 6.2). */
function fieldsOf(list: readonly string[]): HpackJsField[] {
  return Array.from({ length: list.length / 2 }, (_, i) => {
    const [name = '', value = ''] = list.slice(2 * i, 2 * i + 2)
    const first = new HpackEncoder().encode([name, value])[0]!
    return { name, value, huffman: true, incremental: first >= 0x40, neverIndex: (first & 0xf0) === 0x10 }
  })
}
