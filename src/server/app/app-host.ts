/** What an app sees of the host that it is mounted for. */

import type { Exchange } from '../exchange.js'
import type { App } from './app.js'
import type { OpenStreams } from './open-streams.js'
import type { Unfinished } from '../unfinished.js'
import type { UpdateTimes } from './update-times.js'

/** The apps of one group of hosts. */
export interface AppHost {
  /** All of them by name, in the order of their mount points, the longest first; of several with one name the first. */
  appsByName(): ReadonlyMap<string, App>
  /** The app of a name, and undefined for a name that none has. */
  appNamed(name: string): App | undefined
  /** What all apps of the engine share. */
  readonly shared: Shared
  /** Calls the listeners of an event in all apps, in the order they were mounted. */
  broadcast(event: string, ...args: readonly unknown[]): void
}

/** Objects that all apps of an engine use, by the names under which they were shared: add yours to the interface. */
export interface Shared {
  readonly [name: string]: unknown
}

/** What is found by name by those whose apps are `owners`, the outermost first: what is said further in counts more. */
export function sharedBy(owners: readonly App[], shared: Shared): Shared {
  const values = Object.assign(Object.create(null) as Record<string, unknown>, shared)
  for (const { shares } of owners) shares.copyTo(values)
  return values
}

/** One line of an app's log. */
export interface LogEntry {
  readonly message: string
  /** `info`, `error`, or what the app calls it. */
  readonly category: string
  /** The name of the app; empty for a mounted function. */
  readonly app: string
  /** The ids of the request. */
  readonly gtid: string
  readonly ltid: string
}

/** What all requests of an engine have in common. */
export interface SharedContext {
  readonly shared: Shared
  readonly updates: UpdateTimes
  readonly streams: OpenStreams
  readonly unfinished: Unfinished
  log(entry: LogEntry): void
}

/** What a request needs of the server around it. */
export interface AppContext extends SharedContext {
  readonly host: AppHost
  /** Tells of an error that nobody expected. */
  report(error: unknown, exchange: Exchange): void
}
