/** What an app says about what it remembers of clients. */

import type { JwtSettings } from '../auth/jwt.js'
import type { SecureKey } from './key-ring.js'
import type { SessionOptions } from './session-options.js'

/** Options of a message box: its cookie, and, of a named one, a secret of its own. */
export type MessageBoxOptions = Omit<SessionOptions, 'store' | 'named' | 'timeoutSeconds'>

/** Options of an app for sessions, messages and tokens. */
export interface StateOptions {
  /**
   * The secret that sessions, messages and tokens are sealed with: 16 octets or more, 32 random ones are right. Of a
   * list the first one seals and all open. All apps of a host that share a session need the same one.
   */
  readonly secureKey?: SecureKey
  /** How sessions are kept. */
  readonly session?: SessionOptions
  /** How messages are kept: by default in a cookie `mbox`. */
  readonly mbox?: Omit<MessageBoxOptions, 'secureKey'>
  /** Keys and algorithms of JSON Web Tokens; by default HS256 with a key that comes out of `secureKey`. */
  readonly jwt?: JwtSettings
}
