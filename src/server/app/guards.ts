/** What stands between the router and the content of a request: functions that may refuse it before it is read. */

import type { App } from './app.js'
import type { Step } from './hooks.js'
import type { Route } from './route.js'

/** The guards of a route, in order; `layers` are the apps that it lies in, the outermost first. */
export function guardsOf(_layers: readonly App[], _route: Route): readonly Step[] {
  return []
}
