/** How an app comes and goes: its lifecycle, its modules, and what it does again and again while it is mounted. */

import { forDevelopers } from '../environment.js'
import type { App } from './app.js'
import type { AppOptions } from './app-options.js'
import { AppPages } from './app-pages.js'
import { checkHook, type LifecycleHook, type LifecycleMoment, lifecycleMoments } from './hooks.js'
import type { Watcher } from './modules/module-file.js'
import { type AppModuleExports, decorate, isAppModule, type ModuleOptions, Services } from './modules/services.js'

/** The part of an app that lives. */
export abstract class AppLife extends AppPages {
  abstract options: AppOptions

  readonly #lifecycle: Map<LifecycleMoment, LifecycleHook> = new Map()
  /** What begins a timer each. */
  readonly #maintained: (() => NodeJS.Timeout)[] = []
  #services: Services | undefined
  #timers: NodeJS.Timeout[] = []
  /** How many engines and apps have begun it: it lies in several places, perhaps. */
  #begun = 0
  #started: Promise<void> = Promise.resolve()
  /** Whether it has heard that it is mounted: parts that come later do then, too. */
  #isMounted = false
  /** Whether its timers run. */
  #runs = false
  /** The apps within it that it has begun. */
  readonly #adopted: App[] = []

  /** Calls a function as the app comes and goes: one a moment. Throws `TypeError` for a moment that there is not. */
  onLifecycle(moment: LifecycleMoment, hook: LifecycleHook): this {
    if (!lifecycleMoments.includes(moment))
      throw new TypeError(`not a moment: ${String(moment)}; there are ${lifecycleMoments.join(', ')}`)
    checkHook('onLifecycle', hook)
    this.#lifecycle.set(moment, hook)
    return this
  }

  /** For the server: tells the app, and those within it, of a moment. */
  async live(this: App, moment: LifecycleMoment): Promise<void> {
    await this.#lifecycle.get(moment)?.(this)
    for (const app of this.tree.parts) await app.live(moment)
    // The last moment on the way up, and the last one at all.
    if (moment === 'mountedOrReloaded') this.#isMounted = true
    if (moment === 'unmounted') this.#isMounted = false
  }

  /** Puts a module into the app, or a function that decorates it (APP-83); gives the app within that it has got. */
  decorate(this: App, module: AppModuleExports | AppModuleExports['decorate'], options?: ModuleOptions): Promise<App> {
    const exports = typeof module === 'function' ? { decorate: module } : module
    if (typeof exports !== 'object' || exports === null || !isAppModule(exports))
      return Promise.reject(new TypeError('a module is a function, or has one that is called decorate'))
    return decorate(this, exports, options)
  }

  /** Calls a function every so many seconds as long as the app is mounted; what it throws is reported (APP-11). */
  maintain<Self extends App>(this: Self, seconds: number, task: (app: App) => unknown): Self {
    if (typeof seconds !== 'number' || !(seconds > 0)) throw new TypeError(`not an interval: ${String(seconds)}`)
    if (typeof task !== 'function') throw new TypeError('maintain takes a function')
    const run = async (): Promise<unknown> => task(this)
    const begin = (): NodeJS.Timeout => setInterval(() => void run().catch(this.reportLate), seconds * 1000).unref()
    this.#maintained.push(begin)
    if (this.#runs) this.#timers.push(begin())
    return this
  }

  /** For the server: what looks after the modules of the app, if they are loaded anew. */
  get watcher(): Watcher | undefined {
    // Most apps have none: the environment is asked for those that have.
    return this.#services !== undefined && forDevelopers(this.options.reload) ? this.#services : undefined
  }

  /**
   * For the server: loads the modules, and begins what is done again and again. Rejects with what a module throws; then
   * nothing has begun.
   */
  async begin(this: App, report: (error: unknown) => void): Promise<void> {
    this.reportLate = report
    if (this.#begun++ === 0) this.#started = this.#start()
    try {
      await this.#started
    } catch (error) {
      await this.end()
      throw error
    }
  }

  async #start(this: App): Promise<void> {
    // Those that modules mount meanwhile are adopted.
    const { parts } = this.tree
    if (this.options.services !== undefined) {
      this.#services = new Services(this, this.path(this.options.services))
      await this.#services.load()
    }
    this.#runs = true
    for (const begin of this.#maintained) this.#timers.push(begin())
    for (const app of parts) await this.adopt(app)
  }

  /** For the server: an app lies within this one from now on, and begins with it, or at once. */
  async adopt(this: App, part: App): Promise<void> {
    if (this.#begun === 0) return
    this.#adopted.push(part)
    try {
      await part.begin(this.reportLate)
    } catch (error) {
      this.#forget(part)
      throw error
    }
    if (this.#isMounted) await tell(part, ['mounted', 'mountedOrReloaded'])
  }

  /** For the server: an app that was within this one is so no more, and ends unless it lies elsewhere, too. */
  async release(this: App, part: App): Promise<void> {
    if (!this.#forget(part)) return
    try {
      if (this.#isMounted) await tell(part, ['beforeUnmount', 'unmounted'])
    } finally {
      await part.end()
    }
  }

  #forget(part: App): boolean {
    const at = this.#adopted.indexOf(part)
    if (at >= 0) this.#adopted.splice(at, 1)
    return at >= 0
  }

  /** For the server: lets go of all that, when nobody who has begun it needs it any more. */
  async end(): Promise<void> {
    if (this.#begun === 0 || --this.#begun > 0) return
    // What has failed to begin has begun in part, perhaps.
    await this.#started.catch(() => {})
    this.#runs = false
    this.#isMounted = false
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    await this.#services?.detach()
    this.#services = undefined
    for (const app of this.#adopted.splice(0)) await app.end()
  }
}

async function tell(app: App, moments: readonly LifecycleMoment[]): Promise<void> {
  for (const moment of moments) await app.live(moment)
}
