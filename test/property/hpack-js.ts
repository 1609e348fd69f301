/** hpack.js, the independent implementation, brought to the form of ours. */

import { createRequire } from 'node:module'

interface HpackJsField {
  readonly name: string
  readonly value: string
  readonly neverIndex?: boolean
  readonly incremental?: boolean
  readonly huffman?: boolean
}

interface HpackJsStream<Out> {
  write(data: unknown): boolean
  read(): Out | null
  updateTableSize(bytes: number): void
}

interface HpackJsCompressor extends HpackJsStream<Uint8Array> {
  reset(): void
}

interface HpackJsDecompressor extends HpackJsStream<HpackJsField> {
  execute(): void
  on(event: 'error', listener: (error: Error) => void): void
}

interface HpackJs {
  readonly compressor: { create(options: { table: { maxSize: number } }): HpackJsCompressor }
  readonly decompressor: { create(options: { table: { maxSize: number } }): HpackJsDecompressor }
}

const hpackJs = createRequire(import.meta.url)('hpack.js') as HpackJs

/** Its decoder. `decode` throws for a fault. */
export class HpackJsDecoder {
  readonly #stream: HpackJsDecompressor
  #fault: Error | undefined

  constructor(tableBytesMax: number) {
    this.#stream = hpackJs.decompressor.create({ table: { maxSize: tableBytesMax } })
    this.#stream.on('error', (error) => (this.#fault = error))
  }

  /** A whole block: its fields as a flat list. */
  decode(block: Uint8Array): string[] {
    this.#stream.write(Buffer.from(block))
    this.#stream.execute()
    if (this.#fault !== undefined) throw this.#fault
    const list: string[] = []
    for (let field = this.#stream.read(); field !== null; field = this.#stream.read())
      list.push(field.name, field.value)
    return list
  }
}

/** How its encoder is to represent a field. */
export interface HpackJsChoice {
  readonly neverIndex: boolean
  readonly incremental: boolean
  readonly huffman: boolean
}

/** Its encoder. */
export class HpackJsEncoder {
  readonly #stream: HpackJsCompressor

  constructor(tableBytesMax: number) {
    this.#stream = hpackJs.compressor.create({ table: { maxSize: tableBytesMax } })
  }

  /** The block of a flat list. */
  encode(list: readonly string[], choice: HpackJsChoice): Uint8Array {
    const fields: HpackJsField[] = []
    for (let i = 0; i < list.length; i += 2) fields.push({ name: list[i]!, value: list[i + 1]!, ...choice })
    this.#stream.write(fields)
    return this.#taken()
  }

  /** Empties the table; the updates that say so begin the next block. */
  reset(): void {
    this.#stream.reset()
  }

  /** The update that begins the next block. It writes one only for its greatest size. */
  updateTableSize(bytes: number): void {
    this.#stream.updateTableSize(bytes)
  }

  #taken(): Uint8Array {
    const parts: Uint8Array[] = []
    for (let part = this.#stream.read(); part !== null; part = this.#stream.read()) parts.push(part)
    return Buffer.concat(parts)
  }
}
