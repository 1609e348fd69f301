/** postgres, which prepares statements by itself. */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'

/** @type {import('../client.js').Open} */
export function open(url, connections) {
  const sql = postgres(url, { max: connections })
  return {
    one: async (value) => (await sql`select ${value}::int as value`)[0].value,
    rows: (text) => sql.unsafe(text, [], { prepare: true }),
    copyOut: async (text) => {
      let bytes = 0
      for await (const octets of await sql.unsafe(text).readable()) bytes += octets.length
      return bytes
    },
    copyIn: async (text, chunks) => pipeline(Readable.from(chunks), await sql.unsafe(text).writable()),
    cursor: async (text, batch) => {
      let count = 0
      for await (const rows of sql.unsafe(text).cursor(batch)) for (const row of rows) count += row.id > 0 ? 1 : 0
      return count
    },
    run: async (text) => void (await sql.unsafe(text)),
    end: () => sql.end(),
  }
}
