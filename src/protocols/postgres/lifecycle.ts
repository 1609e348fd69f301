/**
 * What a client waits for, and which messages of the server may come then ("Message Flow" of the documentation). Each
 * command that was sent has its own state; with `done` the next one has its turn. A pair without a row is a fault of
 * the server: of the peer for the client role, of the caller for the server role, whose answers go by the same rows.
 * Notices, notifications and changed parameters may come at any time behind the start, as may an error whose severity
 * is FATAL or PANIC, and are no rows.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'

/** What is waited for. */
export type WaitState =
  | 'startup'
  | 'sasl'
  | 'saslFinal'
  | 'verified'
  | 'initializing'
  | 'idle'
  | 'query'
  | 'queryRows'
  | 'queryCopyIn'
  | 'queryCopyOut'
  | 'queryCopyBoth'
  | 'queryCopied'
  | 'queryFailed'
  | 'parse'
  | 'bind'
  | 'describeStatement'
  | 'describePortal'
  | 'execute'
  | 'copyIn'
  | 'copyOut'
  | 'copyBoth'
  | 'copied'
  | 'close'
  | 'sync'
  | 'functionCall'
  | 'functionDone'
  | 'done'
  | 'failed'

/** What a message says. */
export type ServerInput =
  | 'authOk'
  | 'authPassword'
  | 'authSasl'
  | 'authContinue'
  | 'authFinal'
  | 'negotiate'
  | 'keyData'
  | 'ready'
  | 'fields'
  | 'noData'
  | 'parameters'
  | 'rows'
  | 'complete'
  | 'empty'
  | 'suspended'
  | 'parsed'
  | 'bound'
  | 'closed'
  | 'copyIn'
  | 'copyOut'
  | 'copyBoth'
  | 'copyData'
  | 'copyDone'
  | 'functionResult'
  | 'error'

const START = 'Start-up'
const SASL = 'SASL Authentication'
const SIMPLE = 'Simple Query'
const EXTENDED = 'Extended Query'
const COPY = 'COPY Operations'
const FUNCTION = 'Function Call'

