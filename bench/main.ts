/** The bench command: installs the peers and runs what was asked for. */

import { installPackages } from '../tools/packages.js'
import { benchApps } from './e2e/app/main.js'
import { benchServers } from './e2e/main.js'
import { benchForeign } from './e2e/foreign/main.js'
import { benchPostgres } from './e2e/postgres/main.js'
import { benchRedis } from './e2e/redis/main.js'
import { benchHttp2 } from './e2e/http2/main.js'
import { benchWebSocket } from './e2e/websocket/main.js'
import { benchEngines } from './engine/main.js'
import { readOptions, USAGE } from './options.js'

const { bench, options } = parsed()
installPackages('bench')
if (bench === 'engine' || bench === 'all') await benchEngines(options)
if (bench === 'e2e' || bench === 'all') await benchServers(options)
if (bench === 'app' || bench === 'all') await benchApps(options)
if (bench === 'http2' || bench === 'all') await benchHttp2(options)
if (bench === 'websocket' || bench === 'all') await benchWebSocket(options)
if (bench === 'foreign' || bench === 'all') await benchForeign(options)
if (bench === 'postgres' || bench === 'all') await benchPostgres(options)
if (bench === 'redis' || bench === 'all') await benchRedis(options)

function parsed(): ReturnType<typeof readOptions> {
  try {
    const command = readOptions(process.argv.slice(2))
    const benches = ['engine', 'e2e', 'app', 'http2', 'websocket', 'foreign', 'postgres', 'redis', 'all']
    if (benches.includes(command.bench)) return command
    if (command.bench === 'help') {
      console.log(USAGE)
      process.exit(0)
    }
  } catch (error) {
    console.error((error as Error).message)
  }
  console.error(USAGE)
  process.exit(2)
}
