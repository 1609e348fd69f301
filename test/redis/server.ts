/** A real Redis for one test file: a server in a folder of its own, on a free port, gone when it is stopped. */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensurePrograms, findProgram, redisServer } from '../../tools/ensure-system.js'
import { freePort } from '../postgres/server.js'

/** What a server can be asked for. */
export interface RedisServerOptions {
  /** Lines of `redis.conf` beyond ours. */
  readonly settings?: readonly string[]
  /** Certificate and key in PEM: it speaks TLS on `tlsPort` then. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly port?: number
}

/** A running server. */
export interface RealRedis {
  readonly host: string
  readonly port: number
  /** 0 without TLS. */
  readonly tlsPort: number
  /** Its Unix socket. */
  readonly socketPath: string
  readonly pid: number
  /** What it has logged. */
  log(): string
  /** Ends it at once; its data are gone, unless it writes them down. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Stops its process without ending it: its sockets are open, and silent. */
  freeze(): void
  thaw(): void
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000

/** How often another port is tried: what was free may be taken a moment later. */
const ATTEMPTS = 5

/** Starts a server. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RealRedis> {
  ensurePrograms([redisServer])
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(path.join(tmpdir(), 'skitai-redis-'))
    const port = options.port ?? (await freePort())
    const server = new Server(folder, port, options.tls === undefined ? 0 : await freePort())
    server.configure(options)
    try {
      await server.start()
      return server
    } catch (error) {
      await server.stop()
      if (attempt === ATTEMPTS || options.port !== undefined) throw error
    }
  }
}

class Server implements RealRedis {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly tlsPort: number
  readonly socketPath: string
  readonly #folder: string
  #process: ChildProcess | undefined
  #log = ''

  constructor(folder: string, port: number, tlsPort: number) {
    this.#folder = folder
    this.port = port
    this.tlsPort = tlsPort
    this.socketPath = path.join(folder, 'redis.sock')
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  log(): string {
    return this.#log
  }

  configure({ settings = [], tls }: RedisServerOptions): void {
    mkdirSync(path.join(this.#folder, 'data'))
    const lines = [
      `port ${this.port}`,
      `bind ${this.host}`,
      `dir ${path.join(this.#folder, 'data')}`,
      `unixsocket ${this.socketPath}`,
      'save ""',
      'appendonly no',
      'daemonize no',
    ]
    if (tls !== undefined) {
      const certificate = this.#write('server.crt', tls.cert)
      const key = this.#write('server.key', tls.key)
      lines.push(`tls-port ${this.tlsPort}`, `tls-cert-file ${certificate}`, `tls-key-file ${key}`)
      lines.push('tls-auth-clients no', `tls-ca-cert-file ${certificate}`)
    }
    this.#write('redis.conf', `${[...lines, ...settings].join('\n')}\n`)
  }

  async start(): Promise<void> {
    const from = this.#log.length
    const server = spawn(findProgram(redisServer.command)!, [path.join(this.#folder, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = server
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => void (this.#log += text))
    // A test file that fails outside its tests must not leave a server behind.
    const kill = (): void => void server.kill('SIGKILL')
    process.once('exit', kill)
    server.once('close', () => process.off('exit', kill))
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.#log.slice(from).includes('Ready to accept connections')) settle(resolve)
      }
      const fail = (): void => settle(() => reject(new Error(`Redis did not start:\n${this.#log.slice(from)}`)))
      const timer = setTimeout(fail, START_TIMEOUT_MS)
      const settle = (done: () => void): void => {
        clearTimeout(timer)
        server.stdout.off('data', look)
        server.off('close', fail)
        done()
      }
      server.stdout.on('data', look)
      server.once('close', fail)
    })
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const closed = new Promise((resolve) => void server.once('close', resolve))
    server.kill('SIGKILL')
    await closed
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #write(name: string, content: string): string {
    const file = path.join(this.#folder, name)
    writeFileSync(file, content, { mode: 0o600 })
    return file
  }
}
