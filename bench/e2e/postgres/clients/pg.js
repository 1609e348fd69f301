/** pg, with statements that are prepared; `open` sends one after the other, `openPipelined` with its `pipeline` option. */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from, to } from 'pg-copy-streams'
import Cursor from 'pg-cursor'

/** @type {import('../client.js').Open} */
export function open(url, connections) {
  return connectionsOf(url, connections, false)
}

/** @type {import('../client.js').Open} */
export function openPipelined(url, connections) {
  return connectionsOf(url, connections, true)
}

function connectionsOf(connectionString, max, pipelined) {
  const pool = new pg.Pool({ connectionString, max, pipeline: pipelined })
  // With one connection it is the connection that is measured, not the pool.
  const single = max === 1 ? pool.connect() : undefined
  const query = async (what) => (single === undefined ? pool : await single).query(what)
  return {
    one: async (value) =>
      (await query({ name: 'one', text: 'select $1::int as value', values: [value] })).rows[0].value,
    rows: async (sql) => (await query({ name: 'rows', text: sql })).rows,
    copyOut: async (sql) => {
      let bytes = 0
      for await (const octets of await query(to(sql))) bytes += octets.length
      return bytes
    },
    copyIn: async (sql, chunks) => pipeline(Readable.from(chunks), await query(from(sql))),
    cursor: async (sql, batch) => {
      const cursor = await query(new Cursor(sql))
      let count = 0
      for (let rows = await cursor.read(batch); rows.length > 0; rows = await cursor.read(batch))
        for (const row of rows) count += row.id > 0 ? 1 : 0
      await cursor.close()
      return count
    },
    run: async (sql) => void (await query(sql)),
    end: async () => {
      ;(await single)?.release()
      await pool.end()
    },
  }
}
