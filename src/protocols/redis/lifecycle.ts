/**
 * What a client waits for, and what of a server may come then. Each command that was sent has its own state; with
 * `done` the next one has its turn. A pair without a row is a fault of the server. Messages and other pushes may come
 * at any time, and are no rows. A server ends subscriptions by itself where a slot moves away.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'

/** What is waited for. */
export type WaitState =
  | 'hello'
  | 'authenticate'
  | 'setup'
  | 'select'
  | 'idle'
  | 'command'
  | 'subscribe'
  | 'unsubscribe'
  | 'monitor'
  | 'monitoring'
  | 'reset'
  | 'quit'
  | 'done'
  | 'failed'

/** What has come: a value, an error, that something is subscribed to or no more, a line of MONITOR. */
export type ServerInput = 'value' | 'error' | 'subscribed' | 'unsubscribed' | 'line'

const HELLO = 'HELLO'
const REPLIES = 'Request-response model'
const PUBSUB = 'Redis Pub/Sub'
const MONITOR = 'MONITOR'
const RESET = 'RESET'

/** The rows as a table. */
export const lifecycle: Transitions<WaitState, ServerInput> = defineTransitions<WaitState, ServerInput>(
  [
    'hello',
    'authenticate',
    'setup',
    'select',
    'idle',
    'command',
    'subscribe',
    'unsubscribe',
    'monitor',
    'monitoring',
    'reset',
    'quit',
    'done',
    'failed',
  ],
  ['value', 'error', 'subscribed', 'unsubscribed', 'line'],
  [
    ['hello', 'value', 'done', HELLO],
    ['hello', 'error', 'done', HELLO],
    ['authenticate', 'value', 'done', 'AUTH'],
    ['authenticate', 'error', 'failed', 'AUTH'],
    ['setup', 'value', 'done', 'CLIENT SETINFO'],
    ['setup', 'error', 'done', 'CLIENT SETINFO'],
    ['select', 'value', 'done', 'SELECT'],
    ['select', 'error', 'failed', 'SELECT'],
    ['idle', 'error', 'idle', REPLIES],
    ['idle', 'unsubscribed', 'idle', PUBSUB],
    ['command', 'value', 'done', REPLIES],
    ['command', 'error', 'done', REPLIES],
    ['command', 'unsubscribed', 'command', PUBSUB],
    ['subscribe', 'subscribed', 'subscribe', PUBSUB],
    ['subscribe', 'unsubscribed', 'subscribe', PUBSUB],
    ['subscribe', 'error', 'done', PUBSUB],
    ['unsubscribe', 'unsubscribed', 'unsubscribe', PUBSUB],
    ['unsubscribe', 'error', 'done', PUBSUB],
    ['monitor', 'value', 'monitoring', MONITOR],
    ['monitor', 'error', 'done', MONITOR],
    ['monitor', 'unsubscribed', 'monitor', PUBSUB],
    ['monitoring', 'line', 'monitoring', MONITOR],
    ['monitoring', 'error', 'monitoring', MONITOR],
    ['monitoring', 'unsubscribed', 'monitoring', PUBSUB],
    ['reset', 'line', 'reset', RESET],
    ['reset', 'value', 'done', RESET],
    ['reset', 'error', 'done', RESET],
    ['reset', 'unsubscribed', 'reset', PUBSUB],
    ['quit', 'line', 'quit', 'QUIT'],
    ['quit', 'value', 'done', 'QUIT'],
    ['quit', 'error', 'done', 'QUIT'],
    ['quit', 'unsubscribed', 'quit', PUBSUB],
  ],
)

/** The numbers of the states. */
export const WaitStates: Readonly<Record<WaitState, number>> = numbers(lifecycle.states)

/** The numbers of the inputs. */
export const ServerInputs: Readonly<Record<ServerInput, number>> = numbers(lifecycle.inputs)

function numbers<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>
}
