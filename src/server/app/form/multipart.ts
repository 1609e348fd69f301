/**
 * Forms with files (RFC 7578), taken apart by busboy as they come; within limits on everything that a client chooses.
 */

import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { BusboyInstance } from '@fastify/busboy'
import { HttpError } from '../../http-error.js'
import { FileWriter, UploadedFile } from './uploaded-file.js'

/** Limits of a form. */
export interface MultipartLimits {
  /** Octets of all of it. */
  readonly bytesMax: number
  /** Octets of one file. */
  readonly fileBytesMax: number
}

/** Octets of one text field. */
const FIELD_BYTES_MAX = 1_048_576
/**
 * What busboy lets pile up before it holds itself back: it does so for ever where a part that nobody wants ends in the
 * piece that it begins in. More than this is never handed to it, and the reader below holds the client back.
 */
const PAUSE_BYTES = 0x3fff_ffff
const FIELDS_MAX = 1000
const FILES_MAX = 100
const PART_HEADERS_MAX = 32
const PART_HEADER_BYTES_MAX = 16_384
/** Octets of the name of a field. */
const NAME_BYTES_MAX = 200
/** Octets of the name of a file: half of what the headers of a part may have, behind which busboy cuts them off. */
const FILENAME_BYTES_MAX = 8192
/** What a boundary may be (RFC 2046 section 5.1.1). */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/

/** Names with their values, text or files, in the order they came. */
export type MultipartFields = Readonly<Record<string, readonly (string | UploadedFile)[]>>

/**
 * Reads a form; `boundary` is the parameter of its Content-Type. Each piece of its content is done with when the next
 * one is asked for. Rejects with `HttpError`: 413 beyond a limit, 400 for a boundary or content of no form; then no
 * file stays. What it gives is the caller's to remove.
 */
export async function readMultipart(
  boundary: string | undefined,
  content: AsyncIterable<Uint8Array>,
  limits: MultipartLimits,
): Promise<MultipartFields> {
  if (boundary === undefined) throw new HttpError(400, 'The form does not tell its boundary')
  if (!BOUNDARY.test(boundary)) throw new HttpError(400, 'The boundary of the form has 1 to 70 characters of RFC 2046')
  const { Busboy } = await import('@fastify/busboy')
  let busboy: BusboyInstance
  try {
    busboy = new Busboy({
      // Written anew: what was parsed once is not read in another way by who parses it again.
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      fileHwm: PAUSE_BYTES,
      limits: {
        fieldSize: FIELD_BYTES_MAX,
        fields: FIELDS_MAX,
        files: FILES_MAX,
        fileSize: limits.fileBytesMax,
        headerPairs: PART_HEADERS_MAX,
        headerSize: PART_HEADER_BYTES_MAX,
      },
    })
  } catch (cause) {
    throw malformed(cause)
  }
  return new MultipartReader(busboy, limits).read(content)
}

class MultipartReader {
  readonly #busboy: BusboyInstance
  readonly #limits: MultipartLimits
  readonly #fields: Record<string, (string | UploadedFile | undefined)[]> = Object.create(null) as Record<string, never>
  /** Files under way, and when each is kept. */
  readonly #keeping: Map<Readable, { readonly writer: FileWriter; readonly kept: Promise<void> }> = new Map()
  readonly #files: UploadedFile[] = []
  #error: Error | undefined
  #onEvent: () => void = () => {}
  #finished = false

