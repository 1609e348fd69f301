import assert from 'node:assert/strict'
import { http1Faults, type Http1Limits, http1Limits } from 'skitai/http1'
import {
  bytesOf,
  checkBorrow,
  checkEveryCut,
  escapeBytes,
  latin1Of,
  type Subject,
  trace,
  type Trace,
} from 'skitai/testing'
import { clientSubject, runClientCommand, runServerCommand, serverSubject } from './http1-commands.js'
import { logOf } from './http1-log.js'
import { octetsOf, readVectors, type Vector } from './vector-file.js'
import { describeVectors, mayFollow, type Runner, scriptOf, withMore } from './vector-suite.js'

const files = readVectors('http1')

// A peer that takes no output needs a driver that cannot write; the simulation has one.
describeVectors('http1', 'HTTP/1.1', files, check, { atLeast: 250, faults: http1Faults, others: ['H1_WRITE_TIMEOUT'] })

function runnerOf(vector: Vector, moreRequests: readonly string[] = []): Runner<never> {
  const limits = vector.limits as Partial<Http1Limits>
  let run: (command: string) => void = () => {}
  const make = (): Subject<never> => {
    if (vector.requests === undefined) {
      const subject = serverSubject(limits, vector.answers, vector.flags.includes('preface'))
      run = (command) => runServerCommand(subject.engine, command)
      return subject as Subject<never>
    }
    const subject = clientSubject(limits, [...vector.requests, ...moreRequests])
    run = (command) => runClientCommand(subject.engine, command)
    return subject as Subject<never>
  }
  return { make, script: scriptOf(vector, http1Limits, (command) => run(command)) }
}

function check(vector: Vector): void {
  const { make, script } = runnerOf(vector)
  const whole = trace(make, script)
  assert.deepEqual(logOf(whole.events), vector.events)
  if (vector.output === undefined) checkFaultAnswer(vector, whole)
  else assert.equal(lines(whole.output), lines(octetsOf(vector.output)))
  checkEveryCut(make, script)
  checkBorrow(make, script)
  checkFollowing(vector, whole)
}

/** Output with a line break behind each line end, so that a difference is easy to see. */
function lines(output: Uint8Array): string {
  return escapeBytes(output).replaceAll('\\r\\n', '\\r\\n\n')
}

function checkFaultAnswer({ requests }: Vector, { events, output }: Trace): void {
  const last = events.at(-1)
  if (last?.type !== 'fatal' || last['wireCode'] === 0) return
  assert.equal(requests, undefined, 'a client answers no fault')
  const text = latin1Of(output)
  const answer = text.slice(text.lastIndexOf('HTTP/1.1 '))
  assert.ok(answer.startsWith(`HTTP/1.1 ${String(last['wireCode'])} `), answer)
  assert.ok(answer.includes('\r\nConnection: close\r\n'), answer)
}

const NEXT_REQUEST = bytesOf('GET /f HTTP/1.1\r\nHost: f\r\n\r\n')
const NEXT_RESPONSE = bytesOf('HTTP/1.1 204 \r\n\r\n')
const NEXT_REQUEST_LOG = ['request GET /f HTTP/1.1 origin "f" none persist', '  host: f', 'end']
const NEXT_RESPONSE_LOG = ['response 204 "" HTTP/1.1 none persist', 'end']

/** What comes behind the conversation must be read as what it is, or not at all. */
function checkFollowing(vector: Vector, whole: Trace): void {
  if (!mayFollow(vector)) return
  const last = vector.events.findLast((event) => !event.startsWith(' '))
  if (last?.startsWith('fatal') === true) {
    const { make, script } = runnerOf(vector)
    const more = trace(make, withMore(script, NEXT_REQUEST))
    assert.deepEqual(logOf(more.events), vector.events, 'nothing is read behind a fault')
    assert.equal(lines(more.output), lines(whole.output))
  } else if (last?.startsWith('handover') === true) {
    const { make, script } = runnerOf(vector)
    const more = checkEveryCut(make, withMore(script, bytesOf('another protocol')))
    assert.deepEqual(logOf(more.events), [...vector.events.slice(0, -1), last.replace(/"$/, 'another protocol"')])
  } else if (last === 'end' && vector.answers === undefined && persists(vector.events)) {
    const client = vector.requests !== undefined
    const { make, script } = runnerOf(vector, ['send GET /f'])
    const more = checkEveryCut(make, withMore(script, client ? NEXT_RESPONSE : NEXT_REQUEST))
    assert.deepEqual(logOf(more.events), [...vector.events, ...(client ? NEXT_RESPONSE_LOG : NEXT_REQUEST_LOG)])
  }
}

function persists(events: readonly string[]): boolean {
  return events.findLast((event) => /^(request|response) /.test(event))?.endsWith(' persist') === true
}
