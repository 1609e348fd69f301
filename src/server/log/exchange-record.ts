/** What the log tells of an exchange, or of a request that never became one. */

import type { Fields } from '../../protocols/core/fields.js'
import type { Connection } from '../connection.js'
import type { ExchangeBase } from '../exchange-base.js'
import type { RequestRecord } from './request-line.js'

/** The process that writes the log: `M` is the main one. */
export const WORKER = 'M'

/** The status in the log of a request whose client left before any answer was sent. */
const CLIENT_LEFT = 499

/** The record of an exchange that is over. `now` is in milliseconds of the clock that gave its times. */
export function exchangeRecord(exchange: ExchangeBase, connections: number, now: number): RequestRecord {
  const { fields, transaction, startedAt } = exchange
  const answeredAt = exchange.answeredAt || now
  return {
    address: exchange.peer.address,
    host: exchange.authority,
    method: exchange.pushed ? 'PUSH' : exchange.method,
    uri: exchange.target,
    version: exchange.version,
    requestBytes: exchange.requestBytes,
    status: exchange.status || CLIENT_LEFT,
    responseBytes: exchange.responseBytes,
    gtid: transaction.gtid,
    ltid: transaction.ltid,
    user: '',
    token: bearerToken(fields),
    referer: fields.get('referer') ?? '',
    userAgent: fields.get('user-agent') ?? '',
    realIp: realIpOf(exchange),
    worker: WORKER,
    connections,
    handlingMs: answeredAt - startedAt,
    transferMs: now - answeredAt,
  }
}

/** The record of a request that the engine refused before it was complete. */
export function refusalRecord(connection: Connection, status: number, connections: number): RequestRecord {
  return {
    address: connection.transport.peer.address,
    host: '',
    method: '',
    uri: '',
    version: '',
    requestBytes: 0,
    status,
    responseBytes: 0,
    gtid: '',
    ltid: '',
    user: '',
    token: '',
    referer: '',
    userAgent: '',
    realIp: '',
    worker: WORKER,
    connections,
    handlingMs: 0,
    transferMs: 0,
  }
}

/** The address of the client where proxies are trusted; empty where they say what cannot be. */
function realIpOf(exchange: ExchangeBase): string {
  try {
    return exchange.origin?.address ?? ''
  } catch {
    return ''
  }
}

function bearerToken(fields: Fields): string {
  const authorization = fields.get('authorization')
  return authorization === undefined ? '' : (/^bearer +(\S+)/i.exec(authorization)?.[1] ?? '')
}
