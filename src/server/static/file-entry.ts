/**
 * What is known of one file: its identity, its validators, its content when it is small, and its ready-made replies.
 */

import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import type { Validators } from '../conditional.js'
import { formatHttpDate } from '../http-date.js'
import type { Reply } from '../reply.js'
import type { ContentCoding } from './content-coding.js'
import type { MaxAges } from './max-age.js'
import { mediaTypeOf } from './media-type.js'

/**
 * What changes whenever a file does. `ctimeMs` is the file system's own clock: programs can set the time of
 * modification back, but not that of the last change.
 */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** Whether both are the same state of the same file. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.dev === b.dev
}

/** Where a file is and how it is to be shown. */
export interface FileSource {
  /** The file as it is looked up, with links. */
  readonly file: string
  /** The directory that the file must be in after all links were followed, with links. */
  readonly root: string
  /** The file that gives the media type: for a precompressed file the plain one. */
  readonly namesake: string
  readonly coding: ContentCoding | undefined
  /** A file that comes before this one when it exists: an index of higher rank. */
  readonly rivals: readonly string[]
  /** The content of files up to this many octets is held. */
  readonly heldBytesMax: number
}

/** The replies that are made once for a file at a place, and shared by all requests. */
export interface Presentation {
  readonly location: string
  readonly maxAgesVersion: number
  readonly varies: boolean
  /** What whoever has mounted the directory adds: a flat list. */
  readonly extra: readonly string[]
  /** The fields of a reply with content. */
  readonly fields: readonly string[]
  /** The reply to GET; undefined when the content is not held. */
  readonly whole: Reply | undefined
  /** The reply to HEAD. */
  readonly head: Reply
  readonly notModified: Reply
}

const NO_FIELDS: readonly string[] = []

/** Errors that mean: no such file for us. */
const ABSENT: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'ERR_INVALID_ARG_VALUE',
])

/** Gives undefined when `look` fails because the file is not there or not for us; throws what else it throws. */
export function unlessAbsent<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(String(error.code))) return undefined
    throw error
  }
}

/** The state of what `file` leads to, or undefined. */
export function statOf(file: string): Stats | undefined {
  return unlessAbsent(() => statSync(file, STAT_OPTIONS))
}

const STAT_OPTIONS = { throwIfNoEntry: false } as const

/** Opens for reading; never waits for the other end of a pipe. Undefined when the file is not there or not for us. */
export function openFile(file: string): number | undefined {
  return unlessAbsent(() => openSync(file, constants.O_RDONLY | constants.O_NONBLOCK))
}

/**
 * How long after a change a file may change again without its times telling: the kernel's clock ticks every 1 to 10
 * ms.
 */
export const tickMs = 20

/** Some file systems count whole seconds, or even pairs of them. */
function settleMs(identity: FileIdentity): number {
  return identity.ctimeMs % 1000 === 0 ? 2000 : tickMs
}

/** One file in one state. Its content and validators never change. */
export class FileEntry implements Validators, FileIdentity {
  readonly source: FileSource
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  /** The octets of a small file. */
  readonly content: Uint8Array | undefined
  readonly etag: string
  readonly lastModifiedMs: number
  readonly length: number
  readonly mediaType: string
  /** Whether the times of the file are old enough to tell every later change: only then may the entry be kept. */
  readonly settled: boolean
  /** The precompressed files beside this one, as of `codingsCheckedMs`. */
  codings: readonly ContentCoding[] = []
  codingsCheckedMs: number = Number.NEGATIVE_INFINITY
  #presentation: Presentation | undefined

  private constructor(source: FileSource, identity: FileIdentity, content: Uint8Array | undefined, nowMs: number) {
    this.source = source
    this.dev = identity.dev
    this.ino = identity.ino
    this.size = identity.size
    this.mtimeMs = identity.mtimeMs
    this.ctimeMs = identity.ctimeMs
    this.content = content
    this.length = content === undefined ? identity.size : content.length
    this.settled = this.length === identity.size && nowMs - identity.ctimeMs >= settleMs(identity)
    this.etag = content === undefined ? tagOfIdentity(identity, this.settled) : tagOfContent(content)
    // A time to come must not be sent (RFC 9110 section 8.8.2.1).
    this.lastModifiedMs = Math.floor(Math.min(identity.mtimeMs, nowMs) / 1000) * 1000
    this.mediaType = mediaTypeOf(path.extname(source.namesake))
  }

