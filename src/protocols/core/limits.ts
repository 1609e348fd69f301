/** How every protocol reads the limits that an application sets: over its defaults, checked once, then shared. */

import { UsageError } from './errors.js'
import { nearestName } from './nearest-name.js'

/** The least and the most that a limit may be; both are whole numbers. */
export type LimitRange = readonly [min: number, max: number]

/**
 * Gives the function that puts limits over `defaults`. It throws `UsageError` with `code` for one that does not exist,
 * or is not a number in its range: from 0 up, and a whole one where `ranges` says what the wire can carry. A deadline
 * that is NaN would never come.
 */
export function limitsReader<Limits extends object>(
  code: string,
  defaults: Limits,
  ranges?: Readonly<Partial<Record<keyof Limits, LimitRange>>>,
): (limits: Partial<Limits> | undefined) => Limits {
  /** What this has made: connections with the same limits share them. */
  const complete = new WeakSet<object>()
  return (limits) => {
    if (limits === undefined || limits === defaults) return defaults
    // In JavaScript anything may stand here, as `false` by somebody who wants none.
    if (typeof limits !== 'object' || limits === null)
      throw new UsageError(code, `limits are an object, not ${String(limits)}`)
    if (complete.has(limits)) return limits as Limits
    const all = { ...defaults }
    for (const [name, value] of Object.entries(limits) as [string & keyof Limits, unknown][]) {
      if (value === undefined) continue
      if (!Object.hasOwn(defaults, name)) throw new UsageError(code, unknownText(name, defaults))
      const range = ranges?.[name]
      if (typeof value !== 'number' || !isInRange(range, value))
        throw new UsageError(code, `the limit ${name} is a number from ${rangeText(range)}, not ${String(value)}`)
      all[name] = value as Limits[typeof name]
    }
    Object.freeze(all)
    complete.add(all)
    return all
  }
}

function unknownText(name: string, defaults: object): string {
  const near = nearestName(name, Object.keys(defaults))
  return `there is no limit ${name}${near === undefined ? '' : `; did you mean ${near}?`}`
}

function isInRange(range: LimitRange | undefined, value: number): boolean {
  return range === undefined ? value >= 0 : Number.isInteger(value) && value >= range[0] && value <= range[1]
}

function rangeText(range: LimitRange | undefined): string {
  return range === undefined ? '0 up' : `${range[0]} to ${range[1]}`
}
