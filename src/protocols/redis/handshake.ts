/** How a connection begins: the version of the protocol, who we are, the database. */

import { UsageError } from '../core/errors.js'
import type { CommandArgument } from './command-writer.js'
import { WaitStates } from './lifecycle.js'
import type { ReplyError } from './values.js'

/** Who we are, and what we want. */
export interface HandshakeOptions {
  /** 3 asks for RESP3 and is content with RESP2 where the server has no more; 2 does not ask. Default 3. */
  readonly protocol?: 2 | 3 | undefined
  /** A user of the ACL. Default `default`. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** The number of the database, 0 by default. */
  readonly database?: number | undefined
  /** The name of the connection, as CLIENT LIST shows it; without blanks. */
  readonly name?: string | undefined
  /** The library as CLIENT LIST shows it. Not told by default; servers before 7.2 do not know. */
  readonly library?: { readonly name: string; readonly version: string } | undefined
}

/** A command of the handshake, and what its answer is waited for in. */
export interface HandshakeStep {
  readonly args: readonly CommandArgument[]
  readonly state: number
}

const { hello, authenticate, setup, select } = WaitStates

/** Errors to HELLO by which a server says that it does not speak RESP3. */
const NO_RESP3 = /^(?:NOPROTO\b|ERR unknown command)/i

/** What servers take as a name (CLIENT SETNAME). */
const CONNECTION_NAME = /^[!-~]*$/

/** Throws `UsageError` for options that cannot be. */
export function checkHandshake({ protocol = 3, username, password, database = 0, name }: HandshakeOptions): void {
  // In JavaScript anything may stand here.
  if (![2, 3].includes(protocol)) throw new UsageError('REDIS_OPTION', `protocol is 2 or 3, not ${protocol}`)
  if (!Number.isInteger(database) || database < 0)
    throw new UsageError('REDIS_OPTION', `a database is a whole number from 0 up, not ${database}`)
  if (username !== undefined && password === undefined)
    throw new UsageError('REDIS_OPTION', 'a user name without a password')
  if (name !== undefined && !CONNECTION_NAME.test(name))
    throw new UsageError('REDIS_OPTION', 'the name of a connection has visible characters of ASCII only')
}

/** All that is sent at the start, at once; with `resp3` it begins with HELLO. */
export function handshakeSteps(options: HandshakeOptions, resp3: boolean): HandshakeStep[] {
  const { username, password, database = 0, name, library } = options
  const steps: HandshakeStep[] = []
  if (resp3) {
    const auth = password === undefined ? [] : ['AUTH', username ?? 'default', password]
    const named = name === undefined ? [] : ['SETNAME', name]
    steps.push({ args: ['HELLO', 3, ...auth, ...named], state: hello })
  } else {
    // Servers before 6 have no users.
    const user = username === undefined ? [] : [username]
    if (password !== undefined) steps.push({ args: ['AUTH', ...user, password], state: authenticate })
    if (name !== undefined) steps.push({ args: ['CLIENT', 'SETNAME', name], state: setup })
  }
  if (library !== undefined) {
    steps.push({ args: ['CLIENT', 'SETINFO', 'LIB-NAME', library.name], state: setup })
    steps.push({ args: ['CLIENT', 'SETINFO', 'LIB-VER', library.version], state: setup })
  }
  if (database !== 0) steps.push({ args: ['SELECT', database], state: select })
  return steps
}

/** Whether an answer to HELLO means that RESP2 is to be spoken. */
export function refusesResp3(error: ReplyError): boolean {
  return NO_RESP3.test(error.message)
}
