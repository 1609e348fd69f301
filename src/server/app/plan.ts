/** What happens to a request of one route, settled once: the apps that it passes, its guards, its parameters. */

import type { App } from './app.js'
import { ArgsReader } from './args/reader.js'
import type { CorsPolicy } from './guards/cors.js'
import { corsOf, guardsOf } from './guards.js'
import { MissingOptionError } from './guards/missing-option.js'
import type { Observer, Step } from './hooks.js'
import { compileRule } from './path-params.js'
import type { Routable } from './router.js'
import type { Route, RouteOptions } from './route.js'

/** A route at its place below the mount point. */
export interface Plan extends Routable {
  /** With the namespaces of the apps that it lies in. */
  readonly name: string
  readonly route: Route
  /** The apps that it lies in, the outermost first. */
  readonly layers: readonly App[]
  readonly guards: readonly Step[]
  /** What a guard lacks: the app must not be mounted so. An app around this one may have it. */
  readonly missing: TypeError | undefined
  /** Who may read the responses; undefined when no other origin may. */
  readonly cors: CorsPolicy | undefined
  readonly reader: ArgsReader | undefined
  readonly before: readonly Step[]
  readonly after: readonly Observer[]
}

/** Where an app lies within another one. */
export interface Place {
  /** In front of its rules. */
  readonly prefix: string
  /** In front of the names of its routes, with a dot behind it unless it is empty. */
  readonly namespace: string
}

/** The plan of a route of the innermost of `layers`. */
export function planOf({ prefix, namespace }: Place, layers: readonly App[], route: Route): Plan {
  const { methods, defaults, options } = route
  const { query, body, extra = false, runBefore = [], runAfter = [] } = options
  const rule = prefix + route.rule
  const names = compileRule(rule).params.map(({ name }) => name)
  const declares = query !== undefined || body !== undefined
  return {
    rule,
    name: route.name && namespace + route.name,
    methods,
    defaults,
    route,
    layers,
    ...guarded(rule, layers, route),
    cors: corsOf(layers, route),
    reader: declares ? new ArgsReader(rule, names, { query, body, extra }) : undefined,
    before: runBefore,
    after: [...runAfter, ...eventsOf(options)],
  }
}

/** Nothing is open for want of a guard: without what that needs, no request goes through. */
function guarded(rule: string, layers: readonly App[], route: Route): Pick<Plan, 'guards' | 'missing'> {
  try {
    return { guards: guardsOf(layers, route), missing: undefined }
  } catch (error) {
    if (!(error instanceof MissingOptionError)) throw error
    const missing = new MissingOptionError(`${error.message}: ${rule}`)
    const refuse = (): never => {
      throw missing
    }
    return { guards: [refuse], missing }
  }
}

function eventsOf({ emitAfter, broadcastAfter }: RouteOptions): Observer[] {
  const observers: Observer[] = []
  if (emitAfter !== undefined) observers.push((was) => was.emit(emitAfter))
  if (broadcastAfter !== undefined) observers.push((was) => was.broadcast(broadcastAfter))
  return observers
}
