/** Which media type a file has, by its name. */

import { createRequire } from 'node:module'

import type { contentType } from 'mime-types'

/** Loaded for the first file: its table takes 3 MB, and many servers have no files. */
let mimeTypes: { contentType: typeof contentType } | undefined

/** The Content-Type for an extension with its dot, with the charset of a text; that of octets for an unknown one. */
export function mediaTypeOf(extension: string): string {
  mimeTypes ??= createRequire(import.meta.url)('mime-types') as NonNullable<typeof mimeTypes>
  return mimeTypes.contentType(extension) || 'application/octet-stream'
}
