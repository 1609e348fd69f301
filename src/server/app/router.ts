/** Finds the route of a request: exact rules first, then those with parameters, the longest literal beginning first. */

import { type CompiledRule, compileRule, convertParam, isParamText, type ParamKind } from './path-params.js'
import { type RuleEntry, RuleTree } from './rule-tree.js'

/** What a route needs to be found. */
export interface Routable {
  readonly rule: string
  /** Upper case; undefined for all methods. */
  readonly methods: readonly string[] | undefined
  /** Values for trailing parameters that the path leaves out. */
  readonly defaults: Readonly<Record<string, unknown>> | undefined
}

/** The parameters of a match, by name, on an object without a prototype. */
export type MatchedParams = Readonly<Record<string, unknown>>

/** What was found for a method and a path. */
export type RouteMatch<Route> =
  | { readonly found: 'route'; readonly route: Route; readonly params: MatchedParams }
  /** The path is known, the method is not: what Allow lists. */
  | { readonly found: 'methods'; readonly allow: readonly string[] }
  /** The path is known with a slash at its end. */
  | { readonly found: 'slash' }
  | { readonly found: 'nothing' }

interface Entry<Route> extends RuleEntry {
  readonly compiled: CompiledRule
  readonly routes: Route[]
  /** The only route and its method, as most rules have one of each. */
  onlyMethod: string | undefined
  readonly only: Route
  readonly names: readonly string[]
  readonly kinds: readonly ParamKind[]
  /** All parameters are plain. */
  readonly plain: boolean
  /** Makes the parameters of a match: those of one rule have one shape, and nothing is inherited by them. */
  readonly Params: new () => Record<string, unknown>
}

function entryOf<Route extends Routable>(compiled: CompiledRule, route: Route): Entry<Route> {
  const Params = function Params(): void {} as unknown as { new (): Record<string, unknown>; prototype: object }
  Params.prototype = Object.create(null) as object
  const names = compiled.params.map(({ name }) => name)
  const kinds = compiled.params.map(({ kind }) => kind)
  const onlyMethod = route.methods?.length === 1 ? route.methods[0] : undefined
  const plain = kinds.every((kind) => kind === 'text')
  const pattern = compiled.rest === undefined ? compiled.pattern : undefined
  return { order: 0, pattern, compiled, routes: [route], onlyMethod, only: route, names, kinds, plain, Params }
}

const NO_PARAMS: MatchedParams = Object.freeze(Object.create(null) as Record<string, unknown>)

/** The routes of an app. */
export class Router<Route extends Routable> {
  readonly #exact: Map<string, Entry<Route>> = new Map()
  /** Those with parameters, by their rules and as a tree. */
  readonly #patterns: Map<string, Entry<Route>> = new Map()
  readonly #tree: RuleTree<Entry<Route>, MatchedParams> = new RuleTree(paramsOf)
  /** The parameters of routes whose last one may be left out, for the path without it. */
  readonly #defaults: Map<Route, MatchedParams> = new Map()

  /** Adds a route. Throws `TypeError` for a malformed rule, or for a method that the rule already has. */
  add(route: Route): void {
    const compiled = compileRule(route.rule)
    const last = compiled.params.at(-1)
    if (route.defaults !== undefined && last !== undefined && Object.hasOwn(route.defaults, last.name))
      this.#addShort(route, compiled)
    if (compiled.pattern === undefined) {
      this.#addExact(route.rule, route, compiled)
      return
    }
    const known = this.#patterns.get(route.rule)
    if (known !== undefined) {
      addTo(known, route)
      return
    }
    const entry = entryOf(compiled, route)
    this.#patterns.set(route.rule, entry)
    this.#tree.add(compiled, entry)
  }

  /** Forgets all routes. */
  clear(): void {
    this.#exact.clear()
    this.#patterns.clear()
    this.#tree.clear()
    this.#defaults.clear()
  }

