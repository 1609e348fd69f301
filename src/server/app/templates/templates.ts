/** The templates of an app: where they lie, what they can call, and which engine makes pages of them. */

import path from 'node:path'
import type { Was } from '../was.js'
import type { NunjucksEngine } from './nunjucks-engine.js'

/**
 * A function that templates call by its name; it gets the context of the request in front of what the template gives.
 */
export type TemplateGlobal = (was: Was, ...args: readonly unknown[]) => unknown

/** Makes something of the value in front of the `|`, and of what stands in parentheses behind the name. */
export type TemplateFilter<Value = unknown, Args extends readonly unknown[] = readonly unknown[]> = (
  value: Value,
  ...args: Args
) => unknown

/** A filter, and whether templates wait for its promise. */
export interface FilterEntry {
  readonly filter: (value: unknown, ...args: readonly unknown[]) => unknown
  readonly async: boolean
}

/** What stands around blocks, variables and comments. */
export interface Delimiters {
  /** `['{%', '%}']` by default. */
  readonly block?: readonly [start: string, end: string]
  /** `['{{', '}}']` by default. */
  readonly variable?: readonly [start: string, end: string]
  /** `['{#', '#}']` by default. */
  readonly comment?: readonly [start: string, end: string]
  /** Drops the line end behind a block. Default true. */
  readonly trimBlocks?: boolean
  /** Drops the blanks in front of a block. Default true. */
  readonly lstripBlocks?: boolean
}

/** Makes text of a template. */
export interface TemplateEngine {
  /** `name` is the path below one of the folders; `context` has what the handler gave, and `was`. */
  render(name: string, context: Readonly<Record<string, unknown>>): string | Promise<string>
}

/** Said at once, and not by the template that calls it. */
function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${what} is no function`)
}

/** The templates of one app. */
export class Templates {
  readonly #folders: readonly string[]
  readonly #delimiters: Delimiters
  readonly #reload: boolean
  readonly #globals: Map<string, TemplateGlobal> = new Map()
  readonly #filters: Map<string, FilterEntry> = new Map()
  readonly #engines: Map<string, TemplateEngine> = new Map()
  #nunjucks: Promise<NunjucksEngine> | undefined
  #ready: NunjucksEngine | undefined

  constructor(folders: readonly string[], delimiters: Delimiters, reload: boolean) {
    this.#folders = folders
    this.#delimiters = delimiters
    this.#reload = reload
  }

  addGlobal(name: string, global: TemplateGlobal): void {
    checkFunction(`the global ${name}`, global)
    this.#globals.set(name, global)
    this.#ready?.addGlobal(name, global)
  }

  addFilter(name: string, entry: FilterEntry): void {
    checkFunction(`the filter ${name}`, entry.filter)
    this.#filters.set(name, entry)
    this.#ready?.addFilter(name, entry)
  }

  /** Has templates whose name ends so, as `.pug`, made by another engine. */
  addEngine(extension: string, engine: TemplateEngine): void {
    if (!/^\.[\w-]+$/.test(extension)) throw new TypeError(`not the end of a file name: ${extension}`)
    checkFunction(`render of the engine for ${extension}`, (engine as TemplateEngine | undefined)?.render)
    this.#engines.set(extension, engine)
  }

  /** Whether an engine for the template is loaded: then `render` need not wait. */
  async load(): Promise<NunjucksEngine> {
    this.#nunjucks ??= this.#open()
    return this.#nunjucks
  }

  /**
   * Makes text of a template. Rejects with what the template throws, and when it is not there. What the handler gives
   * under the names `was` and `__proto__` is not seen.
   */
  async render(name: string, data: object, was: Was): Promise<string> {
    const relative = name.replace(/^\/+/, '')
    const context: Record<string, unknown> = {}
    for (const key of Object.keys(data))
      if (key !== '__proto__') context[key] = (data as Readonly<Record<string, unknown>>)[key]
    context['was'] = was
    const engine = this.#engines.get(path.extname(relative)) ?? this.#ready ?? (await this.load())
    return engine.render(relative, context)
  }

  async #open(): Promise<NunjucksEngine> {
    const { nunjucksEngine } = await import('./nunjucks-engine.js')
    this.#ready = await nunjucksEngine({
      folders: this.#folders,
      delimiters: this.#delimiters,
      reload: this.#reload,
      globals: this.#globals,
      filters: this.#filters,
    })
    return this.#ready
  }
}
