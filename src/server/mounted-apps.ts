/** What is mounted: directories, functions, apps and apps that are files, and how the apps hear of it. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { statSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { App } from './app/app.js'
import { securityFields } from './app/guards/security-headers.js'
import { AppModule, type OtherTarget } from './app/modules/app-module.js'
import { forDevelopers } from './environment.js'
import { mountOptions } from './engine-options.js'
import { ForeignApp } from './foreign/foreign-app.js'
import { foreignApp, type ForeignTarget } from './foreign/target.js'
import type { HostGroup, MountedFunction, VirtualHosts } from './mounts.js'
import { checkOptions } from './option-table.js'
import type { MountOptions } from './options.js'
import { scriptDirectory } from './script-directory.js'
import type { Skitai } from './skitai.js'
import { type ExtraFields, noExtraFields } from './static/extra-fields.js'
import type { MaxAges } from './static/max-age.js'
import { StaticDirectory } from './static/static-directory.js'

const POINT = /^\/(?:[^/\s?#%\\]+\/?)*$/

/** The mounts of one engine. */
export class MountedApps {
  readonly #engine: Skitai
  readonly #hosts: VirtualHosts
  readonly #maxAges: MaxAges
  readonly #report: (error: unknown) => void
  /** Apps that are files, and not loaded yet. */
  readonly #modules: AppModule[] = []
  /** In the order they were mounted. */
  readonly #apps: App[] = []
  /** Those of them that know it. */
  readonly #ready: Set<App> = new Set()
  /** Apps of other frameworks, each at its place. */
  readonly #foreign: ForeignPlace[] = []
  #readying: Promise<void> | undefined
  /** Whether whoever asks is part of it. */
  #part: AsyncLocalStorage<boolean> | undefined

  constructor(engine: Skitai, hosts: VirtualHosts, maxAges: MaxAges, report: (error: unknown) => void) {
    this.#engine = engine
    this.#hosts = hosts
    this.#maxAges = maxAges
    this.#report = report
  }

  mount(point: string, target: App | MountedFunction | ForeignTarget | string, options: MountOptions): void {
    if (!POINT.test(point)) throw new TypeError(`not a mount point: ${JSON.stringify(point)}`)
    checkOptions(`mount ${point}`, mountOptions, options)
    const place = point === '/' ? point : point.replace(/\/$/, '')
    if (typeof target === 'string') this.#mountPath(place, target, options)
    else if (target instanceof App) this.#mountApp(place, target, options)
    else {
      const other = otherTarget(target, point, options)
      this.#groupOf(options).addApp(place, other, options.push)
      if (other instanceof ForeignApp) this.#foreign.push({ point, app: other })
    }
  }

