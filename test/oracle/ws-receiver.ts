/** The receiver of `ws`, as a function from octets to what it has seen. */

import { createRequire } from 'node:module'
import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** What an endpoint has seen of some input: a line for each message, Ping, Pong and Close. */
export interface Verdict {
  readonly seen: readonly string[]
  /** The code of the fault behind it; empty without one. */
  readonly fault: string
}

interface ReceiverOptions {
  readonly isServer: boolean
  readonly maxPayload: number
  readonly extensions: Record<string, unknown>
}

interface Deflate {
  accept(offers: readonly Record<string, unknown>[]): unknown
  cleanup(): void
}

/** Not among the types of `ws`, but among what it exports. */
interface Internals {
  readonly Receiver: new (options: ReceiverOptions) => Writable
  readonly PerMessageDeflate: new (options: Record<string, unknown>) => Deflate
}

const require = createRequire(import.meta.url)
const { Receiver, PerMessageDeflate } = require('ws') as Internals

/** Gives the input to the receiver of a role. With `deflate`, permessage-deflate with context is negotiated. */
export async function receiveByWs(input: Uint8Array, server: boolean, deflate: boolean): Promise<Verdict> {
  const extension = new PerMessageDeflate({ isServer: server, maxPayload: MAX_PAYLOAD })
  extension.accept([{}])
  const receiver = new Receiver({
    isServer: server,
    maxPayload: MAX_PAYLOAD,
    extensions: deflate ? { 'permessage-deflate': extension } : {},
  })
  const seen: string[] = []
  const hex = (data: Buffer): string => data.toString('hex')
  receiver.on('message', (data: Buffer, binary: boolean) => seen.push(`${binary ? 'binary' : 'text'} ${hex(data)}`))
  receiver.on('ping', (data: Buffer) => seen.push(`ping ${hex(data)}`))
  receiver.on('pong', (data: Buffer) => seen.push(`pong ${hex(data)}`))
  receiver.on('conclude', (code: number, reason: Buffer) => seen.push(`close ${code} ${hex(reason)}`))
  let fault = ''
  receiver.on('error', (error: NodeJS.ErrnoException) => (fault ||= error.code ?? error.message))
  const done = Promise.race([once(receiver, 'close').catch(() => {}), once(receiver, 'finish').catch(() => {})])
  receiver.write(Buffer.from(input))
  receiver.end()
  await done
  extension.cleanup()
  return { seen, fault }
}

const MAX_PAYLOAD = 1_048_576