  constructor(busboy: BusboyInstance, limits: MultipartLimits) {
    this.#busboy = busboy
    this.#limits = limits
    busboy.on('field', (name, value, _nameCut, valueCut) => {
      this.#checkName(name, NAME_BYTES_MAX, 'a field')
      if (valueCut) this.#fail(tooLarge(`A field of the form has more than ${FIELD_BYTES_MAX} octets`))
      else this.#add(name, value)
    })
    busboy.on('file', (name, stream, filename, _encoding, mimetype) => this.#take(name, stream, filename, mimetype))
    busboy.on('fieldsLimit', () => this.#fail(tooLarge(`The form has more than ${FIELDS_MAX} fields`)))
    busboy.on('filesLimit', () => this.#fail(tooLarge(`The form has more than ${FILES_MAX} files`)))
    busboy.on('error', (error) => this.#fail(malformed(error)))
    busboy.on('drain', () => this.#onEvent())
    busboy.on('finish', () => {
      this.#finished = true
      this.#onEvent()
    })
  }

  async read(content: AsyncIterable<Uint8Array>): Promise<MultipartFields> {
    try {
      for await (const piece of content) {
        this.#busboy.write(piece)
        await this.#until(() => !this.#busboy.writableNeedDrain && !this.#isBehind())
        for (const { writer } of this.#keeping.values()) if (writer.full) await writer.write()
      }
      this.#busboy.end()
      await this.#until(() => this.#finished)
      await Promise.all(this.#kept())
      if (this.#error !== undefined) throw this.#error
      return this.#withoutGaps()
    } catch (error) {
      this.#busboy.destroy()
      for (const stream of this.#keeping.keys()) stream.destroy(error as Error)
      await Promise.allSettled(this.#kept())
      await Promise.all(this.#files.map((file) => file.remove()))
      throw error
    }
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && this.#error === undefined) await new Promise<void>((resolve) => (this.#onEvent = resolve))
    if (this.#error !== undefined) throw this.#error
  }

  /** Whether something of a file has come out of the form and nobody has copied it yet. */
  #isBehind(): boolean {
    for (const stream of this.#keeping.keys()) if (stream.readableLength > 0) return true
    return false
  }

  #kept(): Promise<void>[] {
    return Array.from(this.#keeping.values(), ({ kept }) => kept)
  }

  /** Busboy knows no limit of names. */
  #checkName(name: string | undefined, max: number, what: string): void {
    if (name !== undefined && Buffer.byteLength(name) > max)
      this.#fail(tooLarge(`The name of ${what} of the form has more than ${max} octets`))
  }

  #add(name: string | undefined, value: string | UploadedFile): void {
    ;(this.#fields[name ?? ''] ??= []).push(value)
  }

  #fail(error: Error): void {
    this.#error ??= error
    this.#onEvent()
  }

  /** A field for a file that was left empty gives nothing. */
  #withoutGaps(): MultipartFields {
    const fields = Object.create(null) as Record<string, (string | UploadedFile)[]>
    for (const name in this.#fields) {
      const values = this.#fields[name]!.filter((value) => value !== undefined)
      if (values.length > 0) fields[name] = values
    }
    return fields
  }

  /** A field of type file that was left empty in a browser comes without name and content: it is no file. */
  #take(
    name: string | undefined,
    stream: Readable & { truncated?: boolean },
    filename: string | undefined,
    mimetype: string,
  ): void {
    this.#checkName(name, NAME_BYTES_MAX, 'a field')
    this.#checkName(filename, FILENAME_BYTES_MAX, 'a file')
    // The order of the names is that of the parts, not that in which files were written.
    const values = (this.#fields[name ?? ''] ??= [])
    const place = values.length
    values.push(undefined)
    const writer = new FileWriter()
    stream.on('data', (chunk: Uint8Array) => {
      writer.add(chunk)
      this.#onEvent()
    })
    const kept = this.#keep(stream, writer, (content) => {
      const file = new UploadedFile(filename ?? '', mimetype, writer.size, content)
      this.#files.push(file)
      // What lies on the disk is always somebody's to remove: octets without the name of a file are a file, too.
      if ((filename ?? '') !== '' || file.size > 0) values[place] = file
    })
    this.#keeping.set(stream, { writer, kept })
    kept.finally(() => this.#keeping.delete(stream)).catch((error: unknown) => this.#fail(error as Error))
  }

  async #keep(
    stream: Readable & { truncated?: boolean },
    writer: FileWriter,
    take: (content: string | Uint8Array) => void,
  ): Promise<void> {
    try {
      // What fails in here is the client's fault, what fails where the file is written is not.
      await finished(stream).catch((error: unknown) => {
        throw malformed(error)
      })
      if (stream.truncated === true)
        throw tooLarge(`A file of the form has more than ${this.#limits.fileBytesMax} octets`)
      take(await writer.end())
    } catch (error) {
      await writer.discard()
      throw error
    }
  }
}

function malformed(cause: unknown): Error {
  const error = new HttpError(400, 'The content of the request is not a form that came whole')
  error.cause = cause
  return error
}

function tooLarge(text: string): Error {
  return new HttpError(413, text)
}
