/** The routes of an app and of the apps within it, so that each app finds all that lies below it. */

import type { App } from './app.js'
import { type Place, type Plan, planOf } from './plan.js'
import type { Route } from './route.js'
import { Router } from './router.js'
import { type NamedRule, RouteNames } from './urls.js'
import { socketLacks } from './guards.js'
import { inside, type SocketRoute } from './websocket/route.js'

/** A tree that another one lies in, or that lies in it, and where. */
interface Neighbour extends Place {
  readonly tree: AppTree
}

const PREFIX = /^\/(?:[^/\s?#%\\<>]+(?:\/[^/\s?#%\\<>]+)*)?$/
const NAMESPACE = /^(?:[A-Za-z_][\w-]*)?$/
const HERE: Place = { prefix: '', namespace: '' }

function within(outer: Place, inner: Place): Place {
  return { prefix: outer.prefix + inner.prefix, namespace: outer.namespace + inner.namespace }
}

/** What one app knows of routes. */
export class AppTree {
  readonly app: App
  /** Finds routes. */
  readonly router: Router<Plan> = new Router()
  /** Finds WebSockets. */
  readonly sockets: Router<SocketRoute> = new Router()
  readonly #names: RouteNames = new RouteNames()
  readonly #routes: Route[] = []
  readonly #socketRoutes: SocketRoute[] = []
  readonly #parts: Neighbour[] = []
  readonly #parents: Neighbour[] = []
  /** What guards of routes lack as long as no app around this one has it. */
  #missing: TypeError[] = []

  constructor(app: App) {
    this.app = app
  }

  /** The apps that lie in this one, in the order they were mounted. */
  get parts(): readonly App[] {
    return this.#parts.map(({ tree }) => tree.app)
  }

  /** The apps that this one lies in. */
  get parents(): readonly App[] {
    return this.#parents.map(({ tree }) => tree.app)
  }

  /** Throws `TypeError` for a name that no route has, or several. */
  find(target: Parameters<RouteNames['find']>[0]): NamedRule {
    return this.#names.find(target)
  }

  /** The apps that this one lies in and that lie in none themselves; this one when it lies in none. */
  outermost(): readonly App[] {
    if (this.#parents.length === 0) return [this.app]
    return this.#parents.flatMap(({ tree }) => tree.outermost())
  }

  /** The apps that this one lies in, the outermost first, and this one behind them. */
  around(): readonly App[] {
    return [...this.#parents.flatMap(({ tree }) => tree.around()), this.app]
  }

  addRoute(route: Route): void {
    this.#whole(() => this.#place(HERE, [this.app], route))
    this.#routes.push(route)
  }

  addSocket(made: SocketRoute): void {
    const route = { ...made, layers: [this.app] }
    this.#whole(() => this.#placeSocket('', route))
    this.#socketRoutes.push(route)
  }

  /** Throws `TypeError` for a prefix or a namespace that is none, and for a tree that this one lies in. */
  mount(prefix: string, tree: AppTree, namespace: string): void {
    if (!PREFIX.test(prefix)) throw new TypeError(`not a prefix: ${JSON.stringify(prefix)}`)
    if (!NAMESPACE.test(namespace)) throw new TypeError(`not a namespace: ${namespace}`)
    if (tree.#contains(this)) throw new TypeError('an app cannot be mounted within itself')
    const { app } = this
    const place: Place = { prefix: prefix === '/' ? '' : prefix, namespace: namespace && `${namespace}.` }
    this.#whole(() => {
      tree.#eachRoute(HERE, [tree.app], (below, layers, route) =>
        this.#place(within(place, below), [app, ...layers], route),
      )
      tree.#eachSocket('', (below, route) => this.#placeSocket(place.prefix + below, inside(app, route)))
    })
    this.#parts.push({ tree, ...place })
    tree.#parents.push({ tree: this, ...place })
  }

  /** Gives whether it was there. */
  unmount(tree: AppTree): boolean {
    const at = this.#parts.findIndex((part) => part.tree === tree)
    if (at < 0) return false
    this.#parts.splice(at, 1)
    tree.#parents.splice(
      tree.#parents.findIndex((parent) => parent.tree === this),
      1,
    )
    this.rebuild()
    return true
  }

  /** Throws `TypeError` when a guard lacks what it needs: nobody may ask for its route then. */
  check(): void {
    if (this.#missing[0] !== undefined) throw this.#missing[0]
  }

  /**
   * Adds all of something, or nothing: what has a place already when another route has none would answer without it.
   */
  #whole(add: () => void): void {
    try {
      add()
    } catch (error) {
      this.rebuild()
      throw error
    }
  }

  /** Makes a route known here and in all apps that this one lies in. */
  #place(place: Place, layers: readonly App[], route: Route): void {
    for (const parent of this.#parents) parent.tree.#place(within(parent, place), [parent.tree.app, ...layers], route)
    this.#keep(planOf(place, layers, route))
  }

  #lack(missing: TypeError | undefined): void {
    if (missing === undefined) return
    if (this.app.host !== undefined) throw missing
    this.#missing.push(missing)
  }

  #keepSocket(route: SocketRoute): void {
    this.#lack(socketLacks(route))
    this.sockets.add(route)
  }

  #keep(plan: Plan): void {
    this.#lack(plan.missing)
    this.router.add(plan)
    this.#names.add(plan)
  }

  #placeSocket(prefix: string, route: SocketRoute): void {
    this.#keepSocket(prefix === '' ? route : { ...route, rule: prefix + route.rule })
    for (const { tree, prefix: before } of this.#parents) tree.#placeSocket(before + prefix, inside(tree.app, route))
  }

  /** Settles all routes anew: options of the app have changed, or what lies in it. */
  rebuild(): void {
    this.#missing = []
    this.router.clear()
    this.sockets.clear()
    this.#names.clear()
    this.#eachRoute(HERE, [this.app], (place, layers, route) => this.#keep(planOf(place, layers, route)))
    this.#eachSocket('', (prefix, route) => this.#keepSocket({ ...route, rule: prefix + route.rule }))
    for (const { tree } of this.#parents) tree.rebuild()
  }

  #eachRoute(
    place: Place,
    layers: readonly App[],
    visit: (place: Place, layers: readonly App[], route: Route) => void,
  ): void {
    for (const route of this.#routes) visit(place, layers, route)
    for (const part of this.#parts) part.tree.#eachRoute(within(place, part), [...layers, part.tree.app], visit)
  }

  #eachSocket(prefix: string, visit: (prefix: string, route: SocketRoute) => void): void {
    for (const route of this.#socketRoutes) visit(prefix, route)
    const visitInner = (place: string, route: SocketRoute): void => visit(place, inside(this.app, route))
    for (const { tree, prefix: more } of this.#parts) tree.#eachSocket(prefix + more, visitInner)
  }

  #contains(other: AppTree): boolean {
    return this === other || this.#parts.some(({ tree }) => tree.#contains(other))
  }
}
