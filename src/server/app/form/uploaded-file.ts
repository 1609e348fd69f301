/** A file that came with a form (APP-114, APP-115). */

import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BLOCK_BYTES, borrowBlock, returnBlock } from '../../content-memory.js'
import { removeQuietly, temporaryPath } from './temporary-folder.js'

/** How a file is kept. */
export interface SaveOptions {
  /** By default the name that the client gave, made safe. */
  readonly name?: string
  /** Makes the folder when it is not there. Default false. */
  readonly mkdir?: boolean
  /** What becomes of a file that has the name already: another name is found, as `shoe.1.png`, or it is replaced. */
  readonly dup?: 'unique' | 'overwrite'
}

/** Larger files do not stay in memory. */
export const MEMORY_BYTES_MAX: number = 1_048_576

/** One file. It is gone when its request is over, unless it was saved. */
export class UploadedFile {
  /** Its base name as the client gave it, with nothing in it that a file system or a shell could misunderstand. */
  readonly name: string
  /** The media type that the client says; nobody has looked whether it is true. */
  readonly mimetype: string
  /** Octets. */
  readonly size: number
  #path: string
  #content: Uint8Array | undefined
  #saved = false

  constructor(name: string, mimetype: string, size: number, place: string | Uint8Array) {
    this.name = safeName(name)
    this.mimetype = mimetype
    this.size = size
    this.#path = typeof place === 'string' ? place : ''
    this.#content = typeof place === 'string' ? undefined : place
  }

  /** Where it lies; empty while it is in memory (files up to 1 MiB, until `flush`), and when it was removed. */
  get path(): string {
    return this.#path
  }

