/**
 * Reads of all plain sockets go into one buffer. Node allocates 64 KiB for each read and passes it through a Readable;
 * `net.Socket` also has a mode without both (`onread`), but offers it for outgoing connections only. An accepted socket
 * gets it when its handle moves to a new one. Measured with a constant answer over 64 connections: 1.5 times the
 * requests a second; an idle connection holds 2 KiB less.
 */

import { Socket } from 'node:net'

/** Filled by one read at a time and looked at before the next one: more than one read rarely brings. */
const SHARED = Buffer.allocUnsafeSlow(131_072)

const HANDLE = '_handle'

/** What `net.Socket` has besides its documented interface, in all versions of Node that we know. */
interface Internals {
  [HANDLE]: object | null
}

/** A handle of a stream. */
interface Handle {
  reading?: boolean
  readStop?(): void
}

interface HandleOptions {
  readonly handle: object
  readonly allowHalfOpen: boolean
  readonly emitClose: boolean
  readonly autoDestroy: boolean
  readonly decodeStrings: boolean
  readonly onread: OnRead
}

interface OnRead {
  readonly buffer: Uint8Array
  readonly callback: (this: Socket, size: number, buffer: Uint8Array) => boolean
}

/** What a socket is told about its reads: the same for all, so that none owns a closure. */
export type SharedReads = OnRead

/**
 * Reads that call `onData` with the socket as `this`, and a view that is valid during the call. Node keeps the callback
 * as a method of the socket; that it calls it as one holds in all versions from 20 to 24.
 */
export function sharedReads(onData: (this: Socket, chunk: Uint8Array) => void): SharedReads {
  return {
    buffer: SHARED,
    callback(size, buffer) {
      onData.call(this, buffer.subarray(0, size))
      return true
    },
  }
}

/**
 * Moves a paused socket of which nothing is left to be read to one with shared reads. Undefined where the runtime works
 * differently: then the socket is as it was, and reads come as `data` events.
 */
export function readShared(accepted: Socket, onread: SharedReads): Socket | undefined {
  const internals = accepted as unknown as Internals
  const handle = internals[HANDLE]
  if (
    handle === null ||
    typeof handle !== 'object' ||
    accepted.readableLength > 0 ||
    process.versions['bun'] !== undefined
  )
    return undefined
  // Where something was read before, the other socket could not begin to.
  const stream = handle as Handle
  if (stream.reading === true) {
    stream.reading = false
    stream.readStop?.()
  }
  internals[HANDLE] = null
  const options: HandleOptions = {
    handle,
    allowHalfOpen: true,
    // What `Socket` sets by itself. It does so on a copy of this object, and what is added to a copy gets hidden
    // classes of its own each time: 1.3 KB a socket that stay until the whole heap is collected.
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
    onread,
  }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  // Without its handle the first socket only has to be counted out of the server's connections.
  accepted.destroy()
  return socket
}
