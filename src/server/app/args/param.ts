/** The small language in which a route declares its parameters: `{ num: int(8), tags: list(str()) }`. */

import * as is from '../../option-table.js'
import { checkOptions, type OptionTable } from '../../option-table.js'
import { UploadedFile } from '../form/uploaded-file.js'
import { parseJson } from './parse-json.js'

/** One declared parameter, whose value is a `Value`. Made by `int`, `float`, `str`, `bool`, `oneOf`, `json`, `list`. */
export interface Param<Value> {
  /** What is wanted, for whoever gave something else: `a whole number`. */
  readonly expected: string
  /** Whether a request without it is refused. */
  readonly required: boolean
  /** The value of a request without it. */
  readonly fallback: Value | undefined
  /** The value of text, as a query or a form has it; undefined when it is none. */
  readonly fromText: (text: string) => Value | undefined
  /** The value of what JSON has; undefined when it is none. */
  readonly fromJson: (value: unknown) => Value | undefined
  /** Takes all texts of its name, where several may be given; without it a name that stands twice is refused. */
  readonly fromTexts?: (texts: readonly string[]) => Value | undefined
}

/** Parameters by name. */
export type ParamSpecs = Readonly<Record<string, Param<unknown>>>

/** The values of declared parameters. */
export type ParamValues<Specs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends Param<infer Value> ? Value : never
}

/** A range, and the value for requests without the parameter. */
export interface NumberRule {
  readonly min?: number
  readonly max?: number
  readonly default?: number
}

/** Lengths in UTF-16 units, a pattern that all of the text has to match, and the value for requests without it. */
export interface TextRule {
  readonly min?: number
  /** 65,536 by default. */
  readonly max?: number
  readonly pattern?: RegExp
  readonly default?: string
}

/** What a file may be. */
export interface FileRule {
  /** Octets. */
  readonly max?: number
  /** As `image/png`. */
  readonly types?: readonly string[]
}

/** Of a list. */
export interface ListRule {
  /** Values at the most; 1,000 by default. */
  readonly max?: number
}

const anyNumber: is.OptionRule = { what: 'a number', fits: (value) => typeof value === 'number' }
const numberRule: OptionTable<NumberRule> = { min: anyNumber, max: anyNumber, default: is.elsewhere }
const textRule: OptionTable<TextRule> = {
  min: is.whole(0),
  max: is.octets,
  pattern: { what: 'a RegExp', fits: (value) => value instanceof RegExp },
  default: is.string,
}
const fileRule: OptionTable<FileRule> = { max: is.octets, types: is.texts }
const listRule: OptionTable<ListRule> = { max: is.octets }

const TEXT_UNITS_MAX = 65_536
const LIST_ITEMS_MAX = 1000
const INTEGER = /^[+-]?\d{1,16}$/
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/

function param<Value>(
  expected: string,
  fallback: Value | undefined,
  fromText: (text: string) => Value | undefined,
  fromJson: (value: unknown) => Value | undefined,
): Param<Value> {
  return { expected, required: fallback === undefined, fallback, fromText, fromJson }
}

/** A whole number within ±(2^53 - 1); a bare number is the default. Text is decimal digits with an optional sign. */
export function int(rule: number | NumberRule = {}): Param<number> {
  return numeric('a whole number', rule, INTEGER, Number.isSafeInteger)
}

/** A finite number; a bare number is the default. Text is decimal, with an optional fraction and exponent. */
export function float(rule: number | NumberRule = {}): Param<number> {
  return numeric('a number', rule, DECIMAL, Number.isFinite)
}

function numeric(
  what: string,
  rule: number | NumberRule,
  pattern: RegExp,
  isOne: (value: unknown) => boolean,
): Param<number> {
  const given = typeof rule === 'number' ? { default: rule } : rule
  checkOptions(`a parameter that is ${what}`, numberRule, given)
  const { min = -Infinity, max = Infinity, default: fallback } = given
  if (fallback !== undefined && !isOne(fallback)) throw new TypeError(`the default ${fallback} is not ${what}`)
  if (!(min <= max)) throw new TypeError(`no number is from ${min} to ${max}`)
  const check = (value: number): number | undefined => {
    if (!isOne(value) || value < min || value > max) return undefined
    return value === 0 ? 0 : value
  }
  return param(
    what + rangeText(min, max, ''),
    fallback,
    (text) => (pattern.test(text) ? check(Number(text)) : undefined),
    (value) => (typeof value === 'number' ? check(value) : undefined),
  )
}

function rangeText(min: number, max: number, unit: string): string {
  if (min === -Infinity && max === Infinity) return ''
  if (max === Infinity) return ` of ${min}${unit} at least`
  return min === -Infinity ? ` of ${max}${unit} at most` : ` from ${min} to ${max}${unit}`
}

