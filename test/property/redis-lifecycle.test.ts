/**
 * Every state of the lifecycle with everything that may come: what has a row goes on as it says, all else is a fault.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lifecycle, RedisClient, type RedisClientEvent, type ServerInput, type WaitState } from 'skitai/redis'
import { bytesOf } from 'skitai/testing'

const INPUTS: Readonly<Record<ServerInput, string>> = {
  value: '+OK\r\n',
  error: '-NOPROTO no\r\n',
  subscribed: '>3\r\n+subscribe\r\n+a\r\n:1\r\n',
  unsubscribed: '>3\r\n+unsubscribe\r\n+a\r\n:0\r\n',
  line: '+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"\r\n',
}
const MAP = '%0\r\n'

interface Way {
  readonly options?: ConstructorParameters<typeof RedisClient>[0]
  /** What comes before the state. */
  readonly input: string
  readonly commands: readonly (readonly string[])[]
  /** What comes behind the commands. */
  readonly then?: string
  readonly last?: readonly string[]
}

const ready = (...commands: readonly (readonly string[])[]): Way => ({ input: MAP, commands })
const monitored = (...last: readonly string[]): Way => ({ ...ready(['MONITOR']), then: '+OK\r\n', last })

/** How a connection comes to each state; `done` and `failed` are none that it stays in. */
const WAYS: Readonly<Record<Exclude<WaitState, 'done' | 'failed'>, Way>> = {
  hello: { input: '', commands: [] },
  authenticate: { options: { protocol: 2, password: 'x' }, input: '', commands: [] },
  setup: { options: { protocol: 2, name: 'x' }, input: '', commands: [] },
  select: { options: { database: 1 }, input: MAP, commands: [] },
  idle: ready(),
  command: ready(['GET', 'k']),
  subscribe: ready(['SUBSCRIBE', 'a', 'b']),
  unsubscribe: ready(['UNSUBSCRIBE', 'a', 'b']),
  monitor: ready(['MONITOR']),
  monitoring: monitored(),
  reset: monitored('RESET'),
  quit: monitored('QUIT'),
}

/** Elsewhere a line cannot be told from a value. */
const WITH_LINES: readonly string[] = ['monitoring', 'reset', 'quit']

function reached({ options, input, commands, then = '', last = [] }: Way): {
  send: (octets: string) => readonly RedisClientEvent[]
  state: () => unknown
} {
  const engine = new RedisClient(options)
  engine.start(0)
  const send = (octets: string): readonly RedisClientEvent[] => {
    while (engine.output() !== undefined);
    engine.receive(bytesOf(octets), 0)
    const events: RedisClientEvent[] = []
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
    return events
  }
  send(input)
  for (const command of commands) engine.command(command)
  send(then)
  if (last.length > 0) engine.command(last)
  return { send, state: () => engine.describeState()['state'] }
}

describe('the lifecycle of a Redis client', () => {
  const states = Object.keys(WAYS) as (keyof typeof WAYS)[]

  test('has a way to each state', () => {
    assert.deepEqual([...states, 'done', 'failed'].toSorted(), [...lifecycle.states].toSorted())
    for (const state of states) assert.equal(reached(WAYS[state]).state(), state)
  })

  for (const state of states)
    test(`${state}: goes on by its rows, and by nothing else`, () => {
      for (const [index, input] of lifecycle.inputs.entries()) {
        if (input === 'line' && !WITH_LINES.includes(state)) continue
        const { send, state: now } = reached(WAYS[state])
        const next = lifecycle.states[lifecycle.next(lifecycle.states.indexOf(state), index)]
        const events = send(state === 'hello' && input === 'value' ? MAP : INPUTS[input])
        const last = events.at(-1)
        const code = last?.type === 'fatal' ? last.code : undefined
        const name = `${state} ${input}`
        if (next === undefined) assert.equal(code, 'REDIS_UNEXPECTED', name)
        else if (next === 'failed') assert.equal(code, 'REDIS_HANDSHAKE', name)
        else {
          const monitoring = WITH_LINES.includes(state) && !(state === 'reset' && input === 'value')
          assert.deepEqual(
            [code, now()],
            [undefined, next === 'done' ? (monitoring ? 'monitoring' : 'idle') : next],
            name,
          )
        }
      }
    })
})
