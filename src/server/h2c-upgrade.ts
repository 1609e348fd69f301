/**
 * Requests over HTTP/1.1 that ask to go on as HTTP/2 (RFC 7540 section 3.2). RFC 9113 has dropped this way; clients
 * such as curl still go it. Whatever is not as it should be is served over HTTP/1.1, as if nobody had asked.
 */

import type { Transport } from '../io/transport.js'
import { Fields } from '../protocols/core/fields.js'
import { listElements } from '../protocols/core/http-syntax.js'
import type { RequestEvent } from '../protocols/http1/events.js'
import type { UpgradedRequest } from '../protocols/http2/server.js'
import type { Connection } from './connection.js'

/**
 * Takes a connection that goes on as HTTP/2: `rest` is what came last, `upgraded` the request that asked for it, when
 * the client did not begin with the preface.
 */
export type Http2Taker = (
  connection: Connection,
  transport: Transport,
  rest: Uint8Array,
  upgraded: UpgradedRequest | undefined,
) => void

/** Content is read whole before the protocol changes; a request with more is served over HTTP/1.1. */
const CONTENT_BYTES_MAX = 65_536

/** Octets of one setting. */
const SETTING_BYTES = 6

/** Fields that were about the HTTP/1.1 connection (RFC 9110 section 7.6.1), or that have had their effect. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** A request that waits for the end of its content. */
export class H2cUpgrade {
  readonly request: RequestEvent
  /** The content so far. */
  readonly pieces: Uint8Array[] = []
  readonly #settings: Uint8Array
  #bytes = 0

  private constructor(request: RequestEvent, settings: Uint8Array) {
    this.request = request
    this.#settings = settings
  }

  /** What a request asks for; undefined when it does not ask, or not as it should. */
  static of(request: RequestEvent): H2cUpgrade | undefined {
    const { method, version, authority, contentLength, fields, upgrade, keepAlive } = request
    if (version !== '1.1' || !keepAlive || method === 'CONNECT' || authority === '') return undefined
    if (contentLength > CONTENT_BYTES_MAX || !listElements(upgrade.toLowerCase()).includes('h2c')) return undefined
    if (!connectionOptions(fields).includes('http2-settings')) return undefined
    const values = fields.getAll('http2-settings')
    const settings = values.length === 1 ? settingsOf(values[0]!) : undefined
    return settings === undefined ? undefined : new H2cUpgrade(request, settings)
  }

  /** Keeps a piece of content, copied. Gives whether there is still room. */
  add(piece: Uint8Array): boolean {
    this.pieces.push(Buffer.from(piece))
    this.#bytes += piece.length
    return this.#bytes <= CONTENT_BYTES_MAX
  }

  /** The request as HTTP/2 would have brought it. */
  upgraded(): UpgradedRequest {
    const { method, target, form, authority, fields } = this.request
    const named = connectionOptions(fields)
    const kept: string[] = []
    for (const [name, value] of fields) if (!DROPPED.has(name) && !named.includes(name)) kept.push(name, value)
    return {
      settings: this.#settings,
      method,
      scheme: 'http',
      authority,
      target: form === 'absolute' ? pathOf(target, method) : target,
      fields: Fields.of(kept),
      content: Buffer.concat(this.pieces),
    }
  }
}

function connectionOptions(fields: Fields): string[] {
  return listElements((fields.get('connection') ?? '').toLowerCase())
}

/** The payload of SETTINGS in HTTP2-Settings: base64url without padding. Undefined when it is malformed. */
function settingsOf(value: string): Uint8Array | undefined {
  const settings = Buffer.from(value, 'base64url')
  return settings.toString('base64url') === value && settings.length % SETTING_BYTES === 0 ? settings : undefined
}

/** Path and query of a target in absolute-form; `*` stands for OPTIONS without either (RFC 9112 section 3.2.4). */
function pathOf(target: string, method: string): string {
  const rest = target.replace(/^[^:]*:\/\/[^/?]*/, '')
  if (rest === '' && method === 'OPTIONS') return '*'
  return rest.startsWith('/') ? rest : `/${rest}`
}
