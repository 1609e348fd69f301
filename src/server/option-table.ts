/**
 * What options may be, as tables, and the one place where what was given is held against them: a name that there is not
 * and a value that cannot be are said when something is made, not when the first client comes.
 */

import { nearestName } from '../protocols/core/nearest-name.js'

/** What one option may be. */
export interface OptionRule {
  /** For whoever gave something else: `a whole number from 0 up`. */
  readonly what: string
  readonly fits: (value: unknown) => boolean
  /** Of a value that has parts: throws `TypeError` for one of them that cannot be. `name` is that of the option. */
  readonly inner?: (place: string, value: unknown, name: string) => void
}

/** The rules of all options of an object, each of which may be left out. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: OptionRule }

/**
 * Throws `TypeError` for options that are no object, have one that is not in the table, or one with a value that cannot
 * be; it names the option, what is expected, and the name that was meant, perhaps. `place` says whose options they are.
 * What is undefined counts as not given.
 */
export function checkOptions<Options>(place: string, table: OptionTable<Options>, options: unknown): void {
  if (!isObject(options)) throw new TypeError(`${place}: options are an object, not ${shown(options)}`)
  checkWithin(place, table, options, '')
}

/** The options that are given: what is undefined does not count. */
export function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}

/** The table without some options. */
export function without<Options, Name extends keyof Options>(
  table: OptionTable<Options>,
  ...names: readonly Name[]
): OptionTable<Omit<Options, Name>> {
  const left = Object.entries(table).filter(([name]) => !names.includes(name as string & Name))
  return Object.fromEntries(left) as OptionTable<Omit<Options, Name>>
}

function checkWithin<Options>(place: string, table: OptionTable<Options>, options: object, prefix: string): void {
  const rules = table as Readonly<Record<string, OptionRule>>
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined) continue
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) throw new TypeError(`${place}: ${unknownText(prefix, name, rules)}`)
    if (!rule.fits(value)) throw new TypeError(`${place}: ${prefix}${name} is ${rule.what}, not ${shown(value)}`)
    rule.inner?.(place, value, prefix + name)
  }
}

function unknownText(prefix: string, name: string, rules: Readonly<Record<string, OptionRule>>): string {
  const known = Object.keys(rules)
  const near = nearestName(name, known)
  if (near === undefined) return `there is no option ${prefix}${name}; there are ${known.join(', ')}`
  const { what } = rules[near]!
  const wanted = what === '' ? '' : ` (${what})`
  return `there is no option ${prefix}${name}; did you mean ${prefix}${near}${wanted}?`
}

const TEXT_MAX = 40

/** A value in a message; of what may be long or a secret no more than what it is. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value.length > TEXT_MAX ? 'a long text' : JSON.stringify(value)
  return typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol'
    ? `a ${Object.prototype.toString.call(value).slice('[object '.length, -1)}`
    : String(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits)
}

const isString = (value: unknown): boolean => typeof value === 'string'
const isFunction = (value: unknown): boolean => typeof value === 'function'

/** Who reads it says what is wrong with it. */
export const elsewhere: OptionRule = { what: '', fits: () => true }
export const flag: OptionRule = { what: 'true or false', fits: (value) => typeof value === 'boolean' }
/** False: none, or not. */
export const no: OptionRule = { what: 'false', fits: (value) => value === false }
export const string: OptionRule = { what: 'a string', fits: isString }
export const text: OptionRule = { what: 'a string that is not empty', fits: (value) => isString(value) && value !== '' }
export const texts: OptionRule = { what: 'a list of strings', fits: (value) => isList(value, isString) }
export const callback: OptionRule = { what: 'a function', fits: isFunction }
export const callbacks: OptionRule = { what: 'a list of functions', fits: (value) => isList(value, isFunction) }
export const object: OptionRule = { what: 'an object', fits: isObject }
/** Octets, or anything that is counted, without a limit where it is Infinity. */
export const octets: OptionRule = {
  what: 'a whole number from 0 up, or Infinity',
  fits: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 0),
}
export const unsigned: OptionRule = {
  what: 'a number from 0 up',
  fits: (value) => typeof value === 'number' && value >= 0,
}
export const positive: OptionRule = {
  what: 'a number above 0',
  fits: (value) => typeof value === 'number' && value > 0 && value < Infinity,
}

/** A whole number in a range. */
export function whole(min: number, max: number = Infinity): OptionRule {
  return {
    what: `a whole number from ${min} ${max === Infinity ? 'up' : `to ${max}`}`,
    fits: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  }
}

/** One of some words. */
export function word(...words: readonly string[]): OptionRule {
  return {
    what: words.map((each) => JSON.stringify(each)).join(' or '),
    fits: (value) => words.includes(value as string),
  }
}

/** What any of several rules lets through. */
export function either(...rules: readonly OptionRule[]): OptionRule {
  const ruleOf = (value: unknown): OptionRule | undefined => rules.find((rule) => rule.fits(value))
  return {
    what: rules.map(({ what }) => what).join(', or '),
    fits: (value) => ruleOf(value) !== undefined,
    inner: (place, value, name) => ruleOf(value)?.inner?.(place, value, name),
  }
}

/** Options within options. */
export function within<Options>(table: () => OptionTable<Options>): OptionRule {
  return {
    what: 'an object of options',
    fits: isObject,
    inner: (place, value, name) => checkWithin(place, table(), value as object, `${name}.`),
  }
}

/** Options by name. */
export function byName<Options>(table: () => OptionTable<Options>): OptionRule {
  return {
    what: 'an object of options by name',
    fits: isObject,
    inner: (place, value, name) => {
      const rule = within(table)
      for (const [each, its] of Object.entries(value as object) as [string, unknown][]) {
        if (!rule.fits(its)) throw new TypeError(`${place}: ${name}.${each} is ${rule.what}, not ${shown(its)}`)
        rule.inner!(place, its, `${name}.${each}`)
      }
    },
  }
}
