/** A real primary with a copy and three sentinels for one test file. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SelfSigned } from '#src/io/index.js'
import { findProgram, redisServer } from '../../tools/ensure-system.js'
import { freePort } from '../postgres/server.js'
import { type RealRedis, startRedis } from './server.js'

/** They are running. */
export interface WatchedRedis {
  /** The first primary, and its copy. */
  readonly servers: readonly [RealRedis, RealRedis]
  /** `host:port` of each sentinel. */
  readonly sentinels: readonly string[]
  stop(): Promise<void>
}

/** The name of the primary. */
export const NAME = 'main'

const SENTINELS = 3

/** How long a primary may be silent. */
const DOWN_AFTER_MS = 500

/** Starts them all. */
export async function startWatched(): Promise<WatchedRedis> {
  const settings = ['repl-diskless-sync-delay 0']
  const first = await startRedis({ settings })
  const second = await startRedis({ settings: [...settings, `replicaof ${first.host} ${first.port}`] })
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(first)))
  return {
    servers: [first, second],
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    stop: async () => {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()))
      await Promise.all([first.stop(), second.stop()])
    },
  }
}

/** A primary alone, and one sentinel: both speak TLS with their clients, and know the user `ann` only. */
export async function startSecured(certificate: SelfSigned): Promise<WatchedRedis> {
  const users = ['user default off', 'user ann on >secret ~* &* +@all']
  const primary = await startRedis({ tls: certificate, settings: [...users, 'tls-replication yes'] })
  const { host, tlsPort } = primary
  const sentinel = await startSentinel({ host, port: tlsPort }, (folder, port) => {
    const files = { crt: certificate.cert, key: certificate.key }
    for (const [kind, pem] of Object.entries(files)) writeFileSync(path.join(folder, `own.${kind}`), pem)
    return [
      'port 0',
      `tls-port ${port}`,
      'tls-replication yes',
      'tls-auth-clients no',
      `tls-cert-file ${folder}/own.crt`,
      `tls-key-file ${folder}/own.key`,
      `tls-ca-cert-file ${folder}/own.crt`,
      ...users,
      `sentinel auth-user ${NAME} ann`,
      `sentinel auth-pass ${NAME} secret`,
    ]
  })
  return {
    servers: [primary, primary],
    sentinels: [`rediss://ann:secret@127.0.0.1:${sentinel.port}`],
    stop: async () => {
      await sentinel.stop()
      await primary.stop()
    },
  }
}

async function startSentinel(
  primary: Pick<RealRedis, 'host' | 'port'>,
  settings: (folder: string, port: number) => readonly string[] = (_, port) => [`port ${port}`],
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'skitai-sentinel-'))
  const port = await freePort()
  const file = path.join(folder, 'sentinel.conf')
  writeFileSync(
    file,
    [
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${NAME} ${primary.host} ${primary.port} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 5000`,
      ...settings(folder, port),
    ].join('\n'),
  )
  const sentinel = spawn(findProgram(redisServer.command)!, [file, '--sentinel'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): void => void sentinel.kill('SIGKILL')
  const closed = once(sentinel, 'close')
  process.once('exit', kill)
  let log = ''
  await new Promise<void>((resolve, reject) => {
    sentinel.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('+monitor')) resolve()
    })
    sentinel.once('close', () => reject(new Error(`the sentinel did not start:\n${log}`)))
  })
  return {
    port,
    stop: async () => {
      process.off('exit', kill)
      kill()
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}
