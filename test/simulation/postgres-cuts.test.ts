/** The server goes away after each octet of a conversation: every promise settles, and no row is wrong. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runTransaction } from '#src/io/client/postgres/transaction.js'
import { type Conversation, type Cut, LOST, record, replay, textOf } from '../postgres/conversation.js'
import { type PostgresServer, startPostgres } from '../postgres/server.js'
import { thorough } from '../thorough.js'

const CUTS: readonly Cut[] = ['end', 'close', 'reset']

/** Every octet is cut at, in one of the ways as a rule: neighbours in a message seldom differ. */
function cutsAt(octets: number): readonly Cut[] {
  return thorough ? CUTS : [CUTS[octets % CUTS.length]!]
}

/** Tells what a promise has come to. */
async function outcome<Value>(promise: Promise<Value>, tell: (happened: string) => void): Promise<void> {
  try {
    tell(JSON.stringify(await promise))
  } catch (error) {
    tell(textOf(error))
  }
}

/** Rows, and nothing that differs from one server to the next. */
const rowsOf = async (result: Promise<{ readonly rows: unknown }>): Promise<unknown> => (await result).rows

const conversations: Readonly<Record<string, Conversation>> = {
  'of a login': () => Promise.resolve(),

  'of a script': async (db, tell) => {
    await outcome(db.script('select 1 as a; select 2 as b, null as c; begin; rollback'), tell)
    await outcome(db.script('select 1; select 1/0; select 2'), tell)
  },

  'of queries with parameters': async (db, tell) => {
    const sql = `select $1::int4 + i as n, $2::text as t from generate_series(1, 3) i`
    await outcome(rowsOf(db.query(sql, [1, 'x'])), tell)
    await outcome(rowsOf(db.query(sql, [2, 'y'])), tell)
    await outcome(rowsOf(db.query('select 1 / $1::int4', [0])), tell)
    await outcome(rowsOf(db.query('update pg_class set relname = relname where false')), tell)
  },

  'of a pipeline': async (db, tell) => {
    const texts = ['select 1 as a', 'select 1 / 0', 'select 3 as c', 'select repeat($$x$$, 20) as d']
    await Promise.all(texts.map((text) => outcome(rowsOf(db.query(text)), tell)))
    await outcome(db.pipeline(['select 1 as a', { sql: 'select $1::text as b', params: ['y'] }]), tell)
    await outcome(db.pipeline(['select 1', 'select 1 / 0', 'select 2']), tell)
    await outcome(
      db.pipeline(['select 1', 'nonsense'], { atomic: false }).then((all) => all.map(({ status }) => status)),
      (happened) => tell(happened.includes('"rejected"') ? 'some' : happened),
    )
  },

  'of a transaction': async (db, tell) => {
    for (const text of ['begin', 'create temp table t (i int4)', 'insert into t values (1), (2)'])
      await outcome(rowsOf(db.query(text)), tell)
    await outcome(rowsOf(db.query('select i from t order by i')), tell)
    for (const text of ['savepoint s', 'nonsense', 'rollback to s', 'commit', 'select i from t'])
      await outcome(rowsOf(db.query(text)), tell)
  },

  'of transactions that are begun and ended': async (db, tell) => {
    const begin = (work: Parameters<typeof runTransaction>[3]): Promise<void> =>
      outcome(runTransaction(db.connection, {}, true, work), tell)
    await begin(async (tx) => {
      await outcome(rowsOf(tx.query('select $1::int4 as n', [1])), tell)
      await outcome(
        tx.begin((inner) => inner.query('select 1 / 0')),
        tell,
      )
      return (await tx.query('select $1::int4 as n', [2])).rows
    })
    await begin(async (tx) => {
      await outcome(rowsOf(tx.query('nonsense')), tell)
      await outcome(rowsOf(tx.query('select 1 as n')), tell)
    })
    await begin(() => Promise.reject(new Error('thought better of it')))
  },

  'of a cursor': async (db, tell) => {
    try {
      for await (const row of db.cursor('select i, i * i as s from generate_series(1, 7) i', [], 3))
        tell(JSON.stringify(row))
      tell('no more')
      for await (const row of db.cursor('select 6 / (3 - i) as q from generate_series(1, 5) i', [], 2))
        tell(JSON.stringify(row))
    } catch (error) {
      tell(textOf(error))
    }
    await outcome(rowsOf(db.query('select 1 as after')), tell)
  },

  'of COPY to the client': async (db, tell) => {
    let text = ''
    try {
      for await (const chunk of db.copyTo('copy (select i, $$row$$ from generate_series(1, 5) i) to stdout'))
        text += Buffer.from(chunk).toString()
      tell(text)
    } catch (error) {
      tell(textOf(error))
    }
    await outcome(rowsOf(db.query('select 1 as after')), tell)
  },

  'of COPY to the server': async (db, tell) => {
    await outcome(rowsOf(db.query('create temp table t (i int4)')), tell)
    await outcome(db.copyFrom('copy t from stdin', ['1\n2\n', '3\n']), tell)
    await outcome(db.copyFrom('copy t from stdin', ['1\nx\n']), tell)
    await outcome(rowsOf(db.query('select count(*)::int4 as n from t')), tell)
  },

  'of notifications': async (db, tell) => {
    db.connection.listener = { onNotification: ({ channel, payload }) => tell(`${channel} ${payload}`) }
    for (const text of ['listen news', `notify news, 'first'`, 'select 1 as between', `notify news, 'second'`])
      await outcome(rowsOf(db.query(text)), tell)
  },
}

