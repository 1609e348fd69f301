/** What a client of a cluster is told: checked, with the defaults. */

import type { TopologyOptions } from '../../../protocols/redis/cluster/topology.js'
import { configOf, optionError, type RedisConfig, type RedisOptions } from './config.js'
import { urlOptions } from './config-url.js'

/** The options of `redisCluster`; those of `redis` hold for each of its connections. Times are milliseconds. */
export interface RedisClusterOptions extends Omit<
  RedisOptions,
  'url' | 'host' | 'port' | 'path' | 'database' | 'cache'
> {
  /** Nodes that are asked for the others: `host:port`, or URLs with the same user, password and TLS. */
  readonly seeds: readonly string[]
  /**
   * Who is asked by commands that change nothing: those that copy a slot, or `all` that have it in turn, may answer
   * what is a little old. Default `primary`.
   */
  readonly reads?: ClusterReads | undefined
  /** Where a node is reached that the others know as `host:port`, as behind NAT. Undefined: there. */
  readonly natMap?: NatMap | undefined
  /** How often one command is sent on (MOVED, ASK) before it fails. Default 16. */
  readonly redirectionsMax?: number | undefined
  /** How often one command waits and is tried again before it fails. Default 32, about half a minute. */
  readonly attemptsMax?: number | undefined
  /** The map of slots is asked for at most this often. Default 500. */
  readonly refreshMinMs?: number | undefined
  /** The map is asked for at least this often. Default 10,000. */
  readonly refreshMaxMs?: number | undefined
}

/** Who answers what only reads. */
export type ClusterReads = 'primary' | 'replicas' | 'all'

/** Where nodes are reached, by what the cluster says. */
export type NatMap = Readonly<Record<string, NodePlace>> | ((address: string) => NodePlace | undefined)

/** Where a node is reached. */
export interface NodePlace {
  readonly host: string
  readonly port: number
}

/** Checked, and complete. */
export interface ClusterConfig {
  /** Of each connection, but for its place. */
  readonly node: RedisConfig
  readonly topology: TopologyOptions
  readonly reads: ClusterReads
  readonly placeOf: (address: string) => NodePlace | undefined
}

/** A node that has failed is not tried less often than this: it is known when it is gone for good. */
const BACKOFF_MAX_MS = 500

const READS: readonly ClusterReads[] = ['primary', 'replicas', 'all']

const FOREIGN: readonly string[] = ['url', 'host', 'port', 'path', 'database', 'cache']

/** Throws `UsageError` (`REDIS_OPTION`). */
export function clusterConfigOf(given: readonly string[] | RedisClusterOptions): ClusterConfig {
  const options: RedisClusterOptions = Array.isArray(given) ? { seeds: given } : (given as RedisClusterOptions)
  if (typeof options !== 'object' || options === null) throw optionError('options', 'are seeds or an object', options)
  for (const name of FOREIGN)
    if (Object.hasOwn(options, name)) throw optionError(name, 'is not for a cluster', undefined)
  const {
    seeds,
    reads = 'primary',
    natMap,
    redirectionsMax,
    attemptsMax,
    refreshMinMs,
    refreshMaxMs,
    ...common
  } = options
  if (!Array.isArray(seeds) || seeds.length === 0 || seeds.some((seed) => typeof seed !== 'string'))
    throw optionError('seeds', 'are one node at the least, as host:port', undefined)
  if (!READS.includes(reads)) throw optionError('reads', 'is primary, replicas or all', reads)
  const [first, ...others] = seeds.map((seed) => urlOptions(seed.includes('/') ? seed : `redis://${seed}`))
  const node = configOf({ ...first, ...defined(common) })
  if (node.database !== 0) throw optionError('seeds', 'have no database: a cluster has one only', undefined)
  const places = [first!, ...others].map(({ host = '127.0.0.1', port = 6379, path }) => {
    if (path !== undefined) throw optionError('seeds', 'are reached over TCP', undefined)
    return { host, port }
  })
  return {
    node: { ...node, backoffMaxMs: Math.min(node.backoffMaxMs, BACKOFF_MAX_MS) },
    reads,
    placeOf: placeOf(natMap),
    topology: {
      seeds: places,
      redirectionsMax: countOf('redirectionsMax', redirectionsMax),
      attemptsMax: countOf('attemptsMax', attemptsMax),
      refreshMinMs: countOf('refreshMinMs', refreshMinMs),
      refreshMaxMs: countOf('refreshMaxMs', refreshMaxMs),
    },
  }
}

function placeOf(natMap: NatMap | undefined): ClusterConfig['placeOf'] {
  if (natMap === undefined) return () => undefined
  if (typeof natMap === 'function') return natMap
  if (typeof natMap !== 'object' || natMap === null) throw optionError('natMap', 'is a function or an object', natMap)
  const places = new Map(Object.entries(natMap))
  return (address) => places.get(address)
}

function countOf(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && (typeof value !== 'number' || !(value >= 0)))
    throw optionError(name, 'is a number from 0 up', value)
  return value
}

function defined(options: RedisOptions): RedisOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
