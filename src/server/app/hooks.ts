/** What an app wants to be called for: around each request, and as it comes and goes. */

import type { App } from './app.js'
import type { HandlerValue } from './values.js'
import type { Was } from './was.js'

/** What a function may give to answer in place of the handler; `undefined` and `null` go on. */
export type Reply = HandlerValue | void

/** A function in front of a handler: nothing goes on, anything else is the response. */
export type Step = (was: Was) => Reply | Promise<Reply>

/** A function whose result nobody looks at. */
export type Observer = (was: Was) => unknown

/** Gets what was thrown; a value is the response instead. */
export type FailureHook = (was: Was, error: unknown) => Reply | Promise<Reply>

/** Gets the app when it is mounted, reloaded or unmounted; may take its time. */
export type LifecycleHook = (app: App) => unknown

/** The hooks of one app, one of each kind. */
export interface RequestHooks {
  before: Step | undefined
  finish: Observer | undefined
  failed: FailureHook | undefined
  teardown: Observer | undefined
}

/** When a lifecycle hook is called. */
export type LifecycleMoment = (typeof lifecycleMoments)[number]

/** All of them. */
export const lifecycleMoments = [
  'beforeMount',
  'mounted',
  'mountedOrReloaded',
  'beforeReload',
  'reloaded',
  'beforeUnmount',
  'unmounted',
] as const

/** Throws `TypeError` for a hook that is no function; undefined stands for none. */
export function checkHook(name: string, hook: unknown): void {
  if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} takes a function`)
}
