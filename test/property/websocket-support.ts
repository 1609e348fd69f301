/** WebSocket engines with applications behind them. */

import { constants, deflateRawSync } from 'node:zlib'
import { concat, Random, type Subject } from 'skitai/testing'
import {
  type DeflateParameters,
  PreparedMessage,
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  type WebSocketLimits,
  type WebSocketOptions,
  WebSocketServer,
} from 'skitai/websocket'
import { ZlibCompression } from 'skitai/io'

export type WebSocketSubject = Subject<WebSocketEvent> & { readonly engine: WebSocketEngine }

/** The keys of a client's frames: the same in each run. */
export function maskingKeys(): () => number {
  let key = 0x01020304
  return () => (key = (key * 0x0019_660d + 0x3c6e_f35f) >>> 0)
}

/** Limits that small inputs reach. */
export const SMALL: Partial<WebSocketLimits> = {
  frameBytesMax: 200,
  messageBytesMax: 150,
  fragmentsMax: 3,
  inflateBytesPerSliceMax: 100,
  outputBytesMax: 300,
  controlBurst: 2,
  controlsPerSecond: 1,
  pingEveryMs: 1000,
  idleMs: 5000,
}

/** What may be negotiated; undefined: nothing. */
export const NEGOTIATED: readonly (DeflateParameters | undefined)[] = [
  undefined,
  negotiated(15, 15, false),
  negotiated(15, 15, true),
  negotiated(8, 9, true),
  negotiated(10, 8, false),
]

export function negotiated(server: number, client: number, takeover: boolean): DeflateParameters {
  return {
    serverNoContextTakeover: !takeover,
    clientNoContextTakeover: !takeover,
    serverMaxWindowBits: server,
    clientMaxWindowBits: client,
  }
}

/** Compresses a message on its own (RFC 7692 section 7.2.1), for a window of 8 bits at the least. */
export function deflated(octets: Uint8Array): Uint8Array {
  return deflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH, windowBits: 9 }).subarray(0, -4)
}

/**
 * An engine with a compression of its own: zlib finds other forms of the same octets in a context that is used again,
 * and two runs would differ.
 */
export function engineOf(client: boolean, options: WebSocketOptions = {}): WebSocketEngine {
  const all = { compression: new ZlibCompression(), thresholdBytes: 10, ...options }
  return client ? new WebSocketClient({ ...all, maskingKey: maskingKeys() }) : new WebSocketServer(all)
}

/** Sends back what comes. */
export function echo(client: boolean, options: WebSocketOptions = {}): WebSocketSubject {
  const engine = engineOf(client, options)
  const pieces: Uint8Array[] = []
  return { engine, onEvent: (event) => void echoEvent(engine, event, pieces) }
}

/** Content is collected: how it is cut must not be seen in what goes back. */
function echoEvent(engine: WebSocketEngine, event: WebSocketEvent, pieces: Uint8Array[]): void {
  if (event.type === 'data') pieces.push(new Uint8Array(event.bytes))
  if (!engine.open) return
  switch (event.type) {
    case 'text':
      return engine.sendText(event.text)
    case 'binary':
      // The octets are given away.
      return engine.sendBinary(new Uint8Array(event.bytes))
    case 'message':
      return engine.beginMessage(event.kind, false)
    case 'end':
      engine.sendPiece(concat(pieces.splice(0)))
      return engine.endMessage()
    default:
  }
}

/**
 * An application that does one thing or another with each event, as the seed has it; never by how content is cut. What
 * `abort` and `WS_OUTPUT_TOO_LARGE` drop depends on what the driver has taken, so it does neither.
 */
export function moody(client: boolean, seed: number, options: WebSocketOptions = {}): WebSocketSubject {
  const engine = engineOf(client, { ...options, limits: { ...options.limits, outputBytesMax: 1_000_000 } })
  const random = new Random(seed)
  return {
    engine,
    begin: () => {
      if (random.chance(0.3)) engine.ping(Uint8Array.of(1, 2, 3))
      if (random.chance(0.1)) engine.close(1000, 'at once')
    },
    onEvent: (event) => {
      if (event.type === 'data' || !engine.open) return
      const mood = random.below(20)
      if (mood < 8) engine.sendText(`${event.type} `.repeat(random.below(30)), random.chance(0.7))
      else if (mood < 11) engine.sendPrepared(preparedOf(random), random.chance(0.8))
      else if (mood < 13) engine.sendBinary(random.bytes(random.below(300)))
      else if (mood < 15) sendPieces(engine, random)
      else if (mood < 16) engine.ping(random.bytes(4))
      else if (mood < 17) engine.pong()
      else if (mood < 18) engine.close(random.pick([1000, 1001, 1005, 3000]), '')
    },
  }
}

/** Always a new one: its octets go to all connections, and a harness overwrites what it has taken. */
function preparedOf(random: Random): PreparedMessage {
  return new PreparedMessage(random.chance(0.5) ? 'prepared '.repeat(10) : new Uint8Array(20))
}

function sendPieces(engine: WebSocketEngine, random: Random): void {
  engine.beginMessage(random.pick(['text', 'binary']), random.chance(0.8))
  if (random.chance(0.8)) engine.sendPiece(new Uint8Array(random.below(300)).fill(0x61))
  engine.endMessage()
}
