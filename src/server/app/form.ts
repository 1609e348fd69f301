/** Forms: names and values, and files. */

import { HttpError } from '../http-error.js'
import { readPairs } from './args/pairs.js'
import { addValue, type Args, emptyArgs, type FormFields } from './args/reader.js'
import type { ReadOptions, Request } from './request.js'

/** A form that was sent. */
export class Form {
  /** All values of each name, in order, on an object without a prototype. */
  readonly fields: FormFields

  constructor(fields: FormFields) {
    this.fields = fields
  }

  /** The first value of a name. */
  get(name: string): unknown {
    return this.fields[name]?.[0]
  }

  /** All values of a name. */
  getAll(name: string): readonly unknown[] {
    return this.fields[name] ?? []
  }

  /** Values by name; a name that stands several times has a list. */
  get values(): Args {
    const values = emptyArgs()
    for (const name in this.fields) for (const value of this.fields[name]!) addValue(values, name, value)
    return values
  }
}

/** Reads the content of a request as a form. */
export async function readForm(request: Request, options?: ReadOptions): Promise<Form> {
  const type = request.contentType?.type
  if (type === 'application/x-www-form-urlencoded') return new Form(grouped(readPairs(await request.text(options))))
  throw new HttpError(415, 'The content of the request is no form')
}

function grouped(pairs: readonly string[]): FormFields {
  const fields = Object.create(null) as Record<string, unknown[]>
  for (let i = 0; i < pairs.length; i += 2) (fields[pairs[i]!] ??= []).push(pairs[i + 1])
  return fields
}