  /**
   * The route for a method (upper case) and a canonical path. A rule that knows the path but not the method leaves it
   * to the next one that does; when none has the method, all of theirs are allowed.
   */
  find(method: string, path: string): RouteMatch<Route> {
    let known: Route[] | undefined
    const tree = this.#tree
    const beginnings = tree.walk(path)
    const { exact } = tree
    if (exact !== undefined) {
      const route = exact.onlyMethod === method ? exact.only : pick(exact.routes, method)
      if (route !== undefined) return { found: 'route', route, params: this.#defaults.get(route) ?? NO_PARAMS }
      known = [...exact.routes]
    }
    for (let index = beginnings - 1; index >= 0; index--) {
      const count = tree.matches(path, index)
      if (count === 0) continue
      if (count === 1) {
        const { entry } = tree
        const route = entry.onlyMethod === method ? entry.only : pick(entry.routes, method)
        if (route !== undefined) return { found: 'route', route, params: tree.values }
        known = known === undefined ? [...entry.routes] : [...known, ...entry.routes]
        continue
      }
      for (const { entry, values: params } of tree.all) {
        const route = pick(entry.routes, method)
        if (route !== undefined) return { found: 'route', route, params }
        known = known === undefined ? [...entry.routes] : [...known, ...entry.routes]
      }
    }
    if (known !== undefined) return { found: 'methods', allow: allowed(known) }
    return this.#exact.has(path + '/') ? { found: 'slash' } : { found: 'nothing' }
  }

  /** `/episode/<int:id>` with a default for `id` also is `/episode/` and `/episode`; `/<id>` stays as it is. */
  #addShort(route: Route, compiled: CompiledRule): void {
    const { literal, params } = compiled
    if (params.length !== 1 || literal === '/' || !literal.endsWith('/') || !route.rule.endsWith('>')) return
    this.#defaults.set(route, Object.assign(Object.create(null) as Record<string, unknown>, route.defaults))
    this.#addExact(literal, route, compiled)
    this.#addExact(literal.slice(0, -1), route, compiled)
  }

  #addExact(path: string, route: Route, compiled: CompiledRule): void {
    const known = this.#exact.get(path)
    if (known !== undefined) {
      addTo(known, route)
      return
    }
    const entry = entryOf(compiled, route)
    this.#exact.set(path, entry)
    this.#tree.addExact(path, entry)
  }
}

function addTo<Route extends Routable>(entry: Entry<Route>, route: Route): void {
  for (const other of entry.routes) {
    const clash =
      other.methods === undefined ? !route.methods : route.methods?.find((method) => other.methods?.includes(method))
    if (clash)
      throw new TypeError(`the route ${route.rule} is there twice${typeof clash === 'string' ? ` for ${clash}` : ''}`)
  }
  entry.routes.push(route)
  entry.onlyMethod = undefined
}

/** The methods of a route that names none. */
const USUAL_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

function pick<Route extends Routable>(routes: readonly Route[], method: string): Route | undefined {
  for (const route of routes) if (route.methods?.includes(method)) return route
  for (const route of routes) if (route.methods === undefined && USUAL_METHODS.includes(method)) return route
  // HEAD is GET without content (RFC 9110 section 9.3.2).
  return method === 'HEAD' ? routes.find((route) => route.methods?.includes('GET')) : undefined
}

/** What Allow lists: the methods of the routes, HEAD with GET, and OPTIONS, which always has an answer. */
function allowed(routes: readonly Routable[]): string[] {
  const methods = new Set<string>()
  for (const route of routes)
    for (const method of route.methods ?? USUAL_METHODS) {
      methods.add(method)
      if (method === 'GET') methods.add('HEAD')
    }
  return [...methods.add('OPTIONS')]
}

/** The values of a rule that matches as text; undefined when one of them is no number after all. */
function paramsOf<Route>(
  entry: Entry<Route>,
  path: string,
  starts: readonly number[],
  ends: readonly number[],
): MatchedParams | undefined {
  const { names } = entry
  const params = new entry.Params()
  // Underscores stand for blanks: one look at the path tells that there are none in any of its parts.
  const unmarked = !path.includes('_')
  if (entry.plain && unmarked) {
    for (let i = 0; i < names.length; i++) params[names[i]!] = path.slice(starts[i], ends[i])
    return params
  }
  for (let i = 0; i < names.length; i++) {
    const text = path.slice(starts[i], ends[i])
    const kind = entry.kinds[i]!
    const verbatim = kind === 'text' ? unmarked : kind === 'string' || kind === 'path'
    const value = verbatim ? text : read(entry.compiled, kind, text)
    if (value === undefined) return undefined
    params[names[i]!] = value
  }
  return params
}

function read({ rest }: CompiledRule, kind: ParamKind, text: string): string | number | undefined {
  // The tree knows where a parameter ends, not what it may hold.
  if (rest !== undefined && (kind === 'int' || kind === 'float') && !isParamText(kind, text)) return undefined
  return convertParam(kind, text)
}
