/**
 * What a server reads, and which messages of the client may come then ("Message Flow" of the documentation). A pair
 * without a row is a fault of the client. What a server may answer stands in `lifecycle.ts`.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'
import { WaitStates } from './lifecycle.js'
import { ClientMessages } from './writer.js'

/** What the server reads now. While it is `deciding`, it reads nothing: its application has the word. */
export type ReadState =
  'startup' | 'deciding' | 'password' | 'sasl' | 'saslProof' | 'commands' | 'skipping' | 'copying' | 'over'

/** What a message of a client says. */
export type ClientInput =
  | 'startup'
  | 'tlsRequest'
  | 'gssRequest'
  | 'cancel'
  | 'password'
  | 'query'
  | 'parse'
  | 'bind'
  | 'describe'
  | 'execute'
  | 'close'
  | 'sync'
  | 'functionCall'
  | 'flush'
  | 'copyData'
  | 'copyDone'
  | 'copyFail'
  | 'terminate'

type Row = readonly [ReadState, ClientInput, ReadState, string]

const START = 'Start-up'
const SASL = 'SASL Authentication'
const EXTENDED = 'Extended Query'
const COPY = 'COPY Operations'

/** What begins an answer. */
const COMMANDS = ['query', 'parse', 'bind', 'describe', 'execute', 'close', 'functionCall'] as const
const COPY_INPUTS = ['copyData', 'copyDone', 'copyFail'] as const

/** The rows as a table. */
export const serverLifecycle: Transitions<ReadState, ClientInput> = defineTransitions<ReadState, ClientInput>(
  ['startup', 'deciding', 'password', 'sasl', 'saslProof', 'commands', 'skipping', 'copying', 'over'],
  [
    'startup',
    'tlsRequest',
    'gssRequest',
    'cancel',
    'password',
    ...COMMANDS,
    'sync',
    'flush',
    ...COPY_INPUTS,
    'terminate',
  ],
  [
    ['startup', 'startup', 'deciding', START],
    ['startup', 'tlsRequest', 'startup', 'SSL Session Encryption'],
    ['startup', 'gssRequest', 'startup', 'GSSAPI Session Encryption'],
    ['startup', 'cancel', 'over', 'Canceling Requests in Progress'],
    ['password', 'password', 'deciding', START],
    ['password', 'terminate', 'over', 'Termination'],
    ['sasl', 'password', 'saslProof', SASL],
    ['sasl', 'terminate', 'over', 'Termination'],
    ['saslProof', 'password', 'deciding', SASL],
    ['saslProof', 'terminate', 'over', 'Termination'],
    ...COMMANDS.map((input): Row => ['commands', input, 'commands', sectionOf(input)]),
    ['commands', 'sync', 'commands', EXTENDED],
    ['commands', 'flush', 'commands', EXTENDED],
    // A client that has not heard yet of the error that ended COPY goes on for a while.
    ...COPY_INPUTS.map((input): Row => ['commands', input, 'commands', COPY]),
    ['commands', 'terminate', 'over', 'Termination'],
    // Behind an error of an extended query all is skipped up to the next Sync.
    ...COMMANDS.map((input): Row => ['skipping', input, 'skipping', EXTENDED]),
    ...COPY_INPUTS.map((input): Row => ['skipping', input, 'skipping', COPY]),
    ['skipping', 'flush', 'skipping', EXTENDED],
    ['skipping', 'sync', 'commands', EXTENDED],
    ['skipping', 'terminate', 'over', 'Termination'],
    ['copying', 'copyData', 'copying', COPY],
    ['copying', 'copyDone', 'commands', COPY],
    ['copying', 'copyFail', 'commands', COPY],
    // A client that did not know that its statement copies has sent them behind it.
    ['copying', 'flush', 'copying', COPY],
    ['copying', 'sync', 'copying', COPY],
    ['copying', 'terminate', 'over', 'Termination'],
  ],
)

function sectionOf(input: ClientInput): string {
  if (input === 'query') return 'Simple Query'
  return input === 'functionCall' ? 'Function Call' : EXTENDED
}

/** The numbers of the states. */
export const ReadStates: Readonly<Record<ReadState, number>> = numbers(serverLifecycle.states)

/** The numbers of the inputs. */
export const ClientInputs: Readonly<Record<ClientInput, number>> = numbers(serverLifecycle.inputs)

function numbers<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>
}

/** What each type of message is in the lifecycle. */
export const INPUT_OF_TYPE: Readonly<Partial<Record<number, number>>> = {
  [ClientMessages.bind]: ClientInputs.bind,
  [ClientMessages.close]: ClientInputs.close,
  [ClientMessages.copyData]: ClientInputs.copyData,
  [ClientMessages.copyDone]: ClientInputs.copyDone,
  [ClientMessages.copyFail]: ClientInputs.copyFail,
  [ClientMessages.describe]: ClientInputs.describe,
  [ClientMessages.execute]: ClientInputs.execute,
  [ClientMessages.flush]: ClientInputs.flush,
  [ClientMessages.functionCall]: ClientInputs.functionCall,
  [ClientMessages.parse]: ClientInputs.parse,
  [ClientMessages.password]: ClientInputs.password,
  [ClientMessages.query]: ClientInputs.query,
  [ClientMessages.sync]: ClientInputs.sync,
  [ClientMessages.terminate]: ClientInputs.terminate,
}

/** What the answer to each command begins with. */
export const ANSWER_STATES: Readonly<Partial<Record<string, number>>> = {
  query: WaitStates.query,
  parse: WaitStates.parse,
  bind: WaitStates.bind,
  describe: WaitStates.describePortal,
  execute: WaitStates.execute,
  close: WaitStates.close,
  functionCall: WaitStates.functionCall,
  sync: WaitStates.sync,
}

/** The types of the messages of COPY. */
export const COPY_TYPES: ReadonlySet<number> = new Set([
  ClientMessages.copyData,
  ClientMessages.copyDone,
  ClientMessages.copyFail,
])

/** Messages that carry what may be large. */
export const LARGE_TYPES: ReadonlySet<number> = new Set([
  ClientMessages.bind,
  ClientMessages.copyData,
  ClientMessages.functionCall,
  ClientMessages.parse,
  ClientMessages.query,
])
