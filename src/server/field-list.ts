/** Header fields as a flat list: name, value, name, value. */

/** The value of a field, by its name in any case; undefined when there is none. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === wanted) return fields[i + 1]
  return undefined
}
