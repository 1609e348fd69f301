/** Values that are neither text, octets, streams nor plain JSON, and what is sent of each (APP-42). */

import { types } from 'node:util'

/** Content of a known length that comes piece by piece. */
export class SizedContent implements AsyncIterable<Uint8Array> {
  /** Octets. */
  readonly length: number
  readonly #blob: Blob

  constructor(blob: Blob) {
    this.length = blob.size
    this.#blob = blob
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return (this.#blob.stream() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  }
}

/** Content with its media type. */
export interface OtherContent {
  readonly body: string | AsyncIterable<Uint8Array>
  readonly type: string
}

/**
 * The content of an object that is of no plain kind; undefined for one that is a stream, or is JSON by what it says
 * itself. Throws an `Error` that it gets: to return it is to throw it. Throws `TypeError` for a `Map` or a `Set`, of
 * which JSON has nothing.
 */
export function otherContent(value: object): OtherContent | undefined {
  if (value instanceof Error || types.isNativeError(value)) throw value
  if (types.isMap(value))
    throw new TypeError(
      'a handler returned a Map, which JSON has no form for: return Object.fromEntries(map), or [...map]',
    )
  if (types.isSet(value)) throw new TypeError('a handler returned a Set, which JSON has no form for: return [...set]')
  // Told by their tags: naming the global classes would load the whole of fetch.
  switch ((value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]) {
    case 'Blob':
    case 'File':
      return { body: new SizedContent(value as Blob), type: (value as Blob).type || 'application/octet-stream' }
    case 'URLSearchParams':
      return { body: String(value), type: 'application/x-www-form-urlencoded' }
    case 'FormData':
      return formContent(value as FormData)
    default:
      return undefined
  }
}

/** As a client would send it: multipart, with a boundary that is made for it. */
function formContent(form: FormData): OtherContent {
  const response = new Response(form)
  return { body: response.body as unknown as AsyncIterable<Uint8Array>, type: response.headers.get('content-type')! }
}
