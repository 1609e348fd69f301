/**
 * Commands to the server role of Redis: any octets, and an application whose mood is decided by the first of them.
 */

import {
  Attributed,
  type RedisFaultCode,
  redisFaults,
  RedisServer,
  type RedisServerEvent,
  ReplyError,
  Streamed,
} from 'skitai/redis'
import type { Subject, Trace } from 'skitai/testing'
import { checkAllWays, ensure } from './http1-oracles.js'

const SMALL = { bulkBytesMax: 20, replyBytesMax: 60, elementsMax: 3, lineBytesMax: 20 }

/** The first octet is the mood: bits 0 to 2 what is answered, 3 RESP3, 4 small limits. The rest is input. */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const input = data.subarray(1)
  const whole = checkAllWays(() => subjectOf(mood), input)
  checkTrace(whole, input.length)
}

function subjectOf(mood: number): Subject<RedisServerEvent> {
  const engine = new RedisServer({ limits: (mood & 16) !== 0 ? SMALL : {} })
  engine.protocol = (mood & 8) !== 0 ? 3 : 2
  const act = ACTS[mood & 7]!
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'command') act(engine, event)
    },
  }
}

type CommandEvent = RedisServerEvent & { readonly type: 'command' }

const ACTS: readonly ((engine: RedisServer, event: CommandEvent) => void)[] = [
  (engine, { name, args }) => engine.reply([name, ...args]),
  (engine, { name }) => engine.reply(new ReplyError(`ERR unknown command ${name}`)),
  (engine, { args }) => engine.reply(new Attributed(new Streamed(args), { words: args.length })),
  (engine, { name, args }) => engine.push([name, ...args], true),
  (engine, { name }) => {
    engine.reply(null)
    if (name === 'QUIT') engine.close()
  },
  // Answers two at a time.
  (engine) => {
    if (engine.unansweredCount < 2) return
    engine.reply(1)
    engine.reply(2)
  },
  (engine, { args }) => (args.length > 1 ? engine.close() : engine.reply(true)),
  () => {},
]

function checkTrace({ events, ended }: Trace, inputBytes: number): void {
  let bytes = 0
  for (const event of events) {
    if (event.type === 'command') {
      const args = event['args'] as Uint8Array[]
      bytes += (event['name'] as string).length + args.reduce((sum, each) => sum + each.length, 0)
    }
    if (event.type !== 'fatal') continue
    ensure(redisFaults[event['code'] as RedisFaultCode] !== undefined, 'an unknown fault')
    const offset = event['offset'] as number
    ensure(offset >= -1 && offset <= inputBytes, `offset ${offset} of ${inputBytes}`)
  }
  // Some letters of Latin-1 have two capital ones.
  ensure(bytes <= inputBytes * 2, `${bytes} octets of ${inputBytes}`)
  ensure(events.length <= inputBytes / 2 + 1, `${events.length} events of ${inputBytes} octets`)
  const answered = events.every(({ type }) => type !== 'command')
  ensure(ended || !answered, 'the end of the input did not end the connection')
}