  /**
   * Loads what is a file, and tells the apps that they are mounted, each once. Whoever asks meanwhile waits until that
   * is done, well or not, and goes on with what is left; but for hooks that are part of it, which would wait for
   * themselves.
   */
  async ready(): Promise<void> {
    if (this.#part?.getStore() === true) return
    while (this.#readying !== undefined) await this.#readying.catch(() => {})
    const part = new AsyncLocalStorage<boolean>()
    this.#part = part
    this.#readying = part.run(true, () => this.#makeReady())
    try {
      await this.#readying
    } finally {
      this.#readying = undefined
      // As long as there is one, Node calls hooks for every promise: measured with POST of JSON, 1.2 times the time.
      part.disable()
      this.#part = undefined
    }
  }

  /** The same for who does not wait for it, and so may be part of it. */
  readyLater(): void {
    const ready = (): void => void this.ready().catch(this.#report)
    queueMicrotask(() => (this.#part === undefined ? ready() : this.#part.run(false, ready)))
  }

  async #makeReady(): Promise<void> {
    for (let module = this.#modules[0]; module !== undefined; module = this.#modules[0]) {
      await module.load()
      this.#modules.shift()
    }
    for (const group of this.#hosts.all) group.checkSubscriptions()
    for (const app of this.#apps) {
      if (this.#ready.has(app)) continue
      app.emit('app:starting', app)
      await app.live('beforeMount')
      await app.begin(this.#report)
      await app.live('mounted')
      app.emit('app:mounted', app)
      await app.live('mountedOrReloaded')
      this.#ready.add(app)
      app.emit('app:started', app)
    }
    for (const { point, app } of this.#foreign)
      await app.begin().catch((cause: unknown) => {
        throw new Error(
          `the app at ${point} cannot get ready: ${cause instanceof Error ? cause.message : inspect(cause)}`,
          { cause },
        )
      })
  }

  /** Tells the apps that the engine begins to close. */
  tellLeaving(): Promise<void> {
    return this.#eachApp(async (app) => {
      app.emit('app:unmounting', app)
      await app.live('beforeUnmount')
    })
  }

  /** Tells the apps that no request comes any more, and lets go of what they have begun. */
  async tellGone(): Promise<void> {
    await this.#eachApp((app) => app.live('unmounted'))
    await this.#eachApp((app) => app.end())
    for (const { app } of this.#foreign.toReversed()) await app.end().catch(this.#report)
    for (const group of this.#hosts.all) group.endSubscriptions()
  }

  async #eachApp(tell: (app: App) => Promise<void>): Promise<void> {
    for (const app of [...this.#ready].toReversed())
      try {
        await tell(app)
      } catch (error) {
        this.#report(error)
      }
  }

  #groupOf({ host = 'default' }: MountOptions): HostGroup {
    return this.#hosts.group(host)
  }

  #mountPath(point: string, target: string, options: MountOptions): void {
    const module = moduleOf(target)
    if (module !== undefined) {
      this.#mountModule(point, module, options)
      return
    }
    needsApp(point, options)
    this.#mountDirectory(point, directoryOf(target), options)
  }

  #mountDirectory(point: string, root: string, options: MountOptions): StaticDirectory {
    const { host: _host, push: _push, pref: _pref, subscribe: _subscribe, ...rest } = options
    const directory = new StaticDirectory(root, { ...rest, maxAges: this.#maxAges })
    this.#groupOf(options).addDirectory(point, directory)
    return directory
  }

  #mountApp(point: string, app: App, options: MountOptions): void {
    app.prefer(options.pref)
    const group = this.#groupOf(options)
    const mount = group.addApp(point, app, options.push)
    app.preferred = options.pref ?? {}
    if (options.subscribe !== undefined) group.subscribe(mount, options.subscribe)
    group.watch(() => app.watcher)
    this.#keep(point, app, options)
  }

  /** Keeps the place until the app is loaded, so that apps of one point are asked in the order they were mounted. */
  #mountModule(point: string, { file, name }: ModulePath, options: MountOptions): void {
    const group = this.#groupOf(options)
    const mount = group.addApp(point, new App(), options.push)
    if (options.subscribe !== undefined) group.subscribe(mount, options.subscribe)
    let current: App | OtherTarget | undefined
    let files: StaticDirectory | undefined
    const module: AppModule = new AppModule(file, name, {
      engine: this.#engine,
      point,
      pref: options.pref ?? {},
      report: this.#report,
      otherTarget: (exported) => otherTarget(exported, point, options),
      put: (target) => {
        group.put(mount, target)
        files = this.#replace(point, current, target, options) ?? files
        if (files !== undefined && target instanceof App) files.extra = extraFieldsOf(target)
        current = target
      },
    })
    const app = (): App | undefined => (current instanceof App ? current : undefined)
    this.#modules.push(module)
    group.watch(() => (current !== undefined && forDevelopers(app()?.options.reload) ? module : undefined))
    group.watch(() => app()?.watcher)
  }

  /** Gives the directory of the app's files, if it has one. */
  #keep(point: string, app: App, options: MountOptions): StaticDirectory | undefined {
    let files: StaticDirectory | undefined
    if (app.options.static !== undefined) {
      files = this.#mountDirectory(point, directoryOf(app.path(app.options.static)), options)
      files.extra = extraFieldsOf(app)
    }
    if (!this.#apps.includes(app)) this.#apps.push(app)
    return files
  }

  /**
   * What is loaded anew has begun already; what is loaded first begins with all others. Gives the directory of an app
   * that takes the place of none.
   */
  #replace(
    point: string,
    before: App | OtherTarget | undefined,
    after: App | OtherTarget,
    options: MountOptions,
  ): StaticDirectory | undefined {
    let files: StaticDirectory | undefined
    const place = before instanceof App ? this.#apps.indexOf(before) : -1
    // Where one file is at several places, the first of them has done it for all.
    if (place >= 0) this.#apps.splice(place, 1, ...(after instanceof App ? [after] : []))
    else if (!(before instanceof App) && after instanceof App) files = this.#keep(point, after, options)
    if (before instanceof App) this.#ready.delete(before)
    if (before !== undefined && after instanceof App) this.#ready.add(after)
    const at = this.#foreign.findIndex(({ app }) => app === before)
    if (at >= 0) this.#foreign.splice(at, 1)
    if (after instanceof ForeignApp) this.#foreign.push({ point, app: after })
    return files
  }
}

/** What an app says of all of its responses, for its files. */
function extraFieldsOf({ options: { securityHeaders } }: App): ExtraFields {
  return securityHeaders ? securityFields(securityHeaders === true ? {} : securityHeaders) : noExtraFields
}

interface ForeignPlace {
  readonly point: string
  readonly app: ForeignApp
}

/** What is mounted beside an `App`. Throws `TypeError` for what cannot be, or cannot do what its options say. */
function otherTarget(target: unknown, point: string, options: MountOptions): OtherTarget {
  needsApp(point, options)
  return foreignApp(target) ?? functionOf(target, point)
}

/** Throws `TypeError` for options that only an app can do something with. */
function needsApp(point: string, { pref, subscribe }: MountOptions): void {
  if (pref !== undefined) throw new TypeError(`only an app can be told a pref: at ${point} is none`)
  if (subscribe !== undefined) throw new TypeError(`only an app subscribes: at ${point} is none`)
}

/** The directory that a path names; a relative one is taken from that of the script. */
function directoryOf(target: string): string {
  const root = path.resolve(scriptDirectory(), target)
  const found = statSync(root, { throwIfNoEntry: false })
  if (found === undefined) throw new TypeError(`there is no file or directory ${root}`)
  if (!found.isDirectory()) throw new TypeError(`not a directory, and no module (.js, .mjs, .cjs): ${root}`)
  return root
}

interface ModulePath {
  readonly file: string
  readonly name: string | undefined
}

/** The file of an app, and the name of its export; undefined for anything that is no file. */
function moduleOf(target: string): ModulePath | undefined {
  const match = /^(.+\.[cm]?[jt]s)(?::([\w$]+))?$/.exec(target)
  if (match === null) return undefined
  const file = path.resolve(scriptDirectory(), match[1]!)
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? { file, name: match[2] } : undefined
}

function functionOf(target: unknown, point: string): MountedFunction {
  if (target === App || (typeof target === 'function' && target.prototype instanceof App))
    throw new TypeError(`cannot mount a class at ${point}: what new App() makes is wanted`)
  if (typeof target === 'function') return target as MountedFunction
  const wanted = 'an App, a directory or a function is wanted, or an app of a framework'
  throw new TypeError(`cannot mount a ${typeof target} at ${point}: ${wanted}`)
}
