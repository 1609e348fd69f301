/** What the PostgreSQL targets share: digests, and servers with an application whose mood is decided by one octet. */

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import {
  type Digests,
  PostgresServer,
  type PostgresServerEvent,
  type PostgresServerOptions,
  UsageError,
} from 'skitai/postgres'
import type { Subject } from 'skitai/testing'
import { ensure } from './http1-oracles.js'

/** More rounds of hashing than any side has agreed to are a finding. */
export const ITERATIONS_MAX = 10

/** The digests of the runtime. */
export const digests: Digests = {
  md5: (octets) => createHash('md5').update(octets).digest('hex'),
  sha256: (octets) => createHash('sha256').update(octets).digest(),
  hmacSha256: (key, octets) => createHmac('sha256', key).update(octets).digest(),
  pbkdf2Sha256: (password, salt, iterations) => {
    ensure(iterations <= ITERATIONS_MAX, `${iterations} rounds of hashing`)
    return pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  },
}

/** What every server asks proofs with: nothing is random here. */
export const authOptions: NonNullable<PostgresServerOptions['auth']> = {
  digests,
  random: (bytes) => Uint8Array.from({ length: bytes }, (_, index) => index + 1),
  secret: new TextEncoder().encode('sixteen octets at least'),
  scramIterations: ITERATIONS_MAX,
}

const SMALL_LIMITS = { messageBytesMax: 200, nameBytesMax: 5, valuesMax: 3, outputBytesMax: 150 }

/**
 * A server whose application answers at once. Bits of the mood: 0 and 1 what it does with commands, 3 small limits, 4
 * and 5 how it authenticates, 6 offers TLS, 7 tells several commands before it answers.
 */
export function serverSubject(mood: number): Subject<PostgresServerEvent> {
  const engine = new PostgresServer({
    auth: authOptions,
    encryption: mood & 64 ? 'offered' : 'none',
    limits: { ...((mood & 8) !== 0 && SMALL_LIMITS), ...((mood & 128) !== 0 && { pipelinedMax: 3 }) },
  })
  const act = ACTS[mood & 3]!
  return {
    engine,
    onEvent: (event) => {
      try {
        if (event.type === 'startup') begin(engine, (mood >> 4) & 3)
        else if (event.type === 'authenticated') engine.sendReady()
        else act(engine, event)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    },
  }
}

function begin(engine: PostgresServer, way: number): void {
  const password = 'pencil'
  if (way === 0) engine.authenticate({ method: 'none' })
  else if (way === 1) return engine.authenticate({ method: 'scram-sha-256', password })
  else if (way === 2) return engine.authenticate({ method: 'md5', password })
  else return engine.authenticate({ method: 'password', password })
  engine.sendParameter('server_version', '18')
  engine.sendKeyData(7, Uint8Array.of(1, 2, 3, 4))
  engine.sendReady()
}

type Act = (engine: PostgresServer, event: PostgresServerEvent) => void

/** Answers all that there may be, until one fits. */
function succeed(engine: PostgresServer, event: PostgresServerEvent): void {
  switch (event.type) {
    case 'parse':
      return engine.sendParsed()
    case 'bind':
      return engine.sendBound()
    case 'close':
      return engine.sendClosed()
    case 'describe':
      if (event.what === 'statement') engine.sendParameters([23])
      return engine.sendFields([{ name: 'a' }])
    case 'query':
      engine.sendFields([{ name: 'a' }, { name: 'b' }])
      engine.sendRow([event.sql, null])
      engine.sendComplete('SELECT 1')
      return engine.sendReady()
    case 'execute':
      for (let i = 0; i < 3; i++) engine.sendRow([event.portal, Uint8Array.of(i)])
      return event.rowsMax > 0 ? engine.sendSuspended() : engine.sendComplete('SELECT 3')
    case 'functionCall':
      engine.sendFunctionResult(event.values[0] ?? null)
      return engine.sendReady()
    case 'sync':
      return engine.sendReady()
    default:
  }
}

const ACTS: readonly Act[] = [
  succeed,
  // Every other command fails.
  (engine, event) => {
    if (!('id' in event)) return
    if (event.id % 2 === 1 && event.type !== 'sync') engine.sendError({ message: event.type })
    else succeed(engine, event)
    if (event.type === 'query' || event.type === 'functionCall') engine.sendReady('failed')
  },
  // Whatever can copies in, and now and then breaks off.
  (engine, event) => {
    if (event.type === 'query' || event.type === 'execute') engine.sendCopy(event.id % 3 === 0 ? 'both' : 'in')
    else if (event.type === 'copyData' && event.bytes.length % 5 === 4) engine.sendError({ message: 'enough' })
    else if (event.type === 'copyFail') engine.sendError({ message: event.reason })
    else if (event.type === 'copyDone') {
      if (event.id % 3 === 0) engine.sendCopyDone()
      engine.sendComplete('COPY 1')
    } else succeed(engine, event)
    if (event.type.startsWith('copy')) engine.sendReady()
  },
  () => {},
]
