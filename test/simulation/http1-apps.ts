/** The two applications of a planned conversation. */

import { Http1Client, type Http1ClientEvent, type Http1Limits, Http1Server, type Http1ServerEvent } from 'skitai/http1'
import type { Controls, Subject } from 'skitai/testing'
import type { Plan, PlannedContent, PlannedExchange } from './http1-plan.js'

/** A client waits so long for 100 (Continue), then sends its content without it. */
const CONTINUE_MS = 1000

/** Sends pieces with pauses between them, then the end. */
function sendContent(
  engine: Http1Client | Http1Server,
  controls: Controls,
  { pieces, trailers, pauseMs }: PlannedContent,
  done: () => void,
): void {
  const next = (index: number): void => {
    const piece = pieces[index]
    if (piece === undefined) {
      engine.sendEnd(trailers)
      done()
      return
    }
    engine.sendData(piece.slice())
    if (pauseMs === 0) next(index + 1)
    else controls.later(pauseMs, () => next(index + 1))
  }
  next(0)
}

function lengthOf({ pieces, framing }: PlannedContent): number {
  if (framing === 'none') return 0
  return framing === 'chunked' ? -1 : pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/** Sends the requests of the plan; ends the connection behind the last response if that is its part. */
export function clientApp(
  plan: Plan,
  limits: Partial<Http1Limits> = {},
): (controls: Controls) => Subject<Http1ClientEvent> {
  return (controls) => {
    const engine = new Http1Client({ limits })
    const { exchanges, pipelined, ending } = plan
    let begun = 0
    let answered = 0
    let onContinue: (() => void) | undefined
    let sending = false

    const sendNext = (): void => {
      const exchange = exchanges[begun]
      if (exchange === undefined || sending || engine.over) return
      const index = begun++
      const last = begun === exchanges.length
      sending = true
      if (last && ending === 'client closes') {
        // A client may say so beforehand; its close then waits for the response.
        controls.later(0, () => engine.close())
      }
      const fields = ['Host', 'a', 'X-Index', String(index)]
      if (exchange.expectContinue) fields.push('Expect', '100-continue')
      engine.sendHead(exchange.method, `/${index}`, fields, lengthOf(exchange.request))
      const send = (): void => {
        if (onContinue !== send && exchange.expectContinue) return
        onContinue = undefined
        sendContent(engine, controls, exchange.request, () => {
          sending = false
          if (last && ending === 'client half-closes') controls.halfClose()
          if (pipelined || answered === begun) sendNext()
        })
      }
      if (exchange.expectContinue) {
        onContinue = send
        controls.later(CONTINUE_MS, send)
      } else {
        send()
      }
    }

    return {
      engine,
      begin: sendNext,
      onEvent: (event) => {
        if (event.type === 'inform' && event.status === 100) onContinue?.()
        if (event.type !== 'end') return
        answered++
        if (!pipelined || answered === begun) sendNext()
      },
    }
  }
}

/** Answers as the plan says, each request in its turn. */
export function serverApp(
  plan: Plan,
  date: string,
  limits: Partial<Http1Limits> = {},
): (controls: Controls) => Subject<Http1ServerEvent> {
  return (controls) => {
    const engine = new Http1Server({ date: () => date, limits })
    let exchange: PlannedExchange | undefined
    let index = -1

    const answer = ({ status, response }: PlannedExchange): void => {
      if (engine.over) return
      if (index === plan.exchanges.length - 1 && plan.ending === 'server closes') engine.close()
      const length = response.framing === 'none' ? -1 : lengthOf(response)
      engine.sendHead(status, ['X-Index', String(index)], length)
      sendContent(engine, controls, response, () => {})
    }

    return {
      engine,
      onEvent: (event) => {
        if (event.type === 'request') {
          const current = plan.exchanges[++index]
          if (current === undefined) throw new Error('more requests than were sent')
          exchange = current
          if (current.hints) engine.sendInform(103, ['link', '</a>'])
          if (event.expectContinue) controls.later(current.answerMs % 100, () => engine.sendContinue())
        } else if (event.type === 'end' && exchange !== undefined) {
          const current = exchange
          controls.later(current.answerMs, () => answer(current))
        }
      },
    }
  }
}
