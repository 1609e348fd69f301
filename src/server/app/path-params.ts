/**
 * The parameters of a route rule: `/episode/<int:id>` has `id: number`. The types come out of the rule by inference,
 * and the same rule is compiled to a pattern.
 */

interface Converters {
  int: number
  float: number
  path: string
  string: string
}

type Converted<Kind extends string> = Kind extends keyof Converters ? Converters[Kind] : never

type ParamOf<Spec extends string> = Spec extends `${infer Kind}:${infer Name}`
  ? { [Key in Name]: Converted<Kind> }
  : { [Key in Spec]: string }

type Merge<Params> = { readonly [Key in keyof Params]: Params[Key] }

/** The parameters of `Rule` by name: number for `int` and `float`, string for the others. */
export type PathParams<Rule extends string> = string extends Rule
  ? Readonly<Record<string, string | number>>
  : Merge<Collect<Rule>>

type Collect<Rule extends string> = Rule extends `${string}<${infer Spec}>${infer Rest}`
  ? ParamOf<Spec> & Collect<Rest>
  : unknown

/** What a parameter takes. */
export type ParamKind = keyof Converters | 'text'

/** One parameter of a rule. */
export interface ParamSpec {
  readonly name: string
  readonly kind: ParamKind
}

/** A rule, compiled. */
export interface CompiledRule {
  readonly params: readonly ParamSpec[]
  /** The text before the first parameter. */
  readonly literal: string
  /**
   * The parameters with the text behind each, where each ends with its segment; undefined for a rule with one that does
   * not, as `<name>.<ext>`.
   */
  readonly rest: readonly ParamPart[] | undefined
  /**
   * Matches the whole path, with a group a parameter, whose places it tells; undefined for a rule without parameters.
   */
  readonly pattern: RegExp | undefined
}

/** A parameter, and the text behind it: empty, or beginning with a slash. */
export interface ParamPart {
  readonly kind: ParamKind
  readonly text: string
}

const PATTERNS: Readonly<Record<ParamKind, string>> = {
  text: '([^/]+)',
  string: '([^/]+)',
  int: '(\\d+)',
  float: '(\\d+(?:\\.\\d+)?)',
  path: '(.+)',
}

const WHOLE = Object.fromEntries(
  Object.entries(PATTERNS).map(([kind, pattern]) => [kind, new RegExp(`^${pattern}$`, 's')]),
) as Readonly<Record<ParamKind, RegExp>>

/**
 * Compiles a rule. Throws `TypeError` for one that does not begin with `/`, or has malformed, repeated or touching
 * parameters.
 */
export function compileRule(rule: string): CompiledRule {
  if (!rule.startsWith('/')) throw new TypeError(`a route begins with "/": ${rule}`)
  const params: ParamSpec[] = []
  const texts: string[] = []
  let pattern = ''
  let at = 0
  const specs = [...rule.matchAll(/<([^<>]*)>/g)]
  for (const [index, match] of specs.entries()) {
    const before = rule.slice(at, match.index)
    if (params.length > 0 && before === '') throw new TypeError(`parameters need text between them: ${rule}`)
    const param = readParam(match[1]!, rule)
    if (params.some(({ name }) => name === param.name))
      throw new TypeError(`the parameter ${param.name} stands twice: ${rule}`)
    params.push(param)
    at = match.index + match[0].length
    const next = specs[index + 1]
    texts.push(rule.slice(at, next?.index))
    pattern += escapePattern(before) + patternOf(param.kind, next && rule.slice(at, next.index))
    if (param.kind === 'path' && at < rule.length) throw new TypeError(`a path parameter is the last part: ${rule}`)
  }
  const rest = rule.slice(at)
  if (/[<>]/.test(rule.replace(/<[^<>]*>/g, ''))) throw new TypeError(`unbalanced "<" or ">": ${rule}`)
  const first = rule.indexOf('<')
  return {
    params,
    literal: first < 0 ? rule : rule.slice(0, first),
    rest: texts.every((text) => text === '' || text.startsWith('/'))
      ? params.map(({ kind }, index) => ({ kind, text: texts[index]! }))
      : undefined,
    pattern: params.length === 0 ? undefined : new RegExp(`^${pattern}${escapePattern(rest)}$`, 'ds'),
  }
}

/**
 * A text that another parameter follows in the same segment ends where the text between them begins first: were it
 * allowed to hold that text, a path could be divided in so many ways that trying them takes seconds.
 */
function patternOf(kind: ParamKind, between: string | undefined): string {
  const bounded = (kind === 'text' || kind === 'string') && between !== undefined && !between.includes('/')
  return bounded ? `((?:(?!${escapePattern(between)})[^/])+)` : PATTERNS[kind]
}

/** Reads `name` or `kind:name`. Throws `TypeError` for anything else. */
export function readParam(spec: string, rule: string): ParamSpec {
  const match = /^(?:(int|float|path|string):)?([A-Za-z_]\w*)$/.exec(spec)
  if (match === null) throw new TypeError(`not a parameter: <${spec}> in ${rule}`)
  return { kind: (match[1] as keyof Converters | undefined) ?? 'text', name: match[2]! }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Whether a text, as from a query, is one that a parameter of this kind matches. */
export function isParamText(kind: ParamKind, text: string): boolean {
  if (kind === 'int') return isDigits(text)
  return WHOLE[kind].test(text) || (kind === 'string' && text === '')
}

/** Without a regular expression: it is asked for each request of a route with a number. */
function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return text.length > 0
}

/**
 * The value of a matched parameter; undefined when it does not fit a number. Underscores of a plain name stand for
 * blanks.
 */
export function convertParam(kind: ParamKind, text: string): string | number | undefined {
  switch (kind) {
    case 'int': {
      const value = Number(text)
      return Number.isSafeInteger(value) ? value : undefined
    }
    case 'float': {
      const value = Number(text)
      return Number.isFinite(value) ? value : undefined
    }
    case 'text':
      return text.includes('_') ? text.replaceAll('_', ' ') : text
    default:
      return text
  }
}
