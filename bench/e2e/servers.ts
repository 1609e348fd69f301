/** Starts the servers, each in a process of its own that is pinned to the first core. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { findProgram } from '../../tools/ensure-system.js'
import { packageVersion, platformProgram } from '../../tools/packages.js'
import { repoRoot, runOrThrow } from '../../tools/repo.js'
import {
  announcedPort,
  connectable,
  freePort,
  running,
  type RunningServer as RunningProcess,
  startPinned,
} from './processes.js'

/** What a server is asked to do; one process does one of them. */
export type Task = 'hello' | 'static' | 'post' | 'download'

/** The servers by the names that they have in the results. */
export type ServerName =
  'raw ceiling' | 'skitai' | 'node:http' | 'fastify' | 'express' | 'Bun.serve' | 'Deno.serve' | 'nginx'

/** A server of these scenarios that listens. */
export type RunningServer = RunningProcess<ServerName>

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
  const child = startPinned([...runtime(name), script, task, folder])
  const port = await announcedPort(name, child)
  return running(name, port, child)
}

function runtime(name: ServerName): string[] {
  if (name === 'Bun.serve') return [platformProgram('bench', '@oven', 'bin/bun')]
  return name === 'Deno.serve' ? denoCommand() : [process.execPath]
}

/** How Deno runs a server. */
export function denoCommand(): string[] {
  return [platformProgram('bench', '@deno', 'deno'), 'run', '--quiet', '--no-prompt', '--allow-net', '--allow-read']
}

async function startNginx(folder: string): Promise<RunningServer> {
  const port = await freePort()
  const configuration = path.join(folder, 'nginx.conf')
  writeFileSync(configuration, nginxConfiguration(port, folder))
  const child = startPinned([findProgram('nginx')!, '-e', 'stderr', '-c', configuration])
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

/** The versions of the peers, for the record. */
export function peerVersions(): Readonly<Record<string, string>> {
  const version = (name: string): string => packageVersion('bench', name)
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
