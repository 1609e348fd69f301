/** What sentinels and servers say about who is the primary ("Guidelines for Redis clients" of Sentinel). */

import type { ReplyValue } from './values.js'

/** Where a server is. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** The reply to SENTINEL GET-MASTER-ADDR-BY-NAME; undefined when the sentinel does not know the name. */
export function readPrimaryAddress(reply: ReplyValue): ServerAddress | undefined {
  return Array.isArray(reply) ? addressOf(reply[0], reply[1]) : undefined
}

/** A message of the channel `+switch-master`: the new primary of this name; undefined for another name. */
export function readSwitch(payload: string, name: string): ServerAddress | undefined {
  const [switched, , , host, port] = payload.split(' ')
  return switched === name ? addressOf(host, port) : undefined
}

/** Whether the reply to ROLE is that of a primary. */
export function isPrimaryRole(reply: ReplyValue): boolean {
  return Array.isArray(reply) && reply[0] === 'master'
}

function addressOf(host: ReplyValue | undefined, port: ReplyValue | undefined): ServerAddress | undefined {
  if (typeof host !== 'string' || host === '' || typeof port !== 'string' || !/^\d{1,5}$/.test(port)) return undefined
  const number = Number(port)
  return number > 0 && number < 65_536 ? { host, port: number } : undefined
}
