/** The reply to a request for a file that was found. */

import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import type { Fields } from '../../protocols/core/fields.js'
import { evaluate, isConditional } from '../conditional.js'
import { formatHttpDate } from '../http-date.js'
import { contentRange, planMultipart, selectRanges, unsatisfiedRange, type ByteRange } from '../range.js'
import type { Reply } from '../reply.js'
import { FileContent, type FilePiece } from './file-content.js'
import { isSameFile, openFile, type FileEntry, type Presentation } from './file-entry.js'

/** What of a request a static directory looks at. */
export interface StaticRequest {
  readonly method: string
  /** The canonical path below the mount point; begins with `/`. */
  readonly path: string
  /** The canonical path as the client sees it: mount point and `path`. */
  readonly location: string
  /** Without the `?`; visible ASCII. */
  readonly query: string
  /** `1.0` is treated as such, all others as newer. */
  readonly version: string
  /** Whether the client has asked over TLS; looked at where `tellsSchemes` says so. */
  readonly encrypted: boolean
  readonly fields: Fields
}

/** `shown` is how `entry` presents itself. Undefined when the file has changed since it was looked up. */
export function replyFor(
  entry: FileEntry,
  shown: Presentation,
  request: StaticRequest,
  nowMs: number,
): Reply | undefined {
  if (!isConditional(request.fields)) return wholeReply(entry, shown, request)
  const { method, fields } = request
  const verdict = evaluate(method, fields, entry, nowMs)
  if (verdict === 304) return shown.notModified
  if (verdict === 412) return { status: 412, fields: shown.extra, body: undefined, length: 0 }
  const range = method === 'GET' && verdict === 'proceed' ? fields.get('range') : undefined
  const selection = range === undefined ? 'whole' : selectRanges(range, entry.length)
  if (selection === 'whole') return wholeReply(entry, shown, request)
  if (selection === 'unsatisfiable') {
    const unsatisfied = ['content-range', unsatisfiedRange(entry.length), 'accept-ranges', 'bytes', ...shown.extra]
    return { status: 416, fields: unsatisfied, body: undefined, length: 0 }
  }
  const [only] = selection
  return only !== undefined && selection.length === 1
    ? singlePart(entry, shown, only)
    : severalParts(entry, shown, selection)
}

function wholeReply(entry: FileEntry, shown: Presentation, request: StaticRequest): Reply | undefined {
  if (request.method === 'HEAD') return shown.head
  if (shown.whole !== undefined) return shown.whole
  const body = openContent(entry, [{ start: 0, end: entry.length }])
  return body && { status: 200, fields: shown.fields, body, length: entry.length }
}

function singlePart(entry: FileEntry, shown: Presentation, range: ByteRange): Reply | undefined {
  const body = entry.content?.subarray(range.start, range.end) ?? openContent(entry, [range])
  const fields = [...shown.fields, 'content-range', contentRange(range, entry.length)]
  return body && { status: 206, fields, body, length: range.end - range.start }
}

function severalParts(entry: FileEntry, shown: Presentation, ranges: readonly ByteRange[]): Reply | undefined {
  const { content } = entry
  const plan = planMultipart(ranges, entry.length, entry.mediaType, randomUUID())
  const heads = plan.heads.map((head) => Buffer.from(head, 'latin1'))
  const tail = Buffer.from(plan.tail, 'latin1')
  const interleave = <Part>(parts: readonly Part[]): (Uint8Array | Part)[] => [
    ...parts.flatMap((part, index) => [heads[index] ?? tail, part]),
    tail,
  ]
  const body =
    content === undefined
      ? openContent(entry, interleave(ranges))
      : Buffer.concat(interleave(ranges.map(({ start, end }) => content.subarray(start, end))))
  const fields = shown.fields.map((field, index) => (shown.fields[index - 1] === 'content-type' ? plan.type : field))
  return body && { status: 206, fields, body, length: plan.length }
}

/** The content of a large file; undefined when it is no longer the file that was looked up. */
function openContent(entry: FileEntry, pieces: readonly FilePiece[]): FileContent | undefined {
  const descriptor = openFile(entry.source.file)
  if (descriptor === undefined) return undefined
  if (isSameFile(entry, fstatSync(descriptor))) return new FileContent(descriptor, pieces)
  closeSync(descriptor)
  return undefined
}

/**
 * Adds Expires for a client of 1.0, which may not know Cache-Control. The age counts from now: counted from the last
 * change of the file, most files would be stale from the start.
 */
export function withExpires(reply: Reply, seconds: number, nowMs: number): Reply {
  if (seconds === 0 || !reply.fields.includes('cache-control')) return reply
  return { ...reply, fields: [...reply.fields, 'expires', formatHttpDate(nowMs + seconds * 1000)] }
}
