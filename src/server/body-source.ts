/**
 * Where the pieces of streamed content come from: one way to take them and one to give up, whatever kind of stream it
 * is.
 */

import type { Readable } from 'node:stream'
import { ResponseValue, type StreamBody } from './app/values.js'

type Piece = Uint8Array | string

/** Content that is taken piece by piece. */
export interface BodySource {
  /** The next piece. Throws or rejects with what the stream failed with. */
  next(): IteratorResult<Piece, unknown> | Promise<IteratorResult<Piece, unknown>>
  /** Nobody takes more: what the stream holds is let go. Never throws, and may come while `next` is under way. */
  release(): void
}

/** Begins to take the content. Throws `TypeError` for a stream that somebody else reads, or has read. */
export function sourceOf(body: StreamBody): BodySource {
  if ('getReader' in body) return webSource(body)
  if ('pipe' in body) return nodeSource(body as Readable)
  if (Symbol.asyncIterator in body) return iteratorSource(body[Symbol.asyncIterator]())
  return syncSource(body[Symbol.iterator]())
}

/** Lets go of what was to be sent, and never will be: a stream would keep its file open. Never throws. */
export function releaseValue(value: unknown): void {
  const body = value instanceof ResponseValue ? value.body : value
  if (typeof body !== 'object' || body === null) return
  try {
    const pulled = 'getReader' in body && typeof body.getReader === 'function'
    if (pulled || Symbol.asyncIterator in body) sourceOf(body as StreamBody).release()
  } catch (error) {
    ignore(error)
  }
}

/** The octets of a piece. Throws `TypeError` for anything but bytes and text. */
export function octetsOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (typeof piece === 'string') return Buffer.from(piece)
  throw new TypeError(`a stream gives strings or bytes, not a ${piece === null ? 'null' : typeof piece}`)
}

/** The stream's own iterator would wait for the read under way before it cancels. */
function webSource(stream: ReadableStream<Piece>): BodySource {
  const reader = stream.getReader()
  return {
    next: () => reader.read(),
    release: () => void reader.cancel(new Error('nobody takes the rest')).catch(ignore),
  }
}

/**
 * A stream that was never read closes its file only when it is destroyed, and may fail when nobody listens any more.
 */
function nodeSource(stream: Readable): BodySource {
  stream.on('error', ignore)
  if (stream.readable === false) throw new TypeError('the stream was read before, or has failed')
  const iterator = stream[Symbol.asyncIterator]()
  return { next: () => iterator.next(), release: () => void stream.destroy() }
}

function iteratorSource(iterator: AsyncIterator<Piece> | Iterator<Piece>): BodySource {
  return {
    next: () => iterator.next(),
    release: () => {
      try {
        Promise.resolve(iterator.return?.()).catch(ignore)
      } catch (error) {
        ignore(error)
      }
    },
  }
}

/**
 * The first piece is taken at once: what cannot be sent at all, as the entries of a `Map`, is known before the head
 * goes out.
 */
function syncSource(iterator: Iterator<Piece>): BodySource {
  const source = iteratorSource(iterator)
  let first: IteratorResult<Piece, unknown> | undefined = iterator.next()
  if (first.done !== true) octetsOf(first.value)
  return {
    next: () => {
      const next = first ?? iterator.next()
      first = undefined
      return next
    },
    release: () => source.release(),
  }
}

function ignore(_error: unknown): void {
  // A stream fails behind a client that has left, or its reader is told the same error by `next`.
}
