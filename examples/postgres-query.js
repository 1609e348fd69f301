// A query over a bare socket, with the engine alone: `PGPASSWORD=… node examples/postgres-query.js 'select now()'`. The
// engine gets octets and gives events; everything else is ours.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import process from 'node:process'
import { PostgresClient } from 'skitai/postgres'

const { PGHOST = '127.0.0.1', PGPORT = '5432', PGUSER = 'postgres', PGPASSWORD, PGDATABASE = PGUSER } = process.env
const sql = process.argv[2] ?? 'select version()'

const engine = new PostgresClient({
  user: PGUSER,
  ...(PGPASSWORD !== undefined && { password: PGPASSWORD }),
  database: PGDATABASE,
  nonce: () => randomBytes(18).toString('base64'),
  digests: {
    md5: (octets) => createHash('md5').update(octets).digest('hex'),
    sha256: (octets) => createHash('sha256').update(octets).digest(),
    hmacSha256: (key, octets) => createHmac('sha256', key).update(octets).digest(),
    pbkdf2Sha256: (password, salt, iterations) => pbkdf2Sync(password, salt, iterations, 32, 'sha256'),
  },
})

const socket = connect(
  PGHOST.startsWith('/') ? { path: `${PGHOST}/.s.PGSQL.${PGPORT}` } : { host: PGHOST, port: +PGPORT },
)
socket.on('connect', () => drain(() => engine.start(performance.now())))
socket.on('data', (chunk) => drain(() => engine.receive(chunk, performance.now())))
socket.on('end', () => drain(() => engine.receiveEnd(performance.now())))
socket.on('error', fail)

/**
 * Something happened: events first, then what is to be written.
 *
 * @param {() => void} happened
 */
function drain(happened) {
  happened()
  for (let event = engine.poll(); event !== undefined; event = engine.poll()) onEvent(event)
  for (let octets = engine.output(); octets !== undefined; octets = engine.output()) socket.write(octets)
  if (engine.over) socket.end()
}

/** @param {import('skitai/postgres').PostgresClientEvent} event */
function onEvent(event) {
  if (event.type === 'ready' && event.id === 0) engine.query(sql)
  else if (event.type === 'ready') engine.terminate()
  else if (event.type === 'fields') console.log(event.fields.map(({ name }) => name).join('\t'))
  else if (event.type === 'rows')
    while (event.rows.next())
      console.log(
        Array.from({ length: event.rows.columnCount }, (_, column) => event.rows.text(column) ?? '').join('\t'),
      )
  else if (event.type === 'complete') console.log(event.tag)
  else if (event.type === 'error') fail(event.error)
  else if (event.type === 'fatal') fail(new Error(event.code))
}

/** @param {{ readonly message: string }} error */
function fail({ message }) {
  console.error(message)
  process.exitCode = 1
  if (engine.ready) engine.terminate()
  else socket.destroy()
}
