/** Ours, as docs/postgres.md shows it. */

import { postgres } from '../../../../dist/io/client/index.js'

/** @type {import('../client.js').Open} */
export function open(url, connections) {
  const db = postgres({ url, pool: { max: connections } })
  return {
    one: async (value) => (await db.one('select $1::int as value', [value])).value,
    atomic: async (count) =>
      (
        await db.pipeline(
          Array.from({ length: count }, (_, value) => ({ sql: 'select $1::int as value', params: [value] })),
        )
      ).length,
    rows: async (sql) => (await db.query(sql)).rows,
    copyOut: async (sql) => {
      let bytes = 0
      for await (const octets of db.copyTo(sql)) bytes += octets.length
      return bytes
    },
    copyIn: async (sql, chunks) => void (await db.copyFrom(sql, chunks)),
    cursor: async (sql, batch) => {
      let count = 0
      for await (const row of db.cursor(sql, [], batch)) count += row.id > 0 ? 1 : 0
      return count
    },
    run: async (sql) => void (await db.query(sql)),
    end: () => db.close(),
  }
}
