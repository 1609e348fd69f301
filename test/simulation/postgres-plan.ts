/**
 * A conversation over the protocol of PostgreSQL as plain data, made from a seed, and the applications that hold it.
 */

import { type Controls, type LinkOptions, Random, type Subject } from 'skitai/testing'
import {
  PostgresClient,
  type PostgresClientEvent,
  type PostgresLimits,
  PostgresServer,
  type PostgresServerEvent,
  type PostgresServerLimits,
} from 'skitai/postgres'
import { COPY_NAME, type Kind, type PostgresModel } from '../../fuzz/postgres-model.js'
import { authOptions, digests } from '../../fuzz/postgres-subjects.js'

/** One thing that a client asks for. */
export interface PlannedCommand {
  readonly kind: Kind
  readonly name: string
  /** Since the one before; 0: in one write with it. */
  readonly pauseMs: number
}

/** How a connection ends before all is answered. */
export type Fate = 'none' | 'terminate' | 'abort' | 'close' | 'serverAbort'

/** A whole conversation. */
export interface Plan {
  readonly commands: readonly PlannedCommand[]
  readonly pieces: number
  /** The client breaks its copy off. */
  readonly copyFails: boolean
  /** The share of pieces upon which the server does. */
  readonly serverBreaksOff: number
  readonly answerMs: number
  readonly pipelinedMax: number
  readonly holdMs: number
  readonly fate: Fate
  readonly fateMs: number
  readonly clientLimits: Partial<PostgresLimits>
  readonly serverLimits: Partial<PostgresServerLimits>
  readonly toServer: LinkOptions
  readonly toClient: LinkOptions
}

/** Links may be slower than any real one. */
const PATIENT = { startupMs: 3_600_000, writeMs: 3_600_000 }

const KINDS: readonly Kind[] = ['query', 'query', 'functionCall', 'sync', 'close', 'describeStatement']

/** A statement as drivers ask for it: prepared, described, bound, run; whatever fails. */
const STATEMENT: readonly Kind[] = ['parse', 'describeStatement', 'bind', 'describePortal', 'execute', 'sync']

export function planOf(seed: number): Plan {
  const random = new Random(seed)
  return {
    commands: commandsOf(random),
    pieces: random.below(6),
    copyFails: random.chance(0.3),
    serverBreaksOff: random.pick([0, 0.1, 0.5]),
    answerMs: random.pick([0, 0, 1, 50]),
    pipelinedMax: random.pick([1, 1, 3, 100]),
    holdMs: random.pick([0, 0, 10, 500]),
    fate: random.pick(['none', 'none', 'none', 'terminate', 'abort', 'close', 'serverAbort']),
    fateMs: random.pick([0, 10, 100, 1000]),
    clientLimits: { ...PATIENT, scramIterationsMax: 10, outputBytesMax: random.pick([100, 16_777_216]) },
    serverLimits: { ...PATIENT, outputBytesMax: random.pick([100, 1_048_576]) },
    toServer: linkOf(random),
    toClient: linkOf(random),
  }
}

function commandsOf(random: Random): PlannedCommand[] {
  const pauseMs = (): number => random.pick([0, 0, 0, 1, 100])
  const commands: PlannedCommand[] = []
  for (let left = random.below(12); left > 0; left--) {
    const name = random.pick(['', 'a', 'b', COPY_NAME])
    // Now and then steps of a statement are missing, or Sync is.
    const kinds = random.chance(0.6) ? STATEMENT.filter(() => random.chance(0.8)) : [random.pick(KINDS)]
    for (const kind of kinds) commands.push({ kind, name, pauseMs: pauseMs() })
  }
  return [...commands, { kind: 'sync', name: '', pauseMs: pauseMs() }]
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

/** The application of a client: it asks as planned, and leaves when all is answered. */
export function clientOf(plan: Plan, model: PostgresModel) {
  return (controls: Controls): Subject<PostgresClientEvent> => {
    const engine = new PostgresClient({
      user: 'user',
      password: 'pencil',
      digests,
      nonce: () => 'rOprNGfwEbeRWgbNEkqO',
      limits: plan.clientLimits,
    })
    const isCopying = (): boolean => engine.describeState()['copying'] === true
    let next = 0
    const ask = (): void => {
      for (;;) {
        const command = plan.commands[next]
        if (engine.over || command === undefined) return leave()
        if (!model.mayAsk(engine)) return controls.later(1, ask)
        next++
        model.ask(engine, command.kind, command.name, [command.name, null, Uint8Array.of(next)])
        const { pauseMs = 0 } = plan.commands[next] ?? {}
        if (pauseMs > 0) return controls.later(pauseMs, ask)
      }
    }
    const leave = (): void => {
      if (engine.pendingCount === 0) engine.terminate()
      else controls.later(5, leave)
    }
    const copy = (left: number): void => {
      if (!isCopying()) return
      if (left === 0) return plan.copyFails ? engine.copyFail('no more') : engine.copyDone()
      model.copyData(engine, new Uint8Array(left * 10))
      controls.later(left % 3, () => copy(left - 1))
    }
    let events = 0
    return {
      engine,
      onEvent: (event) => {
        model.heard(event)
        if (event.type === 'ready' && event.id === 0) {
          if (plan.fate === 'terminate' || plan.fate === 'abort')
            controls.later(plan.fateMs, () => (plan.fate === 'abort' ? engine.abort() : engine.terminate()))
          ask()
        } else if (event.type === 'copy' && event.direction === 'in') copy(plan.pieces)
        if (plan.holdMs === 0 || ++events % 7 !== 0) return
        engine.hold(true)
        controls.later(plan.holdMs, () => engine.hold(false))
      },
    }
  }
}

/** The application of a server: it answers by chance, at once or later. */
export function serverOf(plan: Plan, model: PostgresModel) {
  return (controls: Controls): Subject<PostgresServerEvent> => {
    const { pipelinedMax, serverLimits } = plan
    const engine = new PostgresServer({ auth: authOptions, limits: { ...serverLimits, pipelinedMax } })
    let isAnswering = false
    const answer = (): void => {
      isAnswering = false
      for (let steps = 0; model.owes && !engine.over; steps++) {
        model.answer(engine, controls.random.below(60))
        if (plan.answerMs === 0 && steps < 50) continue
        return answerLater()
      }
    }
    const answerLater = (): void => {
      if (isAnswering) return
      isAnswering = true
      controls.later(plan.answerMs, answer)
    }
    return {
      engine,
      onEvent: (event) => {
        if (event.type === 'startup') engine.authenticate({ method: 'scram-sha-256', password: 'pencil' })
        else if (event.type === 'authenticated') {
          engine.sendReady()
          if (plan.fate === 'close' || plan.fate === 'serverAbort')
            controls.later(plan.fateMs, () =>
              plan.fate === 'close' ? engine.close({ message: 'bye' }) : engine.abort(),
            )
        } else model.told(event)
        if (event.type === 'copyData' && controls.random.chance(plan.serverBreaksOff)) model.answer(engine, 0)
        if (model.owes) answerLater()
      },
    }
  }
}
