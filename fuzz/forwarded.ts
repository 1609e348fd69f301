/**
 * What proxies say of a request: whatever a client has sent before them, it is they who decide; and what is read is
 * read the same again.
 */

import { latin1Of } from 'skitai/testing'
import { normalAddress } from '#src/server/address-ranges.js'
import {
  ForwardedError,
  type ForwardedElement,
  type Hop,
  nodeAddress,
  parseForwarded,
  readForwarded,
  readXForwarded,
} from '#src/server/forwarded.js'

/** Ours are all of 10.0.0.0/8, by their text: addresses are in their one form. */
const trusts = (address: string): boolean => address.startsWith('10.')
/** A client that only a proxy can have named. */
const CLIENT = '203.0.113.9'

/** The values of X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and Forwarded, a line each. */
export function fuzz(data: Uint8Array): void {
  const [list = '', proto, host, forwarded = ''] = latin1Of(data).split('\n')
  checked(() => readXForwarded({ for: list, proto, host }, trusts))
  const named = checked(() => readXForwarded({ for: `${list}, ${CLIENT}`, proto: 'https', host: 'a.example' }, trusts))
  ensure(named?.address === CLIENT && named.scheme === 'https' && named.host === 'a.example', 'the client decides')

  checked(() => readForwarded(forwarded, trusts))
  const told = checked(() => readForwarded(`${forwarded}, for=${CLIENT};proto=https;host=a.example`, trusts))
  if (told !== undefined)
    ensure(told.address === CLIENT && told.scheme === 'https' && told.host === 'a.example', 'the client decides')

  const elements = parseForwarded(forwarded)
  if (elements === undefined) return
  const again = parseForwarded(written(elements))
  ensure(again !== undefined && written(again) === written(elements), 'other elements when they are read again')
  nodeAddress(forwarded)
}

/** What was read; undefined when it was refused. */
function checked(read: () => Hop): Hop | undefined {
  try {
    const hop = read()
    const { address } = hop
    ensure(address === undefined || normalAddress(address) === address, `an address in another form: ${address}`)
    return hop
  } catch (error) {
    if (error instanceof ForwardedError) return undefined
    throw error
  }
}

function written(elements: readonly ForwardedElement[]): string {
  return elements
    .map((element) => Array.from(element, ([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&')}"`).join(';'))
    .join(', ')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
