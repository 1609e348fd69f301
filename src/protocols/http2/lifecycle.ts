/**
 * The life of a stream (RFC 9113 section 5.1, figure 2), seen from one endpoint: `receive` is what the peer does,
 * `send` what we do. A pair without a row is a fault of the peer, or a `UsageError` when it was a command of ours.
 */

import { defineTransitions, type Transitions } from '../core/transitions.js'

/** The states of a stream. */
export type StreamState =
  'idle' | 'reservedLocal' | 'reservedRemote' | 'open' | 'halfClosedLocal' | 'halfClosedRemote' | 'closed'

/** What happens to a stream. A HEADERS frame with END_STREAM is `receiveHeaders` and then `receiveEnd`. */
export type StreamInput =
  | 'receiveHeaders'
  | 'receiveData'
  | 'receiveEnd'
  | 'receiveReset'
  | 'receivePush'
  | 'receiveWindow'
  | 'sendHeaders'
  | 'sendData'
  | 'sendEnd'
  | 'sendReset'
  | 'sendPush'

/** The rows as a table. */
export const lifecycle: Transitions<StreamState, StreamInput> = defineTransitions<StreamState, StreamInput>(
  ['idle', 'reservedLocal', 'reservedRemote', 'open', 'halfClosedLocal', 'halfClosedRemote', 'closed'],
  [
    'receiveHeaders',
    'receiveData',
    'receiveEnd',
    'receiveReset',
    'receivePush',
    'receiveWindow',
    'sendHeaders',
    'sendData',
    'sendEnd',
    'sendReset',
    'sendPush',
  ],
  [
    ['idle', 'receiveHeaders', 'open', 'RFC 9113 section 5.1'],
    ['idle', 'receivePush', 'reservedRemote', 'RFC 9113 section 6.6'],
    ['idle', 'sendHeaders', 'open', 'RFC 9113 section 5.1'],
    ['idle', 'sendPush', 'reservedLocal', 'RFC 9113 section 6.6'],
    ['reservedLocal', 'sendHeaders', 'halfClosedRemote', 'RFC 9113 section 5.1'],
    ['reservedLocal', 'sendReset', 'closed', 'RFC 9113 section 5.1'],
    ['reservedLocal', 'receiveReset', 'closed', 'RFC 9113 section 5.1'],
    ['reservedLocal', 'receiveWindow', 'reservedLocal', 'RFC 9113 section 5.1'],
    ['reservedRemote', 'receiveHeaders', 'halfClosedLocal', 'RFC 9113 section 5.1'],
    ['reservedRemote', 'receiveReset', 'closed', 'RFC 9113 section 5.1'],
    ['reservedRemote', 'sendReset', 'closed', 'RFC 9113 section 5.1'],
    ['open', 'receiveHeaders', 'open', 'RFC 9113 section 8.1'],
    ['open', 'receiveData', 'open', 'RFC 9113 section 6.1'],
    ['open', 'receiveEnd', 'halfClosedRemote', 'RFC 9113 section 5.1'],
    ['open', 'receiveReset', 'closed', 'RFC 9113 section 6.4'],
    ['open', 'receiveWindow', 'open', 'RFC 9113 section 6.9'],
    ['open', 'sendHeaders', 'open', 'RFC 9113 section 8.1'],
    ['open', 'sendData', 'open', 'RFC 9113 section 6.1'],
    ['open', 'sendEnd', 'halfClosedLocal', 'RFC 9113 section 5.1'],
    ['open', 'sendReset', 'closed', 'RFC 9113 section 6.4'],
    ['halfClosedLocal', 'receiveHeaders', 'halfClosedLocal', 'RFC 9113 section 8.1'],
    ['halfClosedLocal', 'receiveData', 'halfClosedLocal', 'RFC 9113 section 6.1'],
    ['halfClosedLocal', 'receiveEnd', 'closed', 'RFC 9113 section 5.1'],
    ['halfClosedLocal', 'receiveReset', 'closed', 'RFC 9113 section 6.4'],
    ['halfClosedLocal', 'receiveWindow', 'halfClosedLocal', 'RFC 9113 section 5.1'],
    ['halfClosedLocal', 'sendReset', 'closed', 'RFC 9113 section 6.4'],
    ['halfClosedRemote', 'receiveReset', 'closed', 'RFC 9113 section 6.4'],
    ['halfClosedRemote', 'receiveWindow', 'halfClosedRemote', 'RFC 9113 section 6.9'],
    ['halfClosedRemote', 'sendHeaders', 'halfClosedRemote', 'RFC 9113 section 8.1'],
    ['halfClosedRemote', 'sendData', 'halfClosedRemote', 'RFC 9113 section 6.1'],
    ['halfClosedRemote', 'sendEnd', 'closed', 'RFC 9113 section 5.1'],
    ['halfClosedRemote', 'sendReset', 'closed', 'RFC 9113 section 6.4'],
    ['closed', 'receiveReset', 'closed', 'RFC 9113 section 5.1'],
    ['closed', 'receiveWindow', 'closed', 'RFC 9113 section 5.1'],
  ],
)

/** The numbers of the states. */
export const StreamStates = {
  idle: 0,
  reservedLocal: 1,
  reservedRemote: 2,
  open: 3,
  halfClosedLocal: 4,
  halfClosedRemote: 5,
  closed: 6,
} as const

/** The numbers of the inputs. */
export const StreamInputs = {
  receiveHeaders: 0,
  receiveData: 1,
  receiveEnd: 2,
  receiveReset: 3,
  receivePush: 4,
  receiveWindow: 5,
  sendHeaders: 6,
  sendData: 7,
  sendEnd: 8,
  sendReset: 9,
  sendPush: 10,
} as const
