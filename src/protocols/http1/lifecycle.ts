/**
 * The life of one message half: the request or the response of an exchange, whoever sends it (RFC 9112 sections 2, 6,
 * 9). Both halves of a connection follow the same rows; an exchange is over when both are `done`.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'

/** The states of a message half. */
export type HalfState = 'idle' | 'body' | 'done' | 'switched' | 'closed'

/** What happens to a message half. */
export type HalfInput = 'inform' | 'head' | 'data' | 'end' | 'next' | 'switch' | 'close'

/** The rows as a table. */
export const lifecycle: Transitions<HalfState, HalfInput> = defineTransitions<HalfState, HalfInput>(
  ['idle', 'body', 'done', 'switched', 'closed'],
  ['inform', 'head', 'data', 'end', 'next', 'switch', 'close'],
  [
    ['idle', 'inform', 'idle', 'RFC 9110 section 15.2'],
    ['idle', 'head', 'body', 'RFC 9112 section 2.1'],
    ['idle', 'switch', 'switched', 'RFC 9110 section 7.8'],
    ['idle', 'close', 'closed', 'RFC 9112 section 9.6'],
    ['body', 'data', 'body', 'RFC 9112 section 6'],
    ['body', 'end', 'done', 'RFC 9112 section 6.3'],
    ['body', 'close', 'closed', 'RFC 9112 section 9.6'],
    ['done', 'next', 'idle', 'RFC 9112 section 9.3'],
    ['done', 'switch', 'switched', 'RFC 9110 section 7.8'],
    ['done', 'close', 'closed', 'RFC 9112 section 9.6'],
  ],
)

/** The numbers of the states. */
export const HalfStates = { idle: 0, body: 1, done: 2, switched: 3, closed: 4 } as const

/** The numbers of the inputs. */
export const HalfInputs = { inform: 0, head: 1, data: 2, end: 3, next: 4, switch: 5, close: 6 } as const
