/** A route as it was registered, and what can be said about one. */

import { checkOptions } from '../option-table.js'
import type { Declaration } from './args/reader.js'
import type { ParamSpecs, ParamValues } from './args/param.js'
import type { Schema } from './args/schema.js'
import type { RouteGuardOptions } from './guards/guard-options.js'
import type { Observer, Step } from './hooks.js'
import { routeOptions } from './option-tables.js'
import type { PathParams } from './path-params.js'
import type { HasRoute, UrlArgs } from './urls.js'
import type { HandlerValue } from './values.js'
import type { Was } from './was.js'

/**
 * A route's function: gets the context and the parameters that the route declares; what it returns, now or by promise,
 * is the response; nothing is a 204.
 */
export type Handler<Params> = (was: Was, params: Params) => HandlerValue | void | Promise<HandlerValue | void>

/** The values of a declaration: those of its parameters, or what a validator gives. */
export type Declared<Source, Place extends string> =
  Source extends Schema<infer Output>
    ? Output extends Readonly<Record<string, unknown>>
      ? Output
      : { readonly [Name in Place]: Output }
    : Source extends ParamSpecs
      ? ParamValues<Source>
      : unknown

/** All that a handler gets: the parameters of the path, of the query and of the content. */
export type RouteParams<Rule extends string, Query, Body> = Flat<
  PathParams<Rule> & Declared<Query, 'query'> & Declared<Body, 'body'>
>

type Flat<Params> = { readonly [Name in keyof Params]: Params[Name] }

/** Options of a route. */
export interface RouteOptions<
  Params = Readonly<Record<string, unknown>>,
  Query extends Declaration | undefined = Declaration | undefined,
  Body extends Declaration | undefined = Declaration | undefined,
  Name extends string = string,
> extends RouteGuardOptions {
  /** A name for `was.url`; the name of the handler by default. */
  readonly name?: Name
  /** Upper case. Without: GET, HEAD, POST, PUT, PATCH, DELETE. OPTIONS and HEAD work by themselves. */
  readonly methods?: readonly string[]
  /** Media types of content that is accepted, as `application/json` or `text/*`; other content gets 415. */
  readonly contentTypes?: readonly string[]
  /** Values for the last parameter: then the path without it works, too. */
  readonly defaults?: Partial<Params>
  /** Parameters of the query, by name or as a validator. Those that are missing, unknown or malformed get 400. */
  readonly query?: Query
  /**
   * Parameters of the content, by name or as a validator: JSON, a form, or a form with files. It is read before the
   * handler is called.
   */
  readonly body?: Body
  /** Lets parameters through that are not declared. Default false. */
  readonly extra?: boolean
  /** Octets of content at the most; by default what the app says. */
  readonly bodyBytesMax?: number
  /** Called in order in front of the handler; the first that gives something answers. */
  readonly runBefore?: readonly Step[]
  /** Called in order behind the handler, when it has not failed. */
  readonly runAfter?: readonly Observer[]
  /** An event of the app that is emitted behind the handler, when it has not failed. */
  readonly emitAfter?: string
  /** The same for all apps of the host. */
  readonly broadcastAfter?: string
}

/** Adds a route for one method. */
export interface MethodRoute<Self> {
  <const Rule extends string>(rule: Rule, handler: Handler<PathParams<Rule>>): Self
  <
    const Rule extends string,
    Query extends Declaration | undefined = undefined,
    Body extends Declaration | undefined = undefined,
    const Name extends string = never,
  >(
    rule: Rule,
    options: Omit<RouteOptions<PathParams<Rule>, Query, Body, Name>, 'methods'>,
    handler: Handler<RouteParams<Rule, Query, Body>>,
  ): Self & HasRoute<Name, UrlParams<Rule, Query>>
}

/** What the URL of a route takes. */
export type UrlParams<Rule extends string, Query> = PathParams<Rule> & Partial<UrlPart<Declared<Query, 'query'>>>

type UrlPart<Values> = unknown extends Values ? UrlArgs : Values

/** A route as it was registered. */
export interface Route {
  readonly rule: string
  readonly name: string
  readonly methods: readonly string[] | undefined
  readonly contentTypes: readonly string[] | undefined
  readonly defaults: Readonly<Record<string, unknown>> | undefined
  readonly options: RouteOptions
  readonly handler: Handler<never>
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/

/** Makes a route. Throws `TypeError` for an option that is none. */
export function makeRoute(rule: string, options: RouteOptions, handler: Handler<never>): Route {
  if (typeof options === 'function')
    throw new TypeError(`the route ${rule}: the handler is the last one, behind the options`)
  if (typeof handler !== 'function') throw new TypeError(`the route ${rule} has no handler`)
  checkOptions(`the route ${rule}`, routeOptions, options)
  for (const name of Object.keys(options.defaults ?? {}))
    if (!rule.includes(`<${name}>`) && !rule.includes(`:${name}>`))
      throw new TypeError(`the route ${rule} has no parameter ${name} that could have a default`)
  if (options.methods?.length === 0) throw new TypeError(`the route ${rule} has no methods: leave them out for all`)
  for (const method of options.methods ?? []) if (!METHOD.test(method)) throw new TypeError(`not a method: ${method}`)
  return {
    rule,
    name: options.name ?? handler.name,
    methods: options.methods,
    contentTypes: options.contentTypes?.map((type) => type.toLowerCase()),
    defaults: options.defaults,
    options,
    handler,
  }
}
