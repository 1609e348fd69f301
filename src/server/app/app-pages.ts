/** The pages that an app makes: by templates, and for errors. */

import { checkOptions, flag, type OptionTable } from '../option-table.js'
import { AppListeners } from './app-listeners.js'
import { ErrorHandlers, type ErrorHandler } from './error-handlers.js'
import type { FilterEntry, TemplateEngine, TemplateFilter, TemplateGlobal, Templates } from './templates/templates.js'

/** How a filter is called. */
export interface FilterOptions {
  /** Templates wait for its promise. Default false. */
  readonly async?: boolean
}

const filterOptions: OptionTable<FilterOptions> = { async: flag }

/** The part of an app that makes pages. */
export abstract class AppPages extends AppListeners {
  /** For the server: makes pages. */
  abstract readonly templates: Templates
  /** For the server: pages for errors. */
  readonly errorHandlers: ErrorHandlers = new ErrorHandlers()

  /** Makes the page, or other content, of errors with this status. */
  errorHandler(status: number, handler: ErrorHandler): this {
    this.errorHandlers.set(status, handler)
    return this
  }

  /** Makes the page of all errors that have no handler of their own. */
  defaultErrorHandler(handler: ErrorHandler): this {
    this.errorHandlers.set(0, handler)
    return this
  }

  /** Adds a function that templates call as `{{ name(a, b) }}`; it gets the context of the request first (APP-93). */
  templateGlobal(name: string, global: TemplateGlobal): this {
    this.templates.addGlobal(name, global)
    return this
  }

  /**
   * Adds a filter, `{{ value | name(a) }}`. With `async` templates wait for its promise (APP-94). Its parameters have
   * the types that it says; nobody checks what templates give.
   */
  templateFilter<Value = unknown, Args extends readonly unknown[] = readonly unknown[]>(
    name: string,
    filter: TemplateFilter<Value, Args>,
    options: FilterOptions = {},
  ): this {
    checkOptions(`the filter ${name}`, filterOptions, options)
    const { async = false } = options
    this.templates.addFilter(name, { filter: filter as unknown as FilterEntry['filter'], async })
    return this
  }

  /** Has templates whose name ends so, as `.pug`, made by another engine than nunjucks. */
  templateEngine(extension: string, engine: TemplateEngine): this {
    this.templates.addEngine(extension, engine)
    return this
  }

  /**
   * Has errors with this status, or with 0 all that have no page of their own, explained by a template: it gets
   * `error`.
   */
  errorTemplate(status: number, name: string): this {
    this.errorHandlers.set(status, (was, error) => was.render(name, { error }))
    return this
  }
}