  /** Writes it to the disk, if it is not there, and gives the path. */
  async flush(): Promise<string> {
    if (this.#content !== undefined) {
      const place = await temporaryPath()
      await writeFile(place, this.#content, { flag: 'wx', mode: 0o600 })
      this.#path = place
      this.#content = undefined
    }
    return this.#path
  }

  /** All of it. */
  async read(): Promise<Uint8Array> {
    if (this.#content !== undefined) return this.#content
    if (this.#path === '') throw new Error(`the file ${this.name} was removed`)
    return readFile(this.#path)
  }

  /** Takes it away. */
  async remove(): Promise<void> {
    const place = this.#path
    this.#content = undefined
    this.#path = ''
    if (place !== '') await removeQuietly(place)
  }

  /** For the server: takes it away unless it was saved. */
  async discard(): Promise<void> {
    if (!this.#saved) await this.remove()
  }

  /**
   * Keeps it in a folder, and gives its path. Rejects with the error of the file system: `ENOENT` for a folder that is
   * not there.
   */
  async save(folder: string, options: SaveOptions = {}): Promise<string> {
    const { name = this.name, dup = 'unique' } = options
    if (options.mkdir === true) await mkdir(folder, { recursive: true })
    const { name: stem, ext } = path.parse(safeName(name))
    for (let count = 0; ; count++) {
      const target = path.join(folder, count === 0 ? stem + ext : `${stem}.${count}${ext}`)
      try {
        await this.#moveTo(target, dup === 'overwrite')
        this.#saved = true
        return target
      } catch (error) {
        if (dup === 'overwrite' || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }

  /** Never takes a name from a file that came in between. */
  async #moveTo(target: string, overwrite: boolean): Promise<void> {
    if (this.#content !== undefined) {
      await writeFile(target, this.#content, { flag: overwrite ? 'w' : 'wx' })
      this.#content = undefined
    } else if (this.#path === '') {
      throw new Error(`the file ${this.name} was removed`)
    } else if (overwrite) {
      await rename(this.#path, target).catch((error: unknown) => this.#copyTo(target, 0, error))
    } else {
      await link(this.#path, target)
        .then(() => unlink(this.#path))
        .catch((error: unknown) => this.#copyTo(target, constants.COPYFILE_EXCL, error))
    }
    this.#path = target
  }

  /** Another file system takes no link. */
  async #copyTo(target: string, mode: number, error: unknown): Promise<void> {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP') throw error
    await copyFile(this.#path, target, mode)
    await unlink(this.#path)
  }
}

const NAME_UNITS_MAX = 200

/**
 * The base name of whatever a client calls a file: no separators, leading dots or characters with a meaning elsewhere.
 */
export function safeName(given: string): string {
  const base = given.replaceAll('\\', '/').split('/').at(-1)!
  const plain = base
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._() -]/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  return plain.length > NAME_UNITS_MAX ? cut(plain) : plain || 'noname'
}

function cut(name: string): string {
  const { ext } = path.parse(name)
  const end = ext.slice(0, 20)
  return name.slice(0, NAME_UNITS_MAX - end.length) + end
}

/**
 * Takes the octets of one file as they come: in memory up to 1 MiB, then on the disk. What is written leaves its memory
 * to what comes next, however large the file is.
 */
export class FileWriter {
  size = 0
  #blocks: Buffer[] = []
  /** The block that is being filled, and how far it is. */
  #current = 0
  #to = 0
  #waiting = 0
  #path = ''
  #handle: Awaited<ReturnType<typeof open>> | undefined
  #writing: Promise<void> = Promise.resolve()

  /** Whether so much waits that it has to be written before more is taken. */
  get full(): boolean {
    return this.#waiting >= MEMORY_BYTES_MAX
  }

  /** Takes a copy. Not while `write` is under way. */
  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const block = this.#room(chunk.length - at)
      const part = chunk.subarray(at, at + block.length - this.#to)
      block.set(part, this.#to)
      this.#to += part.length
      at += part.length
    }
    this.#waiting += chunk.length
    this.size += chunk.length
  }

  /** The block that is being filled, or another one where it is full. */
  #room(octets: number): Buffer {
    const block = this.#blocks[this.#current]
    if (block !== undefined && this.#to < block.length) return block
    if (block !== undefined) this.#current++
    this.#to = 0
    // The first ones are smaller where little comes.
    const size = Math.max(octets, this.#waiting)
    return (this.#blocks[this.#current] ??= size < BLOCK_BYTES ? Buffer.allocUnsafe(size) : borrowBlock())
  }

  /** What waits. */
  #filled(): Buffer[] {
    return this.#blocks
      .slice(0, this.#current + 1)
      .map((block, i) => (i === this.#current ? block.subarray(0, this.#to) : block))
  }

  /** Writes what waits. */
  write(): Promise<void> {
    this.#writing = this.#write()
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#handle === undefined) {
      this.#path = await temporaryPath()
      this.#handle = await open(this.#path, 'wx', 0o600)
    }
    const filled = this.#filled()
    const { bytesWritten } = await this.#handle.writev(filled)
    // A full disk takes a part, and then says why.
    if (bytesWritten < this.#waiting) await this.#handle.writeFile(Buffer.concat(filled).subarray(bytesWritten))
    this.#current = 0
    this.#to = 0
    this.#waiting = 0
  }

  /** The file is complete: where it lies, or its content. */
  async end(): Promise<string | Uint8Array> {
    await this.#writing
    if (this.#handle === undefined) {
      const content = Buffer.concat(this.#filled())
      this.#returnBlocks()
      return content
    }
    if (this.#waiting > 0) await this.write()
    this.#returnBlocks()
    await this.#handle.close()
    this.#handle = undefined
    return this.#path
  }

  /** Nobody wants the file. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined)
    this.#returnBlocks()
    await this.#handle?.close()
    this.#handle = undefined
    if (this.#path !== '') await removeQuietly(this.#path)
  }

  #returnBlocks(): void {
    for (const block of this.#blocks) if (block.length === BLOCK_BYTES) returnBlock(block)
    this.#blocks = []
  }
}
