/** Events as plain data that outlives the engine: copied when they come, compared and printed later. */

import { concat, copyOf, escapeBytes } from './bytes.js'

/** What every event of every engine has. */
export interface TypedEvent {
  readonly type: string
}

/** A deep copy of an event: octets copied, iterables (fields) as arrays, all else as it was. */
export type Snapshot = TypedEvent & Readonly<Record<string, unknown>>

/** Copies an event. */
export function snapshot(event: TypedEvent): Snapshot {
  return copyObject(event) as Snapshot
}

function copyObject(source: object): Record<string, unknown> {
  // No prototype: a property name that came from a peer must not reach one.
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [key, value] of Object.entries(source)) copy[key] = copyValue(value)
  return copy
}

function copyValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return copyOf(value)
  if (typeof value !== 'object' || value === null) return value
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, copyValue)
  return copyObject(value)
}

/** One line: the type, then each property as `name=value`; octets and strings escaped in quotes. */
export function formatEvent(event: Snapshot): string {
  let line = event.type
  for (const [key, value] of Object.entries(event)) if (key !== 'type') line += ` ${key}=${formatValue(value)}`
  return line
}

function formatValue(value: unknown): string {
  if (value instanceof Uint8Array) return `"${escapeBytes(value)}"`
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}: ${formatValue(member)}`)
    .join(', ')}}`
}

/**
 * Adjacent `data` events become one, and adjacent `rows`: how content is cut is the only thing that may differ between
 * two deliveries of the same octets. Two are adjacent when all their properties but the content are equal (the stream,
 * for one).
 */
export function mergeData(events: readonly Snapshot[]): Snapshot[] {
  const merged: Snapshot[] = []
  /** What was cut, and waits for more of it. */
  let run: Snapshot[] = []
  const flush = (): void => {
    if (run.length > 0) merged.push(joined(run))
    run = []
  }
  for (const event of events) {
    const content = contentOf(event)
    if (run.length > 0 && (content === undefined || !sameBut(content, run[0]!, event))) flush()
    if (content === undefined) merged.push(event)
    else run.push(event)
  }
  flush()
  return merged
}

/** The property that holds what may be cut. */
function contentOf(event: Snapshot): 'bytes' | 'rows' | undefined {
  if (event.type === 'data' && event['bytes'] instanceof Uint8Array) return 'bytes'
  return event.type === 'rows' && Array.isArray(event['rows']) ? 'rows' : undefined
}

function joined(run: readonly Snapshot[]): Snapshot {
  const first = run[0]!
  if (contentOf(first) === 'bytes') return { ...first, bytes: concat(run.map((event) => event['bytes'] as Uint8Array)) }
  return { ...first, rows: run.flatMap((event) => event['rows'] as unknown[]) }
}

function sameBut(content: string, a: Snapshot, b: Snapshot): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => key === content || a[key] === b[key])
}
