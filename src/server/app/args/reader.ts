/** Reads the parameters that a route declares out of a request, and names all that is wrong with them at once. */

import { ArgumentError, type ArgumentPlace, type ArgumentProblem } from './argument-error.js'
import { readPairs } from './pairs.js'
import type { Param, ParamSpecs } from './param.js'
import { isSchema, type Schema, validate } from './schema.js'

/** Parameters by name, on an object without a prototype: names are the client's. */
export type Args = Record<string, unknown>

/** Parameters by name, or a validator for all of them. */
export type Declaration = ParamSpecs | Schema

/** What a route declares. */
export interface ArgsDeclaration {
  readonly query: Declaration | undefined
  readonly body: Declaration | undefined
  /** Whether parameters that are not declared are let through. */
  readonly extra: boolean
}

/** Content of a request, decoded: what JSON has, or names with their texts and files. */
export type Content = { readonly json: unknown } | { readonly form: FormFields }

/** Names of a form with their values in order, on an object without a prototype. */
export type FormFields = Readonly<Record<string, readonly unknown[]>>

/** Reads content when the declaration needs it. */
export type ContentReader = () => Promise<Content>

const NO_VALUES: readonly unknown[] = []

/** Makes an empty set of parameters. */
export function emptyArgs(): Args {
  return Object.create(null) as Args
}

/** The reader of one route. */
export class ArgsReader {
  readonly #query: Source | undefined
  readonly #body: Source | undefined

  /** Throws `TypeError` for a name that is declared twice, or is one of the path as well. */
  constructor(rule: string, inPath: readonly string[], { query, body, extra }: ArgsDeclaration) {
    const declared = new Set([...inPath, ...[query, body].flatMap(namesOf)])
    this.#query = query && new Source('query', query, extra, declared, false)
    // What a validator gives is declared by it, under names that are not known before.
    this.#body = body && new Source('body', body, extra, declared, query === undefined || !isSchema(query))
    const names = [...inPath, ...(this.#query?.names ?? []), ...(this.#body?.names ?? [])]
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) throw new TypeError(`the parameter ${twice} is declared twice: ${rule}`)
  }

  /** Whether a query may have a parameter of this name; undefined when nothing is declared about it. */
  takesQuery(name: string): boolean | undefined {
    return this.#query === undefined ? undefined : this.#query.takes(name)
  }

  /** Whether the content is read. */
  get readsBody(): boolean {
    return this.#body !== undefined
  }

  /**
   * The parameters of path, query and body together; now, unless content has to come or a validator takes its time.
   * Throws or rejects with `ArgumentError`.
   */
  read(path: Args, queryString: string, content: ContentReader): Args | Promise<Args> {
    const args = emptyArgs()
    for (const name in path) args[name] = path[name]
    const problems: ArgumentProblem[] = []
    const asked = this.#query?.readQuery(queryString, args, problems)
    const body = this.#body
    if (asked !== undefined) return this.#readSlowly(asked, content, args, problems)
    if (body === undefined) return settled(args, problems)
    return content().then((read) => {
      const validated = body.readContent(read, args, problems)
      return validated === undefined ? settled(args, problems) : validated.then(() => settled(args, problems))
    })
  }

  async #readSlowly(
    asked: Promise<void>,
    content: ContentReader,
    args: Args,
    problems: ArgumentProblem[],
  ): Promise<Args> {
    await asked
    if (this.#body !== undefined) await this.#body.readContent(await content(), args, problems)
    return settled(args, problems)
  }
}

function settled(args: Args, problems: readonly ArgumentProblem[]): Args {
  if (problems.length > 0) throw new ArgumentError(problems)
  return args
}

function namesOf(declared: Declaration | undefined): string[] {
  return declared === undefined || isSchema(declared) ? [] : Object.keys(declared)
}

/** The parameters of one place. */
class Source {
  readonly names: readonly string[]
  readonly #place: ArgumentPlace
  readonly #params: readonly Param<unknown>[]
  readonly #schema: Schema | undefined
  readonly #extra: boolean
  /** Names that are declared in any place, or stand in the path. */
  readonly #declared: ReadonlySet<string>
  /** Whether what is not declared takes the place of what another place has given and not declared either (APP-27). */
  readonly #replaces: boolean

  constructor(
    place: ArgumentPlace,
    declared: Declaration,
    extra: boolean,
    everywhere: ReadonlySet<string>,
    replaces: boolean,
  ) {
    this.#replaces = replaces
    this.#place = place
    this.#extra = extra
    this.#declared = everywhere
    this.#schema = isSchema(declared) ? declared : undefined
    this.names = namesOf(declared)
    this.#params = isSchema(declared) ? [] : Object.values(declared)
  }

  takes(name: string): boolean {
    return this.#extra || this.#schema !== undefined || this.names.includes(name)
  }

