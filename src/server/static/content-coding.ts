/** Content codings of precompressed files, and the choice among them (RFC 9110 section 12.5.3). */

/** A content coding and the suffix that a file in this coding has beside the plain one. */
export interface ContentCoding {
  readonly name: string
  readonly suffix: string
}

/** In the order that counts when the client likes several equally well: the one that compresses best first. */
export const contentCodings: readonly ContentCoding[] = [
  { name: 'br', suffix: '.br' },
  { name: 'zstd', suffix: '.zst' },
  { name: 'gzip', suffix: '.gz' },
]

/** Elements of the field that are looked at. Browsers send four or five. */
const ELEMENTS_MAX = 32

const ELEMENT = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+)(?:[\t ]*;[\t ]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/

/**
 * The best of `available` by an Accept-Encoding field, or undefined for no coding. Without a field nothing is
 * encoded: that client may not know codings at all. When neither a coding nor the plain form is acceptable, the plain
 * one is sent.
 */
export function chooseCoding(
  acceptEncoding: string | undefined,
  available: readonly ContentCoding[],
): ContentCoding | undefined {
  if (acceptEncoding === undefined || available.length === 0) return undefined
  const weights = readWeights(acceptEncoding)
  const others = weights.get('*') ?? 0
  let best: ContentCoding | undefined
  let bestWeight = weights.get('identity') ?? 0
  for (const coding of available) {
    const weight = weights.get(coding.name) ?? others
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === undefined)) {
      best = coding
      bestWeight = weight
    }
  }
  return best
}

/** The weight of each coding, 0..1, in lower case; malformed elements are left out. */
function readWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const element of field.split(',', ELEMENTS_MAX)) {
    const match = ELEMENT.exec(element.trim())
    if (match?.[1] === undefined) continue
    const name = match[1].toLowerCase()
    weights.set(name === 'x-gzip' ? 'gzip' : name, Number(match[2] ?? 1))
  }
  return weights
}
