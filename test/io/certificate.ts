/** The certificate for `localhost` that a test file uses. */

import { type SelfSigned, selfSigned } from '#src/io/index.js'

/** A new one. Clients trust it as their `ca`. */
export function makeCertificate(): SelfSigned {
  return selfSigned()
}
