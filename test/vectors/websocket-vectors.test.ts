import assert from 'node:assert/strict'
import { bytesOf, type MakeSubject, trace, type Trace } from 'skitai/testing'
import {
  type DeflateParameters,
  type WebSocketEvent,
  type WebSocketFaultCode,
  webSocketFaults,
  type WebSocketLimits,
  webSocketLimits,
  type WebSocketOptions,
} from 'skitai/websocket'
import { zlibCompression } from 'skitai/io'
import { readVectors, type Vector } from './vector-file.js'
import { checkCuts, describeVectors, linesOf, mayFollow, type Runner, scriptOf, withMore } from './vector-suite.js'
import { runCommand, subjectOf } from './websocket-commands.js'
import { logOf } from './websocket-log.js'
import { encodeFrames, printFrames } from './websocket-notation.js'

// Whether frames are masked depends on the role, which stands in another block: lines are kept, and encoded later.
const files = readVectors('websocket', (lines) => new TextEncoder().encode(lines.join('\n')))

// A peer that takes no output needs a driver that cannot write; the simulation has one.
describeVectors('websocket', 'WebSocket', files, check, {
  atLeast: 120,
  faults: webSocketFaults,
  others: ['WS_WRITE_TIMEOUT'],
})

/** `deflate`, `takeover`, `server-bits-9`, `client-bits-9`. */
function deflateOf(flags: readonly string[]): DeflateParameters | undefined {
  if (!flags.includes('deflate')) return undefined
  const bits = (role: string): number =>
    Number(flags.find((flag) => flag.startsWith(`${role}-bits-`))?.slice(role.length + 6) ?? 15)
  return {
    serverNoContextTakeover: !flags.includes('takeover'),
    clientNoContextTakeover: !flags.includes('takeover'),
    serverMaxWindowBits: bits('server'),
    clientMaxWindowBits: bits('client'),
  }
}

function runnerOf(vector: Vector, following?: Uint8Array): Runner<WebSocketEvent> {
  const { flags } = vector
  const client = flags.includes('client')
  const deflate = deflateOf(flags)
  const options: WebSocketOptions = {
    pieces: flags.includes('pieces'),
    deflate,
    compression: zlibCompression,
    thresholdBytes: 0,
  }
  let run: (command: string) => void = () => {}
  const make: MakeSubject<WebSocketEvent> = () => {
    const subject = subjectOf({
      client,
      options,
      limits: vector.limits as Partial<WebSocketLimits>,
      begin: vector.requests ?? [],
      answers: vector.answers ?? [],
    })
    run = (command) => runCommand(subject.engine, command)
    return subject
  }
  const script = scriptOf(vector, webSocketLimits, (command) => run(command)).map((step) => {
    if (step.type !== 'bytes') return step
    return { ...step, bytes: encodeFrames(new TextDecoder().decode(step.bytes).split('\n'), !client) }
  })
  return { make, script: withMore(script, following) }
}

const CUTS_MAX = 1000

/** Events are printed to be compared: where they hold much, fewer cuts are tried. */
const PRINTED_BYTES_MAX = 20_000_000

function check(vector: Vector): void {
  const runner = runnerOf(vector)
  const whole = trace(runner.make, runner.script)
  assert.deepEqual(logOf(whole.events), vector.events)
  if (vector.output !== undefined) assert.deepEqual(printFrames(whole.output), linesOf(vector.output))
  else checkFaultAnswer(vector, whole)
  const printed = whole.log.reduce((sum, line) => sum + line.length, 1)
  checkCuts(runner, Math.min(CUTS_MAX, Math.ceil(PRINTED_BYTES_MAX / printed)))
  checkFollowing(vector, whole)
}

/** What answers a fault, where the vector does not say it: Close with its code, or nothing. */
function checkFaultAnswer(vector: Vector, whole: Trace): void {
  const fatal = /^fatal (\S+) (\d+)/.exec(vector.events.at(-1) ?? '')
  if (fatal === null) return
  const close = printFrames(whole.output).filter((line) => line.startsWith('close'))
  const code = Number(fatal[2])
  if (code === 0) return
  const { text } = webSocketFaults[fatal[1] as WebSocketFaultCode]
  const masked = vector.flags.includes('client') ? ' masked' : ''
  assert.deepEqual(close, [`close${masked} ${code} "${text}"`])
}

/** What comes behind the conversation is read; behind its end nothing is. */
function checkFollowing(vector: Vector, whole: Trace): void {
  if (!mayFollow(vector)) return
  const ping = encodeFrames(['ping "followed"'], !vector.flags.includes('client'))
  const { make, script } = runnerOf(vector, whole.ended ? bytesOf('anything at all') : ping)
  const more = trace(make, script)
  const open = !whole.ended && !vector.events.some((event) => event.startsWith('close '))
  assert.deepEqual(logOf(more.events), open ? [...vector.events, 'ping "followed"'] : vector.events)
  if (!open) assert.deepEqual(printFrames(more.output), printFrames(whole.output))
}
