/** Clients: they connect, speak the protocols, and give promises. */

export { UsageError } from '../../protocols/core/errors.js'
export type { Fields } from '../../protocols/core/fields.js'
export type { Http2Limits } from '../../protocols/http2/limits.js'
export type { WebSocketLimits } from '../../protocols/websocket/limits.js'
export type { DeflateOptions } from '../../protocols/websocket/negotiation.js'
export { PreparedMessage } from '../../protocols/websocket/prepared.js'
export type { PemSource } from '../certificate.js'
export type { ClientTlsOptions } from '../connector.js'
export type { MessagePieces } from '../message-pieces.js'
export { MessageStream } from '../message-stream.js'
export { type Endpoint, type Transport, TransportError } from '../transport.js'
export {
  type CloseInfo,
  type Message,
  type SendOptions,
  WebSocketClosedError,
  type WebSocketListener,
} from '../websocket-link.js'
export { Http2Session, http2Session, type Http2SessionOptions, type TunnelRequest } from './http2-session.js'
export type { Tunnel } from './http2-tunnel.js'
export type { RequestFields } from './request-fields.js'
export { UnexpectedResponseError } from './unexpected-response.js'
export { ClientWebSocket, type ClientWebSocketOptions, websocket } from './websocket.js'
export type { CopyOut } from './postgres/copy-to.js'
export type { CopySource } from './postgres/copy-from.js'
export type { Cursor } from './postgres/cursor.js'
export type { PostgresOptions } from './postgres/config-options.js'
export { Db, type DbStats, postgres, Reserved } from './postgres/db.js'
export { PostgresHostsError } from './postgres/hosts.js'
export type { Gap, ListenOptions, OnNotification, Subscription } from './postgres/listen.js'
export {
  PostgresConnectionError,
  PostgresError,
  PostgresTransactionError,
  QueryTimeoutError,
  RowCountError,
} from './postgres/postgres-error.js'
export type { PipelineItem, Queries } from './postgres/queries.js'
export type { CopyOptions, CursorOptions, PipelineOptions, QueryOptions, QueryResult } from './postgres/result.js'
export { identifier, joinSql, sql, SqlFragment } from './postgres/sql.js'
export { Transaction, type TransactionOptions, type Work } from './postgres/transaction.js'
export { PoolError } from '../pool.js'
export type { PoolOptions } from '../pool-options.js'
export type { PoolStats } from '../pool-stats.js'
export type { Argument as RedisArgument, Key, Many, Pairs, Value } from './redis/arguments.js'
export type { CacheStats } from './redis/cache.js'
export { type ClusterPrimary, RedisCluster, redisCluster } from './redis/cluster.js'
export type { ClusterReads, NatMap, NodePlace, RedisClusterOptions } from './redis/cluster-config.js'
export type { RedisClusterStats } from './redis/cluster-core.js'
export type { RedisCommands } from './redis/commands.js'
export type { CacheOptions, PasswordSource, RedisOptions } from './redis/config.js'
export type { ConsumedEntry, ConsumeOptions } from './redis/consume.js'
export type { RedisStats } from './redis/core.js'
export type { ListedReplies, Multi, Pipeline } from './redis/pipeline.js'
export { Redis, redis, ReservedRedis } from './redis/redis.js'
export type { CallOptions } from './redis/redis-base.js'
export { RedisConnectionError, RedisError, RedisTimeoutError } from './redis/redis-error.js'
export { redisSentinel, type RedisSentinelOptions } from './redis/sentinel.js'
export type { GeoMatch, StreamEntries, StreamEntry } from './redis/reply-shapes.js'
export type { ScanOptions } from './redis/scan.js'
export type { RedisScript, ScriptOptions } from './redis/script.js'
export {
  type OnRedisMessage,
  type RedisGap,
  type RedisMessage,
  RedisOverflowError,
  type RedisSubscription,
  type SubscribeOptions,
} from './redis/subscription.js'
export type { WatchOptions, WatchWork } from './redis/watch.js'
export { RedisWatchError } from './redis/watch-error.js'
