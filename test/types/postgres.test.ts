/**
 * The types of the PostgreSQL client. What is wrong here does not compile; that it runs, too, shows that the types tell
 * the truth.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Db, postgres, type QueryResult, type Transaction } from '#src/io/client/index.js'

/** Whether two types are the same, and not only assignable. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false

/** Compiles for `true` only. */
const holds = (..._facts: true[]): void => {}

interface Person {
  readonly id: number
  readonly name: string
}

/** Never called: only its types count. */
async function uses(db: Db, tx: Transaction): Promise<void> {
  const plain = await db.query('select 1')
  const people = await db.query<Person>('select id, name from person', [])
  const arrays = await db.query('select 1', [], { rowMode: 'array' })
  const pairs = await db.query<[number, string]>('select 1, 2', undefined, { rowMode: 'array' })
  const one = await db.one<Person>('select 1')
  const maybe = await tx.oneOrNone<Person>('select 1')
  const some = await tx.many<Person>('select 1')
  const template = await db.sql<Person>`select ${1}`
  const result = await db.begin((inner) => inner.one<Person>('select 1'))
  const plainResult = await db.begin({ isolation: 'serializable' }, () => 5)
  const atomic = await db.pipeline(['select 1'])
  const settled = await db.pipeline(['select 1'], { atomic: false })
  for await (const person of db.cursor<Person>('select 1', [], 10)) holds(true satisfies Same<typeof person, Person>)
  for await (const octets of db.copyTo('copy a to stdout')) holds(true satisfies Same<typeof octets, Uint8Array>)
  holds(
    true satisfies Same<typeof plain.rows, Record<string, unknown>[]>,
    true satisfies Same<typeof people.rows, Person[]>,
    true satisfies Same<typeof arrays.rows, unknown[][]>,
    true satisfies Same<typeof pairs.rows, [number, string][]>,
    true satisfies Same<typeof one, Person>,
    true satisfies Same<typeof maybe, Person | undefined>,
    true satisfies Same<typeof some, Person[]>,
    true satisfies Same<typeof template.rows, Person[]>,
    true satisfies Same<typeof result, Person>,
    true satisfies Same<typeof plainResult, number>,
    true satisfies Same<typeof atomic, QueryResult[]>,
    true satisfies Same<typeof settled, PromiseSettledResult<QueryResult>[]>,
  )
  // @ts-expect-error: an isolation that there is not.
  await db.begin({ isolation: 'none' }, () => 5)
  // @ts-expect-error: parameters are an array.
  await db.query('select $1', 5)
  // @ts-expect-error: a misspelt option.
  await db.query('select 1', [], { timeout: 5 })
  // @ts-expect-error: a transaction cannot be closed.
  await tx.close()
}

describe('the types of the PostgreSQL client', () => {
  it('are what the client gives', async () => {
    assert.equal(typeof uses, 'function')
    const db = postgres('postgres://nobody@127.0.0.1:1/nothing')
    assert.equal(db.stats.total, 0)
    await db.close()
  })
})
