/** WebSocket engines with applications whose mood an octet decides. */

import { type Subject } from 'skitai/testing'
import {
  type DeflateParameters,
  PreparedMessage,
  UsageError,
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  type WebSocketLimits,
  WebSocketServer,
} from 'skitai/websocket'
import { zlibCompression } from 'skitai/io'

/** What small inputs reach. */
export const SMALL_LIMITS: Partial<WebSocketLimits> = {
  frameBytesMax: 300,
  messageBytesMax: 200,
  fragmentsMax: 4,
  inflateBytesPerSliceMax: 100,
  outputBytesMax: 2000,
  controlBurst: 4,
}

/** What was negotiated, by two bits. */
export const NEGOTIATED: readonly (DeflateParameters | undefined)[] = [
  undefined,
  deflateOf(15, true),
  deflateOf(15, false),
  deflateOf(8, false),
]

export function deflateOf(windowBits: number, noContextTakeover: boolean): DeflateParameters {
  return {
    serverNoContextTakeover: noContextTakeover,
    clientNoContextTakeover: noContextTakeover,
    serverMaxWindowBits: windowBits,
    clientMaxWindowBits: windowBits,
  }
}

/** The mood: bit 0 small limits, 1 pieces, 2 and 3 deflate, 4 and 5 what the application does. */
export function subjectOf(client: boolean, mood: number): Subject<WebSocketEvent> {
  const options = {
    limits: mood & 1 ? SMALL_LIMITS : {},
    pieces: (mood & 2) !== 0,
    deflate: NEGOTIATED[(mood >> 2) & 3],
    compression: zlibCompression,
  }
  const engine = client
    ? new WebSocketClient({ ...options, maskingKey: () => 0x01020304 })
    : new WebSocketServer(options)
  const act = ACTS[(mood >> 4) & 3]!
  let count = 0
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'data' || event.type === 'close' || !engine.open) return
      try {
        act(engine, event, count++)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    },
  }
}

type Act = (engine: WebSocketEngine, event: WebSocketEvent, count: number) => void

/**
 * What applications do. Nothing is compressed: zlib finds other forms of the same octets in a context that is used
 * again, and runs are compared.
 */
const ACTS: readonly Act[] = [
  (engine, event) => {
    if (event.type === 'text') engine.sendText(event.text, false)
    else if (event.type === 'binary') engine.sendBinary(new Uint8Array(event.bytes), false)
  },
  (engine, event, count) => {
    if (count % 3 === 0) engine.sendPrepared(new PreparedMessage(event.type), false)
    else if (count % 3 === 1) engine.beginMessage('text', false)
    else engine.endMessage()
  },
  (engine, _, count) => {
    if (count % 2 === 0) engine.ping(Uint8Array.of(count))
    if (count === 5) engine.close(1001, 'enough')
  },
  () => {},
]
