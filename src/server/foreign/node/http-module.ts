/** `node:http`, loaded when the first app is mounted that needs it: who mounts none does not pay for it. */

import type * as Http from 'node:http'

let loaded: typeof Http | undefined

/** The module. */
export function nodeHttp(): typeof Http {
  loaded ??= process.getBuiltinModule('node:http')
  return loaded
}
