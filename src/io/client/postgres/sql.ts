/** SQL as a template: what stands between the texts is bound as a parameter, never put into the text. */

import { UsageError } from '../../../protocols/core/errors.js'

/** A piece of SQL with its parameters. It can stand in other pieces. */
export class SqlFragment {
  /** One more than there are values. */
  readonly texts: readonly string[]
  /** Parameters, and other fragments. */
  readonly values: readonly unknown[]

  /** For `sql` and `identifier`. */
  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.texts = texts
    this.values = values
  }
}

/** The text of a statement, with `$1` and so on, and its parameters. */
export interface BoundSql {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** A fragment: `` sql`where id = ${id}` ``. Nothing is run. */
export function sql(texts: TemplateStringsArray, ...values: readonly unknown[]): SqlFragment {
  return new SqlFragment(texts, values)
}

/** The name of a table, a column or another object as a fragment, quoted. Several names have points between them. */
export function identifier(...names: readonly string[]): SqlFragment {
  const quoted = names.map((name) => {
    if (typeof name !== 'string' || name === '' || name.includes('\0'))
      throw new UsageError('PG_IDENTIFIER', 'a name is a text that is neither empty nor holds a zero octet')
    return `"${name.replaceAll('"', '""')}"`
  })
  if (quoted.length === 0) throw new UsageError('PG_IDENTIFIER', 'there is no name')
  return new SqlFragment([quoted.join('.')], [])
}

/** Fragments one after the other, with a text between them: `` joinSql(conditions, sql` and `) ``. */
export function joinSql(fragments: readonly SqlFragment[], separator: SqlFragment = COMMA): SqlFragment {
  const values = fragments.flatMap((fragment, index) => (index === 0 ? [fragment] : [separator, fragment]))
  return new SqlFragment(Array<string>(values.length + 1).fill(''), values)
}

const COMMA = new SqlFragment([', '], [])

/** Numbers the parameters of a fragment and of those inside. */
export function bindSql(fragment: SqlFragment): BoundSql {
  const params: unknown[] = []
  return { sql: textOf(fragment, params), params }
}

function textOf({ texts, values }: SqlFragment, params: unknown[]): string {
  let text = texts[0]!
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    text += value instanceof SqlFragment ? textOf(value, params) : `$${params.push(value)}`
    text += texts[index + 1]!
  }
  return text
}