  /** Adds what the query gives to `args`; what is wrong to `problems`. */
  readQuery(queryString: string, args: Args, problems: ArgumentProblem[]): Promise<void> | undefined {
    const pairs = readPairs(queryString)
    if (this.#schema !== undefined) return this.#validate(this.#schema, plainQuery(pairs), args, problems)
    const values = this.names.map((): string[] | undefined => undefined)
    let rest: Args | undefined
    for (let i = 0; i < pairs.length; i += 2) {
      const at = this.names.indexOf(pairs[i]!)
      if (at >= 0) (values[at] ??= []).push(pairs[i + 1]!)
      else addValue((rest ??= emptyArgs()), pairs[i]!, pairs[i + 1]!)
    }
    for (let at = 0; at < values.length; at++) this.#addTexts(at, values[at] ?? NO_VALUES, args, problems)
    if (rest !== undefined) this.#addUnknown(rest, args, problems)
    return undefined
  }

  /** The same for the content. */
  readContent(content: Content, args: Args, problems: ArgumentProblem[]): Promise<void> | undefined {
    if (this.#schema !== undefined) {
      const value = 'json' in content ? content.json : plainForm(content.form)
      return this.#validate(this.#schema, value, args, problems)
    }
    if ('json' in content) this.#readJson(content.json, args, problems)
    else this.#readForm(content.form, args, problems)
    return undefined
  }

  #readForm(form: FormFields, args: Args, problems: ArgumentProblem[]): void {
    for (let at = 0; at < this.names.length; at++)
      this.#addTexts(at, form[this.names[at]!] ?? NO_VALUES, args, problems)
    const rest = emptyArgs()
    for (const name in form)
      if (!this.names.includes(name)) for (const value of form[name]!) addValue(rest, name, value)
    this.#addUnknown(rest, args, problems)
  }

  #readJson(json: unknown, args: Args, problems: ArgumentProblem[]): void {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      problems.push({ in: 'body', name: '', detail: 'the content is not a JSON object' })
      return
    }
    const members = json as Record<string, unknown>
    for (let at = 0; at < this.names.length; at++) {
      const name = this.names[at]!
      const value = Object.hasOwn(members, name) ? members[name] : undefined
      // A member that is null is as one that is not there.
      if (value === undefined || value === null) this.#addMissing(at, args, problems)
      else this.#add(at, this.#params[at]!.fromJson(value), args, problems)
    }
    const rest = emptyArgs()
    for (const name of Object.keys(members)) if (!this.names.includes(name)) rest[name] = members[name]
    this.#addUnknown(rest, args, problems)
  }

  #addTexts(at: number, values: readonly unknown[], args: Args, problems: ArgumentProblem[]): void {
    const param = this.#params[at]!
    const { fromTexts } = param
    if (values.length === 0) this.#addMissing(at, args, problems)
    else if (fromTexts !== undefined && values.every((value) => typeof value === 'string'))
      this.#add(at, fromTexts(values), args, problems)
    else if (values.length > 1 && fromTexts === undefined) this.#addProblem(at, 'is given more than once', problems)
    else if (typeof values[0] === 'string') this.#add(at, param.fromText(values[0]), args, problems)
    // A file of a form: the parameter says whether it takes one.
    else this.#add(at, param.fromJson(fromTexts === undefined ? values[0] : values), args, problems)
  }

  #addMissing(at: number, args: Args, problems: ArgumentProblem[]): void {
    const { required, fallback } = this.#params[at]!
    if (required) this.#addProblem(at, 'is missing', problems)
    else if (fallback !== undefined) args[this.names[at]!] = fallback
  }

  #add(at: number, value: unknown, args: Args, problems: ArgumentProblem[]): void {
    if (value === undefined) this.#addProblem(at, `is not ${this.#params[at]!.expected}`, problems)
    else args[this.names[at]!] = value
  }

  #addProblem(at: number, what: string, problems: ArgumentProblem[]): void {
    const name = this.names[at]!
    problems.push({ in: this.#place, name, detail: `the parameter ${name} ${what}` })
  }

  /** What is not declared never takes the place of what is, here or elsewhere, even where that is missing. */
  #addUnknown(rest: Args, args: Args, problems: ArgumentProblem[]): void {
    for (const name in rest) {
      if (!this.#extra) problems.push({ in: this.#place, name, detail: `the parameter ${name} is not known here` })
      else if (!this.#declared.has(name) && (this.#replaces || !(name in args))) args[name] = rest[name]
    }
  }

  /** A validator may let through whatever comes: what the path, or another place, declares stays as it is. */
  #addValidated(values: Record<string, unknown>, args: Args): void {
    for (const name of Object.keys(values)) if (!this.#declared.has(name)) args[name] = values[name]
  }

  /** An object that a validator gives is merged into the others; anything else stands under the name of its place. */
  #validate(schema: Schema, value: unknown, args: Args, problems: ArgumentProblem[]): Promise<void> | undefined {
    const take = (validated: Awaited<ReturnType<typeof validate>>): void => {
      if ('problems' in validated) problems.push(...validated.problems)
      else if (isPlain(validated.value)) this.#addValidated(validated.value, args)
      else args[this.#place] = validated.value
    }
    const result = validate(schema, this.#place, value)
    if (result instanceof Promise) return result.then(take)
    take(result)
    return undefined
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Several values of one name become a list (APP-27). */
export function addValue(args: Args, name: string, value: unknown): void {
  const before = args[name]
  if (before === undefined) args[name] = value
  else if (Array.isArray(before)) before.push(value)
  else args[name] = [before, value]
}

/** A query as validators expect it: text, or a list of texts where a name stands several times. */
function plainQuery(pairs: readonly string[]): Args {
  const query = emptyArgs()
  for (let i = 0; i < pairs.length; i += 2) addValue(query, pairs[i]!, pairs[i + 1]!)
  return query
}

function plainForm(form: FormFields): Args {
  const values = emptyArgs()
  for (const name in form) values[name] = form[name]!.length === 1 ? form[name]![0] : form[name]
  return values
}
