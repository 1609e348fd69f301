import assert from 'node:assert/strict'
import { http2Faults, type Http2Limits, http2Limits } from 'skitai/http2'
import { bytesOf, concat, type Step, type Subject, trace, type Trace } from 'skitai/testing'
import { clientSubject, runClientCommand, runServerCommand, serverSubject } from './http2-commands.js'
import { logOf } from './http2-log.js'
import { encodeLines, FramePrinter } from './http2-notation.js'
import { readVectors, type Vector } from './vector-file.js'
import { checkCuts, describeVectors, linesOf, mayFollow, type Runner, scriptOf, withMore } from './vector-suite.js'

const files = readVectors('http2', encodeLines)

const HANDSHAKE: Readonly<Record<'server' | 'client', Uint8Array>> = {
  server: encodeLines(['preface', 'SETTINGS', 'SETTINGS ack']),
  client: encodeLines(['SETTINGS', 'SETTINGS ack']),
}

// A peer that takes no output needs a driver that cannot write; the simulation has one.
describeVectors('http2', 'HTTP/2', files, check, { atLeast: 250, faults: http2Faults, others: ['H2_WRITE_TIMEOUT'] })

function runnerOf(vector: Vector, more?: Uint8Array): Runner<never> {
  const choices = { limits: vector.limits as Partial<Http2Limits>, flags: vector.flags }
  let run: (command: string) => void = () => {}
  const make = (): Subject<never> => {
    if (vector.requests === undefined) {
      const subject = serverSubject(choices, vector.answers)
      run = (command) => runServerCommand(subject.engine, command)
      return subject as Subject<never>
    }
    const subject = clientSubject(choices, vector.requests, vector.answers)
    run = (command) => runClientCommand(subject.engine, command)
    return subject as Subject<never>
  }
  const script = scriptOf(vector, http2Limits, (command) => run(command))
  if (!vector.flags.includes('raw')) putFirst(script, HANDSHAKE[roleOf(vector)])
  return { make, script: withMore(script, more) }
}

function roleOf(vector: Vector): 'server' | 'client' {
  return vector.requests === undefined ? 'server' : 'client'
}

/** Adds octets to the first chunk, or as a chunk of their own. */
function putFirst(script: Step[], bytes: Uint8Array): void {
  const first = script[0]
  if (first?.type === 'bytes') script[0] = { type: 'bytes', bytes: concat([bytes, first.bytes]) }
  else script.unshift({ type: 'bytes', bytes })
}

const CUTS_MAX = 2000

function check(vector: Vector): void {
  const runner = runnerOf(vector)
  const whole = trace(runner.make, runner.script)
  assert.deepEqual(eventsOf(vector, whole), vector.events)
  if (vector.output === undefined) checkFaultAnswer(vector, whole)
  else assert.deepEqual(outputOf(vector, whole), linesOf(vector.output))
  // An input of tens of thousands of octets is nearly all content: not each place in it is worth a run.
  checkCuts(runner, CUTS_MAX)
  checkFollowing(vector, whole)
}

/** The events behind the handshake. */
function eventsOf(vector: Vector, { events }: Trace): string[] {
  const log = logOf(events)
  if (!vector.flags.includes('raw')) assert.equal(log.shift(), 'settings')
  return log
}

/** The output behind the handshake. */
function outputOf(vector: Vector, { output }: Trace): string[] {
  const lines = new FramePrinter().print(output)
  if (vector.flags.includes('raw')) return lines
  const opening = /^(?:preface|SETTINGS(?: ack| \w+=.*)?|WINDOW_UPDATE 0 \d+)$/
  const first = lines.findIndex((line) => !opening.test(line) || line === 'SETTINGS ack')
  const rest = first < 0 ? [] : lines.slice(first)
  rest.splice(rest.indexOf('SETTINGS ack'), 1)
  return rest
}

/** What answers faults, where the vector does not say it: GOAWAY and RST_STREAM with the codes of the events. */
function checkFaultAnswer(vector: Vector, whole: Trace): void {
  const lines = outputOf(vector, whole)
  for (const event of vector.events) {
    const fatal = /^fatal (\S+) (\S+)/.exec(event)
    if (fatal !== null && fatal[1] !== 'H2_WRITE_TIMEOUT')
      assert.ok(lines.at(-1)!.startsWith('GOAWAY ') && lines.at(-1)!.endsWith(` ${fatal[2]}`), lines.join('\n'))
    const fault = /^streamFault (\d+) \S+ (\S+)/.exec(event)
    if (fault !== null) assert.ok(lines.includes(`RST_STREAM ${fault[1]} ${fault[2]}`), lines.join('\n'))
  }
}

const PING = encodeLines(['PING "followed"'])

/** What comes behind the conversation is answered; behind a fault of the connection nothing is. */
function checkFollowing(vector: Vector, whole: Trace): void {
  if (!mayFollow(vector)) return
  const last = vector.events.at(-1) ?? ''
  const { make, script } = runnerOf(vector, last.startsWith('fatal') ? bytesOf('anything at all') : PING)
  const more = trace(make, script)
  assert.deepEqual(eventsOf(vector, more), vector.events, 'events behind the conversation')
  const lines = outputOf(vector, more)
  if (last.startsWith('fatal') || last.startsWith('closed')) assert.deepEqual(lines, outputOf(vector, whole))
  else assert.deepEqual(lines, [...outputOf(vector, whole), 'PING ack "followed"'])
}
