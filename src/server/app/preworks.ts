/** Steps for `runBefore` that do something only when something has changed (APP-78, APP-79). */

import { statSync } from 'node:fs'
import type { Reply, Step } from './hooks.js'
import type { Was } from './was.js'

/** Called with what has changed; what it gives is the response. */
export type ChangeHandler = (was: Was, what: string) => Reply | Promise<Reply>

/**
 * A step that calls a function when a file is newer than at the last look; the first look counts as no change. It looks
 * no more than once in `intervalSeconds`.
 */
export function ifFileModified(file: string, handler: ChangeHandler, intervalSeconds: number = 1): Step {
  return whenNewer(file, handler, intervalSeconds, () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
}

/** A step that calls a function when a key was said to be updated (`was.setlu`) since the last look. */
export function ifUpdated(key: string, handler: ChangeHandler, intervalSeconds: number = 1): Step {
  return whenNewer(key, handler, intervalSeconds, (was) => was.getlu(key))
}

function whenNewer(what: string, handler: ChangeHandler, intervalSeconds: number, timeOf: (was: Was) => number): Step {
  let lookedAt = -Infinity
  let newest: number | undefined
  return (was) => {
    const now = performance.now()
    if (now - lookedAt < intervalSeconds * 1000) return undefined
    lookedAt = now
    const time = timeOf(was)
    const before = newest
    newest = time
    return before === undefined || time <= before ? undefined : handler(was, what)
  }
}
