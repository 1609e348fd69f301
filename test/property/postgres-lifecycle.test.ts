/** Every state of the lifecycle with every message: what has a row goes on as it says, all else ends the connection. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lifecycle, type PostgresClientEvent, type ServerInput, type WaitState } from 'skitai/postgres'
import { runCommand, subjectOf } from '../vectors/postgres-commands.js'
import { encodeMessages } from '../vectors/postgres-notation.js'

/** A message of the server for each input. */
const MESSAGES: Readonly<Record<ServerInput, string>> = {
  authOk: 'Authentication ok',
  authPassword: 'Authentication md5 "salt"',
  authSasl: 'Authentication sasl SCRAM-SHA-256',
  authContinue: 'Authentication continue "r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1"',
  authFinal: 'Authentication final "v=?"',
  negotiate: 'NegotiateProtocolVersion minor=0',
  keyData: 'BackendKeyData 7 "1234"',
  ready: 'ReadyForQuery I',
  fields: 'RowDescription a:23',
  noData: 'NoData',
  parameters: 'ParameterDescription',
  rows: 'DataRow "1"',
  complete: 'CommandComplete x',
  empty: 'EmptyQueryResponse',
  suspended: 'PortalSuspended',
  parsed: 'ParseComplete',
  bound: 'BindComplete',
  closed: 'CloseComplete',
  copyIn: 'CopyInResponse text',
  copyOut: 'CopyOutResponse text',
  copyBoth: 'CopyBothResponse text',
  copyData: 'CopyData x',
  copyDone: 'CopyDone',
  functionResult: 'FunctionCallResponse "1"',
  error: 'ErrorResponse VERROR CXX000 Mno',
}

const START: readonly ServerInput[] = ['authOk', 'ready']

interface Way {
  readonly commands: readonly string[]
  readonly inputs: readonly ServerInput[]
}

const query = (...inputs: readonly ServerInput[]): Way => ({ commands: ['query x'], inputs: [...START, ...inputs] })
const one = (command: string, ...inputs: readonly ServerInput[]): Way => ({
  commands: [command],
  inputs: [...START, ...inputs],
})

/** How a connection comes to each state; `done` is none that it stays in. */
const WAYS: Readonly<Record<Exclude<WaitState, 'done'>, Way>> = {
  startup: { commands: [], inputs: [] },
  sasl: { commands: [], inputs: ['authSasl'] },
  saslFinal: { commands: [], inputs: ['authSasl', 'authContinue'] },
  verified: { commands: [], inputs: ['authPassword'] },
  initializing: { commands: [], inputs: ['authOk'] },
  idle: { commands: [], inputs: START },
  query: query(),
  queryRows: query('fields'),
  queryCopyIn: query('copyIn'),
  queryCopyOut: query('copyOut'),
  queryCopyBoth: query('copyBoth'),
  queryCopied: query('copyOut', 'copyDone'),
  queryFailed: query('error'),
  parse: one('parse "" x'),
  bind: one('bind "" ""'),
  describeStatement: one('describe statement ""'),
  describePortal: one('describe portal ""'),
  execute: one('execute "" 0'),
  copyIn: one('execute "" 0', 'copyIn'),
  copyOut: one('execute "" 0', 'copyOut'),
  copyBoth: one('execute "" 0', 'copyBoth'),
  copied: one('execute "" 0', 'copyOut', 'copyDone'),
  close: one('close portal ""'),
  sync: one('sync'),
  functionCall: one('call 1299'),
  functionDone: one('call 1299', 'functionResult'),
  failed: one('parse "" x', 'error'),
}

function reached(way: Way): {
  send: (input: ServerInput) => PostgresClientEvent | undefined
  state: () => unknown
} {
  const { engine } = subjectOf([], {}, [], [])
  engine.start(0)
  const send = (input: ServerInput): PostgresClientEvent | undefined => {
    while (engine.output() !== undefined);
    engine.receive(encodeMessages([MESSAGES[input]]), 0)
    let last: PostgresClientEvent | undefined
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) last = event
    return last
  }
  let given = false
  for (const input of way.inputs) {
    send(input)
    if (input !== 'ready' || given) continue
    given = true
    for (const command of way.commands) runCommand(engine, command)
  }
  return { send, state: () => engine.describeState()['state'] }
}

describe('the lifecycle of a client', () => {
  const states = Object.keys(WAYS) as (keyof typeof WAYS)[]

  test('has a way to each state', () => {
    assert.deepEqual([...states, 'done'].toSorted(), [...lifecycle.states].toSorted())
    for (const state of states) assert.equal(reached(WAYS[state]).state(), state)
  })

  for (const state of states)
    test(`${state}: goes on by its rows, and by nothing else`, () => {
      for (const [index, input] of lifecycle.inputs.entries()) {
        const { send, state: now } = reached(WAYS[state])
        const next = lifecycle.states[lifecycle.next(lifecycle.states.indexOf(state), index)]
        const event = send(input)
        const code = event?.type === 'fatal' ? event.code : undefined
        if (next === undefined) assert.equal(code, 'PG_MESSAGE_UNEXPECTED', `${state} ${input}`)
        // The message that ends SCRAM is refused for its content.
        else if (input === 'authFinal') assert.equal(code, 'PG_SCRAM')
        else assert.deepEqual([code, now()], [undefined, next === 'done' ? 'idle' : next], `${state} ${input}`)
      }
    })
})
