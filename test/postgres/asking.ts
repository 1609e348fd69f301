/** A PostgreSQL with clients, and what tests ask of promises. */

import assert from 'node:assert/strict'
import { type Db, postgres, type PostgresOptions } from '#src/io/client/index.js'
import { type PostgresServer, startPostgres } from './server.js'

/** What a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail('it was to reject')
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return ((await errorOf(promise)) as { readonly code: string }).code
}

/** Everything that an iteration gives. */
export async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Waits until a fact is one. */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => void setTimeout(resolve, 5))
}

/** All connections of a client are idle, and usable. */
export async function assertFree(db: Db): Promise<void> {
  assert.deepEqual((await db.query('select 1 as a')).rows, [{ a: 1 }])
  const { busy, waiting, running, queued } = db.stats
  assert.deepEqual({ busy, waiting, running, queued }, { busy: 0, waiting: 0, running: 0, queued: 0 })
}

/** A server with clients. */
export interface Database {
  readonly server: PostgresServer
  /** A client that ends with the server. */
  client(options?: PostgresOptions): Db
  /** Ends all. */
  stop(): Promise<void>
}

/** Starts a server. */
export async function startDatabase(): Promise<Database> {
  const server = await startPostgres()
  const clients: Db[] = []
  return {
    server,
    client: (options = {}) => {
      const { host, port } = server
      const one = postgres({ host, port, user: 'postgres', database: 'postgres', sslmode: 'disable', ...options })
      clients.push(one)
      return one
    },
    stop: async () => {
      await Promise.all(clients.map((one) => one.close()))
      await server.stop()
    },
  }
}
