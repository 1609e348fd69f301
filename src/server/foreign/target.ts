/** Which framework a mounted value comes from, told by its shape. */

import { fetchHandler } from './fetch/fetch-app.js'
import { ForeignApp } from './foreign-app.js'
import { nodeApp, type NodeListener, type NodeServerLike } from './node/node-app.js'

/** An application as frameworks export it. */
export type ForeignTarget = ForeignApp | FetchApp | ConnectApp | KoaApp | FastifyApp | NodeServerLike

/** Hono, itty-router, h3, and whatever else follows the convention of `export default { fetch }`. */
export interface FetchApp {
  readonly fetch: (request: Request, env: never, context: never) => unknown
}

/** An app of Express or Connect, or a router of theirs: a listener of Node that has more to it, `handle` among it. */
export interface ConnectApp {
  readonly use: (...args: never) => unknown
  readonly apply: (...args: never) => unknown
}

/** An app of Koa. */
export interface KoaApp {
  readonly middleware: readonly unknown[]
  readonly callback: () => NodeListener
}

/** An instance of Fastify. */
export interface FastifyApp {
  readonly ready: () => PromiseLike<unknown>
  readonly routing: NodeListener
  readonly close?: () => PromiseLike<unknown>
}

/**
 * The foreign application that a value is; undefined when it is none. A bare function is never taken for one: nothing
 * tells it from a function `(was) => …` of our own, so that `fetchHandler` or `nodeHandler` must say what it is.
 */
export function foreignApp(target: unknown): ForeignApp | undefined {
  if (target instanceof ForeignApp) return target
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return undefined
  // First of all: some routers answer with a function for whatever they are asked.
  if (has(target, 'fetch'))
    return fetchHandler((request, env, context) => (target as FetchApp).fetch(request, env as never, context as never))
  if (typeof target === 'function') {
    if (!has(target, 'handle') || !has(target, 'use')) return undefined
    return nodeHandler(target as unknown as NodeListener)
  }
  if (has(target, 'routing') && has(target, 'ready')) return fastify(target as unknown as FastifyApp)
  if (has(target, 'callback') && Array.isArray((target as Partial<KoaApp>).middleware)) return koa(target as KoaApp)
  if (has(target, 'emit') && has(target, 'listen') && has(target, 'listenerCount'))
    return server(target as NodeServerLike)
  return undefined
}

/**
 * Marks a function `(req, res)` or `(req, res, next)` of Node, so that it can be mounted. `next` answers with 404, or
 * with an error; an app of Express or Connect answers by itself where nothing of it does.
 */
export function nodeHandler(listener: NodeListener): ForeignApp {
  if (typeof listener !== 'function') throw new TypeError('a listener is a function (req, res)')
  return nodeApp({ listener, next: !has(listener, 'listen') && listener.length > 2 })
}

function has(target: object, name: string): boolean {
  return typeof (target as Readonly<Record<string, unknown>>)[name] === 'function'
}

/** How many places have begun an instance: the last one that ends closes it. */
const begun: WeakMap<FastifyApp, number> = new WeakMap()

/**
 * As where it listens: routes can be added until it is ready, and its `onClose` hooks are called behind the last
 * request.
 */
function fastify(instance: FastifyApp): ForeignApp {
  const count = (by: number): number => {
    const places = (begun.get(instance) ?? 0) + by
    begun.set(instance, places)
    return places
  }
  return nodeApp({
    listener: (req, res, next) => instance.routing(req, res, next),
    life: {
      begin: async () => {
        await instance.ready()
        count(1)
      },
      end: async () => {
        if (count(-1) === 0) await instance.close?.()
      },
    },
  })
}

function koa(app: KoaApp): ForeignApp {
  let callback: NodeListener | undefined
  return nodeApp({ listener: (req, res, next) => (callback ??= app.callback())(req, res, next) })
}

function server(target: NodeServerLike): ForeignApp {
  const listener: NodeListener = (req, res, next) => {
    if (!target.emit('request', req, res)) next()
  }
  return nodeApp({ listener, next: true })
}