/** The rows as a table. */
export const lifecycle: Transitions<WaitState, ServerInput> = defineTransitions<WaitState, ServerInput>(
  [
    'startup',
    'sasl',
    'saslFinal',
    'verified',
    'initializing',
    'idle',
    'query',
    'queryRows',
    'queryCopyIn',
    'queryCopyOut',
    'queryCopyBoth',
    'queryCopied',
    'queryFailed',
    'parse',
    'bind',
    'describeStatement',
    'describePortal',
    'execute',
    'copyIn',
    'copyOut',
    'copyBoth',
    'copied',
    'close',
    'sync',
    'functionCall',
    'functionDone',
    'done',
    'failed',
  ],
  [
    'authOk',
    'authPassword',
    'authSasl',
    'authContinue',
    'authFinal',
    'negotiate',
    'keyData',
    'ready',
    'fields',
    'noData',
    'parameters',
    'rows',
    'complete',
    'empty',
    'suspended',
    'parsed',
    'bound',
    'closed',
    'copyIn',
    'copyOut',
    'copyBoth',
    'copyData',
    'copyDone',
    'functionResult',
    'error',
  ],
  [
    ['startup', 'negotiate', 'startup', START],
    ['startup', 'authOk', 'initializing', START],
    ['startup', 'authPassword', 'verified', START],
    ['startup', 'authSasl', 'sasl', SASL],
    ['startup', 'error', 'failed', START],
    ['sasl', 'authContinue', 'saslFinal', SASL],
    ['sasl', 'error', 'failed', SASL],
    ['saslFinal', 'authFinal', 'verified', SASL],
    ['saslFinal', 'error', 'failed', SASL],
    ['verified', 'authOk', 'initializing', START],
    ['verified', 'error', 'failed', START],
    ['initializing', 'negotiate', 'initializing', START],
    ['initializing', 'keyData', 'initializing', START],
    ['initializing', 'ready', 'done', START],
    ['initializing', 'error', 'failed', START],
    ['idle', 'error', 'idle', 'Termination'],
    ['query', 'fields', 'queryRows', SIMPLE],
    ['query', 'complete', 'query', SIMPLE],
    ['query', 'empty', 'query', SIMPLE],
    ['query', 'copyIn', 'queryCopyIn', COPY],
    ['query', 'copyOut', 'queryCopyOut', COPY],
    ['query', 'copyBoth', 'queryCopyBoth', COPY],
    ['query', 'error', 'queryFailed', SIMPLE],
    ['query', 'ready', 'done', SIMPLE],
    ['queryRows', 'rows', 'queryRows', SIMPLE],
    ['queryRows', 'complete', 'query', SIMPLE],
    ['queryRows', 'error', 'queryFailed', SIMPLE],
    ['queryCopyIn', 'complete', 'query', COPY],
    ['queryCopyIn', 'error', 'queryFailed', COPY],
    ['queryCopyOut', 'copyData', 'queryCopyOut', COPY],
    ['queryCopyOut', 'copyDone', 'queryCopied', COPY],
    ['queryCopyOut', 'error', 'queryFailed', COPY],
    ['queryCopyBoth', 'copyData', 'queryCopyBoth', COPY],
    ['queryCopyBoth', 'copyDone', 'queryCopied', COPY],
    ['queryCopyBoth', 'error', 'queryFailed', COPY],
    ['queryCopied', 'complete', 'query', COPY],
    ['queryCopied', 'error', 'queryFailed', COPY],
    ['queryFailed', 'ready', 'done', SIMPLE],
    ['parse', 'parsed', 'done', EXTENDED],
    ['parse', 'error', 'failed', EXTENDED],
    ['bind', 'bound', 'done', EXTENDED],
    ['bind', 'error', 'failed', EXTENDED],
    ['describeStatement', 'parameters', 'describePortal', EXTENDED],
    ['describeStatement', 'error', 'failed', EXTENDED],
    ['describePortal', 'fields', 'done', EXTENDED],
    ['describePortal', 'noData', 'done', EXTENDED],
    ['describePortal', 'error', 'failed', EXTENDED],
    ['execute', 'rows', 'execute', EXTENDED],
    ['execute', 'complete', 'done', EXTENDED],
    ['execute', 'empty', 'done', EXTENDED],
    ['execute', 'suspended', 'done', EXTENDED],
    ['execute', 'copyIn', 'copyIn', COPY],
    ['execute', 'copyOut', 'copyOut', COPY],
    ['execute', 'copyBoth', 'copyBoth', COPY],
    ['execute', 'error', 'failed', EXTENDED],
    ['copyIn', 'complete', 'done', COPY],
    ['copyIn', 'error', 'failed', COPY],
    ['copyOut', 'copyData', 'copyOut', COPY],
    ['copyOut', 'copyDone', 'copied', COPY],
    ['copyOut', 'error', 'failed', COPY],
    ['copyBoth', 'copyData', 'copyBoth', COPY],
    ['copyBoth', 'copyDone', 'copied', COPY],
    ['copyBoth', 'error', 'failed', COPY],
    ['copied', 'complete', 'done', COPY],
    ['copied', 'error', 'failed', COPY],
    ['close', 'closed', 'done', EXTENDED],
    ['close', 'error', 'failed', EXTENDED],
    ['sync', 'error', 'sync', EXTENDED],
    ['sync', 'ready', 'done', EXTENDED],
    ['functionCall', 'functionResult', 'functionDone', FUNCTION],
    ['functionCall', 'error', 'queryFailed', FUNCTION],
    ['functionDone', 'error', 'queryFailed', FUNCTION],
    ['functionDone', 'ready', 'done', FUNCTION],
  ],
)

/** The numbers of the states. */
export const WaitStates: Readonly<Record<WaitState, number>> = numbers(lifecycle.states)

/** The numbers of the inputs. */
export const ServerInputs: Readonly<Record<ServerInput, number>> = numbers(lifecycle.inputs)

function numbers<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>
}
