/** Validators that speak Standard Schema, as zod, valibot and arktype do. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ArgumentPlace, ArgumentProblem } from './argument-error.js'

/** A validator of another library; its output is what the handler gets. */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output>

/** Whether a declaration is a validator rather than parameters by name. */
export function isSchema(declared: object): declared is Schema {
  return '~standard' in declared
}

/** What a validator made of a value, or the problems that it names. */
export type Validated = { readonly value: unknown } | { readonly problems: readonly ArgumentProblem[] }

/** Asks a validator; some answer by promise. */
export function validate(schema: Schema, place: ArgumentPlace, value: unknown): Validated | Promise<Validated> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then((settled) => outcome(settled, place)) : outcome(result, place)
}

function outcome(result: StandardSchemaV1.Result<unknown>, place: ArgumentPlace): Validated {
  if (result.issues === undefined) return { value: result.value }
  const problems = result.issues.map(({ path = [], message }) => {
    const name = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return { in: place, name, detail: name === '' ? String(message) : `${name}: ${message}` }
  })
  // A list of issues is a refusal, an empty one as well.
  return { problems: problems.length > 0 ? problems : [{ in: place, name: '', detail: `the ${place} is not valid` }] }
}
