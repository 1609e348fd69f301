/** An app that is a file: imported when it is mounted, and anew when it has changed (APP-06, APP-07, APP-13). */

import type { ForeignApp } from '../../foreign/foreign-app.js'
import type { MountedFunction } from '../../mounts.js'
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

/** What a file may have beside an `App`: an app of another framework, or a function. */
export type OtherTarget = ForeignApp | MountedFunction

/** Where the app is mounted. */
export interface AppPlace {
  readonly engine: Skitai
  readonly point: string
  readonly pref: Preference
  /** Has requests answered by this app from now on. */
  readonly put: (target: App | OtherTarget) => void
  /** What can be mounted beside an `App`. Throws `TypeError` for what cannot. */
  readonly otherTarget: (exported: unknown) => OtherTarget
  /** Tells of an error that nobody waits for. */
  readonly report: (error: unknown) => void
}

/**
 * A file with an app, of ours or of another framework: its export `app`, its default one, or the one named behind a
 * colon, as `shop.js:admin`.
 */
export class AppModule extends Watcher {
  readonly #file: ModuleFile
  readonly #name: string | undefined
  readonly #place: AppPlace
  #target: App | OtherTarget | undefined

  constructor(file: string, name: string | undefined, place: AppPlace) {
    super()
    this.#file = new ModuleFile(file)
    this.#name = name
    this.#place = place
  }

  /** Loads the app, and puts it in its place. Rejects with what the file throws, and when there is no app in it. */
  async load(): Promise<void> {
    const { target } = await this.#import()
    this.#place.put(target)
    this.#target = target
  }

  protected isStale(): boolean {
    return this.#file.changed
  }

  /** The old app answers until the new one is ready, and goes on when that cannot be had. */
  protected async reload(): Promise<void> {
    const before = this.#target
    const old = before instanceof App ? before : undefined
    old?.emit('app:restarting', old)
    const { target, known } = await this.#import()
    if (known) {
      // Another place of the file was first to load it anew, and has begun it.
      this.#place.put(target)
      this.#target = target
      return
    }
    await old?.live('beforeReload')
    if (old !== undefined && target instanceof App) {
      target.store.take(old.store, target.options.preserve ?? [])
      target.shares.inherit(old.shares)
      target.locks = old.locks
    }
    await beginOf(target, (error) => this.#place.report(error))
    this.#place.put(target)
    this.#target = target
    if (target instanceof App) {
      await target.live('reloaded')
      await target.live('mountedOrReloaded')
      target.emit('app:restarted', target)
    }
    if (before !== undefined && before !== target && typeof before !== 'function') await before.end()
  }

  /** The app, and whether another place has it already. */
  async #import(): Promise<{ readonly target: App | OtherTarget; readonly known: boolean }> {
    const { engine, point, pref } = this.#place
    let exports = await this.#file.load()
    let app = this.#targetOf(exports)
    if (!(app instanceof App)) return { target: app, known: false }
    if (!app.agrees(pref)) {
      // The same file at another place, with other preferences: an app of its own.
      exports = await this.#file.loadApart()
      app = this.#targetOf(exports)
      if (!(app instanceof App)) return { target: app, known: false }
    }
    const known = app.preferred !== undefined
    app.prefer(pref)
    app.preferred = pref
    const setup = exports['__setup__']
    if (typeof setup === 'function') await (setup as (context: SetupContext) => unknown)({ app, engine, point, pref })
    return { target: app, known }
  }

  #targetOf(exports: Exports): App | OtherTarget {
    const exported = this.#name === undefined ? (exports['app'] ?? exports['default']) : exports[this.#name]
    if (exported instanceof App) return exported
    const wanted = this.#name === undefined ? 'an export app, or a default one,' : `an export ${this.#name}`
    if (exported === undefined || exported === null)
      throw new TypeError(`${this.#file.file} has no app: ${wanted} is wanted`)
    try {
      return this.#place.otherTarget(exported)
    } catch (error) {
      throw new TypeError(`${this.#file.file}: ${(error as TypeError).message}`, { cause: error })
    }
  }
}

async function beginOf(target: App | OtherTarget, report: (error: unknown) => void): Promise<void> {
  if (target instanceof App) await target.begin(report)
  else if (typeof target !== 'function') await target.begin()
}
