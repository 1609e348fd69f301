/** The mount table: which rooms answer below which point, for which host. */

import type { AppHost, Shared } from './app/app-host.js'
import { App } from './app/app.js'
import type { Watcher } from './app/modules/module-file.js'
import type { Handler } from './app/route.js'
import { ForeignApp } from './foreign/foreign-app.js'
import type { StaticDirectory } from './static/static-directory.js'
import { Subscriptions } from './subscriptions.js'

/** A function that answers everything below its point. */
export type MountedFunction = Handler<Readonly<Record<string, never>>>

/** What is mounted at one point. */
export interface Mount {
  /** `/`, or a path without a slash at its end. */
  readonly point: string
  readonly target: App | StaticDirectory | MountedFunction | ForeignApp
}

/** An app, a function or a foreign app at a point. */
export interface AppMount extends Mount {
  /** Another one when the app was loaded anew. */
  target: App | MountedFunction | ForeignApp
  /** Its handlers may push responses that nobody asked for. */
  readonly push: boolean
}

/** The mounts of one group of hosts. */
export class HostGroup implements AppHost {
  /** Both lists: longest point first; of equal points the first mounted first, functions and foreign apps last. */
  readonly directories: (Mount & { readonly target: StaticDirectory })[] = []
  readonly apps: AppMount[] = []
  readonly shared: Shared
  readonly #watchers: (() => Watcher | undefined)[] = []
  readonly #subscriptions: Subscriptions = new Subscriptions(this)

  constructor(shared: Shared = {}) {
    this.shared = shared
  }

  /** Adds a directory. */
  addDirectory(point: string, target: StaticDirectory): void {
    this.directories.push({ point, target })
    this.directories.sort(byPoint)
  }

  /**
   * Adds an app, a function or a foreign app; `push` lets it push whatever the app itself says. A second function or
   * foreign app at a point would never be asked: it throws.
   */
  addApp(point: string, target: App | MountedFunction | ForeignApp, push: boolean = false): AppMount {
    const mount = { point, target, push: push || (!answersAll(target) && target.push) }
    this.put(mount, target)
    this.apps.push(mount)
    this.apps.sort(byTurn)
    this.#subscriptions.link()
    return mount
  }

  /**
   * Has an app, a function or a foreign app answer at a place from now on. Throws `TypeError` for an app whose guards
   * lack something, and for a second one at the point that answers all.
   */
  put(mount: AppMount, target: App | MountedFunction | ForeignApp): void {
    const { point } = mount
    if (answersAll(target)) {
      const other = this.apps.find((each) => each !== mount && each.point === point && answersAll(each.target))
      if (other !== undefined)
        throw new TypeError(
          `a ${typeof other.target === 'function' ? 'function' : 'foreign app'} is mounted at ${point} already`,
        )
    } else {
      target.tree.check()
      target.point = point === '/' ? '' : point
      target.host = this
    }
    mount.target = target
    // What was an app may be a function now.
    this.apps.sort(byTurn)
    this.#subscriptions.link()
  }

  /** Has the app at a place hear what is emitted on the apps of these names, whoever has them. */
  subscribe(mount: AppMount, names: readonly string[]): void {
    const app = (): App | undefined => (mount.target instanceof App ? mount.target : undefined)
    this.#subscriptions.add({ point: mount.point, app }, names)
  }

  /** Throws `TypeError` when an app subscribes to a name that no app has. */
  checkSubscriptions(): void {
    this.#subscriptions.check()
  }

  /** Ends all subscriptions: the engine is gone. */
  endSubscriptions(): void {
    this.#subscriptions.unlink()
  }

  /** Has changed files looked for when a request comes. */
  watch(watcher: () => Watcher | undefined): void {
    this.#watchers.push(watcher)
  }

  /** Loads what has changed; undefined when that is nothing. */
  refresh(): Promise<unknown> | undefined {
    // Asked for each request: nothing is made as long as nothing has changed.
    let pending: Promise<void>[] | undefined
    for (let i = 0; i < this.#watchers.length; i++) {
      const check = this.#watchers[i]!()?.check()
      if (check !== undefined) (pending ??= []).push(check)
    }
    return pending && Promise.all(pending)
  }

