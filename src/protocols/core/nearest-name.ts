/** What somebody may have meant who gave a name that there is not. */

/** Names are compared as they are said: `max_age`, `maxage` and `maxAge` are the same. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/**
 * The one of `known` that is nearest to `name`; undefined when none is near. Near is one that is the beginning of the
 * other, or is reached by putting in, leaving out, exchanging or turning around one letter in three at the most.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name.slice(0, NAME_MAX))
  let nearest: string | undefined
  let least = Math.floor(wanted.length / 3) + 1
  for (const each of known) {
    const other = plain(each)
    const edits = beginsAs(wanted, other) ? 0 : editsBetween(wanted, other)
    if (edits >= least) continue
    least = edits
    nearest = each
  }
  return nearest
}

const NAME_MAX = 64
const BEGINNING_MIN = 3

function beginsAs(a: string, b: string): boolean {
  return a.length >= BEGINNING_MIN && b.length >= BEGINNING_MIN && (b.startsWith(a) || a.startsWith(b))
}

/** The distance of Damerau and Levenshtein (optimal string alignment), row by row. */
function editsBetween(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return row[b.length]!
}
