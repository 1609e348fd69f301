/** What a request is to a foreign app and to whoever asks for `was` inside of it. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { AppContext } from '../app/app-host.js'
import { Request } from '../app/request.js'
import { Was } from '../app/was.js'
import type { Exchange } from '../exchange.js'

/** Where a request was found, and who is told of its failure. */
export interface ForeignPlace {
  /** The canonical path, whole. */
  readonly path: string
  /** What followed the `?`, as it came. */
  readonly query: string
  /** The mount point: `/`, or a path without a slash at its end. */
  readonly point: string
  /** Whether `was.push` pushes. */
  readonly push: boolean
  /** Answers with an error, or breaks the answer off, and reports it. Must not throw. */
  readonly fail: (error: unknown, exchange: Exchange) => void
  /** The other apps of the host, and who is told of errors that change nothing for the client. */
  readonly context: AppContext
}

/**
 * One request under way in a foreign app. A `fetch` handler gets it as its second and third argument, what others call
 * bindings and execution context.
 */
export class ForeignContext {
  readonly #exchange: Exchange
  readonly #place: ForeignPlace
  #was: Was | undefined

  constructor(exchange: Exchange, place: ForeignPlace) {
    this.#exchange = exchange
    this.#place = place
  }

  /**
   * The service context of the request; what is set on `was.response` has no effect on a foreign response, and cookies
   * cannot be set.
   */
  get was(): Was {
    if (this.#was === undefined) {
      const { path, query, point, push, context: host } = this.#place
      const request = new Request(this.#exchange, path, query, point === '/' ? '' : point)
      this.#was = new Was(this.#exchange, request, undefined, push, host)
      Was.setForeign(this.#was)
    }
    return this.#was
  }

  /** For work that goes on behind the response: its failure is reported, and the engine waits for it when it closes. */
  waitUntil(work: Promise<unknown>): void {
    this.#place.context.unfinished.add(
      Promise.resolve(work).catch((error: unknown) => ForeignContext.report(this, error)),
    )
  }

  /** There is nothing behind us that a request could be passed on to: nothing happens. */
  passThroughOnException(): void {}

  /** For the server: the request and the way to answer it. */
  static exchange(context: ForeignContext): Exchange {
    return context.#exchange
  }

  /** For the server: where it was found. */
  static place(context: ForeignContext): ForeignPlace {
    return context.#place
  }

  /** For the server: answers with an error, or breaks the answer off. Never throws. */
  static fail(context: ForeignContext, error: unknown): void {
    context.#place.fail(error, context.#exchange)
  }

  /** For the server: tells of an error that changes nothing for the client. Never throws. */
  static report(context: ForeignContext, error: unknown): void {
    context.#place.context.report(error, context.#exchange)
  }
}

/** What a listener of the application throws is reported, and ends nothing but its own exchange. */
export function guarded(context: ForeignContext, run: () => void): void {
  try {
    run()
  } catch (error) {
    if (ForeignContext.exchange(context).over) ForeignContext.report(context, error)
    else ForeignContext.fail(context, error)
  }
}

const storage: AsyncLocalStorage<ForeignContext> = new AsyncLocalStorage()

/** Calls `run` so that `was` is that of the request, there and in all that it begins. */
export function within<Arguments extends unknown[], Result>(
  context: ForeignContext,
  run: (...args: Arguments) => Result,
  ...args: Arguments
): Result {
  return storage.run(context, run, ...args)
}

function current(): Was {
  const context = storage.getStore()
  if (context === undefined) throw new Error('`was` is there only while a foreign app handles a request')
  return context.was
}

/** A method of the class needs its object: private fields do not work through a proxy. */
function isMethod(name: string | symbol): boolean {
  return typeof Object.getOwnPropertyDescriptor(Was.prototype, name)?.value === 'function'
}

/**
 * The service context of the request that is being handled, for foreign apps, whose handlers do not get it: request id,
 * push, services. It follows promises, timers and callbacks. Throws `Error` where no such request is under way.
 */
export const was: Was = new Proxy(Object.create(Was.prototype) as Was, {
  get(_target, name) {
    const now = current()
    const value: unknown = Reflect.get(now, name, now)
    return isMethod(name) ? (value as () => unknown).bind(now) : value
  },
  set(_target, name, value) {
    const now = current()
    return Reflect.set(now, name, value, now)
  },
  has: (_target, name) => Reflect.has(current(), name),
})
