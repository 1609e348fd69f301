/** An app that is a file: imported when it is mounted, and anew when it has changed (APP-06, APP-07, APP-13). */

import type { Skitai } from '../../skitai.js'
import { App } from '../app.js'
import type { AppOptions } from '../app-options.js'
import { type Exports, ModuleFile, Watcher } from './module-file.js'

/** What is preferred for an app at the place where it is mounted, over what it says itself. */
export type Preference = Omit<Partial<AppOptions>, 'name' | 'home' | 'templates' | 'delimiters' | 'push'>

/** What the `__setup__` of a module gets, before its app is mounted. */
export interface SetupContext {
  readonly app: App
  /** What is mounted there may be looked at, and more be mounted. */
  readonly engine: Skitai
  readonly point: string
  readonly pref: Preference
}

/** Where the app is mounted. */
export interface AppPlace {
  readonly engine: Skitai
  readonly point: string
  readonly pref: Preference
  /** Has requests answered by this app from now on. */
  readonly put: (app: App) => void
  /** Tells of an error that nobody waits for. */
  readonly report: (error: unknown) => void
}

/** A file with an app: its export `app`, its default one, or the one named behind a colon, as `shop.js:admin`. */
export class AppModule extends Watcher {
  readonly #file: ModuleFile
  readonly #name: string | undefined
  readonly #place: AppPlace
  #app: App | undefined

  constructor(file: string, name: string | undefined, place: AppPlace) {
    super()
    this.#file = new ModuleFile(file)
    this.#name = name
    this.#place = place
  }

  /** Loads the app, and puts it in its place. Rejects with what the file throws, and when there is no app in it. */
  async load(): Promise<App> {
    const app = await this.#import()
    this.#place.put(app)
    this.#app = app
    return app
  }

  protected isStale(): boolean {
    return this.#file.changed
  }

  /** The old app answers until the new one is ready, and goes on when that cannot be had. */
  protected async reload(): Promise<void> {
    const before = this.#app
    before?.emit('app:restarting', before)
    const app = await this.#import()
    await before?.live('beforeReload')
    if (before !== undefined) {
      app.store.take(before.store, app.options.preserve ?? [])
      app.shares.inherit(before.shares)
      app.locks = before.locks
    }
    await app.begin((error) => this.#place.report(error))
    this.#place.put(app)
    this.#app = app
    await app.live('reloaded')
    await app.live('mountedOrReloaded')
    app.emit('app:restarted', app)
    await before?.end()
  }

  async #import(): Promise<App> {
    const { engine, point, pref } = this.#place
    let exports = await this.#file.load()
    let app = this.#appOf(exports)
    if (!app.agrees(pref)) {
      // The same file at another place, with other preferences: an app of its own.
      exports = await this.#file.loadApart()
      app = this.#appOf(exports)
    }
    app.prefer(pref)
    const setup = exports['__setup__']
    if (typeof setup === 'function') await (setup as (context: SetupContext) => unknown)({ app, engine, point, pref })
    return app
  }

  #appOf(exports: Exports): App {
    const app = this.#name === undefined ? (exports['app'] ?? exports['default']) : exports[this.#name]
    if (app instanceof App) return app
    const wanted = this.#name === undefined ? 'an export app' : `an export ${this.#name}`
    throw new TypeError(`${this.#file.file} has no App: ${wanted} is wanted`)
  }
}
