/** Redis events in the form that vectors have them. */

import {
  BigNumber,
  BulkString,
  DoubleNumber,
  type RedisClientEvent,
  type RedisServerEvent,
  ReplyError,
  ReplyMap,
  ReplySet,
  type ReplyValue,
  SimpleString,
  VerbatimString,
} from 'skitai/redis'
import { escapeBytes } from 'skitai/testing'

function quoted(text: string): string {
  return `"${escapeBytes(new TextEncoder().encode(text))}"`
}

function octets(bytes: Uint8Array): string {
  return `x"${escapeBytes(bytes)}"`
}

/** A value in one line. Those of a type of their own have its name in front. */
export function valueText(value: ReplyValue): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value === null || typeof value === 'boolean') return String(value)
  return objectText(value)
}

function objectText(value: Exclude<ReplyValue, string | bigint | number | null | boolean>): string {
  if (value instanceof Uint8Array) return octets(value)
  if (value instanceof ReplyError) return `error ${quoted(value.message)}`
  if (value instanceof BulkString) return `both ${octets(value.bytes)} ${quoted(value.text)}`
  if (value instanceof SimpleString) return `simple ${quoted(value.text)}`
  if (value instanceof VerbatimString) return `verbatim ${quoted(value.format)} ${quoted(value.text)}`
  if (value instanceof DoubleNumber) return `double ${valueText(value.value)}`
  if (value instanceof BigNumber) return `big ${value.value}`
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (value instanceof ReplySet) return `set [${value.elements.map(valueText).join(', ')}]`
  if (value instanceof ReplyMap) return `pairs ${pairsText(value.pairs)}`
  if (value instanceof Map) return `map ${pairsText([...value])}`
  return `object ${pairsText(Object.entries(value as Readonly<Record<string, ReplyValue>>))}`
}

function pairsText(pairs: readonly (readonly [ReplyValue, ReplyValue])[]): string {
  return `{${pairs.map(([key, value]) => `${valueText(key)}: ${valueText(value)}`).join(', ')}}`
}

/** The lines of an event. */
export function logLines(event: RedisClientEvent | RedisServerEvent): string[] {
  switch (event.type) {
    case 'ready':
      return [`ready ${event.protocol}${event.server === undefined ? '' : ` ${valueText(event.server)}`}`]
    case 'reply': {
      const line = `reply ${event.id} ${valueText(event.value)}`
      return event.attributes === undefined ? [line] : [line, `  attributes ${valueText(event.attributes)}`]
    }
    case 'error':
      return [`error ${event.id} ${event.error.code} ${quoted(event.error.message)}`]
    case 'message': {
      const pattern = event.pattern === undefined ? '' : ` pattern ${valueText(event.pattern)}`
      return [`message ${event.kind} ${valueText(event.channel)}${pattern} ${valueText(event.payload)}`]
    }
    case 'subscribed':
    case 'unsubscribed': {
      const { id, kind, channel, count, last } = event
      return [`${event.type} ${id} ${kind} ${valueText(channel)} ${count}${last ? ' last' : ''}`]
    }
    case 'invalidate':
      return [`invalidate ${event.keys === null ? 'null' : valueText([...event.keys])}`]
    case 'push':
      return [`push ${event.kind} ${valueText([...event.values])}`]
    case 'monitor':
      return [`monitor ${quoted(event.line)}`]
    case 'command':
      return [['command', event.name, ...event.args.map((each) => `"${escapeBytes(each)}"`)].join(' ')]
    case 'fatal':
      return [
        `fatal ${event.code} @${event.offset}` +
          (event.limit === -1 ? '' : ` limit=${event.limit}`) +
          (event.got === -1 ? '' : ` got=${event.got}`),
      ]
    case 'closed':
      return [`closed ${event.initiator}`]
  }
}
