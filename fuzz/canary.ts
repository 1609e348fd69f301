/**
 * A server with a planted fault. This target must fail: a session that finds nothing here would find nothing anywhere.
 */

import { Http1Server } from 'skitai/http1'
import { stepsOf, checkChunkInvariance } from 'skitai/testing'

const LF = 0x0a

/** Forgets an LF that begins a chunk, unless it is the only octet that ever came. */
class ForgetfulServer extends Http1Server {
  #began = false

  override receive(chunk: Uint8Array, now: number): void {
    super.receive(this.#began && chunk.length > 1 && chunk[0] === LF ? chunk.subarray(1) : chunk, now)
    this.#began = true
  }
}

/** The first octet says where the rest is cut in two. */
export function fuzz(data: Uint8Array): void {
  const input = data.subarray(1)
  checkChunkInvariance(() => ({ engine: new ForgetfulServer({ date: () => 'now' }) }), stepsOf([input]), [data[0] ?? 0])
}
