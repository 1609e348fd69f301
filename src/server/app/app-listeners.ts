/** What an app is called for: hooks around each request, events of its own, and what any app of its host broadcasts. */

import type { App } from './app.js'
import type { AppHost } from './app-host.js'
import type { AppTree } from './app-tree.js'
import { type AppEvents, callListener, Events, type Listener } from './events.js'
import { checkHook, type FailureHook, type Observer, type RequestHooks, type Step } from './hooks.js'
import { Was } from './was.js'

/** Events of requests begin so. */
const REQUEST_EVENT = 'request:'

/** The part of an app that listens. */
export abstract class AppListeners {
  abstract readonly tree: AppTree
  abstract host: AppHost | undefined
  /** For the server: what is called around each request. */
  readonly hooks: RequestHooks = { before: undefined, finish: undefined, failed: undefined, teardown: undefined }
  /**
   * For the server: told of errors that nobody waits for. Before there is a server the process is, as of any promise
   * that nobody waits for.
   */
  reportLate: (error: unknown) => void = (error) => {
    throw error
  }

  readonly #events: Events = new Events()
  readonly #broadcasts: Events = new Events()
  /** The apps that hear what is emitted here, by their host. */
  readonly #hearersOf: Map<AppHost, readonly App[]> = new Map()
  /** All of them: looked at for each request. */
  #hearers: readonly App[] = []

  /** Called in front of each request; what it gives is the response (APP-67). One of its kind, as all hooks. */
  beforeRequest(hook: Step | undefined): this {
    checkHook('beforeRequest', hook)
    this.hooks.before = hook
    return this
  }

  /** Called when a request has been answered without an error. */
  finishRequest(hook: Observer | undefined): this {
    checkHook('finishRequest', hook)
    this.hooks.finish = hook
    return this
  }

  /** Called with what a request has thrown; what it gives is the response, `undefined` leaves the error as it is. */
  failedRequest(hook: FailureHook | undefined): this {
    checkHook('failedRequest', hook)
    this.hooks.failed = hook
    return this
  }

  /** Called last, whatever has happened. */
  teardownRequest(hook: Observer | undefined): this {
    checkHook('teardownRequest', hook)
    this.hooks.teardown = hook
    return this
  }

  /** Listens to an event of this app. */
  on<Name extends keyof AppEvents>(event: Name, listener: (...args: AppEvents[Name]) => unknown): this
  on(event: string, listener: Listener): this
  on(event: string, listener: Listener): this {
    this.#events.on(event, listener)
    return this
  }

  /** Listens no more. */
  off(event: string, listener: Listener): this {
    this.#events.off(event, listener)
    return this
  }

  /**
   * Calls the listeners of the app and of those within it, at once and in order; from within, too. Behind them come
   * those of the apps that subscribe to it. Each is called once, in however many places its app lies. What one throws
   * is thrown here; what it rejects with later is reported.
   */
  emit(event: string, ...args: readonly unknown[]): void {
    const heard = new Set<App>()
    const emitters = this.tree.outermost()
    const hear = (app: App): void => app.#hear(event, args, heard, (each) => each.#events)
    emitters.forEach(hear)
    for (const { hearers } of emitters) hearers.forEach(hear)
  }

  #hear(this: App, event: string, args: readonly unknown[], heard: Set<App>, eventsOf: (app: App) => Events): void {
    if (heard.has(this)) return
    heard.add(this)
    for (const listener of eventsOf(this).of(event))
      callListener(listener, args, (error) => this.#tellLate(error, args))
    for (const app of this.tree.parts) app.#hear(event, args, heard, eventsOf)
  }

  /** The error of a listener that took its time: it belongs to the request that it was called for, if there is one. */
  #tellLate(error: unknown, [first]: readonly unknown[]): void {
    if (first instanceof Was) first.report(error)
    else this.tree.outermost()[0]!.reportLate(error)
  }

  /** Listens to what any app of the host broadcasts (APP-100). */
  onBroadcast<Name extends keyof AppEvents>(event: Name, listener: (...args: AppEvents[Name]) => unknown): this
  onBroadcast(event: string, listener: Listener): this
  onBroadcast(event: string, listener: Listener): this {
    this.#broadcasts.on(event, listener)
    return this
  }

  /** Calls the listeners of an event in all apps of the host; throws `TypeError` before the app is mounted. */
  broadcast(event: string, ...args: readonly unknown[]): void {
    if (this.host === undefined) throw new TypeError('an app broadcasts when it is mounted')
    this.host.broadcast(event, ...args)
  }

  /** For the server: who hears what is emitted on this app (APP-102). */
  get hearers(): readonly App[] {
    return this.#hearers
  }

  /** For the server: which apps of a host hear what is emitted on this one. */
  setHearers(host: AppHost, apps: readonly App[]): void {
    if (apps.length === 0) this.#hearersOf.delete(host)
    else this.#hearersOf.set(host, apps)
    this.#hearers = [...new Set([...this.#hearersOf.values()].flat())]
  }

  /** For the server: something was broadcast; `heard` are the apps that know, and this one and its parts then do. */
  hearBroadcast(this: App, event: string, args: readonly unknown[], heard: Set<App>): void {
    this.#hear(event, args, heard, (app) => app.#broadcasts)
  }

  /** For the server: an event of a request, which nobody may break. */
  tell(event: string, ...args: readonly [{ report(error: unknown): void }, ...unknown[]]): void {
    this.#tellHere(event, args)
    for (const app of this.#hearers) app.#tellHere(event, args)
  }

  #tellHere(event: string, args: readonly [{ report(error: unknown): void }, ...unknown[]]): void {
    for (const listener of this.#events.of(event))
      try {
        callListener(listener, args, (error) => args[0].report(error))
      } catch (error) {
        args[0].report(error)
      }
  }

  /** For the server: whether anything is to be called around a request. */
  get watchesRequests(): boolean {
    const { before, finish, failed, teardown } = this.hooks
    return (
      before !== undefined ||
      finish !== undefined ||
      failed !== undefined ||
      teardown !== undefined ||
      this.#events.hears(REQUEST_EVENT) ||
      (this.#hearers.length > 0 && this.#hearers.some((app) => app.#events.hears(REQUEST_EVENT)))
    )
  }
}
