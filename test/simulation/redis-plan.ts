/** A conversation over the protocol of Redis as plain data, made from a seed, and the applications that hold it. */

import { type Controls, type LinkOptions, Random, type Subject } from 'skitai/testing'
import {
  RedisClient,
  type RedisClientEvent,
  type RedisLimits,
  RedisServer,
  type RedisServerEvent,
  ReplyError,
  UsageError,
} from 'skitai/redis'
import type { RedisModel } from '../../fuzz/redis-model.js'

/** One thing that a client asks for. */
export interface PlannedCommand {
  readonly name: string
  readonly names: readonly string[]
  /** Since the one before; 0: in one write with it. */
  readonly pauseMs: number
}

/** How a connection ends before all is answered. */
export type Fate = 'none' | 'close' | 'abort' | 'serverClose' | 'serverAbort'

/** A whole conversation. */
export interface Plan {
  readonly protocol: 2 | 3
  /** The server knows RESP2 only. */
  readonly isOld: boolean
  readonly commands: readonly PlannedCommand[]
  readonly answerMs: number
  /** The share of answers behind which something is published, and of those behind which a slot moves. */
  readonly publishes: number
  readonly moves: number
  readonly holdMs: number
  readonly fate: Fate
  readonly fateMs: number
  readonly clientLimits: Partial<RedisLimits>
  readonly serverLimits: Partial<RedisLimits>
  readonly toServer: LinkOptions
  readonly toClient: LinkOptions
}

/** Links may be slower than any real one. */
const PATIENT = { startupMs: 3_600_000, writeMs: 3_600_000 }

const ORDINARY = ['GET', 'GET', 'GET', 'PING', 'MULTI', 'EXEC']
const SUBSCRIBING = ['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE']
const NAMES = ['a', 'b', 'été', 'x'.repeat(100)]

export function planOf(seed: number): Plan {
  const random = new Random(seed)
  return {
    protocol: random.pick([2, 3, 3]),
    isOld: random.chance(0.2),
    commands: commandsOf(random),
    answerMs: random.pick([0, 0, 1, 50]),
    publishes: random.pick([0, 0.2, 0.7]),
    moves: random.pick([0, 0.1]),
    holdMs: random.pick([0, 0, 10, 500]),
    fate: random.pick(['none', 'none', 'none', 'close', 'abort', 'serverClose', 'serverAbort']),
    fateMs: random.pick([0, 10, 100, 1000]),
    clientLimits: { ...PATIENT, outputBytesMax: random.pick([100, 16_777_216]) },
    serverLimits: { ...PATIENT, outputBytesMax: random.pick([100, 1_048_576]) },
    toServer: linkOf(random),
    toClient: linkOf(random),
  }
}

function commandsOf(random: Random): PlannedCommand[] {
  const subscribes = random.chance(0.6)
  return Array.from({ length: random.below(30) }, () => {
    const name = random.pick(subscribes && random.chance(0.5) ? SUBSCRIBING : ORDINARY)
    const least = name.startsWith('UN') || name.includes('UNSUB') || name === 'GET' ? 0 : 1
    const names = name.includes('SUBSCRIBE') || name === 'GET' ? NAMES.slice(0, random.between(least, 3)) : []
    return { name, names, pauseMs: random.pick([0, 0, 0, 1, 100]) }
  })
}

function linkOf(random: Random): LinkOptions {
  const fragmentBytesMax = random.pick([3, 30, 1460, undefined])
  return {
    delayMs: random.pick([
      [0, 0],
      [1, 5],
      [20, 300],
    ]),
    coalesce: random.pick([0, 0.3, 0.95]),
    capacityBytes: random.pick([100, 4096, 65_536]),
    ...(fragmentBytesMax === undefined ? {} : { fragmentBytesMax }),
  }
}

/** The application of a client: it asks as planned, and leaves when all is heard. */
export function clientOf(plan: Plan, model: RedisModel) {
  return (controls: Controls): Subject<RedisClientEvent> => {
    const engine = new RedisClient({ protocol: plan.protocol, limits: plan.clientLimits })
    let next = 0
    const ask = (): void => {
      for (;;) {
        const command = plan.commands[next]
        if (engine.over || command === undefined) return leave()
        // With RESP2, whether somebody is a subscriber becomes known by the answers.
        if (engine.protocol === 2 && engine.pendingCount > 0) return controls.later(1, ask)
        next++
        if (mayAsk(command.name)) tryAsk(command)
        const { pauseMs = 0 } = plan.commands[next] ?? {}
        if (pauseMs > 0) return controls.later(pauseMs, ask)
      }
    }
    const mayAsk = (name: string): boolean =>
      engine.protocol === 3 || name === 'PING' || !isSubscriber() || isSubscribing(name)
    const isSubscriber = (): boolean => Number(engine.describeState()['subscriptions']) > 0
    const tryAsk = ({ name, names }: PlannedCommand): void => {
      try {
        model.ask(engine, name, names)
      } catch (error) {
        // A subscription within a transaction.
        if (!(error instanceof UsageError)) throw error
      }
    }
    const leave = (): void => {
      if (model.settled) engine.close()
      else if (!engine.over) controls.later(5, leave)
    }
    let events = 0
    return {
      engine,
      onEvent: (event) => {
        model.heard(event)
        if (event.type === 'ready') {
          if (plan.fate === 'close' || plan.fate === 'abort')
            controls.later(plan.fateMs, () => (plan.fate === 'abort' ? engine.abort() : engine.close()))
          ask()
        }
        if (plan.holdMs === 0 || ++events % 7 !== 0) return
        engine.hold(true)
        controls.later(plan.holdMs, () => engine.hold(false))
      },
    }
  }
}

function isSubscribing(name: string): boolean {
  return name.endsWith('SUBSCRIBE')
}

/** The application of a server: it answers by chance, at once or later, and publishes between. */
export function serverOf(plan: Plan, model: RedisModel) {
  return (controls: Controls): Subject<RedisServerEvent> => {
    const engine = new RedisServer({ limits: plan.serverLimits })
    const { random } = controls
    let isAnswering = false
    const answer = (): void => {
      isAnswering = false
      for (let steps = 0; model.owes && !engine.over; steps++) {
        model.answer(engine, random.below(64))
        if (random.chance(plan.publishes)) model.publish(engine)
        if (random.chance(plan.moves)) model.move(engine)
        if (plan.answerMs > 0 || steps === 50) return answerLater()
      }
    }
    const answerLater = (): void => {
      if (isAnswering) return
      isAnswering = true
      controls.later(plan.answerMs, answer)
    }
    return {
      engine,
      begin: () => {
        if (plan.fate === 'serverClose' || plan.fate === 'serverAbort')
          controls.later(plan.fateMs, () => (plan.fate === 'serverClose' ? engine.close() : engine.abort()))
      },
      onEvent: (event) => {
        if (event.type !== 'command') return
        if (event.name === 'HELLO') return shakeHands(engine, plan.isOld)
        model.told(event)
        answerLater()
      },
    }
  }
}

function shakeHands(engine: RedisServer, isOld: boolean): void {
  if (isOld) return engine.reply(new ReplyError('ERR unknown command `HELLO`'))
  engine.protocol = 3
  engine.reply({ proto: 3, server: 'simulated' })
}
