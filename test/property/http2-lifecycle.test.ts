import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Http2Client,
  type Http2FaultCode,
  Http2Server,
  lifecycle,
  type StreamInput,
  type StreamState,
  UsageError,
} from 'skitai/http2'
import { bytesOf } from 'skitai/testing'
import { encodeLines } from '../vectors/http2-notation.js'
import { DATE } from './http1-support.js'

const NO_TRANSITION = 255

describe('the lifecycle of a stream as a table', () => {
  test('each pair of state and input has its row, or none', () => {
    lifecycle.states.forEach((state, stateNumber) =>
      lifecycle.inputs.forEach((input, inputNumber) => {
        const next = lifecycle.next(stateNumber, inputNumber)
        const found = next === NO_TRANSITION ? undefined : lifecycle.states[next]
        assert.equal(found, nextOf(state, input), `${state} × ${input}`)
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

  test('every row names its section', () => {
    for (const [, , , section] of lifecycle.rows) assert.match(section, /^RFC 9113 section \d/)
  })
})

function nextOf(state: StreamState, input: StreamInput): StreamState | undefined {
  return lifecycle.rows.find((row) => row[0] === state && row[1] === input)?.[2]
}

/** An engine, and the stream that is in the state under test. */
interface Setup<Engine> {
  readonly engine: Engine
  readonly id: number
  readonly faults: Http2FaultCode[]
}

function drain(engine: Http2Client | Http2Server, faults: Http2FaultCode[]): void {
  for (let event; (event = engine.poll()) !== undefined;)
    if (event.type === 'streamFault' || event.type === 'fatal') faults.push(event.code)
  while (engine.output() !== undefined);
}

function receive({ engine, faults }: Setup<Http2Client | Http2Server>, ...lines: readonly string[]): void {
  engine.receive(encodeLines(lines), 0)
  drain(engine, faults)
}

const request = (id: number, method: string, ends: boolean): string[] => [
  `HEADERS ${id}${ends ? ' end_stream' : ''}`,
  `  :method: ${method}`,
  '  :scheme: https',
  '  :authority: a',
  '  :path: /',
]

function server(id: number, ...lines: readonly string[]): Setup<Http2Server> {
  const setup = { engine: new Http2Server({ date: () => DATE }), id, faults: [] }
  setup.engine.start(0)
  receive(setup, 'preface', 'SETTINGS', 'SETTINGS ack', ...lines)
  return setup
}

const PROMISED = { method: 'GET', scheme: 'https', authority: 'a', target: '/', fields: [] } as const

/** Servers with a stream in each state that one can have. */
const servers: Partial<Record<StreamState, () => Setup<Http2Server>>> = {
  idle: () => server(1),
  reservedLocal: () => {
    const setup = server(2, ...request(1, 'GET', true))
    assert.equal(setup.engine.pushPromise(1, PROMISED), 2)
    return setup
  },
  open: () => server(1, ...request(1, 'POST', false)),
  halfClosedLocal: () => {
    const setup = server(1, ...request(1, 'POST', false))
    setup.engine.sendResponse(1, 204, [])
    return setup
  },
  halfClosedRemote: () => server(1, ...request(1, 'GET', true)),
  closed: () => {
    const setup = server(1, ...request(1, 'GET', true))
    setup.engine.sendResponse(1, 204, [])
    return setup
  },
}

function client(id: number): Setup<Http2Client> {
  const setup = { engine: new Http2Client({ push: true }), id, faults: [] }
  setup.engine.start(0)
  receive(setup, 'SETTINGS', 'SETTINGS ack')
  return setup
}

const POST = { method: 'POST', authority: 'a' } as const
const GET = { method: 'GET', authority: 'a' } as const

/** Clients likewise. */
const clients: Partial<Record<StreamState, () => Setup<Http2Client>>> = {
  idle: () => client(2),
  reservedRemote: () => {
    const setup = client(2)
    setup.engine.sendRequest(GET)
    receive(setup, 'PUSH_PROMISE 1 promised=2', ...request(0, 'GET', true).slice(1))
    return setup
  },
  open: () => {
    const setup = client(1)
    setup.engine.sendHead(POST)
    return setup
  },
  halfClosedLocal: () => {
    const setup = client(1)
    setup.engine.sendRequest(GET)
    return setup
  },
  halfClosedRemote: () => {
    const setup = client(1)
    setup.engine.sendHead(POST)
    receive(setup, 'HEADERS 1 end_stream', '  :status: 200')
    return setup
  },
  closed: () => {
    const setup = client(1)
    setup.engine.sendRequest(GET)
    receive(setup, 'HEADERS 1 end_stream', '  :status: 200')
    return setup
  },
}

function stateOf({ engine, id }: Setup<Http2Client | Http2Server>): StreamState | undefined {
  const { streams } = engine.describeState()
  return (streams as Record<number, { readonly state: StreamState }>)[id]?.state
}

/** The faults that say nothing but that the input does not fit the state. */
const STATE_FAULTS: readonly Http2FaultCode[] = [
  'H2_STREAM_IDLE',
  'H2_STREAM_ENDED',
  'H2_STREAM_CLOSED',
  'H2_STREAM_RESERVED',
  'H2_STREAM_ID',
  'H2_PUSH_STREAM',
]

/** What a peer sends for each input. A HEADERS frame ends the stream where it would be no message otherwise. */
function linesOf(input: StreamInput, id: number, state: StreamState, role: 'server' | 'client'): string[] | undefined {
  switch (input) {
    case 'receiveHeaders':
      // Streams of a client begin with its request.
      if (role === 'client') return state === 'idle' ? undefined : [`HEADERS ${id}`, '  :status: 200']
      return state === 'idle' ? request(id, 'POST', false) : [`HEADERS ${id} end_stream`, '  x: y']
    case 'receiveData':
      return [`DATA ${id} "x"`]
    case 'receiveEnd':
      return [`DATA ${id} end_stream`]
    case 'receiveReset':
      return [`RST_STREAM ${id} CANCEL`]
    case 'receiveWindow':
      return [`WINDOW_UPDATE ${id} 1`]
    case 'receivePush':
      // A promise needs a request; that of a server is never right.
      return role === 'client' && state !== 'idle'
        ? [`PUSH_PROMISE 1 promised=${id}`, ...request(0, 'GET', true).slice(1)]
        : undefined
    default:
      return undefined
  }
}

function checkReceived(setup: Setup<Http2Client | Http2Server>, state: StreamState, input: StreamInput): void {
  const role = setup.engine instanceof Http2Server ? 'server' : 'client'
  const lines = linesOf(input, setup.id, state, role)
  if (lines === undefined) return
  // Content needs a response head in front of it.
  const content = input === 'receiveData' || input === 'receiveEnd'
  if (role === 'client' && content && (state === 'open' || state === 'halfClosedLocal'))
    receive(setup, `HEADERS ${setup.id}`, '  :status: 200')
  receive(setup, ...lines)
  let next = nextOf(state, input)
  if (next === undefined) {
    assert.equal(setup.faults.length, 1)
    assert.ok(STATE_FAULTS.includes(setup.faults[0]!), setup.faults.join())
    return
  }
  if (lines[0]!.includes('end_stream') && input === 'receiveHeaders') next = nextOf(next, 'receiveEnd')!
  assert.deepEqual(setup.faults, [])
  assert.equal(stateOf(setup) ?? 'closed', next)
}

/** Commands for the inputs of our side. */
function commandOf(setup: Setup<Http2Client | Http2Server>, input: StreamInput): (() => void) | undefined {
  const { engine, id } = setup
  switch (input) {
    case 'sendHeaders':
      // Those of a server begin with a request or a promise.
      if (engine instanceof Http2Server)
        return id === 1 && stateOf(setup) === undefined ? undefined : () => engine.sendHead(id, 200, [])
      return stateOf(setup) === undefined ? undefined : () => engine.sendEnd(id, ['x', 'y'])
    case 'sendData':
      return () => engine.sendData(id, bytesOf('x'))
    case 'sendEnd':
      return () => engine.sendEnd(id)
    case 'sendReset':
      return () => engine.reset(id)
    default:
      return undefined
  }
}

function checkSent(setup: Setup<Http2Client | Http2Server>, state: StreamState, input: StreamInput): void {
  const { engine, id } = setup
  const command = commandOf(setup, input)
  if (command === undefined) return
  let next = nextOf(state, input)
  const content = input === 'sendData' || input === 'sendEnd'
  if (content && next !== undefined && engine instanceof Http2Server) engine.sendHead(id, 200, [])
  drain(engine, setup.faults)
  if (next !== undefined) {
    command()
    if (input === 'sendHeaders' && engine instanceof Http2Client) next = nextOf(next, 'sendEnd')!
    assert.equal(stateOf(setup) ?? 'closed', next)
    return
  }
  const before = JSON.stringify([engine.describeState(), engine.deadline()])
  // What is over is over: the application may be late.
  if (state === 'closed') command()
  else assert.throws(command, (error) => error instanceof UsageError && /^H2_STATE$|^H2_STREAM$/.test(error.code))
  assert.equal(JSON.stringify([engine.describeState(), engine.deadline()]), before)
}

describe('the engines do what the table says', () => {
  const all = [
    ['server', servers],
    ['client', clients],
  ] as const
  for (const [role, setups] of all)
    for (const [state, make] of Object.entries(setups) as [StreamState, () => Setup<Http2Client | Http2Server>][]) {
      test(`${role}, ${state}`, () => {
        const setup = make()
        assert.equal(stateOf(setup), state === 'idle' || state === 'closed' ? undefined : state)
      })
      for (const input of lifecycle.inputs)
        test(`${role}, ${state} × ${input}`, () => {
          if (input.startsWith('receive')) checkReceived(make(), state, input)
          else checkSent(make(), state, input)
        })
    }

  test('client, idle × receivePush, sendHeaders', () => {
    assert.equal(stateOf(clients.reservedRemote!()), nextOf('idle', 'receivePush'))
    assert.equal(stateOf(clients.open!()), nextOf('idle', 'sendHeaders'))
  })

  test('server, idle × sendPush', () => {
    assert.equal(stateOf(servers.reservedLocal!()), nextOf('idle', 'sendPush'))
  })

  test('PUSH_PROMISE to a server is a fault in each state', () => {
    for (const make of Object.values(servers)) {
      const setup = make()
      receive(setup, `PUSH_PROMISE ${setup.id} promised=4`, ...request(0, 'GET', true).slice(1))
      assert.deepEqual(setup.faults, ['H2_PUSH_FORBIDDEN'])
    }
  })

  test('a promise stands on a request that is under way', () => {
    for (const [state, make] of Object.entries(clients)) {
      const setup = make()
      const { faults } = setup
      receive(setup, `PUSH_PROMISE ${setup.id} promised=40`, ...request(0, 'GET', true).slice(1))
      assert.deepEqual(faults, state === 'open' || state === 'halfClosedLocal' ? [] : ['H2_PUSH_STREAM'], state)
    }
  })
})
