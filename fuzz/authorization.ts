/** The Authorization field: what is read has the parts that it must have, and nobody comes in by it. */

import { latin1Of } from 'skitai/testing'
import { basicCredentials, parseAuthorization } from '#src/server/app/auth/authorization.js'
import { digestClaim, DigestNonces } from '#src/server/app/auth/digest.js'

const nonces = new DigestNonces({}, () => 0)
const request = { method: 'GET', uri: '/', realm: 'App', opaque: 'x', algorithms: ['SHA-256', 'MD5'] } as const
const SECRET = '5ebe2294ecd0e0f08eab7690d2a6ee69'

/** The value of a field. */
export function fuzz(data: Uint8Array): void {
  const value = latin1Of(data)
  const parsed = parseAuthorization(value)
  if (parsed === undefined) return
  const { scheme, token, params } = parsed
  ensure(scheme !== '' && scheme === scheme.toLowerCase(), 'no scheme')
  ensure((token === '') !== (params.size === 0), 'both a token and parameters, or neither')
  ensure(params.size <= 32, 'too many parameters')
  if (token === '') readAgain(scheme, params)
  const basic = basicCredentials(token)
  ensure(basic === undefined || /^[ -\uffff]*$/.test(basic.name + basic.password), 'a control character in a name')
  const claim = digestClaim(params, request)
  if (claim === undefined) return
  ensure(claim.name === '' || params.size >= 8, 'a claim with parts missing')
  ensure(claim.count >= 1 && claim.count <= 0xffff_ffff, 'no count')
  ensure(!claim.answers(SECRET), 'a right answer by chance')
  ensure(nonces.use(claim.nonce, claim.count) === 'foreign', 'a nonce that was never given')
}

/** Written down again, the parameters are the same. */
function readAgain(scheme: string, params: ReadonlyMap<string, string>): void {
  const list = Array.from(params, ([name, value]) => `${name}="${value.replaceAll(/[\\"]/g, '\\$&')}"`)
  const text = `${scheme} ${list.join(', ')}`
  const again = parseAuthorization(text)
  const same = again !== undefined && [...again.params].join('\n') === [...params].join('\n')
  ensure(same || text.length > 16_384, 'other parameters when they are read again')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