  appsByName(): ReadonlyMap<string, App> {
    const apps = new Map<string, App>()
    for (const app of this.#mountedApps()) if (!apps.has(app.name)) apps.set(app.name, app)
    return apps
  }

  appNamed(name: string): App | undefined {
    return this.#mountedApps().find((app) => app.name === name)
  }

  broadcast(event: string, ...args: readonly unknown[]): void {
    const heard = new Set<App>()
    for (const app of this.#mountedApps()) app.hearBroadcast(event, args, heard)
  }

  #mountedApps(): App[] {
    return this.apps.flatMap(({ target }) => (target instanceof App ? [target] : []))
  }

  /** Whether `path` is a mount point that lacks its slash. */
  isBarePoint(path: string): boolean {
    return (
      path !== '/' &&
      (this.apps.some(({ point }) => point === path) || this.directories.some(({ point }) => point === path))
    )
  }
}

/** Whether a target answers whatever it is asked: nobody is asked behind it. */
function answersAll(target: App | MountedFunction | ForeignApp): target is MountedFunction | ForeignApp {
  return typeof target === 'function' || target instanceof ForeignApp
}

/** Longest point first; of equal points those first that do not answer all. */
function byTurn(a: AppMount, b: AppMount): number {
  return byPoint(a, b) || Number(answersAll(a.target)) - Number(answersAll(b.target))
}

function byPoint(a: Mount, b: Mount): number {
  return b.point.length - a.point.length
}

/** Whether `path` lies below `point`, on the boundary of a segment. */
export function isBelow(path: string, point: string): boolean {
  return point === '/' || (path.startsWith(point) && path.charCodeAt(point.length) === 0x2f)
}

/** `path` without `point`; begins with `/`. */
export function pathBelow(path: string, point: string): string {
  return point === '/' ? path : path.slice(point.length)
}

const HOST = /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$|^\[[0-9a-f:.]+\]$/

/**
 * Virtual hosts. A rule is a host name, or `.name` for the name and all names below it. Names are compared whole, label
 * by label, without case and port; the longest rule wins, and `default` takes what no rule names.
 */
export class VirtualHosts {
  readonly #exact: Map<string, HostGroup> = new Map()
  readonly #suffixes: Map<string, HostGroup> = new Map()
  readonly #groups: Map<string, HostGroup> = new Map()
  #default: HostGroup | undefined
  readonly #shared: Shared

  /** `shared` is what the apps of all hosts share. */
  constructor(shared: Shared = {}) {
    this.#shared = shared
  }

  /** All groups. */
  get all(): Iterable<HostGroup> {
    return this.#groups.values()
  }

  /** The group of a blank-separated list of rules; made when it is new. Throws `TypeError` for a malformed rule. */
  group(hosts: string): HostGroup {
    const rules = hosts.toLowerCase().split(/\s+/).filter(Boolean)
    if (rules.length === 0) throw new TypeError('a host rule is missing')
    const key = rules.toSorted().join(' ')
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    for (const rule of rules) this.#check(rule)
    const group = new HostGroup(this.#shared)
    this.#groups.set(key, group)
    for (const rule of rules) this.#assign(rule, group)
    return group
  }

  /** Whether it matters which host a request is for. */
  get tellsHosts(): boolean {
    return this.#exact.size > 0 || this.#suffixes.size > 0
  }

  /** The group for an authority (`host[:port]`), or undefined when no rule takes it. */
  find(authority: string): HostGroup | undefined {
    if (!this.tellsHosts) return this.#default
    const host = hostOf(authority)
    const exact = this.#exact.get(host)
    if (exact !== undefined) return exact
    for (let at = 0; at >= 0; at = host.indexOf('.', at + 1)) {
      const group = this.#suffixes.get(at === 0 ? '.' + host : host.slice(at))
      if (group !== undefined) return group
    }
    return this.#default
  }

  #check(rule: string): void {
    if (!HOST.test(rule)) throw new TypeError(`not a host rule: ${rule}`)
    const taken = rule === 'default' ? this.#default !== undefined : this.#exact.has(rule) || this.#suffixes.has(rule)
    if (taken) throw new TypeError(`the host rule ${rule} belongs to another group of hosts`)
  }

  #assign(rule: string, group: HostGroup): void {
    if (rule === 'default') this.#default = group
    else if (rule.startsWith('.')) this.#suffixes.set(rule, group)
    else this.#exact.set(rule, group)
  }
}

/** The host of an authority, in lower case, without port and without the dot of an absolute name. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':')
  const host = colon > authority.lastIndexOf(']') ? authority.slice(0, colon) : authority
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
}
