/** Cancelling: a connection of its own that says whose statement is to end, and is closed by the server. */

import { cancelRequest } from '../../../protocols/postgres/cancel-request.js'
import type { Transport, TransportSink } from '../../transport.js'

/** Whom to cancel (BackendKeyData). */
export interface CancelKey {
  readonly processId: number
  readonly key: Uint8Array
}

/**
 * Sends a CancelRequest and waits until the server has closed the connection: it has passed the request on by then.
 * Settles in any case, also when `signal` aborts.
 */
export function sendCancel(transport: Transport, { processId, key }: CancelKey, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onAbort = (): void => transport.destroy()
    const sink: TransportSink = {
      onData: () => {},
      onEnd: () => transport.destroy(),
      onDrain: () => {},
      onClose: () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      },
    }
    signal.addEventListener('abort', onAbort)
    transport.open(sink)
    transport.write([cancelRequest(processId, key)])
    if (signal.aborted) onAbort()
  })
}
