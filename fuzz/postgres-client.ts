/**
 * Messages to the client role of PostgreSQL: any octets, and an application whose mood is decided by the first of them.
 */

import {
  PostgresClient,
  type PostgresClientEvent,
  type PostgresFaultCode,
  postgresFaults,
  UsageError,
} from 'skitai/postgres'
import { concat, type Step, type Subject, type Trace } from 'skitai/testing'
import { checkAllWays, ensure } from './http1-oracles.js'
import { digests, ITERATIONS_MAX } from './postgres-subjects.js'

/** Authentication is over, and the server is ready. */
const HANDSHAKE = Uint8Array.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

/** Longer than every deadline. */
const FOR_EVER: Step = { type: 'wait', ms: 1_000_000 }

/** What an application asks for when the server is ready for the first time. */
export const programs: readonly ((engine: PostgresClient) => void)[] = [
  () => {},
  (engine) => void engine.query('select'),
  (engine) => {
    for (let i = 0; i < 4; i++) engine.query('select')
  },
  (engine) => {
    engine.parse('s', 'select $1', [23])
    engine.describe('statement', 's')
    engine.bind('', 's', ['1', null, Uint8Array.of(1)])
    engine.describe('portal', '')
    engine.execute('', 2)
    engine.closeObject('statement', 's')
    engine.sync()
    engine.execute('')
    engine.sync()
  },
]

/**
 * The first octet is the mood: bits 0 and 1 the program, 2 without the handshake, 3 small limits; the rest is input.
 */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const rest = data.subarray(1)
  const input = (mood & 4) !== 0 ? rest : concat([HANDSHAKE, rest])
  const whole = checkAllWays(() => subjectOf(mood), input, [FOR_EVER])
  checkTrace(whole, input.length)
}

function subjectOf(mood: number): Subject<PostgresClientEvent> {
  const limits = {
    scramIterationsMax: ITERATIONS_MAX,
    ...((mood & 8) !== 0 && { messageBytesMax: 60, outputBytesMax: 200 }),
  }
  const engine = new PostgresClient({
    user: 'user',
    password: 'pencil',
    encrypted: true,
    digests,
    nonce: () => 'rOprNGfwEbeRWgbNEkqO',
    limits,
    channelBindingData: Uint8Array.of(1, 2, 3, 4),
  })
  return {
    engine,
    onEvent: (event) => {
      try {
        if (event.type === 'ready' && event.id === 0) programs[mood & 3]!(engine)
        else if (event.type === 'copy' && event.direction !== 'out') {
          engine.copyData(Uint8Array.of(1, 2, 3))
          engine.copyDone()
        }
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    },
  }
}

/** Numbers never go back; rows have the columns of their kind; faults lie inside the input; the connection ends. */
function checkTrace({ events, ended, output }: Trace, inputBytes: number): void {
  let last = 0
  for (const event of events) {
    const id = event['id']
    if (typeof id === 'number' && id > 0) {
      ensure(id >= last, `${event.type} of ${id} behind ${last}`)
      last = id
    }
    if (event.type === 'rows') {
      const rows = event['rows'] as unknown[][]
      ensure(rows.length > 0 && rows.length * 7 <= inputBytes, `${rows.length} rows`)
    }
    if (event.type !== 'fatal') continue
    ensure(postgresFaults[event['code'] as PostgresFaultCode] !== undefined, 'an unknown fault')
    const offset = event['offset'] as number
    ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
  }
  ensure(events.length <= inputBytes + 2, `${events.length} events`)
  ensure(output.length < 2000 + inputBytes * 10, `${output.length} octets of output`)
  ensure(ended, 'neither the end of the input nor time ended the connection')
}
