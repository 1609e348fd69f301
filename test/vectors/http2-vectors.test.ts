import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Http2FaultCode, http2Faults, type Http2Limits, http2Limits } from 'skitai/http2'
import {
  bytesOf,
  checkBorrow,
  checkEveryCut,
  concat,
  type MakeSubject,
  scriptBytes,
  type Step,
  type Subject,
  trace,
  type Trace,
} from 'skitai/testing'
import { clientSubject, runClientCommand, runServerCommand, serverSubject } from './http2-commands.js'
import { logOf } from './http2-log.js'
import { encodeLines, FramePrinter } from './http2-notation.js'
import { readVectors, type Vector } from './vector-file.js'

const files = readVectors('http2', encodeLines)

for (const [file, vectors] of files)
  describe(`http2/${file}`, () => {
    for (const vector of vectors) test(`${vector.name} (line ${vector.line})`, () => check(vector))
  })

describe('the vectors of HTTP/2', () => {
  const all = [...files.values()].flat()

  test('are at least 250, and no two share file and name', () => {
    assert.ok(all.length >= 250, `${all.length} vectors`)
    assert.equal(new Set(all.map(({ file, name }) => `${file} ${name}`)).size, all.length)
  })

  test('hit every fault that input and time can cause', () => {
    const hit = new Set(all.flatMap(({ events }) => events.map(faultOf)))
    // A peer that takes no output needs a driver that cannot write; the simulation has one.
    const byOutput: Http2FaultCode[] = ['H2_WRITE_TIMEOUT']
    const codes = Object.keys(http2Faults) as Http2FaultCode[]
    assert.deepEqual(
      codes.filter((code) => !hit.has(code) && !byOutput.includes(code)),
      [],
    )
  })
})

function faultOf(event: string): string | undefined {
  return /^(?:fatal|streamFault \d+) (\S+)/.exec(event)?.[1]
}

const HANDSHAKE: Readonly<Record<'server' | 'client', Uint8Array>> = {
  server: encodeLines(['preface', 'SETTINGS', 'SETTINGS ack']),
  client: encodeLines(['SETTINGS', 'SETTINGS ack']),
}

/** A subject made anew for each run; the `do` steps act on the engine of the run that is under way. */
interface Runner {
  readonly make: MakeSubject<never>
  readonly script: readonly Step[]
}

function runnerOf(vector: Vector, more: Uint8Array = new Uint8Array(0)): Runner {
  for (const name of Object.keys(vector.limits)) assert.ok(name in http2Limits, `no limit ${name}`)
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
  const script = vector.input.map((step): Step => {
    if (step.type !== 'do') return step
    return { type: 'command', run: () => run(step.command) }
  })
  if (!vector.flags.includes('raw')) joinBytes(script, 'first', HANDSHAKE[roleOf(vector)])
  if (more.length > 0) joinBytes(script, 'last', more)
  return { make, script }
}

function roleOf(vector: Vector): 'server' | 'client' {
  return vector.requests === undefined ? 'server' : 'client'
}

/** Adds octets to the chunk at one end of a script, or as a chunk of their own. */
function joinBytes(script: Step[], place: 'first' | 'last', bytes: Uint8Array): void {
  const index = place === 'first' ? 0 : script.length - 1
  const step = script[index]
  if (step?.type !== 'bytes') script.splice(place === 'first' ? 0 : script.length, 0, { type: 'bytes', bytes })
  else script[index] = { type: 'bytes', bytes: concat(place === 'first' ? [bytes, step.bytes] : [step.bytes, bytes]) }
}

const CUTS_MAX = 2000

function check(vector: Vector): void {
  const { make, script } = runnerOf(vector)
  const whole = trace(make, script)
  assert.deepEqual(eventsOf(vector, whole), vector.events)
  if (vector.output === undefined) checkFaultAnswer(vector, whole)
  else
    assert.deepEqual(
      outputOf(vector, whole),
      vector.output.filter((line) => line !== ''),
    )
  // An input of tens of thousands of octets is nearly all content: not each place in it is worth a run.
  checkEveryCut(make, script, { sizeMax: 24, step: Math.ceil(scriptBytes(script) / CUTS_MAX) })
  checkBorrow(make, script)
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
  if (vector.skipFollowing !== undefined || vector.input.at(-1)?.type !== 'bytes') return
  const last = vector.events.at(-1) ?? ''
  const { make, script } = runnerOf(vector, last.startsWith('fatal') ? bytesOf('anything at all') : PING)
  const more = trace(make, script)
  assert.deepEqual(eventsOf(vector, more), vector.events, 'events behind the conversation')
  const lines = outputOf(vector, more)
  if (last.startsWith('fatal') || last.startsWith('closed')) assert.deepEqual(lines, outputOf(vector, whole))
  else assert.deepEqual(lines, [...outputOf(vector, whole), 'PING ack "followed"'])
}
