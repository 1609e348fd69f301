/** Fields as people give them, for engines, which take flat lists. */

/** Fields by name, or pairs of name and value, as `Headers` and `Map` are. */
export type RequestFields =
  Readonly<Record<string, string | readonly string[]>> | Iterable<readonly [name: string, value: string]>

/** A flat list: name, value, name, value. */
export function fieldList(fields: RequestFields): string[] {
  const list: string[] = []
  if (Symbol.iterator in fields) {
    for (const [name, value] of fields as Iterable<readonly [string, string]>) list.push(name, value)
    return list
  }
  for (const [name, values] of Object.entries(fields))
    for (const value of typeof values === 'string' ? [values] : values) list.push(name, value)
  return list
}
