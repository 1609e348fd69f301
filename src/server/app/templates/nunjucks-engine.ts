/** Templates of nunjucks: escaped unless they say otherwise, with `was` in scope. */

import { Was } from '../was.js'
import type { Delimiters, FilterEntry, TemplateEngine, TemplateGlobal } from './templates.js'

/** What is added to an environment. */
export interface NunjucksSetup {
  /** Where templates are looked for, in order. */
  readonly folders: readonly string[]
  readonly delimiters: Delimiters
  /** Whether a template that changes is read anew. */
  readonly reload: boolean
  readonly globals: ReadonlyMap<string, TemplateGlobal>
  readonly filters: ReadonlyMap<string, FilterEntry>
}

/** What is used of an environment of nunjucks: users of this package need not have its types. */
export interface Environment {
  addGlobal(name: string, value: unknown): unknown
  addFilter(name: string, filter: (...args: never[]) => unknown, async?: boolean): unknown
  render(name: string, context: object, done: (error: Error | null, text: string | null) => void): unknown
}

/** What a function of a template is called on. */
interface Scope {
  readonly ctx: { readonly was: Parameters<TemplateGlobal>[0] }
}

/** Loads the library, and makes an engine of it. */
export async function nunjucksEngine(setup: NunjucksSetup): Promise<NunjucksEngine> {
  const { default: nunjucks } = await import('nunjucks')
  const loader = new nunjucks.FileSystemLoader([...setup.folders], { noCache: setup.reload })
  const { SafeString } = nunjucks.runtime as unknown as { readonly SafeString: new (html: string) => unknown }
  const environment = new nunjucks.Environment(loader, optionsOf(setup))
  return new NunjucksEngine(environment, setup, (html) => new SafeString(html))
}

function optionsOf({ delimiters }: NunjucksSetup): object {
  const { block, variable, comment, trimBlocks = true, lstripBlocks = true } = delimiters
  const tags = {
    ...(block && { blockStart: block[0], blockEnd: block[1] }),
    ...(variable && { variableStart: variable[0], variableEnd: variable[1] }),
    ...(comment && { commentStart: comment[0], commentEnd: comment[1] }),
  }
  // `dev` keeps what was thrown; pages show it in debug mode only.
  return { autoescape: true, trimBlocks, lstripBlocks, tags, dev: true }
}

/** An environment of nunjucks. */
export class NunjucksEngine implements TemplateEngine {
  /** For what `globals` and `filters` do not do. */
  readonly environment: Environment

  readonly #mark: (html: string) => unknown

  /** `mark` makes of HTML what the environment does not escape. */
  constructor(environment: Environment, { globals, filters }: NunjucksSetup, mark: (html: string) => unknown) {
    this.environment = environment
    this.#mark = mark
    this.addFilter('await', { filter: (value) => value, async: true })
    for (const [name, global] of globals) this.addGlobal(name, global)
    for (const [name, entry] of filters) this.addFilter(name, entry)
  }

  addGlobal(name: string, global: TemplateGlobal): void {
    this.environment.addGlobal(name, function (this: Scope, ...args: readonly unknown[]): unknown {
      return global(this.ctx.was, ...args)
    })
  }

  addFilter(name: string, { filter, async }: FilterEntry): void {
    if (!async) {
      this.environment.addFilter(name, filter)
      return
    }
    const call = async (value: unknown, ...rest: unknown[]): Promise<void> => {
      const done = rest.pop() as (error: unknown, value?: unknown) => void
      try {
        done(null, await filter(value, ...rest))
      } catch (error) {
        done(asError(error))
      }
    }
    this.environment.addFilter(name, call, true)
  }

  async render(name: string, context: Readonly<Record<string, unknown>>): Promise<string> {
    const was = context['was'] as Was
    Was.beginMarkup(was, this.#mark)
    try {
      return await this.#render(name, context)
    } finally {
      Was.endMarkup(was)
    }
  }

  #render(name: string, context: Readonly<Record<string, unknown>>): Promise<string> {
    return new Promise((resolve, reject) => {
      this.environment.render(name, context, (error, text) => {
        if (error === null) resolve(text!)
        else reject(asError(causeOf(error)))
      })
    })
  }
}

/** What a template throws on purpose, as an `HttpError`, comes wrapped. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && 'cause' in error && error.cause instanceof Error ? error.cause : error
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
