/** Content codings that are made and undone on the way (RFC 9110 section 8.4): gzip, br, and zstd where Node has it. */

import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { HttpError } from './http-error.js'

type Coder = () => Transform

/** Node has zstd from 22.15 on; its types here are those of 20. */
interface Zstd {
  readonly createZstdCompress?: Coder
  readonly createZstdDecompress?: Coder
}
const { createZstdCompress, createZstdDecompress } = zlib as Zstd

/** Pages are made once and sent once: a quality that costs more time than it saves octets is for files. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }
const GZIP = { level: 5 }

/** What makes each coding, the best first. */
export const encoders: ReadonlyMap<string, Coder> = new Map([
  ['br', () => zlib.createBrotliCompress(BROTLI)],
  ...(createZstdCompress === undefined ? [] : [['zstd', createZstdCompress] as const]),
  ['gzip', () => zlib.createGzip(GZIP)],
])

const decoders: ReadonlyMap<string, Coder> = new Map([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
  ...(createZstdDecompress === undefined ? [] : [['zstd', createZstdDecompress] as const]),
])

/** Encodes content as a whole, on another thread. */
export async function encodeContent(coding: string, octets: Uint8Array): Promise<Uint8Array> {
  const coder = encoders.get(coding)!()
  coder.end(octets)
  const pieces: Uint8Array[] = []
  for await (const piece of coder as AsyncIterable<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces)
}

/**
 * The coding of a request's content; undefined for none. Throws `HttpError` 415 for one that is not known here, or more
 * than one: what a client may nest has no end (SECURITY 32).
 */
export function requestCoding(field: string | undefined): string | undefined {
  const coding = field?.trim().toLowerCase()
  if (coding === undefined || coding === '' || coding === 'identity') return undefined
  if (decoders.has(coding)) return coding
  throw new HttpError(415, 'The content of the request has a coding that is not known here', [
    'accept-encoding',
    [...decoders.keys()].filter((name) => name !== 'x-gzip').join(', '),
  ])
}

/**
 * Decodes content piece by piece. Throws `HttpError` 413 when more than `limit` octets come out, however few went in,
 * and 400 for what cannot be decoded. `source` is ended in any case.
 */
export async function* decodeContent(
  coding: string,
  source: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = decoders.get(coding)!()
  // What fails in front of the decoder comes out behind it.
  feed(decoder, source).catch((error: unknown) => void decoder.destroy(error as Error))
  let size = 0
  try {
    for await (const piece of decoder as AsyncIterable<Uint8Array>) {
      size += piece.length
      if (size > limit) throw new HttpError(413, `The decoded content of the request has more than ${limit} octets`)
      yield piece
    }
  } catch (error) {
    throw isDecodingError(error) ? malformed(error) : error
  } finally {
    // Whoever stops here need not wait for what the client sends next.
    decoder.destroy()
  }
}

async function feed(decoder: Transform, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of source) {
    if (decoder.destroyed) return
    // Reading the decoder's end drives it: until it has taken the piece nothing more is asked for.
    await new Promise<void>((resolve) => {
      decoder.once('close', resolve)
      decoder.write(piece, () => {
        decoder.off('close', resolve)
        resolve()
      })
    })
  }
  decoder.end()
}

function isDecodingError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return /^(?:Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD|ERR_PADDING|ERR_STREAM)/.test(code) || 'errno' in (error as object)
}

function malformed(cause: unknown): HttpError {
  const error = new HttpError(400, 'The content of the request cannot be decoded')
  error.cause = cause
  return error
}
