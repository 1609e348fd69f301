/**
 * Forms with files: however the content is cut, the same form comes of it, or none; nothing stays on the disk. Input:
 * an octet for the size of the pieces, the Content-Type up to a line feed, the content. `~` stands for half a MiB.
 */

import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { latin1Of } from 'skitai/testing'
import { parseContentType } from '#src/server/app/content-type.js'
import { type MultipartFields, readMultipart } from '#src/server/app/form/multipart.js'
import { temporaryPath } from '#src/server/app/form/temporary-folder.js'
import { UploadedFile } from '#src/server/app/form/uploaded-file.js'
import { HttpError } from '#src/server/http-error.js'

const LIMITS = { bytesMax: 8_000_000, fileBytesMax: 1_300_000 }
const LARGE = Buffer.alloc(524_288, 'x')
const LARGE_PARTS_MAX = 3
const HANG_MS = 5000
const folder = path.dirname(await temporaryPath())

/** A form. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const end = data.indexOf(0x0a)
  if (end < 1) return
  const contentType = latin1Of(data.subarray(1, end))
  const content = enlarged(data.subarray(end + 1))
  const size = data[0]! % 2 === 0 ? data[0]! + 1 : data[0]! * 300 + 1
  const whole = await outcome(contentType, [content])
  const cut = await outcome(contentType, piecesOf(content, content.length > 100_000 ? size + 20_000 : size))
  ensure(whole === cut, `whole:\n${whole}\nin pieces of ${size}:\n${cut}`)
  ensure(({} as Record<string, unknown>)['polluted'] === undefined, 'a prototype was written to')
}

/** What comes of a form, as text. */
async function outcome(contentType: string, pieces: readonly Uint8Array[]): Promise<string> {
  let text: string
  try {
    const fields = await inTime(readMultipart(boundaryOf(contentType), comingIn(pieces), LIMITS))
    ensure(Object.getPrototypeOf(fields) === null, 'fields with a prototype')
    text = JSON.stringify(await told(fields))
  } catch (error) {
    ensure(error instanceof HttpError, `not refused but failed: ${String(error)}`)
    text = String(error.status)
  }
  const left = readdirSync(folder)
  for (const file of left) rmSync(path.join(folder, file))
  ensure(left.length === 0, `${left.length} files stay`)
  return text
}

/** As requests have it: parsed once. */
function boundaryOf(contentType: string): string | undefined {
  return parseContentType(contentType)?.parameters.get('boundary')
}

async function told(fields: MultipartFields): Promise<unknown[]> {
  const list: unknown[] = []
  for (const name in fields)
    for (const value of fields[name]!) {
      if (!(value instanceof UploadedFile)) {
        list.push([name, value])
        continue
      }
      ensure(value.name !== '' && !/^\.|[/\\\p{Cc}]/u.test(value.name), `a name that is not safe: ${value.name}`)
      const content = await value.read()
      ensure(content.length === value.size, 'another size')
      list.push([name, value.name, value.mimetype, Buffer.from(content).toString('latin1')])
      await value.flush()
      await value.remove()
    }
  return list
}

function enlarged(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let from = 0
  for (
    let at = content.indexOf(0x7e);
    at >= 0 && parts.length < LARGE_PARTS_MAX * 2;
    at = content.indexOf(0x7e, from)
  ) {
    parts.push(content.subarray(from, at), LARGE)
    from = at + 1
  }
  return Buffer.concat([...parts, content.subarray(from)])
}

function piecesOf(content: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < content.length; at += size) pieces.push(content.slice(at, at + size))
  return pieces
}

async function* comingIn(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces
}

/** A form that is waited for without end is a finding. */
async function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it never ends')), HANG_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
