/** The servers of a configuration: lists of hosts, addresses and ports belong together. */

import { integer } from './config-values.js'
import { configError, type Settings } from './keywords.js'

/** One server, before its name is looked up. */
export interface PostgresHost {
  /** A name or an address; the folder of a Unix socket, which begins with `/` (or `@` for an abstract one). */
  readonly host: string
  /** An address that is connected to instead of looking the name up. */
  readonly address: string | undefined
  readonly port: number
}

const PORT = 5432
/** We differ: libpq looks for a Unix socket in the folder that it was built with. */
const HOST = 'localhost'

/** Reads `host`, `hostaddr` and `port`: as many of each, but for one port for all. */
export function hostsOf(settings: Settings): readonly PostgresHost[] {
  const names = listOf(settings, 'host')
  const addresses = listOf(settings, 'hostaddr')
  const ports = listOf(settings, 'port')
  if (names.length > 0 && addresses.length > 0 && names.length !== addresses.length)
    throw configError(`${names.length} hosts do not fit ${addresses.length} of hostaddr`)
  const count = Math.max(names.length, addresses.length, 1)
  if (ports.length > 1 && ports.length !== count) throw configError(`${ports.length} ports do not fit ${count} hosts`)
  return Array.from({ length: count }, (_, index) => {
    const address = addresses[index] || undefined
    const port = ports[ports.length === 1 ? 0 : index]
    return {
      host: names[index] || address || HOST,
      address,
      port: port === undefined || port.trim() === '' ? PORT : integer('port', port, 1, 65_535),
    }
  })
}

/** Whether a host is the folder of a Unix socket. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith('/') || host.startsWith('@')
}

function listOf(settings: Settings, keyword: string): string[] {
  const value = settings.get(keyword)
  return value === undefined || value === '' ? [] : value.split(',')
}
