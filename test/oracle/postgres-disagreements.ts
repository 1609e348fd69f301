/** Where we and `pg-protocol` differ on purpose. */

/** A message that ours refuses, and theirs takes. */
export interface Refused {
  readonly ours: string
  readonly reason: string
  /** Messages in the notation of the vectors. */
  readonly example: readonly string[]
  readonly commands?: readonly string[]
}

const ORDER = 'theirs is told nothing of what was asked, and takes any message at any time'
const LENIENT = 'theirs takes what it knows of a message, and leaves the rest out'

/** What theirs takes without a word. */
export const refused: readonly Refused[] = [
  { ours: 'PG_MESSAGE_UNEXPECTED', reason: ORDER, example: ['ParseComplete'] },
  { ours: 'PG_MESSAGE_UNEXPECTED', reason: ORDER, example: ['Authentication cleartext'] },
  { ours: 'PG_MESSAGE_MALFORMED', reason: LENIENT, example: ['message type=S hex=6100620063'] },
  { ours: 'PG_MESSAGE_MALFORMED', reason: LENIENT, example: ['message type=1 hex=00'], commands: ['parse "" x'] },
  {
    ours: 'PG_MESSAGE_MALFORMED',
    reason: 'a format that does not exist is binary to theirs',
    example: ['RowDescription a:23:2'],
    commands: ['query x'],
  },
  {
    ours: 'PG_MESSAGE_MALFORMED',
    reason: 'a status of the transaction that does not exist is one to theirs',
    example: ['ReadyForQuery X'],
    commands: ['query x'],
  },
  {
    ours: 'PG_COLUMN_COUNT',
    reason: 'theirs does not compare rows with their description',
    example: ['RowDescription a:23', 'DataRow 1 2'],
    commands: ['query x'],
  },
]
