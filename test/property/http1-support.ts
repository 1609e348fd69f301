/** Messages as the engines deliver them, put together again; and applications that answer them. */

import { Http1Client, type Http1ClientEvent, type Http1Limits, Http1Server, type Http1ServerEvent } from 'skitai/http1'
import { concat, Random, type Snapshot, stepsOf, type Subject, trace, type Trace } from 'skitai/testing'

export const DATE = 'Thu, 01 Jan 1970 00:00:00 GMT'

/** A message as it arrived: its head event, all content, trailers. */
export interface Message {
  readonly head: Snapshot
  readonly body: Uint8Array
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

/** The complete messages of an event log; interim responses are left out. */
export function messagesOf(events: readonly Snapshot[]): Message[] {
  const messages: Message[] = []
  let head: Snapshot | undefined
  let parts: Uint8Array[] = []
  for (const event of events) {
    if (event.type === 'request' || event.type === 'response') {
      head = event
      parts = []
    } else if (event.type === 'data') {
      parts.push(event['bytes'] as Uint8Array)
    } else if (event.type === 'end' && head !== undefined) {
      messages.push({ head, body: concat(parts), trailers: event['trailers'] as Message['trailers'] })
      head = undefined
    }
  }
  return messages
}

/** The fields of a head event as lower-case names and values. */
export function fieldsOf(message: Message): readonly (readonly [string, string])[] {
  return message.head['fields'] as readonly (readonly [string, string])[]
}

/** A flat list as pairs with lower-case names, which is how fields arrive. */
export function pairsOf(list: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i]!.toLowerCase(), list[i + 1]!])
  return pairs
}

/** A server that answers each request with 204 at its end. */
export function plainServer(limits: Partial<Http1Limits> = {}): Subject<Http1ServerEvent> {
  const engine = new Http1Server({ date: () => DATE, limits })
  return {
    engine,
    onEvent: ({ type }) => {
      if (type === 'end') engine.sendResponse(204, [])
    },
  }
}

/** A client that has sent a request without content for each method. */
export function plainClient(methods: readonly string[], limits: Partial<Http1Limits> = {}): Subject<Http1ClientEvent> {
  const engine = new Http1Client({ limits })
  return {
    engine,
    begin: () => {
      for (const method of methods) engine.sendRequest(method, '/', ['Host', 'a'])
    },
  }
}

/** What a plain server makes of these octets. */
export function readByServer(octets: Uint8Array): Trace {
  return trace(plainServer, stepsOf([octets]))
}

/** What a plain client that has asked with these methods makes of these octets. */
export function readByClient(methods: readonly string[], octets: Uint8Array): Trace {
  return trace(() => plainClient(methods), stepsOf([octets]))
}

/** All that an engine has to write. */
export function outputOf(engine: Http1Client | Http1Server): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let block = engine.output(); block !== undefined; block = engine.output()) blocks.push(block)
  return concat(blocks)
}

/**
 * A server whose application does all that one may do, as a seed has it: early answers, streams, hints, holds, closes.
 */
export function moodyServer(seed: number): Subject<Http1ServerEvent> {
  const engine = new Http1Server({ date: () => DATE, limits: { drainBytesMax: 40, heldBytesMax: 64 } })
  const random = new Random(seed)
  let answered = false
  const answer = (): void => {
    if (answered || engine.over) return
    answered = true
    if (random.chance(0.1)) engine.close()
    if (random.chance(0.5)) return engine.sendResponse(random.pick([200, 204, 304, 500]), ['x-a', 'b'])
    const body = random.bytes(random.below(20))
    engine.sendHead(200, [], random.chance(0.5) ? body.length : -1)
    engine.sendData(body.subarray(0, 7))
    engine.sendData(body.subarray(7))
    engine.sendEnd(random.chance(0.3) ? ['x-sum', '1'] : [])
  }
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'request') {
        answered = false
        if (random.chance(0.3)) engine.sendInform(103, ['link', '</a>'])
        if (event.expectContinue && random.chance(0.7)) engine.sendContinue()
        if (random.chance(0.2)) answer()
      } else if (event.type === 'end') {
        answer()
      }
    },
  }
}
