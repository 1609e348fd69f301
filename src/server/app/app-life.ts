/** How an app comes and goes: its lifecycle, its modules, and what it does again and again while it is mounted. */

import { forDevelopers } from '../environment.js'
import type { App } from './app.js'
import type { AppOptions } from './app-options.js'
import { AppPages } from './app-pages.js'
import type { LifecycleHook, LifecycleMoment } from './hooks.js'
import type { Watcher } from './modules/module-file.js'
import { type AppModuleExports, decorate, type ModuleOptions, Services } from './modules/services.js'

/** The part of an app that lives. */
export abstract class AppLife extends AppPages {
  abstract options: AppOptions

  readonly #lifecycle: Map<LifecycleMoment, LifecycleHook> = new Map()
  readonly #maintained: { readonly ms: number; readonly task: (app: App) => unknown }[] = []
  #services: Services | undefined
  #timers: NodeJS.Timeout[] = []
  /** How many engines and apps have begun it: it lies in several places, perhaps. */
  #begun = 0

  /** Calls a function as the app comes and goes: one a moment. */
  onLifecycle(moment: LifecycleMoment, hook: LifecycleHook): this {
    this.#lifecycle.set(moment, hook)
    return this
  }

  /** For the server: tells the app, and those within it, of a moment. */
  async live(this: App, moment: LifecycleMoment): Promise<void> {
    await this.#lifecycle.get(moment)?.(this)
    for (const app of this.tree.parts) await app.live(moment)
  }

  /** Puts a module into the app, or a function that decorates it (APP-83); gives the app within that it has got. */
  decorate(this: App, module: AppModuleExports | AppModuleExports['decorate'], options?: ModuleOptions): Promise<App> {
    return decorate(this, typeof module === 'function' ? { decorate: module } : module, options)
  }

  /** Calls a function every so many seconds as long as the app is mounted; what it throws is reported (APP-11). */
  maintain(seconds: number, task: (app: App) => unknown): this {
    if (!(seconds > 0)) throw new TypeError(`not an interval: ${seconds}`)
    this.#maintained.push({ ms: seconds * 1000, task })
    return this
  }

  /** For the server: what looks after the modules of the app, if they are loaded anew. */
  get watcher(): Watcher | undefined {
    // Most apps have none: the environment is asked for those that have.
    return this.#services !== undefined && forDevelopers(this.options.reload) ? this.#services : undefined
  }

  /** For the server: loads the modules, and begins what is done again and again. */
  async begin(this: App, report: (error: unknown) => void): Promise<void> {
    const { parts } = this.tree
    this.reportLate = report
    if (this.#begun === 0) await this.#beginHere(report)
    this.#begun++
    for (const app of parts) await app.begin(report)
  }

  async #beginHere(this: App, report: (error: unknown) => void): Promise<void> {
    if (this.options.services !== undefined) {
      this.#services = new Services(this, this.path(this.options.services), report)
      await this.#services.load()
    }
    for (const { ms, task } of this.#maintained) {
      const run = async (): Promise<unknown> => task(this)
      this.#timers.push(setInterval(() => void run().catch(report), ms).unref())
    }
  }

  /** For the server: lets go of all that, when nobody who has begun it needs it any more. */
  async end(): Promise<void> {
    if (this.#begun === 0 || --this.#begun > 0) return
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    await this.#services?.detach()
    this.#services = undefined
    for (const app of this.tree.parts) await app.end()
  }
}
