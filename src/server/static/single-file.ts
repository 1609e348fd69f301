/** One file that an app sends, wherever it lies. */

import path from 'node:path'
import { Fields } from '../../protocols/core/fields.js'
import { attachment, type FileValue } from '../app/response-values.js'
import type { Exchange } from '../exchange.js'
import { HttpError } from '../http-error.js'
import type { Reply } from '../reply.js'
import { FileEntry } from './file-entry.js'
import { MaxAges } from './max-age.js'
import { replyFor } from './static-reply.js'

/** Small files go out in one piece with their head. */
const HELD_BYTES_MAX = 65_536

const ages = new MaxAges()

/**
 * The answer with the file. Only reading it has conditions and ranges: what has another method was done already, and
 * with a `status` of the app's own (0 for none) the file explains that. Throws `HttpError` 404 when it is not there,
 * not a file, or not for us.
 */
export function replyForFile(
  { method, version, fields: asked }: Exchange,
  { file, type, filename }: FileValue,
  status: number,
): Reply {
  const fields = status === 0 && (method === 'GET' || method === 'HEAD') ? asked : Fields.empty
  const source = { file, root: path.dirname(file), namesake: file, coding: undefined, rivals: [] }
  const nowMs = Date.now()
  const entry = FileEntry.load({ ...source, heldBytesMax: HELD_BYTES_MAX }, nowMs)
  if (entry === undefined) throw new HttpError(404)
  const request = { method, path: '/', location: '/', query: '', version, encrypted: false, fields }
  const reply = replyFor(entry, entry.present('/', false, ages), request, nowMs)
  if (reply === undefined) throw new Error(`${file} changes faster than it can be read`)
  if (type === undefined && filename === undefined) return status === 0 ? reply : { ...reply, status }
  const shown = reply.fields.map((field, index) =>
    type !== undefined && reply.fields[index - 1] === 'content-type' && index % 2 === 1 && reply.status !== 206
      ? type
      : field,
  )
  if (filename !== undefined && reply.status !== 304) shown.push('content-disposition', attachment(filename))
  return { ...reply, status: status || reply.status, fields: shown }
}
