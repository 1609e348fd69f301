/** What the connections report, in wire order. `id` is the number that the command has been given. */

import type { ClosedEvent, FatalEvent } from '../core/engine.js'
import type { RedisFaultCode } from './errors.js'
import type { ReplyError, ReplyValue } from './values.js'

/** The connection may be used: who we are, the database and the version of the protocol are agreed. */
export interface ReadyEvent {
  readonly type: 'ready'
  readonly protocol: 2 | 3
  /** What the server says of itself (HELLO), as `version` and `role`; undefined with RESP2. */
  readonly server: Readonly<Record<string, ReplyValue>> | undefined
}

/** A command is answered. */
export interface ReplyEvent {
  readonly type: 'reply'
  readonly id: number
  readonly value: ReplyValue
  /** What the server says about the reply (RESP3). */
  readonly attributes: ReplyValue | undefined
}

/** A command is answered with an error; `id` 0: the server says something about the connection. */
export interface ErrorEvent {
  readonly type: 'error'
  readonly id: number
  readonly error: ReplyError
}

/** What a message was subscribed to by: channels, patterns, or channels of a shard. */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard'

/** Somebody has published something. */
export interface MessageEvent {
  readonly type: 'message'
  readonly kind: SubscriptionKind
  readonly channel: ReplyValue
  /** The pattern that the channel fits, where that is the kind. */
  readonly pattern: ReplyValue | undefined
  readonly payload: ReplyValue
}

/** A channel or a pattern is subscribed to, or is no more. */
export interface SubscriptionEvent {
  readonly type: 'subscribed' | 'unsubscribed'
  /** Of the command, 0 when the server does so by itself. */
  readonly id: number
  readonly kind: SubscriptionKind
  /** The channel or the pattern; null where nothing was subscribed to. */
  readonly channel: ReplyValue
  /** How many there are now of the kind, or of channels and patterns together. */
  readonly count: number
  /** Whether the command is answered with it. */
  readonly last: boolean
}

/** Cached keys have changed; null: all of them may have. */
export interface InvalidateEvent {
  readonly type: 'invalidate'
  readonly keys: readonly ReplyValue[] | null
}

/** Any other push (RESP3). */
export interface PushEvent {
  readonly type: 'push'
  readonly kind: string
  /** What stands behind the kind. */
  readonly values: readonly ReplyValue[]
}

/** A line of MONITOR. */
export interface MonitorEvent {
  readonly type: 'monitor'
  readonly line: string
}

/** The peer broke a rule, a limit or a deadline. */
export type RedisFatalEvent = FatalEvent<RedisFaultCode>

/** All events of the client role. */
export type RedisClientEvent =
  | ReadyEvent
  | ReplyEvent
  | ErrorEvent
  | MessageEvent
  | SubscriptionEvent
  | InvalidateEvent
  | PushEvent
  | MonitorEvent
  | RedisFatalEvent
  | ClosedEvent

/** A client has sent a command. Answers leave in the order in which they are given: one a command. */
export interface CommandEvent {
  readonly type: 'command'
  /** The name in capital letters. */
  readonly name: string
  /** What stands behind it; the receiver's own. */
  readonly args: readonly Uint8Array[]
}

/** All events of the server role. */
export type RedisServerEvent = CommandEvent | RedisFatalEvent | ClosedEvent
