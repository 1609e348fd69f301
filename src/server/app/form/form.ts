/** Forms: names and values, and files. */

import { HttpError } from '../../http-error.js'
import { readPairs } from '../args/pairs.js'
import { addValue, type Args, emptyArgs, type FormFields } from '../args/reader.js'
import { UploadedFile } from './uploaded-file.js'
import type { ReadOptions, Request } from '../request.js'

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

  /** The first file of a name. */
  file(name: string): UploadedFile | undefined {
    return this.getAll(name).find((value) => value instanceof UploadedFile)
  }

  /** All files. */
  get files(): readonly UploadedFile[] {
    return Object.values(this.fields).flatMap((values) => values.filter((value) => value instanceof UploadedFile))
  }

  /** For the server: takes away what was not saved, when nobody can ask for it any more. */
  async removeFiles(): Promise<void> {
    await Promise.allSettled(this.files.map((file) => file.discard()))
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
  if (type !== 'multipart/form-data') throw new HttpError(415, 'The content of the request is no form')
  const { readMultipart } = await import('./multipart.js')
  const limits = request.multipartLimits(options)
  const content = request.lend(limits.bytesMax)
  const form = new Form(await readMultipart(request.contentType?.parameters.get('boundary'), content, limits))
  request.onOver(() => void form.removeFiles())
  return form
}

function grouped(pairs: readonly string[]): FormFields {
  const fields = Object.create(null) as Record<string, unknown[]>
  for (let i = 0; i < pairs.length; i += 2) (fields[pairs[i]!] ??= []).push(pairs[i + 1])
  return fields
}
