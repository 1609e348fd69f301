/**
 * Modules of an app: each has a function `decorate`, which gets an app within the app to put its routes and hooks into
 * (APP-81 to APP-83). They are found in a folder, or given one by one.
 */

import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { App } from '../app.js'
import type { AuthRule } from '../auth/auth-options.js'
import { type Exports, ModuleFile, Watcher } from './module-file.js'

/** Where and how the routes of a module are there; everything else is for the module itself. */
export interface ModuleOptions {
  /** In front of its routes, as `/admin`. `/` by default. */
  readonly mount?: string
  /** In front of the names of its routes. */
  readonly namespace?: string
  /** Which schemes let in to its routes, unless a route says otherwise; by default those of the app. */
  readonly auth?: AuthRule
  /** Only while the app is in debug mode. */
  readonly debugOnly?: boolean
  readonly [custom: string]: unknown
}

/** What makes a module of an app. */
export interface AppModuleExports {
  /** Puts routes and hooks into `app`, which is within the app that the module is for. */
  decorate(app: App, options: ModuleOptions): unknown
  /** Lets go of what `decorate` has taken, before the module is loaded anew or the app ends. */
  detach?(app: App): unknown
  /** How it wants to be mounted, unless it is told otherwise. */
  readonly options?: ModuleOptions
}

interface Loaded {
  readonly part: App
  readonly exports: AppModuleExports
}

/** Whether a module is one of an app. */
export function isAppModule(exports: object): exports is AppModuleExports {
  return typeof (exports as { decorate?: unknown }).decorate === 'function'
}

/** Puts a module into an app. Throws, or rejects with, what it throws; then nothing of it is there. */
export async function decorate(app: App, exports: AppModuleExports, given: ModuleOptions = {}): Promise<App> {
  const options = { ...exports.options, ...given }
  const part = app.part(options.auth)
  if (options.debugOnly !== true || app.debug) {
    await exports.decorate(part, options)
    app.tree.mount(options.mount ?? '/', part.tree, options.namespace ?? '')
    try {
      await app.adopt(part)
    } catch (error) {
      app.tree.unmount(part.tree)
      await app.release(part)
      throw error
    }
  }
  return part
}

/** The modules in a folder of an app: files that end with `.js` or `.mjs`, and have a function `decorate`. */
export class Services extends Watcher {
  readonly #app: App
  readonly #folder: string
  readonly #files: Map<string, ModuleFile> = new Map()
  readonly #loaded: Map<string, Loaded> = new Map()

  constructor(app: App, folder: string) {
    super()
    this.#app = app
    this.#folder = folder
  }

  /** Loads all of them, in the order of their names. Rejects with what the first one throws. */
  async load(): Promise<void> {
    for (const file of this.#found()) await this.#load(file)
  }

  /** Lets all of them go, the last one first. */
  async detach(): Promise<void> {
    for (const file of [...this.#loaded.keys()].toReversed()) await this.#unload(file)
  }

  protected isStale(): boolean {
    const found = this.#found()
    return (
      found.some((file) => this.#fileOf(file).changed) || [...this.#loaded.keys()].some((file) => !found.includes(file))
    )
  }

  protected async reload(): Promise<void> {
    const found = this.#found()
    for (const file of this.#loaded.keys()) if (!found.includes(file)) await this.#unload(file)
    for (const file of found) if (this.#fileOf(file).changed) await this.#load(file)
  }

  #found(): string[] {
    return readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.m?js$/.test(name))
      .sort()
      .map((name) => path.join(this.#folder, name))
  }

  #fileOf(file: string): ModuleFile {
    let known = this.#files.get(file)
    if (known === undefined) this.#files.set(file, (known = new ModuleFile(file)))
    return known
  }

  /** The old one stays until the new one is known to load; it comes back when that cannot be put in its place. */
  async #load(file: string): Promise<void> {
    const exports: Exports = await this.#fileOf(file).load()
    const before = this.#loaded.get(file)
    await this.#unload(file)
    if (!isAppModule(exports)) return
    try {
      await this.#put(file, exports)
    } catch (error) {
      if (before !== undefined) await this.#put(file, before.exports)
      throw error
    }
  }

  async #put(file: string, exports: AppModuleExports): Promise<void> {
    this.#loaded.set(file, { exports, part: await decorate(this.#app, exports) })
  }

  async #unload(file: string): Promise<void> {
    const loaded = this.#loaded.get(file)
    if (loaded === undefined) return
    this.#loaded.delete(file)
    await loaded.exports.detach?.(loaded.part)
    this.#app.tree.unmount(loaded.part.tree)
    await this.#app.release(loaded.part)
  }
}
