/** What a node says when it cannot do what it was asked ("Redirection and resharding", "CLUSTERDOWN"). */

import { SLOTS } from '../key-slot.js'
import type { ReplyError } from '../values.js'
import { type ClusterNode, isName, nodeOf } from './slot-map.js'

/** Where the key is. */
export interface Redirection {
  readonly type: 'moved' | 'ask'
  readonly slot: number
  readonly node: ClusterNode
}

/** `MOVED 3999 127.0.0.1:6381`; the host may be an IPv6 address, or missing. */
const REDIRECTION = /^(MOVED|ASK) (\d{1,5}) (.*):(\d{1,5})$/

/** Errors that go away. Whoever answers so has executed nothing. */
const TRANSIENT: ReadonlySet<string> = new Set(['TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN', 'LOADING', 'READONLY'])

/** Where an error says that the key is; undefined for other errors. `asked` is the node that has said so. */
export function redirectionOf({ message }: ReplyError, asked: ClusterNode): Redirection | undefined {
  const found = REDIRECTION.exec(message)
  if (found === null) return undefined
  const [, kind, slotText, host, portText] = found
  const slot = Number(slotText)
  const port = Number(portText)
  if (slot >= SLOTS || port === 0 || port > 65_535) return undefined
  // Without a name it is where the one is that has answered.
  return { type: kind === 'MOVED' ? 'moved' : 'ask', slot, node: nodeOf(isName(host) ? host : asked.host, port) }
}

/** Whether the same may succeed a little later. */
export function isTransient({ code }: ReplyError): boolean {
  return TRANSIENT.has(code)
}
