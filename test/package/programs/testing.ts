/** What a property tester does: our arbitraries and harness, run by their own fast-check against an engine. */

import fc from 'fast-check'
import { Http1Server, type Http1ServerEvent } from 'skitai/http1'
import { checkChunkInvariance, http1Arbitraries, stepsOf, type Subject } from 'skitai/testing'

function answering(): Subject<Http1ServerEvent> {
  const engine = new Http1Server({ date: () => 'Sun, 06 Nov 1994 08:49:37 GMT' })
  return { engine, onEvent: (event) => void (event.type === 'end' && engine.sendResponse(204, [])) }
}

const { damagedRequests, cuts } = http1Arbitraries(fc)
fc.assert(
  fc.property(damagedRequests, cuts, (bytes, positions) => {
    checkChunkInvariance(answering, stepsOf([bytes]), positions)
  }),
  { numRuns: 20 },
)
