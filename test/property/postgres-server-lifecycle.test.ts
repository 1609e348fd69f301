/** Every state of a server with every message of a client: what has a row goes on as it says, all else ends it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ClientInput, type PostgresServer, type ReadState, serverLifecycle } from 'skitai/postgres'
import { encodeMessages } from '../vectors/postgres-notation.js'
import { runServerCommand, serverSubjectOf } from '../vectors/postgres-server-commands.js'

const SCRAM_FIRST = 'SaslInitial SCRAM-SHA-256 "n,,n=,r=rOprNGfwEbeRWgbNEkqO"'

/** A message of the client for each input. */
const MESSAGES: Readonly<Record<ClientInput, string>> = {
  startup: 'Startup user user',
  tlsRequest: 'SSLRequest',
  gssRequest: 'GSSENCRequest',
  cancel: 'CancelRequest 7 abcd',
  password: 'Password pencil',
  query: 'Query x',
  parse: 'Parse "" x',
  bind: 'Bind "" ""',
  describe: 'Describe portal ""',
  execute: 'Execute "" 0',
  close: 'Close portal ""',
  sync: 'Sync',
  functionCall: 'FunctionCall 5',
  flush: 'Flush',
  copyData: 'CopyData x',
  copyDone: 'CopyDone',
  copyFail: 'CopyFail x',
  terminate: 'Terminate',
}

/** What has no type is read by another reader: it is no message of these states, nor are theirs any of the start. */
const STARTS: readonly ClientInput[] = ['startup', 'tlsRequest', 'gssRequest', 'cancel']

interface Way {
  readonly answers: readonly string[]
  readonly messages: readonly string[]
}

const HOLD = ['query: nothing', 'parse: nothing', 'bind: nothing', 'describe: nothing', 'execute: nothing'].concat([
  'close: nothing',
  'sync: nothing',
  'functionCall: nothing',
  'copyDone: nothing',
  'copyFail: nothing',
])

/** How a connection comes to each state. */
const WAYS: Readonly<Record<Exclude<ReadState, 'over' | 'deciding'>, Way>> = {
  startup: { answers: ['startup: nothing'], messages: [] },
  password: { answers: ['startup: auth password', 'authenticated: nothing'], messages: [MESSAGES.startup] },
  sasl: { answers: ['startup: auth scram'], messages: [MESSAGES.startup] },
  saslProof: { answers: ['startup: auth scram'], messages: [MESSAGES.startup, SCRAM_FIRST] },
  commands: { answers: HOLD, messages: [MESSAGES.startup] },
  skipping: { answers: HOLD.with(1, 'parse: error 42601 no'), messages: [MESSAGES.startup, MESSAGES.parse] },
  copying: { answers: HOLD.with(0, 'query: copy in'), messages: [MESSAGES.startup, MESSAGES.query] },
}

function reached({ answers, messages }: Way): { engine: PostgresServer; send: (message: string) => string } {
  const { engine, onEvent } = serverSubjectOf([], {}, answers)
  engine.start(0)
  const send = (message: string): string => {
    engine.receive(encodeMessages([message]), 0)
    let last = ''
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      last = event.type === 'fatal' ? event.code : event.type
      onEvent?.(event)
    }
    while (engine.output() !== undefined);
    return last
  }
  for (const message of messages) send(message)
  return { engine, send }
}

/** What stands for a password in each state. */
const PASSWORDS: Readonly<Partial<Record<ReadState, string>>> = {
  sasl: SCRAM_FIRST,
  saslProof:
    'SaslResponse "c=biws,r=rOprNGfwEbeRWgbNEkqOAQIDBAUGBwgJCgsMDQ4PEBES,p=dlYGLWBVReirbI1/H1IJ5G4E8s36c8nlhZBLcRlXglo="',
}

describe('the lifecycle of a server', () => {
  const states = Object.keys(WAYS) as (keyof typeof WAYS)[]

  test('has a way to each state', () => {
    assert.deepEqual([...states, 'over', 'deciding'].toSorted(), [...serverLifecycle.states].toSorted())
    for (const state of states) assert.equal(reached(WAYS[state]).engine.describeState()['reading'], state)
  })

  for (const state of states)
    test(`${state}: goes on by its rows, and by nothing else`, () => {
      const inputs = serverLifecycle.inputs.filter((input) => STARTS.includes(input) === (state === 'startup'))
      for (const input of inputs) {
        const { engine, send } = reached(WAYS[state])
        const next =
          serverLifecycle.states[
            serverLifecycle.next(serverLifecycle.states.indexOf(state), serverLifecycle.inputs.indexOf(input))
          ]
        const last = send(input === 'password' ? (PASSWORDS[state] ?? MESSAGES.password) : MESSAGES[input])
        const context = `${state} ${input}`
        if (next === undefined) assert.equal(last, 'PG_MESSAGE_UNEXPECTED', context)
        else if (next === 'over') assert.equal(last, 'closed', context)
        else if (next === 'deciding' && state === 'saslProof') assert.equal(engine.pendingCount, 0)
        else assert.deepEqual([engine.over, engine.describeState()['reading']], [false, next], context)
      }
    })

  test('nothing is read while the application decides', () => {
    const { engine, send } = reached({ answers: ['startup: nothing'], messages: [MESSAGES.startup] })
    assert.equal(engine.describeState()['reading'], 'deciding')
    assert.equal(engine.wantsInput, false)
    for (const input of serverLifecycle.inputs) assert.equal(send(MESSAGES[input]), '')
    runServerCommand(engine, 'abort')
  })
})
