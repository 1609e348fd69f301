import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Http1FaultCode, http1Faults, type Http1Limits, http1Limits } from 'skitai/http1'
import {
  bytesOf,
  checkBorrow,
  checkEveryCut,
  escapeBytes,
  latin1Of,
  type MakeSubject,
  type Step,
  type Subject,
  trace,
  type Trace,
} from 'skitai/testing'
import { clientSubject, runClientCommand, runServerCommand, serverSubject } from './http1-commands.js'
import { logOf } from './http1-log.js'
import { octetsOf, readVectors, type Vector } from './vector-file.js'

const files = readVectors('http1')

for (const [file, vectors] of files)
  describe(`http1/${file}`, () => {
    for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
  })

describe('the vectors of HTTP/1.1', () => {
  const all = [...files.values()].flat()

  test('are at least 250, and no two share file and name', () => {
    assert.ok(all.length >= 250, `${all.length} vectors`)
    assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
  })

  test('hit every fault that input and time can cause', () => {
    const hit = new Set(all.flatMap(({ events }) => events.map((event) => /^fatal (\S+)/.exec(event)?.[1])))
    // A peer that takes no output needs a driver that cannot write; the simulation has one.
    const byOutput: Http1FaultCode[] = ['H1_WRITE_TIMEOUT']
    const codes = Object.keys(http1Faults) as Http1FaultCode[]
    assert.deepEqual(
      codes.filter((code) => !hit.has(code) && !byOutput.includes(code)),
      [],
    )
  })
})

/** A subject made anew for each run; the `do` steps act on the engine of the run that is under way. */
interface Runner {
  readonly make: MakeSubject<never>
  readonly script: readonly Step[]
}

function runnerOf(vector: Vector, moreRequests: readonly string[] = []): Runner {
  for (const name of Object.keys(vector.limits)) assert.ok(name in http1Limits, `no limit ${name}`)
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
  const script = vector.input.map((step): Step => {
    if (step.type !== 'do') return step
    return { type: 'command', run: () => run(step.command) }
  })
  return { make, script }
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
  if (vector.skipFollowing !== undefined || vector.input.at(-1)?.type !== 'bytes') return
  const last = vector.events.findLast((event) => !event.startsWith(' '))
  if (last?.startsWith('fatal') === true) {
    const { make, script } = runnerOf(vector)
    const more = trace(make, joined(script, NEXT_REQUEST))
    assert.deepEqual(logOf(more.events), vector.events, 'nothing is read behind a fault')
    assert.equal(lines(more.output), lines(whole.output))
  } else if (last?.startsWith('handover') === true) {
    const { make, script } = runnerOf(vector)
    const more = checkEveryCut(make, joined(script, bytesOf('another protocol')))
    assert.deepEqual(logOf(more.events), [...vector.events.slice(0, -1), last.replace(/"$/, 'another protocol"')])
  } else if (last === 'end' && vector.answers === undefined && persists(vector.events)) {
    const client = vector.requests !== undefined
    const { make, script } = runnerOf(vector, ['send GET /f'])
    const more = checkEveryCut(make, joined(script, client ? NEXT_RESPONSE : NEXT_REQUEST))
    assert.deepEqual(logOf(more.events), [...vector.events, ...(client ? NEXT_RESPONSE_LOG : NEXT_REQUEST_LOG)])
  }
}

function persists(events: readonly string[]): boolean {
  return events.findLast((event) => /^(request|response) /.test(event))?.endsWith(' persist') === true
}

/** The script with `bytes` in the same chunk as what came last. */
function joined(script: readonly Step[], bytes: Uint8Array): Step[] {
  const steps = script.slice()
  const last = steps.pop()
  const before = last?.type === 'bytes' ? last.bytes : new Uint8Array(0)
  const both = new Uint8Array(before.length + bytes.length)
  both.set(before)
  both.set(bytes, before.length)
  return [...steps, { type: 'bytes', bytes: both }]
}
