/** Serves the files of a directory (RFC 9110: GET and HEAD, conditional and range requests, precompressed variants). */

import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { escapeHtml } from '../html.js'
import { encodePath } from '../path.js'
import type { Reply } from '../reply.js'
import { chooseCoding, contentCodings, type ContentCoding } from './content-coding.js'
import { type ExtraFields, noExtraFields } from './extra-fields.js'
import { FileEntry, statOf, tickMs, type FileSource } from './file-entry.js'
import { MaxAges } from './max-age.js'
import { replyFor, withExpires, type StaticRequest } from './static-reply.js'

export type { StaticRequest } from './static-reply.js'

/** How a directory is served. */
export interface StaticOptions {
  /** Serve files and directories whose name begins with a dot, too. Default false: only `/.well-known/` (RFC 8615). */
  readonly dotFiles?: boolean
  /** Look for `.br`, `.zst` and `.gz` beside a file. Default true. */
  readonly precompressed?: boolean
  /** Ages by path, shared by all directories of a server. Default: none. */
  readonly maxAges?: MaxAges
  /** Octets that the cache of small files may hold, with 2 KiB counted for each entry. Default 64 MiB. */
  readonly cacheBytesMax?: number
  /** Files up to this many octets are held in the cache; of larger ones only what is known of them. Default 256 KiB. */
  readonly cachedFileBytesMax?: number
  /** The wall clock, in milliseconds since 1970. Default Date.now. */
  readonly now?: () => number
}

const INDEX_FILES = ['index.htm', 'index.html']

/** What an entry costs beside its content: fields, keys, objects. */
const ENTRY_BYTES = 2048

/** How often a file that is served is searched for precompressed files beside it. */
const CODINGS_CHECK_MS = 1000

/**
 * How long to wait for the times of a large file that has just changed. Timers and the clock may be 1 ms early each.
 */
const SETTLE_MS = tickMs + 3

/** How often an answer is begun anew when the file is replaced while we look at it. */
const ATTEMPTS = 3

/**
 * One directory at one mount point. An answer from the cache takes one `stat` and no other look at the disk, and is as
 * fresh as the file; what was appended beside a file (a precompressed one) is seen within a second.
 *
 * Files are looked up and small ones read synchronously: in the file system's cache that takes microseconds, a tenth of
 * what a trip to a thread takes. A directory on a slow network file system holds up the whole process.
 */
export class StaticDirectory {
  /** The directory, absolute, with links. */
  readonly root: string
  readonly maxAges: MaxAges
  /** What all replies have beside their own fields. */
  extra: ExtraFields = noExtraFields
  readonly #dotFiles: boolean
  readonly #codings: readonly ContentCoding[]
  readonly #heldBytesMax: number
  readonly #now: () => number
  readonly #entries: LRUCache<string, FileEntry>

