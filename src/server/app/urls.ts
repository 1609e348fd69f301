/** URLs of routes, made of their rules: what is built here is found again by the router, with the same parameters. */

import { encodePath } from '../path.js'
import type { ArgsReader } from './args/reader.js'
import { compileRule, convertParam, type CompiledRule, type ParamKind } from './path-params.js'
import type { Handler, Route } from './route.js'

/** What stands in a URL: text, a number, a truth; of a query also several of them. Undefined stands for nothing. */
export type UrlValue = string | number | bigint | boolean | null | undefined | readonly (string | number | boolean)[]

/** Parameters of a URL by name: those of the path where the rule has them, all others in the query. */
export type UrlArgs = Readonly<Record<string, UrlValue>>

declare const ROUTES: unique symbol

/** An app that has a route of this name, to the compiler: routes add up as they are added one behind the other. */
export interface HasRoute<Name extends string, Params> {
  readonly [ROUTES]: { readonly [Key in Name]: Params }
}

/** The named routes of an app, with the parameters of their URLs. */
export type RoutesOf<Self> = Self extends { readonly [ROUTES]: infer Table } ? Table : unknown

/**
 * A name with its parameters, for each route of a table; any name where there is none. Behind a colon is a route of
 * another app, behind `/` a path.
 */
export type UrlCall<Table> = keyof Table extends never
  ? readonly [name: string, args?: UrlArgs]
  : | { readonly [Name in keyof Table]: NamedCall<Name, Table[Name]> }[keyof Table]
    | readonly [name: `${string}:${string}`, args?: UrlArgs]
    | readonly [path: `/${string}`]

type NamedCall<Name, Params> =
  Partial<Params> extends Params ? readonly [name: Name, args?: Params] : readonly [name: Name, args: Params]

/** What the URL of a handler takes: any of its parameters, as far as a URL can hold them. */
export type HandlerUrlArgs<Params> = unknown extends Params
  ? UrlArgs
  : { readonly [Name in keyof Params]?: Extract<Params[Name], UrlValue> }

/** A route as URLs see it. */
export interface NamedRule {
  /** With the prefixes of the apps that it lies in. */
  readonly rule: string
  /** With the namespaces of these apps, as `admin.users`. */
  readonly name: string
  readonly route: Route
  readonly reader: ArgsReader | undefined
}

/** The routes of an app by their names and handlers. */
export class RouteNames {
  readonly #byName: Map<string, NamedRule> = new Map()
  readonly #byHandler: Map<Handler<never>, NamedRule> = new Map()
  /** Names of handlers that several routes have: they name none of them. */
  readonly #ambiguous: Set<string> = new Set()

  /** Throws `TypeError` for a name that was given to another route. */
  add(named: NamedRule): void {
    const { name, route } = named
    const known = this.#byName.get(name)
    if (known !== undefined && known.route.handler !== route.handler) {
      if (route.options.name !== undefined && known.route.options.name !== undefined)
        throw new TypeError(`two routes have the name ${name}: ${known.rule} and ${named.rule}`)
      // A name that was given wins over one that a function happens to have.
      if (known.route.options.name === undefined && route.options.name === undefined) this.#ambiguous.add(name)
    }
    if (name !== '' && (known === undefined || route.options.name !== undefined)) this.#byName.set(name, named)
    if (!this.#byHandler.has(route.handler)) this.#byHandler.set(route.handler, named)
  }

  clear(): void {
    this.#byName.clear()
    this.#byHandler.clear()
    this.#ambiguous.clear()
  }

  /** Throws `TypeError` for a name that no route has, or several. */
  find(target: string | Handler<never>): NamedRule {
    const named = typeof target === 'string' ? this.#byName.get(target) : this.#byHandler.get(target)
    if (named === undefined)
      throw new TypeError(`no route has ${typeof target === 'string' ? `the name ${target}` : 'this handler'}`)
    if (typeof target === 'string' && named.route.options.name === undefined && this.#ambiguous.has(target))
      throw new TypeError(`several routes have a handler ${target}: give them names`)
    return named
  }
}

/**
 * Path and query of a route. Throws `TypeError` for a parameter that is missing, that the route does not know, or that
 * no request could bring back as it is.
 */
export function buildUrl(point: string, { rule, route, reader }: NamedRule, args: UrlArgs = {}): string {
  const compiled = compileRule(rule)
  const inPath = new Set(compiled.params.map(({ name }) => name))
  const path = buildPath(compiled, rule, args, route.defaults)
  const query: string[] = []
  for (const name of Object.keys(args)) {
    if (inPath.has(name)) continue
    if (reader?.takesQuery(name) === false) throw new TypeError(`the route ${rule} has no parameter ${name}`)
    addQuery(query, name, args[name])
  }
  const whole = encodePath(point + path)
  return query.length === 0 ? whole : `${whole}?${query.join('&')}`
}

/** The path of a rule up to its first parameter. */
export function basePath(point: string, { rule }: NamedRule): string {
  const first = rule.indexOf('<')
  return encodePath(point + (first < 0 ? rule : rule.slice(0, rule.lastIndexOf('/', first) + 1)))
}

function buildPath(
  { params, pattern }: CompiledRule,
  rule: string,
  args: UrlArgs,
  defaults: Readonly<Record<string, unknown>> | undefined,
): string {
  const values = params.map(({ name }) => {
    const value = Object.hasOwn(args, name) ? args[name] : undefined
    const given = value ?? (defaults !== undefined && Object.hasOwn(defaults, name) ? defaults[name] : undefined)
    if (given === undefined) throw new TypeError(`the route ${rule} needs the parameter ${name}`)
    return given as UrlValue
  })
  let index = 0
  const path = rule.replace(/<[^<>]*>/g, () => {
    const { kind } = params[index]!
    return textOf(kind, values[index++])
  })
  const back = pattern?.exec(path)
  for (let i = 0; i < params.length; i++) {
    const { kind, name } = params[i]!
    const text = back?.[i + 1]
    const same = text !== undefined && isSame(convertParam(kind, text), values[i])
    if (!same || !standsAlone(text, kind))
      throw new TypeError(`${JSON.stringify(String(values[i]))} cannot stand for <${name}> in a URL of ${rule}`)
  }
  return path
}

/** In a plain parameter underscores stand for blanks. */
function textOf(kind: ParamKind, value: UrlValue): string {
  return kind === 'text' ? String(value).replaceAll(' ', '_') : String(value)
}

function isSame(read: string | number | undefined, given: UrlValue): boolean {
  return read === given || String(read) === String(given)
}

/** What the canonical path refuses cannot be part of one: empty and dot segments, separators, control characters. */
function standsAlone(text: string, kind: ParamKind): boolean {
  if (/\\|\p{Cc}|\p{Surrogate}/u.test(text)) return false
  const segments = text.split('/')
  if (kind !== 'path') return segments.length === 1 && text !== '.' && text !== '..'
  return segments.every((segment, index) => {
    const last = index === segments.length - 1
    return segment !== '.' && segment !== '..' && (segment !== '' || (last && index > 0))
  })
}

function addQuery(query: string[], name: string, value: UrlValue): void {
  if (value === undefined || value === null) return
  const values = Array.isArray(value) ? (value as readonly (string | number | boolean)[]) : [value]
  for (const one of values) query.push(`${encode(name)}=${encode(String(one))}`)
}

function encode(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('a URL holds no lone surrogate')
  return encodeURIComponent(text)
}
