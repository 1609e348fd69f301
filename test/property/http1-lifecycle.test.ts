import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http1Client, Http1Server, lifecycle, UsageError } from 'skitai/http1'
import { bytesOf } from 'skitai/testing'
import { DATE } from './http1-support.js'

const NO_TRANSITION = 255

describe('the lifecycle of a message half as a table', () => {
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

  test('every row names its section', () => {
    for (const [, , , section] of lifecycle.rows) assert.match(section, /^RFC 9\d{3} section \d/)
  })
})

type Command = 'inform' | 'head' | 'data' | 'end'

/** Brings the sending half of a server into a state. */
const servers: Record<string, () => Http1Server> = {
  'idle without a request': () => startedServer(''),
  idle: () => startedServer('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  body: () => {
    const server = startedServer('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    server.sendHead(200, [])
    return server
  },
  done: () => {
    const server = startedServer('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')
    server.sendResponse(200, [])
    return server
  },
}

const clients: Record<string, () => Http1Client> = {
  idle: startedClient,
  body: () => {
    const client = startedClient()
    client.sendHead('POST', '/', ['Host', 'a'], -1)
    return client
  },
}

function startedServer(input: string): Http1Server {
  const server = new Http1Server({ date: () => DATE })
  server.start(0)
  server.receive(bytesOf(input), 0)
  while (server.poll() !== undefined);
  return server
}

function startedClient(): Http1Client {
  const client = new Http1Client()
  client.start(0)
  return client
}

const serverCommands: Record<Command, (server: Http1Server) => void> = {
  inform: (server) => server.sendInform(103, []),
  head: (server) => server.sendHead(200, []),
  data: (server) => server.sendData(bytesOf('x')),
  end: (server) => server.sendEnd(),
}

const clientCommands: Record<Exclude<Command, 'inform'>, (client: Http1Client) => void> = {
  head: (client) => client.sendHead('GET', '/', ['Host', 'a']),
  data: (client) => client.sendData(bytesOf('x')),
  end: (client) => client.sendEnd(),
}

function fits<E extends Http1Client | Http1Server>(engine: E, command: (engine: E) => void): boolean {
  const before = JSON.stringify([engine.describeState(), engine.outputBytes])
  try {
    command(engine)
    return true
  } catch (error) {
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, 'H1_STATE')
    assert.equal(JSON.stringify([engine.describeState(), engine.outputBytes]), before)
    return false
  }
}

describe('commands follow the table', () => {
  for (const [name, make] of Object.entries(servers))
    for (const [input, command] of Object.entries(serverCommands))
      test(`server, ${name} × ${input}`, () => {
        const row = lifecycle.rows.some(([state, happening]) => state === name && happening === input)
        assert.equal(fits(make(), command), row)
      })

  for (const [name, make] of Object.entries(clients))
    for (const [input, command] of Object.entries(clientCommands))
      test(`client, ${name} × ${input}`, () => {
        const row = lifecycle.rows.some(([state, happening]) => state === name && happening === input)
        assert.equal(fits(make(), command), row)
      })

  test('nothing happens once the connection is over', () => {
    const server = servers['idle']!()
    server.abort()
    while (server.poll() !== undefined);
    for (const command of Object.values(serverCommands)) command(server)
    server.close()
    server.abort()
    server.sendResponse(200, [])
    assert.equal(server.output(), undefined)
    const client = startedClient()
    client.abort()
    while (client.poll() !== undefined);
    for (const command of Object.values(clientCommands)) command(client)
    client.close()
    client.sendRequest('GET', '/', ['Host', 'a'])
    assert.equal(client.output(), undefined)
  })
})
