/** Redis engines with applications behind them. */

import { Random, type Subject } from 'skitai/testing'
import {
  Attributed,
  RedisClient,
  type RedisClientEvent,
  type RedisClientOptions,
  RedisServer,
  type RedisServerEvent,
  type RedisLimits,
  ReplyError,
  Streamed,
  UsageError,
} from 'skitai/redis'

/** Limits that small inputs reach. */
export const SMALL: Partial<RedisLimits> = {
  bulkBytesMax: 40,
  replyBytesMax: 150,
  elementsMax: 12,
  depthMax: 3,
  lineBytesMax: 30,
}

/** All sums of `ReplyFlags`. */
export const FLAGS_MAX = 31

const COMMANDS: readonly (readonly string[])[] = [
  ['GET', 'k'],
  ['SUBSCRIBE', 'a', 'b'],
  ['UNSUBSCRIBE'],
  ['SUNSUBSCRIBE', 'a'],
  ['PING'],
  ['MONITOR'],
  ['RESET'],
  ['QUIT'],
]

/** Gives a command if it fits. */
export function tryCommand(engine: RedisClient, words: readonly string[], flags: number): void {
  try {
    engine.command(words, flags)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
}

/**
 * A client that is ready, and asks for one thing or another now and then, as the seed has it; most commands are
 * ordinary ones.
 */
export function moodyClient(seed: number, options: RedisClientOptions = {}): Subject<RedisClientEvent> {
  const engine = new RedisClient({ protocol: 2, ...options })
  const random = new Random(seed)
  const ask = (): void => {
    const words = random.chance(0.8) ? COMMANDS[0]! : random.pick(COMMANDS)
    tryCommand(engine, words, random.below(FLAGS_MAX + 1))
  }
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'ready') for (let left = random.below(6); left > 0; left--) ask()
      else if (random.chance(0.5)) ask()
    },
  }
}

/** A server that answers with one value or another. */
export function moodyServer(seed: number, limits: Partial<RedisLimits> = {}): Subject<RedisServerEvent> {
  const engine = new RedisServer({ limits })
  const random = new Random(seed)
  engine.protocol = random.chance(0.5) ? 3 : 2
  return {
    engine,
    onEvent: (event) => {
      if (event.type !== 'command') return
      const mood = random.below(8)
      if (mood === 0) engine.reply(new ReplyError(`ERR ${event.args.length}\nwords`))
      else if (mood === 1) engine.reply(new Attributed(event.args, { name: event.name }))
      else if (mood === 2) engine.reply(new Streamed(event.args))
      else if (mood === 3) engine.push(['message', 'a', event.name])
      else engine.reply([event.name, ...event.args])
    },
  }
}
