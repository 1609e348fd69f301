// A service that speaks PostgreSQL: `node examples/postgres-service.js [port]`, then, for one,
// `psql -h 127.0.0.1 -p 5433 -c 'select'`. Whatever the select says, it gives what memory this process uses.
import process from 'node:process'
import { Driver, Listener } from 'skitai/io'
import { PostgresServer } from 'skitai/postgres'

const listener = await Listener.open({ address: '127.0.0.1', port: Number(process.argv[2] ?? 5433) }, (transport) => {
  const engine = new PostgresServer()
  /** @param {import('skitai/postgres').PostgresServerEvent} event */
  const onEvent = (event) => {
    if (event.type === 'startup') {
      engine.authenticate({ method: 'none' })
      engine.sendParameter('server_version', '18.0')
    } else if (event.type === 'query' && /^\s*select\b/i.test(event.sql)) {
      const rows = Object.entries(process.memoryUsage())
      engine.sendFields([{ name: 'name' }, { name: 'octets', typeOid: 20 }])
      for (const [name, octets] of rows) engine.sendRow([name, String(octets)])
      engine.sendComplete(`SELECT ${rows.length}`)
    } else if ('id' in event) engine.sendError({ code: '0A000', message: 'only a simple select is known here' })
    if (['startup', 'query', 'sync'].includes(event.type)) engine.sendReady()
  }
  new Driver(transport, engine, { onEvent, onFlushed() {}, onClosed() {}, onReleased() {} }).start()
})
console.log(listener.endpoint)
