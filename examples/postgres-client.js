// The client of PostgreSQL: `PGHOST=… PGUSER=… PGPASSWORD=… node examples/postgres-client.js`. It makes a table, fills
// it, moves money in a transaction, goes through all rows, and takes the table away again.
import { identifier, postgres, sql } from 'skitai/client'

// Everything that is not said here, the environment says, as with libpq.
const db = postgres({ applicationName: 'example' })
const table = identifier(`accounts of ${process.pid}`)

try {
  await db.sql`create table ${table} (id int primary key, owner text, amount numeric(12, 2) check (amount >= 0))`

  // Copied in, from whatever can be iterated over.
  const owners = ['Ada', 'Grace', 'Karl']
  const { rowCount } = await db.copyFrom(
    sql`copy ${table} from stdin`,
    owners.map((owner, id) => `${id}\t${owner}\t100.00\n`),
  )
  console.log(`${rowCount} accounts`)

  // What stands between the texts is bound, never put into the text.
  const owner = "Robert'); drop table accounts; --"
  await db.sql`insert into ${table} values (${3}, ${owner}, ${'0.50'})`

  /** @param {number} from @param {number} to @param {string} amount */
  const transfer = (from, to, amount) =>
    db.begin({ isolation: 'serializable', retries: 3 }, async (tx) => {
      await tx.sql`update ${table} set amount = amount + ${amount} where id = ${to}`
      await tx.sql`update ${table} set amount = amount - ${amount} where id = ${from}`
    })
  await transfer(0, 1, '25.25')
  // All of it is undone when a part of it cannot be.
  await transfer(2, 3, '1000').catch((error) => console.log(`not done: ${error.constraint} (${error.code})`))

  // Ten rows at a time, the next ones while these are looked at.
  for await (const row of db.cursor(sql`select owner, amount from ${table} order by id`, undefined, 10))
    console.log(`${row['owner']}: ${row['amount']}`)
} finally {
  await db.sql`drop table if exists ${table}`
  await db.close()
}
