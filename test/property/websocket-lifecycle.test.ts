import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, encodeWebSocketFrame, type WebSocketFrame } from 'skitai/testing'
import { type FrameInput, lifecycle, UsageError, type WebSocketEngine, type WebSocketEvent } from 'skitai/websocket'
import { DirectionStates, FrameInputs } from '#src/protocols/websocket/lifecycle.js'
import { engineOf } from './websocket-support.js'

const NO_TRANSITION = 255

describe('the lifecycle of a direction as a table', () => {
  test('each pair of state and input has its row, or none', () => {
    lifecycle.states.forEach((state, stateNumber) =>
      lifecycle.inputs.forEach((input, inputNumber) => {
        const row = lifecycle.rows.find((candidate) => candidate[0] === state && candidate[1] === input)
        const next = lifecycle.next(stateNumber, inputNumber)
        assert.equal(next === NO_TRANSITION ? undefined : lifecycle.states[next], row?.[2], `${state} × ${input}`)
      }),
    )
  })

  test('every state and so every row is reachable from idle', () => {
    const reached = new Set<string>(['idle'])
    for (let size = 0; size < reached.size;) {
      size = reached.size
      for (const [state, , next] of lifecycle.rows) if (reached.has(state)) reached.add(next)
    }
    assert.deepEqual([...reached].sort(), [...lifecycle.states].sort())
  })

  test('every row names its section, and the numbers are those of the lists', () => {
    for (const [, , , section] of lifecycle.rows) assert.match(section, /^RFC 6455 section \d/)
    assert.deepEqual(Object.keys(DirectionStates), [...lifecycle.states])
    assert.deepEqual(Object.keys(FrameInputs), [...lifecycle.inputs])
  })
})

const X = Uint8Array.of(0x78)
const NOTHING = new Uint8Array(0)

/** A frame for each input. */
const frames: Readonly<Record<FrameInput, WebSocketFrame>> = {
  whole: { opcode: 1, payload: X },
  first: { opcode: 2, fin: false, payload: X },
  middle: { opcode: 0, fin: false, payload: X },
  last: { opcode: 0, payload: X },
  control: { opcode: 9, payload: X },
  close: { opcode: 8, payload: NOTHING },
}

/** What brings a direction into a state. */
const before: Readonly<Record<string, readonly FrameInput[]>> = { idle: [], message: ['first'], closed: ['close'] }

function eventsOf(engine: WebSocketEngine): WebSocketEvent[] {
  const events: WebSocketEvent[] = []
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) events.push(event)
  return events
}

/** An engine with what it sends held back: our own Close must not end what comes. */
function receiving(client: boolean, inputs: readonly FrameInput[]): WebSocketEngine {
  const engine = engineOf(client)
  engine.start(0)
  const key = client ? undefined : 0x01020304
  engine.receive(concat(inputs.map((input) => encodeWebSocketFrame({ ...frames[input], key }))), 0)
  return engine
}

describe('what comes follows the table', () => {
  for (const client of [false, true])
    for (const [state, inputs] of Object.entries(before))
      for (const input of lifecycle.inputs)
        test(`${client ? 'client' : 'server'}, ${state} × ${input}`, () => {
          const seen = eventsOf(receiving(client, inputs)).length
          const events = eventsOf(receiving(client, [...inputs, input])).slice(state === 'closed' ? seen : 0)
          const row = lifecycle.rows.find((candidate) => candidate[0] === state && candidate[1] === input)
          const fatal = events.find(({ type }) => type === 'fatal')
          if (row !== undefined) return assert.equal(fatal, undefined)
          // Behind Close nothing is looked at any more.
          if (state === 'closed') return assert.deepEqual(events, [])
          const code = input === 'middle' || input === 'last' ? 'WS_CONTINUATION' : 'WS_MESSAGE_UNFINISHED'
          assert.equal(fatal?.type === 'fatal' && fatal.code, code)
        })
})

const commands: Readonly<Record<string, readonly [input: FrameInput, command: (engine: WebSocketEngine) => void]>> = {
  sendText: ['whole', (engine) => engine.sendText('x')],
  sendBinary: ['whole', (engine) => engine.sendBinary(Uint8Array.of(1))],
  beginMessage: ['first', (engine) => engine.beginMessage('text')],
  sendPiece: ['middle', (engine) => engine.sendPiece(Uint8Array.of(0x78))],
  endMessage: ['last', (engine) => engine.endMessage()],
  ping: ['control', (engine) => engine.ping(Uint8Array.of(1))],
  pong: ['control', (engine) => engine.pong(Uint8Array.of(1))],
}

const sending: Readonly<Record<string, (engine: WebSocketEngine) => void>> = {
  idle: () => {},
  message: (engine) => engine.beginMessage('text'),
  closed: (engine) => engine.close(),
}

function stateOf(engine: WebSocketEngine): string {
  return JSON.stringify([engine.describeState(), engine.deadline()])
}

describe('commands follow the table', () => {
  for (const client of [false, true])
    for (const [state, prepare] of Object.entries(sending))
      for (const [name, [input, command]] of Object.entries(commands))
        test(`${client ? 'client' : 'server'}, ${state} × ${name}`, () => {
          const engine = engineOf(client)
          engine.start(0)
          prepare(engine)
          const row = lifecycle.rows.find((candidate) => candidate[0] === state && candidate[1] === input)
          const was = stateOf(engine)
          if (row === undefined) {
            assert.throws(
              () => command(engine),
              (error) => error instanceof UsageError && error.code === 'WS_STATE',
            )
            assert.equal(stateOf(engine), was)
            return
          }
          command(engine)
          assert.equal(engine.describeState()['sent'], row[2])
        })

  test('Close may be sent in any state, and only once', () => {
    for (const prepare of Object.values(sending)) {
      const engine = engineOf(false)
      engine.start(0)
      prepare(engine)
      engine.close(1001)
      const was = engine.outputBytes
      engine.close(1002)
      assert.equal(engine.outputBytes, was)
      assert.equal(engine.describeState()['sent'], 'closed')
    }
  })

  test('nothing happens once the connection is over', () => {
    for (const client of [false, true]) {
      const engine = engineOf(client)
      engine.start(0)
      engine.abort()
      assert.deepEqual(eventsOf(engine), [{ type: 'closed', initiator: 'local' }])
      const was = stateOf(engine)
      for (const [, command] of Object.values(commands)) command(engine)
      engine.close()
      engine.abort()
      engine.hold(false)
      engine.receive(encodeWebSocketFrame(frames.whole), 1)
      engine.receiveEnd(1)
      engine.advance(1e9)
      assert.deepEqual(eventsOf(engine), [])
      assert.equal(engine.output(), undefined)
      assert.deepEqual([engine.open, engine.over, engine.wantsInput, engine.deadline()], [false, true, false, Infinity])
      assert.equal(JSON.parse(was)[0].over, true)
    }
  })
})
