/** Programs of Debian around PostgreSQL: its own version, and pgbouncer before one of ours. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findProgram, pgbouncer, postgres15 } from '../../tools/ensure-system.js'
import { freePort, type PostgresServer } from './server.js'

/** The folder of the programs of Debian's PostgreSQL 15; throws when it is not installed. */
export function postgres15Programs(): string {
  return path.dirname(programOf(postgres15.command))
}

/** A pooler, as whom clients connect to. */
export interface Pgbouncer {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

/** It refuses to run as root. */
const NOBODY = 65_534

/** Starts pgbouncer in transaction mode before a server, with so many connections to it at the most. */
export async function startPgbouncer(
  { host, port: serverPort }: PostgresServer,
  connectionsMax: number,
): Promise<Pgbouncer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'skitai-pgbouncer-'))
  const port = await freePort()
  const config = path.join(folder, 'pgbouncer.ini')
  writeFileSync(
    config,
    `[databases]
    * = host=${host} port=${serverPort} user=postgres
    [pgbouncer]
    listen_addr = ${host}
    listen_port = ${port}
    unix_socket_dir =
    auth_type = any
    pool_mode = transaction
    default_pool_size = ${connectionsMax}`.replaceAll(/^ +/gm, ''),
  )
  const isRoot = process.getuid?.() === 0
  if (isRoot) for (const place of [folder, config]) chownSync(place, NOBODY, NOBODY)
  const child = spawn(programOf(pgbouncer.command), [config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  })
  await listening(child)
  return {
    host,
    port,
    stop: async () => {
      const closed = once(child, 'close')
      child.kill('SIGQUIT')
      await closed
      rmSync(folder, { recursive: true })
    },
  }
}

function programOf(command: string): string {
  const program = findProgram(command)
  if (program === undefined) throw new Error(`${command} is not installed`)
  return program
}

/** It says so when it is up. */
function listening(child: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('process up')) resolve()
    })
    child.once('close', () => reject(new Error(`pgbouncer did not start:\n${log}`)))
    child.once('error', reject)
  })
}
