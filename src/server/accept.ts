/** Which kind of page about a status a client likes best (RFC 9110 section 12.5.1). */

/** What a status can be explained as: a page, problem details (RFC 9457), or an object of JSON. */
export type PageKind = 'html' | 'problem' | 'json'

/** In the order that counts when a client names several and likes them equally well. */
const KINDS: readonly (readonly [kind: PageKind, type: string])[] = [
  ['html', 'text/html'],
  ['problem', 'application/problem+json'],
  ['json', 'application/json'],
]

/** Elements of the field that are looked at. Browsers send eight or so. */
const ELEMENTS_MAX = 64

const WEIGHT = /^[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/**
 * The kind that an Accept field asks for. Of those that it likes equally well, one that it names counts more than one
 * that only a range of many types covers; of the latter, and when it takes none of them, it is `fallback`. Problem
 * details are for who names them, or are the fallback.
 */
export function preferredKind(accept: string | undefined, fallback: PageKind): PageKind {
  if (accept === undefined) return fallback
  const weights = readWeights(accept)
  let best = fallback
  let bestRank = 0
  for (const [kind, type] of KINDS) {
    const named = weights.get(type)
    const range =
      kind === 'problem' && fallback !== 'problem' ? 0 : (weights.get(rangeOf(type)) ?? weights.get('*/*') ?? 0)
    const weight = named ?? range
    if (weight === 0) continue
    // A weight has three digits at the most, so these decide only between equal ones.
    const rank = weight + (named !== undefined ? 0.0002 : kind === fallback ? 0.0001 : 0)
    if (rank > bestRank) {
      best = kind
      bestRank = rank
    }
  }
  return best
}

function rangeOf(type: string): string {
  return `${type.slice(0, type.indexOf('/'))}/*`
}

/** The weight of each media range, 0..1, in lower case; those with a malformed weight are left out. */
function readWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const element of field.split(',', ELEMENTS_MAX)) {
    const [range = '', ...parameters] = element.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q=/i.test(parameter))
    const value = weight === undefined ? '1' : WEIGHT.exec(weight)?.[1]
    if (value !== undefined && range !== '') weights.set(range.toLowerCase(), Number(value))
  }
  return weights
}
