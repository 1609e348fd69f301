/** A directory made for one test file, and requests to it. */

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { Fields } from '#src/protocols/core/fields.js'
import type { Reply } from '#src/server/reply.js'
import type { StaticDirectory, StaticRequest } from '#src/server/static/static-directory.js'

/** A temporary directory that is removed after the tests of the file. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'skitai-static-'))
  after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** Writes a file below `root`, directories included; `modified` is the time of modification in seconds since 1970. */
export function put(root: string, name: string, content: string | Uint8Array, modified?: number): string {
  const file = path.join(root, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  if (modified !== undefined) utimesSync(file, modified, modified)
  return file
}

/** What is not given is a plain GET of HTTP/1.1 without fields. */
export type Asked = Partial<Omit<StaticRequest, 'fields'>> & { readonly fields?: readonly string[] }

/** Asks for a path; `fields` is a flat list. */
export async function ask(directory: StaticDirectory, target: string, asked: Asked = {}): Promise<Reply | undefined> {
  return directory.answer({
    method: 'GET',
    path: target,
    location: target,
    query: '',
    version: '1.1',
    encrypted: false,
    ...asked,
    fields: Fields.of(asked.fields ?? []),
  })
}

/** A reply with its content read. */
export interface Got {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly text: string
  readonly length: number
}

/** Asks, reads the content, and checks that its length is the announced one. Status 0 stands for no answer. */
export async function get(directory: StaticDirectory, target: string, asked: Asked = {}): Promise<Got> {
  const reply = await ask(directory, target, asked)
  if (reply === undefined) return { status: 0, fields: {}, bytes: Buffer.alloc(0), text: '', length: 0 }
  const chunks: Uint8Array[] = []
  if (typeof reply.body === 'string') chunks.push(Buffer.from(reply.body))
  else if (reply.body instanceof Uint8Array) chunks.push(reply.body)
  else if (reply.body !== undefined) for await (const chunk of reply.body) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (reply.body !== undefined && bytes.length !== reply.length)
    throw new Error(`${reply.length} octets were announced, ${bytes.length} came`)
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  for (let index = 0; index < reply.fields.length; index += 2) {
    const name = reply.fields[index] ?? ''
    if (name in fields || name !== name.toLowerCase()) throw new Error(`field ${name} is repeated or not in lower case`)
    fields[name] = reply.fields[index + 1] ?? ''
  }
  return { status: reply.status, fields, bytes, text: bytes.toString('latin1'), length: reply.length }
}
