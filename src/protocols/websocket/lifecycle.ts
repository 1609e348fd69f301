/**
 * The life of one direction of a WebSocket connection (RFC 6455 sections 5.4 and 5.5): frames of at most one message at
 * a time, control frames anywhere between them, nothing behind Close. Both directions go by the same rows; a pair
 * without a row is a fault of the peer, or a `UsageError` when it was a command of ours.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'

/** The states of a direction: between two messages, inside a fragmented one, closed. */
export type DirectionState = 'idle' | 'message' | 'closed'

/**
 * The frames of a direction: a message in one frame, the first, a middle and the last one of a fragmented message, Ping
 * or Pong, Close.
 */
export type FrameInput = 'whole' | 'first' | 'middle' | 'last' | 'control' | 'close'

/** The rows as a table. */
export const lifecycle: Transitions<DirectionState, FrameInput> = defineTransitions<DirectionState, FrameInput>(
  ['idle', 'message', 'closed'],
  ['whole', 'first', 'middle', 'last', 'control', 'close'],
  [
    ['idle', 'whole', 'idle', 'RFC 6455 section 5.4'],
    ['idle', 'first', 'message', 'RFC 6455 section 5.4'],
    ['idle', 'control', 'idle', 'RFC 6455 section 5.5'],
    ['idle', 'close', 'closed', 'RFC 6455 section 5.5.1'],
    ['message', 'middle', 'message', 'RFC 6455 section 5.4'],
    ['message', 'last', 'idle', 'RFC 6455 section 5.4'],
    ['message', 'control', 'message', 'RFC 6455 section 5.5'],
    ['message', 'close', 'closed', 'RFC 6455 section 5.5.1'],
  ],
)

/** The numbers of the states. */
export const DirectionStates = { idle: 0, message: 1, closed: 2 } as const

/** The numbers of the inputs. */
export const FrameInputs = { whole: 0, first: 1, middle: 2, last: 3, control: 4, close: 5 } as const
