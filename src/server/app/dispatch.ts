/**
 * Runs a request through what its route lies in. In order: guards; the hooks of the apps, from the outermost inwards;
 * the parameters; `runBefore`; the handler; `runAfter`; the hooks again, from the innermost outwards.
 */

import { releaseValue } from '../body-source.js'
import { HttpError } from '../http-error.js'
import type { App } from './app.js'
import type { Args } from './args/reader.js'
import { startAnew } from './guards.js'
import type { Observer, Reply, Step } from './hooks.js'
import type { Plan } from './plan.js'
import type { HandlerValue } from './values.js'
import { Was } from './was.js'

/** To the compiler, a handler that gives nothing gives something else than undefined. */
type Answer = HandlerValue | Promise<HandlerValue>

/** The answer to a request. Throws or rejects with what the handler, or anything around it, throws. */
export function dispatch(plan: Plan, was: Was, params: Args): Answer {
  checkContentType(plan, was)
  const { guards, before, after, layers } = plan
  if (guards.length > 0 || before.length > 0 || after.length > 0 || layers.some(isWatched))
    return runGuarded(plan, was, params)
  // The frequent case needs no promise.
  const args = readArgs(plan, was, params)
  if (args instanceof Promise) return args.then((read) => plan.route.handler(was, read as never) as Answer)
  return plan.route.handler(was, args as never) as Answer
}

function isWatched(app: App): boolean {
  return app.watchesRequests
}

/** A request without content has none of a wrong type. */
function checkContentType({ route: { contentTypes } }: Plan, { request }: Was): void {
  if (contentTypes === undefined || !request.hasContent) return
  const type = request.contentType?.type
  const fits = (accepted: string): boolean =>
    accepted === type ||
    accepted === '*/*' ||
    (accepted.endsWith('/*') && type?.startsWith(accepted.slice(0, -1)) === true)
  if (type === undefined || !contentTypes.some(fits))
    throw new HttpError(415, `This route takes ${contentTypes.join(', ')}`)
}

function readArgs({ reader }: Plan, { request }: Was, params: Args): Args | Promise<Args> {
  request.matched = params
  if (reader === undefined) return params
  const args = reader.read(params, request.queryString, () => request.content())
  if (args instanceof Promise)
    return args.then((read) => {
      request.args = read
      return read
    })
  request.args = args
  return args
}

async function runGuarded(plan: Plan, was: Was, params: Args): Promise<HandlerValue> {
  was.request.matched = params
  for (const guard of plan.guards) {
    const reply = await guard(was)
    if (answers(reply)) return reply
  }
  return runLayers(plan.layers, was, () => runRoute(plan, was, params))
}

/** What the apps lie around. */
export type Run = () => Promise<HandlerValue>

/**
 * Calls the hooks of apps, from the outermost, around what they lie around (APP-67 to APP-70): whatever happens inside,
 * each teardown is called. What was changed of sessions and messages is written down before a `finishRequest` is called
 * or `request:success` told: a store that fails has the request fail.
 */
export async function runLayers(layers: readonly App[], was: Was, run: Run, depth: number = 0): Promise<HandlerValue> {
  const app = layers[depth]
  if (app === undefined) return run()
  const { hooks } = app
  app.tell('request:started', was)
  try {
    const early = await hooks.before?.(was)
    if (answers(early)) return await saved(early, was)
    const value = await runLayers(layers, was, run, depth + 1)
    if (hooks.finish !== undefined) {
      await observed(value, was, [hooks.finish])
      if (Was.hasCommits(was)) await saved(value, was)
    }
    app.tell('request:success', was)
    return value
  } catch (error) {
    app.tell('request:failed', was, error)
    if (hooks.failed === undefined) throw error
    await startAnew(was)
    const value = await hooks.failed(was, error)
    if (answers(value)) return await saved(value, was)
    throw error
  } finally {
    app.tell('request:teardown', was)
    await tearDown(app, was)
    app.tell('request:finished', was)
  }
}

/** A teardown that fails takes nothing from the client: its error is told to whoever hears of errors. */
async function tearDown({ hooks }: App, was: Was): Promise<void> {
  try {
    await hooks.teardown?.(was)
  } catch (error) {
    was.report(error)
  }
}

async function runRoute(plan: Plan, was: Was, params: Args): Promise<HandlerValue> {
  const args = await readArgs(plan, was, params)
  const early = await firstReply(plan.before, was)
  if (answers(early)) return saved(early, was)
  const value = await (plan.route.handler(was, args as never) as Answer)
  // To return an error is to throw it: hooks see it as that.
  if (value instanceof Error) throw value
  if (plan.after.length > 0) await observed(value, was, plan.after)
  // Without state there is nothing to wait for.
  return Was.hasCommits(was) ? saved(value, was) : value
}

/**
 * Calls those who look on once there is a response. When one of them fails it is not sent, and lets go of its stream.
 */
async function observed(value: HandlerValue, was: Was, observers: readonly Observer[]): Promise<void> {
  try {
    for (const observer of observers) await observer(was)
  } catch (error) {
    releaseValue(value)
    throw error
  }
}

/** The same for writing down what was changed, if anything was. */
export async function saved(value: HandlerValue, was: Was): Promise<HandlerValue> {
  if (Was.hasCommits(was)) await observed(value, was, [Was.commit])
  return value
}

async function firstReply(steps: readonly Step[], was: Was): Promise<Reply> {
  for (const step of steps) {
    const reply = await step(was)
    if (answers(reply)) return reply
  }
  return undefined
}

/** Whether a function in front of the handler has answered. An empty string is an answer (TRP-11). */
export function answers(reply: Reply): reply is NonNullable<HandlerValue> {
  return reply !== undefined && reply !== null
}
