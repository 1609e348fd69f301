/** Reads the messages of a client ("Message Formats" of the documentation). No count that is declared is believed. */

import type { BodyReader } from './body-reader.js'
import type { PostgresFaultCode } from './errors.js'
import type { PostgresServerLimits } from './server-limits.js'
import type { PostgresServerEvent } from './server-events.js'
import { readFormat, readTypeOids } from './server-messages.js'
import { ClientMessages, type ParameterValue } from './writer.js'

/** What stands in place of a version, in front of everything else. */
export const StartupCodes = { cancel: 80_877_102, tls: 80_877_103, gss: 80_877_104 } as const

/** What a StartupMessage asks for. */
export interface StartupMessage {
  readonly parameters: Map<string, string>
  /** Names of `_pq_.` options: we know none. */
  readonly unknown: readonly string[]
}

/** Names that begin so are options of the protocol itself. */
const OPTION_PREFIX = '_pq_.'

/** Reads the pairs of a StartupMessage, behind the version. */
export function readStartup(body: BodyReader): StartupMessage {
  const parameters = new Map<string, string>()
  const unknown: string[] = []
  for (let name = body.string(); name !== ''; name = body.string()) {
    const value = body.string()
    if (name.startsWith(OPTION_PREFIX)) unknown.push(name)
    else parameters.set(name, value)
  }
  return { parameters, unknown }
}

/** Reads format codes: their number, and as many of them. */
export function readFormats(body: BodyReader): ('text' | 'binary')[] {
  const formats: ('text' | 'binary')[] = []
  for (let left = body.uint16(); left > 0 && !body.malformed; left--) formats.push(readFormat(body))
  return formats
}

/** Reads values, each in its format: there is one for all of them, one each, or none. */
export function readValues(body: BodyReader, formats: readonly ('text' | 'binary')[]): ParameterValue[] {
  const values: ParameterValue[] = []
  const count = body.uint16()
  if (formats.length > 1 && formats.length !== count) body.malformed = true
  for (let i = 0; i < count && !body.malformed; i++) {
    const format = formats.length > 1 ? formats[i] : formats[0]
    const size = body.int32()
    if (size === -1) values.push(null)
    else values.push(format === 'binary' ? body.octets(size) : body.text(size))
  }
  return values
}

/** Reads whether a statement or a portal is meant. */
export function readKind(body: BodyReader): 'statement' | 'portal' {
  const letter = body.byte()
  if (letter !== STATEMENT && letter !== PORTAL) body.malformed = true
  return letter === STATEMENT ? 'statement' : 'portal'
}

const STATEMENT = 0x53
const PORTAL = 0x50

/** A limit that a command has passed. */
export interface Excess {
  readonly code: PostgresFaultCode
  readonly limit: number
  readonly got: number
}

/** Reads commands, and looks at their limits. */
export class CommandReader {
  /** What the last command has too much of. */
  excess: Excess | undefined

  readonly #limits: PostgresServerLimits

  constructor(limits: PostgresServerLimits) {
    this.#limits = limits
  }

  /** Reads one; what is missing makes the body malformed. */
  read(type: number, id: number, body: BodyReader): PostgresServerEvent {
    this.excess = undefined
    switch (type) {
      case ClientMessages.query:
        return { type: 'query', id, sql: body.string() }
      case ClientMessages.parse:
        return { type: 'parse', id, name: this.#name(body), sql: body.string(), typeOids: readTypeOids(body) }
      case ClientMessages.bind: {
        const portal = this.#name(body)
        const statement = this.#name(body)
        return { type: 'bind', id, portal, statement, values: this.#values(body), resultFormats: readFormats(body) }
      }
      case ClientMessages.describe:
      case ClientMessages.close: {
        const what = readKind(body)
        return { type: type === ClientMessages.close ? 'close' : 'describe', id, what, name: this.#name(body) }
      }
      case ClientMessages.execute:
        // A number below 0 means all rows to PostgreSQL, too.
        return { type: 'execute', id, portal: this.#name(body), rowsMax: Math.max(body.int32(), 0) }
      case ClientMessages.functionCall:
        return {
          type: 'functionCall',
          id,
          oid: body.uint32(),
          values: this.#values(body),
          resultFormat: readFormat(body),
        }
      default:
        return { type: 'sync', id }
    }
  }

  #values(body: BodyReader): ParameterValue[] {
    const values = readValues(body, readFormats(body))
    const { valuesMax } = this.#limits
    if (values.length > valuesMax) this.excess = { code: 'PG_VALUES', limit: valuesMax, got: values.length }
    return values
  }

  #name(body: BodyReader): string {
    const { at } = body
    const name = body.string()
    const { nameBytesMax } = this.#limits
    const bytes = body.at - at - 1
    if (bytes > nameBytesMax) this.excess = { code: 'PG_NAME_TOO_LONG', limit: nameBytesMax, got: bytes }
    return name
  }
}
