/** Starts the servers that speak HTTP/2, each in a process of its own on the first core. */

import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { findProgram } from '../../../tools/ensure-system.js'
import { repoRoot, runOrThrow } from '../../../tools/repo.js'
import { announcedPort, connectable, freePort, running, type RunningServer, startPinned } from '../processes.js'
import { denoCommand } from '../servers.js'

/** The servers by the names that they have in the results. */
export type Http2ServerName =
  'skitai' | 'node:http2 stream' | 'node:http2 compat' | 'fastify' | 'Deno.serve' | 'nginx' | 'nghttpd'

/** What a server is asked to do; one process does one of them. */
export type Http2Task = 'hello' | 'download-buffer' | 'download-pieces' | 'upload' | 'never'

/** A server, and what becomes of it. */
export interface ServerOrder {
  readonly name: Http2ServerName
  readonly task: Http2Task
  readonly tls?: boolean
  /** Limits of our own server that are not the default ones. */
  readonly limits?: Readonly<Record<string, number>>
  /** Whether the server can be asked for its memory: see `setup.js`. */
  readonly asked?: boolean
}

/** A server that listens, and the target of its requests. */
export interface Http2RunningServer extends RunningServer<Http2ServerName> {
  readonly target: string
  /** As `https://127.0.0.1:5000/`. */
  readonly url: string
}

const SCRIPTS: Readonly<Partial<Record<Http2ServerName, string>>> = {
  skitai: 'skitai.js',
  'node:http2 stream': 'node-stream.js',
  'node:http2 compat': 'node-compat.js',
  fastify: 'fastify.js',
  'Deno.serve': 'deno.js',
}

/** Starts a server; `folder` holds the key pair and the files. */
export async function startHttp2Server(order: ServerOrder, folder: string): Promise<Http2RunningServer> {
  const { name, task, tls = false } = order
  const server = await start(order, folder)
  const target = targetOf(name, task)
  return { ...server, target, url: `${tls ? 'https' : 'http'}://127.0.0.1:${server.port}${target}` }
}

async function start(order: ServerOrder, folder: string): Promise<RunningServer<Http2ServerName>> {
  const { name, task, tls = false, limits = {}, asked = false } = order
  const script = SCRIPTS[name]
  if (script !== undefined) {
    const runtime = name === 'Deno.serve' ? denoCommand() : [process.execPath, ...(asked ? ['--expose-gc'] : [])]
    const file = path.join(repoRoot, 'bench/e2e/http2/servers', script)
    const child = startPinned([...runtime, file, task, folder, tls ? 'tls' : 'h2c', JSON.stringify(limits)], asked)
    return running(name, await announcedPort(name, child), child)
  }
  const port = await freePort()
  const child = name === 'nginx' ? startNginx(port, folder, tls) : startNghttpd(port, folder, tls)
  const server = running(name, port, child)
  await connectable(name, port, child)
  return server
}

/** Servers of files need a name. */
function targetOf(name: Http2ServerName, task: Http2Task): string {
  if (task.startsWith('download') && name === 'nginx') return '/content.bin'
  if (name === 'nghttpd') return '/hello.txt'
  // A target that ends with a slash would get a file's name from curl.
  return task === 'upload' ? '/upload' : '/'
}

function startNginx(port: number, folder: string, tls: boolean): ChildProcess {
  const configuration = path.join(folder, 'nginx-http2.conf')
  writeFileSync(configuration, nginxConfiguration(port, folder, tls))
  return startPinned([findProgram('nginx')!, '-e', 'stderr', '-c', configuration])
}

/** One process, no log, and the cache of open files that its manual recommends for static content. */
function nginxConfiguration(port: number, folder: string, tls: boolean): string {
  const pair = tls ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : ''
  return `
daemon off; master_process off; pid ${folder}/nginx-http2.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 120s;
  open_file_cache max=1000; types { application/octet-stream bin; } default_type text/plain; charset utf-8;
  client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi; uwsgi_temp_path ${folder}/nginx-uwsgi; scgi_temp_path ${folder}/nginx-scgi;
  ssl_protocols TLSv1.2 TLSv1.3; ${pair}
  server {
    listen 127.0.0.1:${port} ${tls ? 'ssl ' : ''}http2 backlog=4096;
    root ${folder}; location = / { return 200 "Hello, World!"; }
  }
}
`
}

/** One thread, which serves a file. */
function startNghttpd(port: number, folder: string, tls: boolean): ChildProcess {
  const pair = tls ? [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')] : []
  const types = ['--mime-types-file', path.join(folder, 'mime.types')]
  const options = ['--address', '127.0.0.1', '--htdocs', folder, ...types, ...(tls ? [] : ['--no-tls'])]
  return startPinned([findProgram('nghttpd')!, ...options, String(port), ...pair])
}

/** The versions of what is not installed by npm, for the record. */
export function programVersions(): Readonly<Record<string, string>> {
  const version = (command: string): string =>
    /\d[\d.]*\d/.exec(runOrThrow('sh', ['-c', `${findProgram(command)} --version 2>&1 | head -n 1`]))?.[0] ?? 'unknown'
  return { nghttpd: version('nghttpd'), h2load: version('h2load'), curl: version('curl') }
}
