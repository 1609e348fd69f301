/**
 * Replies and pushes to the client role of Redis: any octets, and an application whose mood is decided by the first two
 * of them.
 */

import { RedisClient, type RedisClientEvent, type RedisFaultCode, redisFaults, UsageError } from 'skitai/redis'
import { concat, type Step, type Subject, type Trace } from 'skitai/testing'
import { checkAllWays, ensure } from './http1-oracles.js'

/** RESP3 is spoken from here on. */
const HELLO = Uint8Array.from('%1\r\n+proto\r\n:3\r\n', (letter) => letter.charCodeAt(0))

/** Longer than every deadline. */
const FOR_EVER: Step = { type: 'wait', ms: 1_000_000 }

const SMALL = { bulkBytesMax: 30, replyBytesMax: 100, elementsMax: 8, depthMax: 3, lineBytesMax: 30 }

/** What an application asks for when the server is ready. */
const PROGRAMS: readonly (readonly (readonly string[])[])[] = [
  [],
  [['GET', 'k']],
  [
    ['GET', 'a'],
    ['LRANGE', 'b', '0', '-1'],
    ['HGETALL', 'c'],
    ['EVAL', 'd', '0'],
  ],
  [['SUBSCRIBE', 'a', 'b'], ['PSUBSCRIBE', 'c'], ['SSUBSCRIBE', 'd'], ['PING'], ['UNSUBSCRIBE'], ['SUNSUBSCRIBE', 'd']],
  [['GET', 'a'], ['MONITOR']],
  [['GET', 'a'], ['RESET'], ['GET', 'b']],
  [['GET', 'a'], ['QUIT']],
  [['MULTI'], ['GET', 'a'], ['EXEC']],
]

/**
 * The first octet is the mood: bits 0 to 2 the program, 3 and 4 how the connection begins, 5 small limits, 6 asks again
 * upon each reply. The second one is how replies and pushes are read.
 */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const flags = data[1] ?? 0
  const rest = data.subarray(2)
  const input = beginOf(mood) === 'resp3' ? concat([HELLO, rest]) : rest
  const whole = checkAllWays(() => subjectOf(mood, flags), input, [FOR_EVER])
  checkTrace(whole, input.length)
}

function beginOf(mood: number): 'resp3' | 'resp2' | 'raw' {
  return (['resp3', 'resp3', 'resp2', 'raw'] as const)[(mood >> 3) & 3]!
}

function subjectOf(mood: number, flags: number): Subject<RedisClientEvent> {
  const begin = beginOf(mood)
  const engine = new RedisClient({
    ...(begin === 'resp2' && { protocol: 2 }),
    ...(begin === 'raw' && { password: 'secret', database: 1, library: { name: 'x', version: '1' } }),
    pushFlags: flags >> 3,
    limits: (mood & 32) !== 0 ? SMALL : {},
  })
  return {
    engine,
    onEvent: (event) => {
      try {
        const program = PROGRAMS[mood & 7]!
        if (event.type === 'ready') for (const words of program) engine.command(words, flags & 31)
        else if (event.type === 'reply' && (mood & 64) !== 0) engine.command(program[0] ?? ['PING'])
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    },
  }
}

/** Numbers never go back; faults lie inside the input; there is no more than the input can hold; it ends. */
function checkTrace({ events, ended, output }: Trace, inputBytes: number): void {
  let last = 0
  for (const event of events) {
    const id = event['id']
    if (typeof id === 'number' && id > 0) {
      ensure(id >= last, `${event.type} of ${id} behind ${last}`)
      last = id
    }
    if (event.type !== 'fatal') continue
    ensure(redisFaults[event['code'] as RedisFaultCode] !== undefined, 'an unknown fault')
    const offset = event['offset'] as number
    ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
  }
  ensure(events.length <= inputBytes / 3 + 3, `${events.length} events of ${inputBytes} octets`)
  ensure(output.length < 1000 + inputBytes * 10, `${output.length} octets of output`)
  ensure(ended, 'neither the end of the input nor time ended the connection')
}
