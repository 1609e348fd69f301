/** The client against servers that do not do what they should, and connections that end at the wrong time. */

import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import {
  type Db,
  postgres,
  PostgresConnectionError,
  PostgresError,
  type PostgresOptions,
} from '#src/io/client/index.js'
import { codeOf, errorOf, until } from '../../../postgres/asking.js'

/** A message of a server. */
const message = (type: string, ...parts: (string | number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const READY = message('Z', 'I')
const LOGIN = Buffer.concat([message('R', [0, 0, 0, 0]), message('S', 'server_version\0', '99\0'), READY])
const KEY = message('K', [0, 0, 0, 7, 1, 2, 3, 4])
const error = (severity: string, code: string): Buffer => message('E', `S${severity}\0V${severity}\0C${code}\0Mno\0\0`)
/** The answer to a simple query for one text. */
const rowOf = (text: string): Buffer =>
  Buffer.concat([
    message('T', [0, 1], 'a\0', [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
    message('D', [0, 1, 0, 0, 0, text.length], text),
    message('C', 'SELECT 1\0'),
    READY,
  ])

describe('a client of a server that is hostile', () => {
  const servers: Server[] = []
  const clients: Db[] = []
  after(async () => {
    await Promise.all(clients.map((one) => one.terminate()))
    for (const server of servers) server.close()
  })

  /** A client of a server that answers each chunk that comes; the first one is the start. */
  const clientOf = async (
    answer: (chunk: Buffer, socket: Socket, index: number) => void,
    options: PostgresOptions = {},
  ): Promise<Db> => {
    const server = createServer((socket) => {
      let index = 0
      socket.on('data', (chunk) => answer(chunk, socket, index++))
      socket.on('error', () => {})
    })
    servers.push(server)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = postgres({ host: '127.0.0.1', port, user: 'u', password: 'secret', sslmode: 'disable', ...options })
    clients.push(client)
    return client
  }

  it('is told what is wrong with the login', async () => {
    for (const [answer, code] of [
      [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'PG_MESSAGE_TOO_LARGE'],
      [message('R', [0, 0, 0, 3]), 'PG_AUTH_REFUSED'],
      [message('R', [0, 0, 0, 7]), 'PG_AUTH_UNSUPPORTED'],
      [READY, 'PG_MESSAGE_UNEXPECTED'],
      [error('FATAL', '28P01'), '28P01'],
    ] as const) {
      const client = await clientOf((_, socket) => socket.end(answer), {
        requireAuth: ['md5', 'scram-sha-256', 'none'],
      })
      assert.equal(await codeOf(client.query('select 1')), code)
    }
    const silent = await clientOf((_, socket) => socket.end())
    assert.equal(await codeOf(silent.query('select 1')), 'PG_TRUNCATED')
    const stalled = await clientOf(() => {}, { connectTimeoutMs: 50 })
    assert.equal(await codeOf(stalled.query('select 1')), 'CONNECT_TIMEOUT')
    const old = await clientOf((_, socket) => socket.end(LOGIN), {
      minProtocolVersion: '3.2',
      maxProtocolVersion: '3.2',
    })
    assert.match(await codeOf(old.query('select 1')), /^PG_/)
  })

  it('says whether a statement may have run', async () => {
    const client = await clientOf(
      (_, socket, index) => {
        if (index === 0) socket.write(LOGIN)
        else socket.destroy()
      },
      { pool: { max: 1 }, pipelineMax: 1 },
    )
    const errors = await Promise.all([client.script('one'), client.script('two')].map(errorOf))
    // Each has had a connection of its own in the end, and that was lost, too.
    for (const one of errors) {
      assert.ok(one instanceof PostgresConnectionError)
      assert.equal(one.mayHaveRun, true)
      assert.match(one.code, /PG_TRUNCATED|ECONNRESET|PEER_GONE/)
    }
    const unsent = await errorOf(
      client.begin(async (tx) => {
        await assert.rejects(tx.script('three'))
        await tx.script('four')
      }),
    )
    assert.ok(unsent instanceof PostgresConnectionError)
  })

  it('loses what is under way when rows are not what they must be', async () => {
    const client = await clientOf(
      (_, socket, index) => {
        if (index === 0) socket.write(LOGIN)
        else socket.write(Buffer.concat([rowOf('first'), message('D', [0, 1, 0, 0, 0, 9], 'short')]))
      },
      { pool: { max: 1 } },
    )
    const [first, second] = await Promise.allSettled([client.script('a'), client.script('b')])
    assert.ok(first.status === 'fulfilled' && second.status === 'rejected')
    assert.deepEqual(first.value[0]!.rows, [{ a: 'first' }])
    assert.equal((second.reason as PostgresConnectionError).code, 'PG_MESSAGE_UNEXPECTED')
  })

  it('ends a connection that does not end a statement that was cancelled, once it is told to', async () => {
    const cancels: Buffer[] = []
    const client = await clientOf((chunk, socket, index) => {
      if (index > 0) return
      if (chunk.readInt32BE(4) === 80877102) cancels.push(chunk)
      else socket.write(Buffer.concat([LOGIN.subarray(0, 9), KEY, READY]))
      if (cancels.length > 0) socket.end()
    })
    const controller = new AbortController()
    const pending = errorOf(client.script('stall', { signal: controller.signal }))
    await until(() => client.stats.running === 1)
    controller.abort(new Error('enough'))
    // A request that has had no effect is made again.
    await until(() => cancels.length >= 2)
    assert.deepEqual([...cancels[0]!.subarray(8)], [0, 0, 0, 7, 1, 2, 3, 4])
    await client.terminate()
    assert.equal(((await pending) as Error).message, 'enough')
  })

  it('tells of the last word of the server', async () => {
    const client = await clientOf((_, socket, index) => {
      if (index === 0) socket.write(LOGIN)
      else socket.end(error('FATAL', '57P01'))
    })
    const lost = (await errorOf(client.script('a'))) as PostgresConnectionError
    assert.deepEqual([lost.code, lost.mayHaveRun], ['57P01', true])
    assert.ok(lost.cause instanceof PostgresError)
    assert.match(lost.message, /the server has ended the connection: no/)
  })

  it('replaces a connection that has ended while nobody used it', async () => {
    const sockets: Socket[] = []
    const client = await clientOf((_, socket, index) => {
      if (index === 0) sockets.push(socket)
      socket.write(index === 0 ? LOGIN : rowOf(`from ${sockets.indexOf(socket)}`))
    })
    assert.deepEqual((await client.script('a'))[0]!.rows, [{ a: 'from 0' }])
    sockets[0]!.end(error('FATAL', '57P01'))
    await until(() => client.stats.total === 0)
    assert.deepEqual((await client.script('a'))[0]!.rows, [{ a: 'from 1' }])
  })
})
