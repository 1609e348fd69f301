/** A conversation over WebSocket as plain data, made from a seed, and the applications that hold it. */

import { type Controls, type LinkOptions, Random, type Subject } from 'skitai/testing'
import {
  type DeflateParameters,
  PreparedMessage,
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  type WebSocketLimits,
  WebSocketServer,
} from 'skitai/websocket'
import { ZlibCompression } from 'skitai/io'

/** One thing that an end says. */
export interface PlannedMessage {
  readonly kind: 'text' | 'binary'
  readonly octets: Uint8Array
  /** How it goes: whole, prepared, or in so many pieces with pauses between them. */
  readonly pieces: number
  readonly prepared: boolean
  readonly compress: boolean
  /** Since the one before. */
  readonly pauseMs: number
  readonly pings: boolean
}

/** What one end does. */
export interface PlannedEnd {
  readonly messages: readonly PlannedMessage[]
  /** Closes so long after its last message; `Infinity`: never. */
  readonly closeMs: number
  readonly code: number
  /** Holds what comes for so long, now and then. */
  readonly holdMs: number
  readonly pieces: boolean
  readonly limits: Partial<WebSocketLimits>
}

/** A whole conversation. */
export interface Plan {
  readonly client: PlannedEnd
  readonly server: PlannedEnd
  readonly deflate: DeflateParameters | undefined
  readonly toServer: LinkOptions
  readonly toClient: LinkOptions
}

/** Links may be slower than any real one. */
const PATIENT: Partial<WebSocketLimits> = { frameBytesPerSecondMin: 0, closeMs: 3_600_000, writeMs: 3_600_000 }

export function planOf(seed: number): Plan {
  const random = new Random(seed)
  const bits = (): number => random.between(8, 15)
  const client = endOf(random)
  return {
    client,
    server: endOf(random, client.closeMs === Infinity),
    deflate: random.chance(0.4)
      ? undefined
      : {
          serverNoContextTakeover: random.chance(0.5),
          clientNoContextTakeover: random.chance(0.5),
          serverMaxWindowBits: bits(),
          clientMaxWindowBits: bits(),
        },
    toServer: linkOf(random),
    toClient: linkOf(random),
  }
}

/** Somebody closes; now and then both do. */
function endOf(random: Random, must = false): PlannedEnd {
  return {
    messages: Array.from({ length: random.below(12) }, () => messageOf(random)),
    closeMs: must ? random.pick([0, 5, 100, 5000]) : random.pick([0, 0, 5, 100, 5000, Infinity, Infinity]),
    code: random.pick([1000, 1001, 1005, 3000, 4999]),
    holdMs: random.pick([0, 0, 10, 3000]),
    pieces: random.chance(0.4),
    limits: { ...PATIENT, outputBytesMax: random.pick([200_000, 16_777_216]) },
  }
}

function messageOf(random: Random): PlannedMessage {
  const kind = random.pick(['text', 'binary'] as const)
  const size = random.chance(0.02) ? 70_000 : random.pick([0, 1, 20, 125, 126, 400, 3000])
  return {
    kind,
    octets: kind === 'text' ? Buffer.from('aä€😀'.repeat(Math.ceil(size / 10))) : random.bytes(size),
    pieces: random.pick([0, 0, 0, 1, 3]),
    prepared: random.chance(0.2),
    compress: random.chance(0.7),
    pauseMs: random.pick([0, 0, 1, 40, 2000]),
    pings: random.chance(0.2),
  }
}

function linkOf(random: Random): LinkOptions {
  const fragmentBytesMax = random.pick([30, 200, 1460, undefined])
  return {
    delayMs: random.pick([
      [0, 0],
      [1, 5],
      [20, 300],
    ]),
    coalesce: random.pick([0, 0.3, 0.95]),
    capacityBytes: random.pick([500, 4096, 65_536]),
    ...(fragmentBytesMax === undefined ? {} : { fragmentBytesMax }),
  }
}

/** The application of one end: it says what is planned, and what it has said is kept in `said`. */
export function appOf(plan: Plan, client: boolean, said: PlannedMessage[] = []) {
  return (controls: Controls): Subject<WebSocketEvent> => {
    const end = client ? plan.client : plan.server
    const engine = engineOf(plan, client)
    let left = end.messages.length
    const say = (): void => {
      if (!engine.open) return
      const message = end.messages[end.messages.length - left]
      if (message === undefined) {
        if (end.closeMs < Infinity) controls.later(end.closeMs, () => engine.close(end.code))
        return
      }
      left--
      if (message.pings) engine.ping(Uint8Array.of(left))
      sayMessage(engine, controls, message, () => {
        said.push(message)
        controls.later(message.pauseMs, say)
      })
    }
    let events = 0
    return {
      engine,
      begin: say,
      onEvent: (event) => {
        if (end.holdMs === 0 || event.type === 'data' || ++events % 5 !== 0) return
        engine.hold(true)
        controls.later(end.holdMs, () => engine.hold(false))
      },
    }
  }
}

function engineOf({ deflate, client: clientEnd, server: serverEnd }: Plan, client: boolean): WebSocketEngine {
  const common = { deflate, compression: new ZlibCompression(), thresholdBytes: 100 }
  if (!client) return new WebSocketServer({ ...common, limits: serverEnd.limits, pieces: serverEnd.pieces })
  let key = 1
  const maskingKey = (): number => (key = (key * 0x0019_660d + 0x3c6e_f35f) >>> 0)
  return new WebSocketClient({ ...common, limits: clientEnd.limits, pieces: clientEnd.pieces, maskingKey })
}

function sayMessage(engine: WebSocketEngine, controls: Controls, message: PlannedMessage, then: () => void): void {
  const { kind, octets, pieces, prepared, compress } = message
  const text = kind === 'text' ? Buffer.from(octets).toString() : undefined
  if (pieces === 0) {
    if (prepared) engine.sendPrepared(new PreparedMessage(text ?? octets), compress)
    else if (text !== undefined) engine.sendText(text, compress)
    else engine.sendBinary(new Uint8Array(octets), compress)
    return then()
  }
  engine.beginMessage(kind, compress)
  const size = Math.ceil(octets.length / pieces)
  const next = (index: number): void => {
    if (!engine.open) return
    if (index === pieces) {
      engine.endMessage()
      return then()
    }
    engine.sendPiece(octets.slice(index * size, (index + 1) * size))
    controls.later(1, () => next(index + 1))
  }
  next(0)
}
