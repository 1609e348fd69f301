/** The two applications of a planned conversation. */

import { Http2Client, type Http2ClientEvent, Http2Server, type Http2ServerEvent } from 'skitai/http2'
import { type Controls, Random, type Subject } from 'skitai/testing'
import type { Plan, PlannedContent } from './http2-plan.js'

/** What a promise brings: a function of the request that it belongs to. */
export function pushedContent(index: number): Uint8Array {
  return new Random(index).bytes(index * 37)
}

/** Sends pieces with pauses between them, then the end. */
function sendContent(
  engine: Http2Client | Http2Server,
  streamId: number,
  controls: Controls,
  { pieces, trailers, pauseMs }: PlannedContent,
): void {
  const next = (index: number): void => {
    const piece = pieces[index]
    if (piece === undefined) return engine.sendEnd(streamId, trailers)
    engine.sendData(streamId, piece.slice())
    if (pauseMs === 0) next(index + 1)
    else controls.later(pauseMs, () => next(index + 1))
  }
  next(0)
}

function lengthOf({ pieces, announced }: PlannedContent): number {
  return announced ? pieces.reduce((sum, piece) => sum + piece.length, 0) : -1
}

/** Takes content after a while. */
function consumeLater(
  engine: Http2Client | Http2Server,
  controls: Controls,
  event: { readonly streamId: number; readonly bytes: Uint8Array },
  ms: number,
): void {
  const { streamId, bytes } = event
  const { length } = bytes
  if (ms === 0) engine.consume(streamId, length)
  else controls.later(ms, () => engine.consume(streamId, length))
}

/** Sends the requests of the plan, as many at once as the server allows. */
export function clientApp(plan: Plan): (controls: Controls) => Subject<Http2ClientEvent> {
  return (controls) => {
    const engine = new Http2Client({ limits: plan.client, push: true })
    const under = new Set<number>()
    let begun = 0
    let left = false
    // Until the server has told, nobody knows how many streams it allows; this application guesses well.
    let allowed = plan.server.streamsMax ?? 0

    const leave = (): void => {
      if (left || begun < plan.exchanges.length) return
      const { ending } = plan
      if (ending === 'client closes') engine.close()
      else if (ending === 'client announces') engine.announceClose()
      else if (ending !== 'client half-closes' || under.size > 0) return
      else controls.halfClose()
      left = true
    }
    const sendMore = (): void => {
      while (engine.canRequest && begun < Math.min(plan.exchanges.length, allowed)) {
        const index = begun++
        const { method, priority, request, resetBy, resetMs } = plan.exchanges[index]!
        const fields = ['x-index', String(index), ...(priority === '' ? [] : ['priority', priority])]
        const id = engine.sendHead({ method, authority: 'a', target: `/${index}`, fields }, lengthOf(request))
        under.add(id)
        if (resetBy === 'client')
          controls.later(resetMs, () => {
            engine.reset(id)
            done(id)
          })
        sendContent(engine, id, controls, request)
      }
      leave()
    }
    const done = (id: number): void => {
      under.delete(id)
      sendMore()
    }
    return {
      engine,
      begin: sendMore,
      onEvent: (event) => {
        if (event.type === 'data') consumeLater(engine, controls, event, plan.consumeMs)
        else if (event.type === 'settings') {
          allowed = Infinity
          sendMore()
        } else if (event.type === 'end' || event.type === 'reset' || event.type === 'streamFault') done(event.streamId)
        else if (event.type === 'push') under.add(event.promisedId)
        else if (event.type === 'response' && event.endStream) done(event.streamId)
      },
    }
  }
}

/** Answers as the plan says. */
export function serverApp(plan: Plan, date: string): (controls: Controls) => Subject<Http2ServerEvent> {
  return (controls) => {
    const engine = new Http2Server({ date: () => date, limits: plan.server })
    const indexes = new Map<number, number>()
    let requests = 0

    const answer = (streamId: number, index: number): void => {
      const { status, response, pushes } = plan.exchanges[index]!
      if (pushes) push(streamId, index)
      engine.sendHead(streamId, status, ['x-index', String(index)], lengthOf(response))
      sendContent(engine, streamId, controls, response)
      engine.release(streamId)
    }
    const push = (streamId: number, index: number): void => {
      const request = { method: 'GET', scheme: 'https', authority: 'a', target: `/push/${index}`, fields: [] } as const
      const promised = engine.pushPromise(streamId, request)
      if (promised > 0) engine.sendResponse(promised, 200, ['x-pushed', String(index)], pushedContent(index))
    }
    return {
      engine,
      onEvent: (event) => {
        if (event.type === 'data') return consumeLater(engine, controls, event, plan.consumeMs)
        if (event.type === 'reset' || event.type === 'streamFault') return engine.release(event.streamId)
        if (event.type === 'request') {
          const index = Number(event.target.slice(1))
          indexes.set(event.streamId, index)
          if (requests++ === plan.endsAfter && plan.ending === 'server announces') engine.announceClose()
          const { hints, resetBy, resetMs } = plan.exchanges[index]!
          if (hints) engine.sendInform(event.streamId, 103, ['link', '</a>'])
          if (resetBy === 'server') controls.later(resetMs, () => engine.reset(event.streamId))
        }
        if (event.type === 'end' || (event.type === 'request' && event.endStream)) {
          const index = indexes.get(event.streamId)!
          controls.later(plan.exchanges[index]!.answerMs, () => answer(event.streamId, index))
        }
      },
    }
  }
}
