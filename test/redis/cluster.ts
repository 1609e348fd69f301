/** A real cluster of Redis for one test file: primaries with a copy each, on free ports, gone when it is stopped. */

import { redis, type Redis } from '#src/io/client/index.js'
import { type RealRedis, type RedisServerOptions, startRedis } from './server.js'

/** A running cluster. */
export interface RealCluster {
  /** Primaries first: the copy of number `i` is number `i + primaries`. */
  readonly servers: readonly RealRedis[]
  readonly primaries: number
  /** A client of one node, as an operator has it. */
  readonly operators: readonly Redis[]
  stop(): Promise<void>
}

const SLOTS = 16_384

/** How long a node may be silent before the others call it failed. */
const NODE_TIMEOUT_MS = 1000

const LOOK_AGAIN_MS = 20

/** Starts a cluster with a copy of each primary; each node has what `options` say. */
export async function startCluster(primaries: number, options: RedisServerOptions = {}): Promise<RealCluster> {
  const settings = [
    'cluster-enabled yes',
    `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
    'cluster-replica-validity-factor 0',
    'cluster-require-full-coverage no',
    'repl-diskless-sync-delay 0',
    // A copy counts once it has been sent something.
    'repl-ping-replica-period 1',
    'cluster-migration-barrier 10',
    // Else they tell clients of TLS their other ports.
    ...(options.tls === undefined ? [] : ['tls-cluster yes', 'tls-replication yes']),
    ...(options.settings ?? []),
  ]
  const servers = await Promise.all(
    Array.from({ length: primaries * 2 }, () => startClusterNode({ ...options, settings })),
  )
  const operators = servers.map(({ host, port }) => redis({ host, port }))
  const cluster: RealCluster = {
    servers,
    primaries,
    operators,
    stop: async () => {
      await Promise.all(operators.map((operator) => operator.terminate()))
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
  try {
    await form(cluster)
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

/** Looks again and again until it is so. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
}

/** The id of a node. */
export function idOf(operator: Redis): Promise<string> {
  return operator.command<string>('CLUSTER', 'MYID')
}

/** The port of the bus is 10,000 above that of the clients, and there is an end to ports. */
async function startClusterNode(options: RedisServerOptions): Promise<RealRedis> {
  for (;;) {
    const server = await startRedis(options).catch((error: unknown) => {
      if (!/port/i.test(String(error))) throw error
      return undefined
    })
    if (server !== undefined) return server
  }
}

async function form({ servers, operators, primaries }: RealCluster): Promise<void> {
  const [first] = servers
  await Promise.all(
    operators.map(async (operator, at) => {
      if (at < primaries) {
        const from = Math.floor((SLOTS * at) / primaries)
        const to = Math.floor((SLOTS * (at + 1)) / primaries) - 1
        await operator.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
      }
      await operator.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1))
    }),
  )
  for (const operator of operators)
    await operator.command('CLUSTER', 'MEET', first!.host, String(first!.tlsPort || first!.port))
  for (const operator of operators) await until(async () => (await nodesOf(operator)).length === servers.length)
  for (const [at, operator] of operators.entries())
    if (at >= primaries) await operator.command('CLUSTER', 'REPLICATE', await idOf(operators[at - primaries]!))
  for (const [at, operator] of operators.entries()) {
    if (at >= primaries)
      await until(async () => (await operator.command<string>('INFO', 'replication')).includes('master_link_status:up'))
    await until(async () => (await operator.command<string>('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    await until(async () => (await slotsOf(operator)).every((range) => range.length === 4))
  }
}

/** Those that it knows by their names. */
async function nodesOf(operator: Redis): Promise<readonly string[]> {
  const lines = (await operator.command<string>('CLUSTER', 'NODES')).trim().split('\n')
  return lines.filter((line) => !line.includes('handshake'))
}

function slotsOf(operator: Redis): Promise<readonly (readonly unknown[])[]> {
  return operator.command<unknown[][]>('CLUSTER', 'SLOTS')
}
