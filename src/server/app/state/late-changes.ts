/** What a response that goes on for long has changed in a session that others change as well. */

type Values = Map<string, unknown>

/** The names whose values are others than they were in `before`, which `valuesText` wrote. */
export function changedNames(before: string, now: ReadonlyMap<string, unknown>): string[] {
  const old = new Map(Object.entries(JSON.parse(before) as object))
  const names = new Set([...old.keys(), ...now.keys()])
  return [...names].filter((name) => !isSame(old.get(name), now.get(name)))
}

/** Makes `mine` what was `kept` meanwhile, but for these names. Objects that are alike stay: somebody may hold them. */
export function mergeValues(mine: Values, kept: ReadonlyMap<string, unknown>, names: ReadonlySet<string>): void {
  for (const name of mine.keys()) if (!names.has(name) && !kept.has(name)) mine.delete(name)
  for (const [name, value] of kept) if (!names.has(name) && !isSame(mine.get(name), value)) mine.set(name, value)
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
