/** HTTP/2 engines with applications whose mood an octet decides. */

import {
  Http2Client,
  type Http2ClientEvent,
  type Http2Limits,
  Http2Server,
  type Http2ServerEvent,
  UsageError,
} from 'skitai/http2'
import { bytesOf, Random, type Subject } from 'skitai/testing'

/** What small inputs reach. */
export const SMALL_LIMITS: Partial<Http2Limits> = {
  streamsMax: 3,
  streamWindowBytes: 50,
  fieldCountMax: 4,
  crumbCountMax: 2,
  fieldBytesMax: 250,
  continuationsMax: 2,
  targetBytesMax: 12,
  bodyBytesMax: 40,
  outputBytesMax: 300,
  informCountMax: 1,
  pushesMax: 1,
  resetBurst: 2,
  faultBurst: 3,
  controlBurst: 8,
  closedStreamsMax: 2,
  decoderTableBytesMax: 100,
}

/** The most content that the applications below send on a stream. */
export const CONTENT_BYTES_MAX = 400

/** What a client sends first. */
export const OPENING: Readonly<Record<'server' | 'client', Uint8Array>> = {
  server: bytesOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0'),
  client: bytesOf('\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0'),
}

function attempt(command: () => void): void {
  try {
    command()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
}

/** A server: bit 0 small limits, bit 1 keeps content, bit 2 extended CONNECT, bits 3 to 5 how it answers. */
export function serverSubject(mood: number): Subject<Http2ServerEvent> {
  const engine = new Http2Server({
    date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
    limits: mood & 1 ? SMALL_LIMITS : {},
    connectProtocol: (mood & 4) !== 0,
  })
  const random = new Random(mood)
  const answer = (id: number): void => {
    const body = random.bytes(random.below(CONTENT_BYTES_MAX))
    switch ((mood >> 3) & 7) {
      case 0:
        return engine.sendResponse(id, 204, [])
      case 1:
        return engine.sendResponse(id, 200, ['x-a', 'b'], body)
      case 2:
        engine.sendHead(id, 200, [], -1)
        engine.sendData(id, body)
        return engine.sendEnd(id, ['x-sum', '1'])
      case 3:
        engine.pushPromise(id, { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] })
        attempt(() => engine.sendResponse(2, 200, [], body))
        return engine.sendHead(id, 200, [], 5)
      case 4:
        return engine.reset(id)
      case 5:
        engine.sendInform(id, 103, ['link', '</a>'])
        return engine.announceClose()
      case 6:
        engine.setPriority(id, { urgency: random.below(8), incremental: true })
        return engine.sendResponse(id, 200, [], body)
      default:
        return engine.ping()
    }
  }
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'data' && !(mood & 2)) engine.consume(event.streamId, event.bytes.length)
      if (event.type === 'request' && mood & 64) attempt(() => engine.sendContinue(event.streamId))
      if (event.type === 'reset' || event.type === 'streamFault') engine.release(event.streamId)
      if (event.type === 'end' || (event.type === 'request' && (event.endStream || mood & 128)))
        attempt(() => answer(event.streamId))
    },
  }
}

/** A client with four requests under way: bit 0 small limits, bit 1 keeps content, bit 2 takes promises, then moods. */
export function clientSubject(mood: number): Subject<Http2ClientEvent> {
  const engine = new Http2Client({ limits: mood & 1 ? SMALL_LIMITS : {}, push: (mood & 4) !== 0 })
  return {
    engine,
    begin: () => {
      engine.sendRequest({ method: mood & 8 ? 'HEAD' : 'GET', authority: 'a' })
      engine.sendRequest({ method: 'POST', authority: 'a' }, new Uint8Array(mood & 16 ? 100_000 : 100))
      engine.sendHead(mood & 32 ? { method: 'CONNECT', authority: 'a:1' } : { method: 'PUT', authority: 'a' })
      engine.sendRequest({ method: 'GET', authority: 'a' })
      if (mood & 64) engine.announceClose()
    },
    onEvent: (event) => {
      if (event.type === 'data' && !(mood & 2)) engine.consume(event.streamId, event.bytes.length)
      if (event.type === 'push' && mood & 128) engine.reset(event.promisedId)
      if (event.type === 'response' && mood & 128) attempt(() => engine.sendEnd(event.streamId, ['x', 'y']))
    },
  }
}
