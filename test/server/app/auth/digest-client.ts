/** The client's side of Digest, written from RFC 7616 and not from ours. */

import { createHash } from 'node:crypto'

/** Parameters of each challenge. */
export function challengesOf(values: readonly string[]): Map<string, string>[] {
  return values.map((value) => {
    const params = new Map<string, string>()
    for (const [, name, quoted, plain] of value.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g))
      params.set(name!, quoted ?? plain!)
    return params
  })
}

/** What is answered; the rest is as the challenge says. */
export interface DigestAnswer {
  readonly name: string
  readonly password: string
  readonly method?: string
  readonly uri?: string
  readonly count?: number
  readonly extended?: string
  readonly [other: string]: string | number | undefined
}

/** The Authorization field for a challenge. What is given by the name of a parameter takes its place. */
export function answerDigest(challenge: ReadonlyMap<string, string>, answer: DigestAnswer): string {
  const { name, password, method = 'GET', uri = '/', count = 1, extended, ...changed } = answer
  const algorithm = challenge.get('algorithm')!
  const digest = (text: string): string =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex')
  const realm = challenge.get('realm')!
  const nonce = challenge.get('nonce')!
  const nc = count.toString(16).padStart(8, '0')
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'
  const secret = digest(`${name}:${realm}:${password}`)
  const response = digest(`${secret}:${nonce}:${nc}:${cnonce}:auth:${digest(`${method}:${uri}`)}`)
  const latin1 = Buffer.from(name).toString('latin1').replaceAll('"', '\\"')
  const params: Record<string, unknown> = {
    ...(extended === undefined ? { username: `"${latin1}"` } : { 'username*': extended }),
    realm: `"${realm}"`,
    nonce: `"${nonce}"`,
    uri: `"${uri}"`,
    algorithm,
    qop: 'auth',
    nc,
    cnonce: `"${cnonce}"`,
    response: `"${response}"`,
    opaque: `"${challenge.get('opaque')}"`,
  }
  for (const [param, value] of Object.entries(changed))
    params[param] = param === 'algorithm' || param === 'nc' || param === 'qop' ? value : `"${value}"`
  return `Digest ${Object.entries(params)
    .map(([param, value]) => `${param}=${String(value)}`)
    .join(', ')}`
}
