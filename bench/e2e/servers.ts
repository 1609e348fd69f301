/** Starts the servers, each in a process of its own that is pinned to the first core. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from '../../tools/ensure-system.js'
import { platformProgram } from '../../tools/packages.js'
import { repoRoot, runOrThrow } from '../../tools/repo.js'

/** What a server is asked to do; one process does one of them. */
export type Task = 'hello' | 'static' | 'post' | 'download'

/** The servers by the names that they have in the results. */
export type ServerName =
  'raw ceiling' | 'skitai' | 'node:http' | 'fastify' | 'express' | 'Bun.serve' | 'Deno.serve' | 'nginx'

/** Servers run on this core, clients on the other. */
export const SERVER_CORE = '0'

const START_TIMEOUT_MS = 20_000

/** A server that listens. */
export interface RunningServer {
  readonly name: ServerName
  readonly port: number
  /** Resident memory, in octets. */
  rssBytes(): number
  /** Ends the process and waits for that. */
  stop(): Promise<void>
}

const SCRIPTS: Readonly<Partial<Record<ServerName, string>>> = {
  'raw ceiling': 'raw.js',
  skitai: 'skitai.js',
  'node:http': 'node.js',
  fastify: 'fastify.js',
  express: 'express.js',
  'Bun.serve': 'bun.js',
  'Deno.serve': 'deno.js',
}

/** Starts a server for a task; `folder` holds the static files, and is where temporary files go. */
export async function startServer(name: ServerName, task: Task, folder: string): Promise<RunningServer> {
  return name === 'nginx' ? startNginx(folder) : startScript(name, task, folder)
}

async function startScript(name: ServerName, task: Task, folder: string): Promise<RunningServer> {
  const script = path.join(repoRoot, 'bench/e2e/servers', SCRIPTS[name] ?? '')
  const child = pinned([...runtime(name), script, task, folder])
  const port = await announcedPort(name, child)
  return running(name, port, child)
}

function runtime(name: ServerName): string[] {
  if (name === 'Bun.serve') return [platformProgram('bench', '@oven', 'bin/bun')]
  if (name === 'Deno.serve')
    return [platformProgram('bench', '@deno', 'deno'), 'run', '--quiet', '--no-prompt', '--allow-net', '--allow-read']
  return [process.execPath]
}

function pinned(command: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', SERVER_CORE, ...command], {
    env: { ...process.env, NODE_ENV: 'production', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Servers print one line `port N` when they listen. */
async function announcedPort(name: ServerName, child: ChildProcess): Promise<number> {
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const port = /^port (\d+)$/.exec(line)?.[1]
      if (port !== undefined) return Number(port)
    }
    throw new Error(`${name} ended before it listened`)
  } finally {
    clearTimeout(timer)
    child.stdout?.resume()
  }
}

function running(name: ServerName, port: number, child: ChildProcess): RunningServer {
  const ended = once(child, 'exit')
  return {
    name,
    port,
    rssBytes: () => rssBytes(child.pid!),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function rssBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory`)
  return Number(kibibytes) * 1024
}

async function startNginx(folder: string): Promise<RunningServer> {
  const port = await freePort()
  const configuration = path.join(folder, 'nginx.conf')
  writeFileSync(configuration, nginxConfiguration(port, folder))
  const child = pinned([findProgram('nginx')!, '-e', 'stderr', '-c', configuration])
  const server = running('nginx', port, child)
  await connectable('nginx', port, child)
  return server
}

/** One process, no log, and the cache of open files that its manual recommends for static content. */
function nginxConfiguration(port: number, folder: string): string {
  return `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 120s;
  open_file_cache max=1000; types { text/html html; } default_type text/plain; charset utf-8;
  client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi; uwsgi_temp_path ${folder}/nginx-uwsgi; scgi_temp_path ${folder}/nginx-scgi;
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}; location = / { return 200 "Hello, World!"; } }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function connectable(name: string, port: number, child: ChildProcess): Promise<void> {
  for (const giveUp = Date.now() + START_TIMEOUT_MS; Date.now() < giveUp && child.exitCode === null;) {
    const socket = connect(port, '127.0.0.1')
    const opened = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (opened) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${name} does not listen`)
}

/** The versions of the peers, for the record. */
export function peerVersions(): Readonly<Record<string, string>> {
  const version = (name: string): string =>
    (
      JSON.parse(readFileSync(path.join(repoRoot, 'bench/node_modules', name, 'package.json'), 'utf8')) as {
        version: string
      }
    ).version
  const nginx = findProgram('nginx')
  return {
    fastify: version('fastify'),
    '@fastify/static': version('@fastify/static'),
    express: version('express'),
    bun: version('bun'),
    deno: version('deno'),
    ...(nginx === undefined
      ? {}
      : {
          nginx: runOrThrow('sh', ['-c', `${nginx} -v 2>&1`])
            .trim()
            .replace(/.*\//, ''),
        }),
  }
}