/** Text; a bare string is the default. */
export function str(rule: string | TextRule = {}): Param<string> {
  const given = typeof rule === 'string' ? { default: rule } : rule
  checkOptions('a parameter that is text', textRule, given)
  const { min = 0, max = TEXT_UNITS_MAX, pattern, default: fallback } = given
  if (!(min <= max)) throw new TypeError(`no text has from ${min} to ${max} characters`)
  // A pattern with the flag g or y keeps a place between two calls.
  const whole = pattern && new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
  const check = (text: string): string | undefined =>
    text.length < min || text.length > max || whole?.test(text) === false ? undefined : text
  const lengths = min > 0 || max < TEXT_UNITS_MAX ? rangeText(min, max, ' characters') : ''
  return param(`text${lengths}${pattern === undefined ? '' : ` like ${pattern.source}`}`, fallback, check, (value) =>
    typeof value === 'string' ? check(value) : undefined,
  )
}

const TRUE: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on'])
const FALSE: ReadonlySet<string> = new Set(['false', '0', 'no', 'off'])

/** True or false; a bare value is the default. Text is `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`. */
export function bool(fallback?: boolean): Param<boolean> {
  if (fallback !== undefined && typeof fallback !== 'boolean')
    throw new TypeError(`the default ${String(fallback)} is not true or false`)
  return param(
    'true or false',
    fallback,
    (text) => (TRUE.has(text) ? true : FALSE.has(text) ? false : undefined),
    (value) => (typeof value === 'boolean' ? value : undefined),
  )
}

/** One of these texts. */
export function oneOf<const Choice extends string>(choices: readonly Choice[], fallback?: Choice): Param<Choice> {
  if (!is.texts.fits(choices) || choices.length === 0) throw new TypeError('choices are a list of one text or more')
  const check = (value: unknown): Choice | undefined => choices.find((choice) => choice === value)
  if (fallback !== undefined && check(fallback) === undefined)
    throw new TypeError(`the default ${fallback} is none of ${choices.join(', ')}`)
  return param(`one of ${choices.join(', ')}`, fallback, check, check)
}

/** Any JSON value but null; as text it is JSON. */
export function json(): Param<NonNullable<unknown>> {
  return param<NonNullable<unknown>>(
    'JSON',
    undefined,
    (text) => {
      try {
        return (parseJson(text) as NonNullable<unknown> | null) ?? undefined
      } catch {
        // What is not JSON is named to the client by the caller.
        return undefined
      }
    },
    (value) => value ?? undefined,
  )
}

/**
 * A file of a form, of so many octets at most, and of one of these media types as far as the client can be believed.
 */
export function file(rule: FileRule = {}): Param<UploadedFile> {
  checkOptions('a parameter that is a file', fileRule, rule)
  const { max = Infinity, types } = rule
  const check = (value: unknown): UploadedFile | undefined =>
    value instanceof UploadedFile && value.size <= max && types?.includes(value.mimetype) !== false ? value : undefined
  const size = max === Infinity ? '' : ` of ${max} octets at most`
  return param(
    `a file${size}${types === undefined ? '' : ` of type ${types.join(', ')}`}`,
    undefined,
    () => undefined,
    check,
  )
}

/** All values of the name: several of a query or a form, an array of JSON. Without any it is empty. */
export function list<Item>(item: Param<Item>, rule: ListRule = {}): Param<readonly Item[]> {
  checkOptions('a parameter that is a list', listRule, rule)
  checkParam(item)
  const { max = LIST_ITEMS_MAX } = rule
  if (item.fromTexts !== undefined) throw new TypeError('a list of lists is for a schema')
  const all = <Given>(
    values: readonly Given[],
    read: (value: Given) => Item | undefined,
  ): readonly Item[] | undefined => {
    if (values.length > max) return undefined
    const items: Item[] = []
    for (const value of values) {
      const one = read(value)
      if (one === undefined) return undefined
      items.push(one)
    }
    return items
  }
  return {
    expected: `a list of ${item.expected}${max === LIST_ITEMS_MAX ? '' : `, of ${max} at most`}`,
    required: false,
    fallback: Object.freeze([]) as readonly Item[],
    fromText: (text) => all([text], item.fromText),
    fromJson: (value) => (Array.isArray(value) ? all(value as unknown[], item.fromJson) : undefined),
    fromTexts: (texts) => all(texts, item.fromText),
  }
}

/** The same parameter; a request without it is not refused. */
export function optional<Value>(of: Param<Value>): Param<Value | undefined> {
  checkParam(of)
  return { ...of, required: false }
}

function checkParam(given: unknown): void {
  if (!isParam(given)) throw new TypeError('what int(), str() and the like make is wanted, as in list(int())')
}

/** Whether a value is a declared parameter. */
export function isParam(value: unknown): value is Param<unknown> {
  return typeof (value as { readonly fromText?: unknown } | null | undefined)?.fromText === 'function'
}