  /** Throws Error when `root` is not a directory. */
  constructor(root: string, options: StaticOptions = {}) {
    this.root = path.resolve(root)
    if (statOf(this.root)?.isDirectory() !== true) throw new Error(`${this.root} is not a directory`)
    this.maxAges = options.maxAges ?? new MaxAges()
    this.#dotFiles = options.dotFiles ?? false
    this.#codings = (options.precompressed ?? true) ? contentCodings : []
    this.#heldBytesMax = options.cachedFileBytesMax ?? 262_144
    this.#now = options.now ?? Date.now
    this.#entries = new LRUCache({
      maxSize: options.cacheBytesMax ?? 67_108_864,
      sizeCalculation: (entry) => ENTRY_BYTES + (entry.content?.length ?? 0),
    })
  }

  /** Whether replies over TLS are others. */
  get tellsSchemes(): boolean {
    return this.extra.plain !== this.extra.encrypted
  }

  /** Octets that the cache holds by its own count. */
  get cachedBytes(): number {
    return this.#entries.calculatedSize
  }

  /**
   * The answer to a request; undefined when it is none of ours: another method than GET and HEAD, no such file, or a
   * directory without index. A promise only for a large file that was changed a moment ago. Throws, or rejects with,
   * what the file system reports beside missing files and missing rights.
   */
  answer(request: StaticRequest): Reply | undefined | Promise<Reply | undefined> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    const nowMs = this.#now()
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = this.#cached(request.path) ?? this.#find(request, nowMs)
      if (!(found instanceof FileEntry)) return found
      const delayMs = this.#delayFor(found, nowMs)
      if (delayMs > 0) return this.#answerLater(request, delayMs)
      const reply = this.#serve(found, request, nowMs)
      if (reply !== undefined) return reply
      this.#entries.delete(request.path)
    }
    throw new Error(`${this.root + request.path} changes faster than it can be read`)
  }

  /** Answers with what is found after the delay: with a weak tag when the file has changed once more. */
  async #answerLater(request: StaticRequest, delayMs: number): Promise<Reply | undefined> {
    await delay(delayMs)
    const nowMs = this.#now()
    const found = this.#cached(request.path) ?? this.#find(request, nowMs)
    if (!(found instanceof FileEntry)) return found
    const reply = this.#serve(found, request, nowMs)
    if (reply === undefined) throw new Error(`${found.source.file} changes faster than it can be read`)
    return reply
  }

  /** A strong tag for a large file is worth a short wait; an entry from a clock ahead of ours would wait for ever. */
  #delayFor(entry: FileEntry, nowMs: number): number {
    const ageMs = nowMs - entry.ctimeMs
    return entry.settled || entry.content !== undefined || ageMs < -tickMs || ageMs >= tickMs ? 0 : SETTLE_MS
  }

  #cached(key: string): FileEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.isFresh()) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** Looks a path up that is not in the cache. */
  #find(request: StaticRequest, nowMs: number): FileEntry | Reply | undefined {
    const { path: key } = request
    if (!this.#dotFiles && isHidden(key)) return undefined
    const file = this.#fileOf(key)
    if (key.endsWith('/')) return this.#findIndex(key, file, nowMs)
    const found = statOf(file)
    if (found?.isFile() === true) return this.#load(key, this.#sourceOf(file), nowMs)
    if (found?.isDirectory() !== true) return undefined
    const index = this.#cached(`${key}/`) ?? this.#findIndex(`${key}/`, `${file}/`, nowMs)
    return index === undefined ? undefined : redirectToSlash(request, this.#extraFor(request))
  }

  #findIndex(key: string, directory: string, nowMs: number): FileEntry | undefined {
    const files = INDEX_FILES.map((name) => directory + name)
    for (const [rank, file] of files.entries()) {
      if (statOf(file)?.isFile() !== true) continue
      const entry = this.#load(key, this.#sourceOf(file, files.slice(0, rank)), nowMs)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  #load(key: string, source: FileSource, nowMs: number): FileEntry | undefined {
    const entry = FileEntry.load(source, nowMs)
    if (entry?.settled === true) this.#entries.set(key, entry)
    return entry
  }

  /** Undefined when the file has changed since it was looked up. */
  #serve(entry: FileEntry, request: StaticRequest, nowMs: number): Reply | undefined {
    if (nowMs - entry.codingsCheckedMs >= CODINGS_CHECK_MS) {
      entry.codings = this.#codings.filter((coding) => {
        const found = statOf(entry.source.file + coding.suffix)
        return found?.isFile() === true && found.mtimeMs >= entry.mtimeMs
      })
      entry.codingsCheckedMs = nowMs
    }
    const varies = entry.codings.length > 0
    const coding = varies ? chooseCoding(request.fields.get('accept-encoding'), entry.codings) : undefined
    const chosen = (coding && this.#encoded(entry, request.path, coding, nowMs)) ?? entry
    const shown = chosen.present(request.location, varies, this.maxAges, this.#extraFor(request))
    const reply = replyFor(chosen, shown, request, nowMs)
    if (request.version !== '1.0' || reply === undefined) return reply
    return withExpires(reply, this.maxAges.secondsOf(request.location), nowMs)
  }

  /** The precompressed file, unless it has gone or is older than the plain one. */
  #encoded(entry: FileEntry, plainKey: string, coding: ContentCoding, nowMs: number): FileEntry | undefined {
    // No canonical path holds a NUL.
    const key = `${plainKey}\0${coding.suffix}`
    const file = entry.source.file + coding.suffix
    const source = { ...this.#sourceOf(file), namesake: entry.source.file, coding }
    const encoded = this.#cached(key) ?? this.#load(key, source, nowMs)
    return encoded !== undefined && encoded.mtimeMs >= entry.mtimeMs ? encoded : undefined
  }

  #extraFor({ encrypted }: StaticRequest): readonly string[] {
    return encrypted ? this.extra.encrypted : this.extra.plain
  }

  #fileOf(key: string): string {
    return this.root === path.sep ? key : this.root + key
  }

  #sourceOf(file: string, rivals: readonly string[] = []): FileSource {
    return { file, root: this.root, namesake: file, coding: undefined, rivals, heldBytesMax: this.#heldBytesMax }
  }
}

/** Whether a segment of the path begins with a dot, but for a leading `.well-known`. */
function isHidden(key: string): boolean {
  return key.includes('/.', key.startsWith('/.well-known/') ? 1 : 0)
}

/** 301 to the path with a slash at its end, on the same host whatever the path is. */
function redirectToSlash(request: StaticRequest, extra: readonly string[]): Reply {
  const location = `${encodePath(request.location)}/${request.query === '' ? '' : `?${request.query}`}`
  const shown = escapeHtml(location)
  const body = `<!DOCTYPE html><title>Moved Permanently</title><p>This page is at <a href="${shown}">${shown}</a>.\n`
  const fields = ['location', location, 'content-type', 'text/html; charset=utf-8', 'x-content-type-options', 'nosniff']
  return {
    status: 301,
    fields: [...fields, ...extra],
    body: request.method === 'HEAD' ? undefined : body,
    length: Buffer.byteLength(body),
  }
}
