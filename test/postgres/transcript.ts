/**
 * Conversations between a client and a real server, as files: what each of them has sent, in the order in which it
 * passed a proxy. `C "…"` is the client, `S "…"` the server, octets escaped as in the vectors.
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { concat, escapeBytes, unescapeBytes } from 'skitai/testing'
import type { Place } from './engine-connection.js'

/** What one end has sent before the other one did. */
export interface Turn {
  readonly by: 'client' | 'server'
  readonly octets: Uint8Array
}

/** Records what one connection through a proxy says while `converse` runs. */
export async function record(server: Place, converse: (proxy: Place) => Promise<void>): Promise<Turn[]> {
  const turns: Turn[] = []
  const add = (by: Turn['by'], octets: Uint8Array): void => {
    const last = turns.at(-1)
    if (last?.by === by) turns[turns.length - 1] = { by, octets: concat([last.octets, octets]) }
    else turns.push({ by, octets: new Uint8Array(octets) })
  }
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host)
    const carry = (from: Socket, to: Socket, by: Turn['by']): void => {
      from.on('data', (chunk: Uint8Array) => {
        add(by, chunk)
        to.write(chunk)
      })
      from.on('end', () => void to.end())
      from.on('error', () => void to.destroy())
    }
    carry(client, upstream, 'client')
    carry(upstream, client, 'server')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  await converse({ host: '127.0.0.1', port: (proxy.address() as AddressInfo).port })
  proxy.close()
  await once(proxy, 'close')
  return turns
}

/** The text of a file. */
export function printTurns(turns: readonly Turn[]): string {
  return turns.map(({ by, octets }) => `${by === 'client' ? 'C' : 'S'} "${escapeBytes(octets)}"\n`).join('')
}

/** What stands in a file. */
export function parseTurns(text: string): Turn[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^([CS]) "(.*)"$/.exec(line)
      if (match === null) throw new Error(`not a turn: ${line}`)
      return { by: match[1] === 'C' ? 'client' : 'server', octets: unescapeBytes(match[2]!) }
    })
}