describe('conversations with PostgreSQL that end at any octet', { timeout: 120_000 }, () => {
  let server: PostgresServer

  before(async () => {
    const access = ['local all hashed md5', 'local all salted scram-sha-256', 'local all all trust']
    server = await startPostgres({ access })
    await record(server, async (db) =>
      db.script(`set password_encryption = 'md5'; create role hashed login password 'secret';
        set password_encryption = 'scram-sha-256'; create role salted login password 'secret'`),
    )
  })
  after(() => server.stop())

  for (const [name, conversation] of Object.entries(conversations))
    it(`are ${name}`, async () => {
      const recording = await record(server, conversation)
      const { size, loginSize, log } = recording
      assert.equal(log.at(-1), 'closed', log.join('\n'))
      assert.deepEqual(await replay(recording, conversation, size + 1, 'end'), log)
      // The login is the same in all of them.
      const from = name === 'of a login' ? 0 : loginSize
      for (let octets = from; octets <= size; octets++)
        for (const cut of cutsAt(octets))
          check(log, await replay(recording, conversation, octets, cut), `${cut} at ${octets}`)
    })

  for (const user of ['hashed', 'salted'])
    it(`are of a login with a password, as ${user}`, async () => {
      const recording = await record(server, conversations['of a login']!, { user, password: 'secret' })
      const { log, loginSize } = recording
      assert.equal(log.at(-1), 'closed', log.join('\n'))
      // The random numbers of SCRAM are others each time: then the client does not take the answer.
      const whole = user === 'salted' ? [LOST] : log
      assert.deepEqual(await replay(recording, conversations['of a login']!, loginSize + 1, 'end'), whole)
      for (let octets = 0; octets <= loginSize; octets++)
        for (const cut of cutsAt(octets))
          check(whole, await replay(recording, conversations['of a login']!, octets, cut), `${cut} at ${octets}`)
    })
})

/** What was told is what is told otherwise, up to the loss, behind which everything is lost. */
function check(whole: readonly string[], log: readonly string[] | undefined, where: string): void {
  assert.ok(log !== undefined, `${where}: something is waited for that cannot come`)
  const lostAt = log.indexOf(LOST)
  if (lostAt < 0) return assert.deepEqual(log, whole, where)
  assert.deepEqual(log.slice(0, lostAt), whole.slice(0, lostAt), where)
  const behind = log.slice(lostAt).filter((happened) => happened !== LOST)
  assert.ok(
    behind.every((happened) => happened === 'closed' || happened === 'some'),
    `${where}: ${behind.join('\n')}`,
  )
}
