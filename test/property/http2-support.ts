/** HTTP/2 engines with applications behind them, and what crosses between two of them. */

import {
  Http2Client,
  type Http2ClientEvent,
  type Http2Limits,
  Http2Server,
  type Http2ServerEvent,
  UsageError,
} from 'skitai/http2'
import { concat, Random, snapshot, type Snapshot, type Subject } from 'skitai/testing'
import { DATE } from './http1-support.js'

type ServerSubject = Subject<Http2ServerEvent> & { readonly engine: Http2Server }
type ClientSubject = Subject<Http2ClientEvent> & { readonly engine: Http2Client }

/** Limits that small inputs reach. */
export const SMALL: Partial<Http2Limits> = {
  streamsMax: 2,
  streamWindowBytes: 60,
  fieldCountMax: 4,
  crumbCountMax: 2,
  fieldBytesMax: 300,
  continuationsMax: 2,
  targetBytesMax: 12,
  bodyBytesMax: 50,
  outputBytesMax: 200,
  informCountMax: 1,
  pushesMax: 1,
  resetBurst: 1,
  faultBurst: 2,
  controlBurst: 5,
  closedStreamsMax: 2,
}

/** A server that answers each request with 204 at its end. */
export function plainServer(limits: Partial<Http2Limits> = {}): ServerSubject {
  const engine = new Http2Server({ date: () => DATE, limits })
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'data') engine.consume(event.streamId, event.bytes.length)
      if (event.type === 'end' || (event.type === 'request' && event.endStream))
        engine.sendResponse(event.streamId, 204, [])
    },
  }
}

/** A client that has sent a request for each method. */
export function plainClient(
  methods: readonly string[],
  options: { readonly limits?: Partial<Http2Limits>; readonly push?: boolean } = {},
): ClientSubject {
  const engine = new Http2Client(options)
  return {
    engine,
    begin: () => {
      for (const method of methods) engine.sendRequest({ method, authority: 'a' }, method === 'POST' ? 'content' : '')
    },
    onEvent: (event) => {
      if (event.type === 'data') engine.consume(event.streamId, event.bytes.length)
    },
  }
}

/** Runs a command that may not fit. */
export function attempt(command: () => void): void {
  try {
    command()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
}

/**
 * A server whose application does all that one may do, as a seed has it. What it does follows from events that do not
 * depend on how the input was cut: not from the number of pieces of content.
 */
export function moodyServer(seed: number, limits: Partial<Http2Limits> = {}): ServerSubject {
  const engine = new Http2Server({ date: () => DATE, limits, connectProtocol: seed % 2 === 0 })
  const random = new Random(seed)
  const act = (streamId: number): void => {
    switch (random.below(10)) {
      case 0:
        return engine.sendResponse(streamId, 200, ['x-a', 'b'], random.bytes(random.below(300)))
      case 1:
        engine.sendHead(streamId, 200, [], -1)
        engine.sendData(streamId, random.bytes(random.below(200)))
        return engine.sendEnd(streamId, random.chance(0.5) ? ['x-sum', '1'] : [])
      case 2:
        return engine.sendInform(streamId, 103, ['link', '</a>'])
      case 3:
        return engine.sendContinue(streamId)
      case 4:
        return engine.reset(streamId)
      case 5:
        engine.pushPromise(streamId, { method: 'GET', scheme: 'https', authority: 'a', target: '/p', fields: [] })
        return engine.sendResponse(2, 200, [], 'pushed')
      case 6:
        return engine.setPriority(streamId, { urgency: random.below(8), incremental: random.chance(0.5) })
      case 7:
        return random.chance(0.3) ? engine.announceClose() : engine.ping()
      case 8:
        return random.chance(0.2) ? engine.close() : engine.sendHead(streamId, 204, [])
      default:
        return engine.sendResponse(streamId, 404, [], 'not here')
    }
  }
  const consumes = random.chance(0.7)
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'data') {
        if (consumes) engine.consume(event.streamId, event.bytes.length)
        return
      }
      if (event.type === 'reset' || event.type === 'streamFault') engine.release(event.streamId)
      if (event.type !== 'request' && event.type !== 'end') return
      for (let acts = random.below(4); acts > 0; acts--) attempt(() => act(event.streamId))
    },
  }
}

