/** What an app sees of the host that it is mounted for. */

import type { Exchange } from '../exchange.js'
import type { App } from './app.js'

/** The apps of one group of hosts. */
export interface AppHost {
  /** The app of a name, and undefined for a name that none has. */
  appNamed(name: string): App | undefined
  /** Calls the listeners of an event in all apps, in the order they were mounted. */
  broadcast(event: string, ...args: readonly unknown[]): void
}

/** What a request needs of the server around it. */
export interface AppContext {
  readonly host: AppHost
  /** Tells of an error that nobody expected. */
  report(error: unknown, exchange: Exchange): void
}