  /**
   * Looks a file up. Undefined when there is none for us: missing, not a regular file, not readable, or outside the
   * root once all links are followed. The check holds for the file that was opened, not for whatever has the name by
   * now.
   */
  static load(source: FileSource, nowMs: number): FileEntry | undefined {
    const descriptor = openFile(source.file)
    if (descriptor === undefined) return undefined
    try {
      const opened = fstatSync(descriptor)
      if (!opened.isFile() || !isInside(source, opened)) return undefined
      if (opened.size > source.heldBytesMax) return new FileEntry(source, opened, undefined, nowMs)
      const content = readAll(descriptor, opened.size)
      // When it changed under our hands the octets are still those of the tag, but the entry must not be kept.
      const identity = isSameFile(opened, fstatSync(descriptor)) ? opened : { ...opened, size: -1 }
      return new FileEntry(source, identity, content, nowMs)
    } finally {
      closeSync(descriptor)
    }
  }

  /** Whether a look at the file system, one `stat` as a rule, still finds the same state of the same file. */
  isFresh(): boolean {
    const found = statOf(this.source.file)
    if (found === undefined || !isSameFile(this, found)) return false
    return this.source.rivals.every((rival) => statOf(rival) === undefined)
  }

  /** The ready-made replies at `location`; `varies` tells whether precompressed files stand beside the plain one. */
  present(location: string, varies: boolean, maxAges: MaxAges, extra: readonly string[] = NO_FIELDS): Presentation {
    const last = this.#presentation
    if (
      last?.location === location &&
      last.varies === varies &&
      last.maxAgesVersion === maxAges.version &&
      last.extra === extra
    )
      return last
    const seconds = maxAges.secondsOf(location)
    const lasting = ['etag', this.etag]
    if (seconds > 0) lasting.push('cache-control', `max-age=${seconds}`)
    if (varies) lasting.push('vary', 'accept-encoding')
    const fields = ['content-type', this.mediaType]
    if (this.source.coding !== undefined) fields.push('content-encoding', this.source.coding.name)
    fields.push('last-modified', formatHttpDate(this.lastModifiedMs), 'accept-ranges', 'bytes', ...lasting)
    fields.push('x-content-type-options', 'nosniff', ...extra)
    const { content, length } = this
    this.#presentation = {
      location,
      maxAgesVersion: maxAges.version,
      varies,
      extra,
      fields,
      whole: content === undefined ? undefined : { status: 200, fields, body: content, length },
      head: { status: 200, fields, body: undefined, length },
      // RFC 9110 section 15.4.5: what would guide a cache, and nothing of the content.
      notModified: { status: 304, fields: [...lasting, ...extra], body: undefined, length: 0 },
    }
    return this.#presentation
  }
}

/**
 * Whether the opened file is inside the root. The name may lead elsewhere by now, hence the comparison: a file that is
 * inside, and the same as the opened one, is the opened one.
 */
function isInside(source: FileSource, opened: FileIdentity): boolean {
  const root = unlessAbsent(() => realpathSync.native(source.root))
  const file = unlessAbsent(() => realpathSync.native(source.file))
  if (root === undefined || file === undefined) return false
  if (!file.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return false
  const found = statOf(file)
  return found !== undefined && found.ino === opened.ino && found.dev === opened.dev
}

/** The octets of a small file, at most `size`. Waits for the disk: a small read is cheaper than a trip to a thread. */
function readAll(descriptor: number, size: number): Uint8Array {
  const content = Buffer.allocUnsafeSlow(size)
  let length = 0
  while (length < size) {
    const count = readSync(descriptor, content, length, size - length, length)
    if (count === 0) break
    length += count
  }
  return length === size ? content : content.subarray(0, length)
}

/**
 * Strong beyond doubt: the tag is made from the octets that are sent with it, and alike on every server that has
 * them.
 */
function tagOfContent(content: Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
}

/**
 * Large files are not read for their tag. It is made from what no change leaves as it was: the size, both times to less
 * than a microsecond, and the inode, since files of one build may share size and time of modification. Hashed, as inode
 * numbers are nobody's business. As long as the clock of the file system could hide another change, the tag is weak.
 */
function tagOfIdentity(identity: FileIdentity, settled: boolean): string {
  const { ino, size, mtimeMs, ctimeMs } = identity
  const digest = createHash('sha256').update(`${ino} ${size} ${mtimeMs} ${ctimeMs}`).digest('base64url').slice(0, 22)
  return settled ? `"${digest}"` : `W/"${digest}"`
}
