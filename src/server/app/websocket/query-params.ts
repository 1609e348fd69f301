/** Parameters that stand behind the `?` of a WebSocket's rule: `/chat/<room>?<name>&<int:age>`. */

import { HttpError } from '../../http-error.js'
import { convertParam, isParamText, type ParamSpec, readParam } from '../path-params.js'
import type { MatchedParams } from '../router.js'

/** A rule, taken apart. */
export interface SocketRule {
  /** The part that the path has to match. */
  readonly path: string
  readonly query: readonly ParamSpec[]
}

/** Takes a rule apart. Throws `TypeError` for a query that is no list of parameters. */
export function splitRule(rule: string): SocketRule {
  const mark = rule.indexOf('?')
  if (mark < 0) return { path: rule, query: [] }
  const query: ParamSpec[] = []
  const path = rule.slice(0, mark)
  for (const part of rule.slice(mark + 1).split('&')) {
    if (!part.startsWith('<') || !part.endsWith('>')) throw new TypeError(`not a parameter: ${part} in ${rule}`)
    const param = readParam(part.slice(1, -1), rule)
    if (query.some(({ name }) => name === param.name) || path.includes(`<${param.name}>`))
      throw new TypeError(`the parameter ${param.name} stands twice: ${rule}`)
    // Underscores of a path stand for blanks, which a query can have itself.
    query.push(param.kind === 'text' ? { ...param, kind: 'string' } : param)
  }
  return { path, query }
}

/**
 * The parameters of path and query together; what the query leaves out is taken from `defaults`. Throws `HttpError` 400
 * for one that is missing there, too, or does not fit.
 */
export function withQuery(
  params: MatchedParams,
  specs: readonly ParamSpec[],
  query: URLSearchParams,
  defaults: Readonly<Record<string, unknown>> | undefined,
): MatchedParams {
  const all = Object.assign(Object.create(null) as Record<string, unknown>, params)
  for (const { name, kind } of specs) {
    const text = query.get(name)
    if (text === null && (defaults === undefined || !Object.hasOwn(defaults, name)))
      throw new HttpError(400, `The parameter ${name} is missing`)
    if (text === null) {
      all[name] = defaults![name]
      continue
    }
    const value = isParamText(kind, text) ? convertParam(kind, text) : undefined
    if (value === undefined) throw new HttpError(400, `The parameter ${name} is no ${kind}`)
    all[name] = value
  }
  return all
}