/** A client whose application does likewise. */
export function moodyClient(seed: number, limits: Partial<Http2Limits> = {}): ClientSubject {
  const random = new Random(seed)
  const engine = new Http2Client({ limits, push: random.chance(0.7) })
  const consumes = random.chance(0.7)
  const act = (streamId: number): void => {
    switch (random.below(8)) {
      case 0:
        return void engine.sendRequest({ method: 'GET', authority: 'a' })
      case 1:
        return void engine.sendRequest({ method: 'POST', authority: 'a' }, random.bytes(random.below(300)))
      case 2:
        return engine.sendData(streamId, random.bytes(random.below(100)))
      case 3:
        return engine.sendEnd(streamId, random.chance(0.5) ? ['x-sum', '1'] : [])
      case 4:
        return engine.reset(streamId)
      case 5:
        return engine.sendPriority(streamId, { urgency: random.below(8), incremental: false })
      case 6:
        return random.chance(0.3) ? engine.announceClose() : engine.ping()
      default:
        return random.chance(0.2) ? engine.close() : undefined
    }
  }
  return {
    engine,
    begin: () => {
      engine.sendRequest({ method: random.pick(['GET', 'HEAD']), authority: 'a' })
      engine.sendRequest({ method: 'POST', authority: 'a' }, random.bytes(random.below(200)))
      engine.sendHead({ method: random.pick(['POST', 'CONNECT']), authority: 'a:1' })
    },
    onEvent: (event) => {
      if (event.type === 'data' && consumes) engine.consume(event.streamId, event.bytes.length)
      if (event.type === 'data' || !('streamId' in event)) return
      for (let acts = random.below(3); acts > 0; acts--) attempt(() => act(event.streamId))
    },
  }
}

/** Two engines in memory, and what each of them saw. */
export class Pair {
  readonly client: Http2Client
  readonly server: Http2Server
  readonly clientEvents: Snapshot[] = []
  readonly serverEvents: Snapshot[] = []
  now = 0
  readonly #onServer: ((event: Http2ServerEvent) => void) | undefined

  constructor(
    options: {
      readonly client?: Partial<Http2Limits>
      readonly server?: Partial<Http2Limits>
      readonly push?: boolean
    } = {},
    onServer?: (event: Http2ServerEvent) => void,
  ) {
    this.client = new Http2Client({ limits: options.client ?? {}, push: options.push ?? false })
    this.server = new Http2Server({ date: () => DATE, limits: options.server ?? {}, connectProtocol: true })
    this.#onServer = onServer
    this.client.start(0)
    this.server.start(0)
    this.run()
  }

  /** Carries octets to and fro until nothing moves. */
  run(): void {
    for (let moved = true; moved;) {
      moved = this.#poll()
      for (let octets; (octets = this.client.output()) !== undefined; moved = true) {
        this.server.receive(octets, this.now)
        this.#poll()
      }
      for (let octets; (octets = this.server.output()) !== undefined; moved = true) {
        this.client.receive(octets, this.now)
        this.#poll()
      }
    }
  }

  #poll(): boolean {
    let any = false
    for (let event; (event = this.server.poll()) !== undefined; any = true) {
      this.serverEvents.push(snapshot(event))
      if (event.type === 'data') this.server.consume(event.streamId, event.bytes.length)
      this.#onServer?.(event)
    }
    for (let event; (event = this.client.poll()) !== undefined; any = true) {
      this.clientEvents.push(snapshot(event))
      if (event.type === 'data') this.client.consume(event.streamId, event.bytes.length)
    }
    return any
  }
}

/** A message as it arrived on a stream. */
export interface StreamMessage {
  readonly head: Snapshot
  readonly body: Uint8Array
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

/** The complete messages of an event log, by their streams. */
export function messagesByStream(events: readonly Snapshot[]): Map<number, StreamMessage> {
  const messages = new Map<number, StreamMessage>()
  const heads = new Map<number, { head: Snapshot; parts: Uint8Array[] }>()
  for (const event of events) {
    const streamId = event['streamId'] as number
    if (event.type === 'request' || event.type === 'response') {
      if (event['endStream'] === true) messages.set(streamId, { head: event, body: new Uint8Array(0), trailers: [] })
      else heads.set(streamId, { head: event, parts: [] })
    } else if (event.type === 'data') {
      heads.get(streamId)!.parts.push(event['bytes'] as Uint8Array)
    } else if (event.type === 'end') {
      const { head, parts } = heads.get(streamId)!
      messages.set(streamId, { head, body: concat(parts), trailers: event['trailers'] as StreamMessage['trailers'] })
    }
  }
  return messages
}
