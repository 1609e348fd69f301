/** What two endpoints agree on for permessage-deflate (RFC 7692 section 7.1). */

import { UsageError } from '../core/errors.js'
import type { DeflateParameters } from './deflate.js'
import type { Extension } from './extensions.js'

/** The name of the extension. */
export const PERMESSAGE_DEFLATE = 'permessage-deflate'

/** What an endpoint wants of permessage-deflate. Everything may be left out. */
export interface DeflateOptions {
  /** Messages of a server never refer to those before: no memory is held between them. Default true. */
  readonly serverNoContextTakeover?: boolean | undefined
  /** Messages of a client never refer to those before. Default true. */
  readonly clientNoContextTakeover?: boolean | undefined
  /** The window of a server has so many bits at the most, 8 to 15. Default 15. */
  readonly serverMaxWindowBits?: number | undefined
  /** The window of a client has so many bits at the most, 8 to 15. Default 15. */
  readonly clientMaxWindowBits?: number | undefined
}

const BITS_MIN = 8
const BITS_MAX = 15

/** The options with what is left out. Throws `UsageError` for a window that is none. */
export function deflateParametersOf(options: DeflateOptions): DeflateParameters {
  return {
    serverNoContextTakeover: options.serverNoContextTakeover ?? true,
    clientNoContextTakeover: options.clientNoContextTakeover ?? true,
    serverMaxWindowBits: windowBits(options.serverMaxWindowBits),
    clientMaxWindowBits: windowBits(options.clientMaxWindowBits),
  }
}

function windowBits(bits: number = BITS_MAX): number {
  if (!Number.isInteger(bits) || bits < BITS_MIN || bits > BITS_MAX)
    throw new UsageError('WS_WINDOW_BITS', `a window has ${BITS_MIN} to ${BITS_MAX} bits, not ${bits}`)
  return bits
}

/** What is said about permessage-deflate in an offer or an answer; 0 bits: nothing, -1: the name without a value. */
interface Said {
  serverNoContextTakeover: boolean
  clientNoContextTakeover: boolean
  serverMaxWindowBits: number
  clientMaxWindowBits: number
}

/** Reads the parameters; undefined when one is unknown, stands twice, or has a value that it cannot have. */
function read({ parameters }: Extension): Said | undefined {
  const said: Said = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 0,
    clientMaxWindowBits: 0,
  }
  const seen = new Set<string>()
  for (const [name, value] of parameters) {
    if (seen.has(name) || !readParameter(said, name, value)) return undefined
    seen.add(name)
  }
  return said
}

function readParameter(said: Said, name: string, value: string | undefined): boolean {
  switch (name) {
    case 'server_no_context_takeover':
      said.serverNoContextTakeover = true
      return value === undefined
    case 'client_no_context_takeover':
      said.clientNoContextTakeover = true
      return value === undefined
    case 'server_max_window_bits':
      said.serverMaxWindowBits = bitsOf(value)
      return said.serverMaxWindowBits > 0
    case 'client_max_window_bits':
      said.clientMaxWindowBits = value === undefined ? -1 : bitsOf(value)
      return said.clientMaxWindowBits !== 0
    default:
      return false
  }
}

/** 8 to 15, in digits without a zero before them; otherwise 0. */
function bitsOf(value: string | undefined): number {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : 0
}

/** What a client offers: the value of Sec-WebSocket-Extensions. */
export function offerOf(wanted: DeflateParameters): string {
  const bits = wanted.clientMaxWindowBits < BITS_MAX ? `=${wanted.clientMaxWindowBits}` : ''
  return (
    PERMESSAGE_DEFLATE +
    (wanted.serverNoContextTakeover ? '; server_no_context_takeover' : '') +
    (wanted.clientNoContextTakeover ? '; client_no_context_takeover' : '') +
    (wanted.serverMaxWindowBits < BITS_MAX ? `; server_max_window_bits=${wanted.serverMaxWindowBits}` : '') +
    `; client_max_window_bits${bits}`
  )
}

/** An offer that was accepted. */
export interface Accepted {
  readonly parameters: DeflateParameters
  /** The value of Sec-WebSocket-Extensions that says so. */
  readonly answer: string
}

/** Accepts the first offer that a server can accept; undefined when there is none. */
export function acceptOffer(offers: readonly Extension[], wanted: DeflateParameters): Accepted | undefined {
  for (const offer of offers) {
    const said = offer.name === PERMESSAGE_DEFLATE ? read(offer) : undefined
    // A client that does not speak of its window may use all of it (RFC 7692 section 7.1.2.2).
    if (said !== undefined && (said.clientMaxWindowBits !== 0 || wanted.clientMaxWindowBits === BITS_MAX))
      return accept(said, wanted)
  }
  return undefined
}

function accept(said: Said, wanted: DeflateParameters): Accepted {
  const serverBits = Math.min(wanted.serverMaxWindowBits, said.serverMaxWindowBits || BITS_MAX)
  const clientBits = Math.min(
    wanted.clientMaxWindowBits,
    said.clientMaxWindowBits > 0 ? said.clientMaxWindowBits : BITS_MAX,
  )
  const parameters: DeflateParameters = {
    serverNoContextTakeover: wanted.serverNoContextTakeover || said.serverNoContextTakeover,
    clientNoContextTakeover: wanted.clientNoContextTakeover || said.clientNoContextTakeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: clientBits,
  }
  const answer =
    PERMESSAGE_DEFLATE +
    (parameters.serverNoContextTakeover ? '; server_no_context_takeover' : '') +
    (parameters.clientNoContextTakeover ? '; client_no_context_takeover' : '') +
    (serverBits < BITS_MAX || said.serverMaxWindowBits > 0 ? `; server_max_window_bits=${serverBits}` : '') +
    (clientBits < BITS_MAX ? `; client_max_window_bits=${clientBits}` : '')
  return { parameters, answer }
}

/**
 * What a server's answer to `offerOf(offered)` means; undefined when it is not one that it may give: another extension,
 * more than one, a parameter that is unknown or out of range, or a wider window than was offered.
 */
export function agreed(answers: readonly Extension[], offered: DeflateParameters): DeflateParameters | undefined {
  const [answer] = answers
  if (answer === undefined || answers.length > 1 || answer.name !== PERMESSAGE_DEFLATE) return undefined
  const said = read(answer)
  if (said === undefined || said.clientMaxWindowBits < 0) return undefined
  if (offered.serverNoContextTakeover && !said.serverNoContextTakeover) return undefined
  const serverBits = said.serverMaxWindowBits || BITS_MAX
  if (serverBits > offered.serverMaxWindowBits || said.clientMaxWindowBits > offered.clientMaxWindowBits)
    return undefined
  return {
    serverNoContextTakeover: said.serverNoContextTakeover,
    // What was offered is a promise, whatever the answer says of it.
    clientNoContextTakeover: offered.clientNoContextTakeover || said.clientNoContextTakeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: Math.min(said.clientMaxWindowBits || BITS_MAX, offered.clientMaxWindowBits),
  }
}
