/** The other runtimes, and how each runs a program in the folder of a user's project. */

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { installPackages, platformProgram } from '../../tools/packages.js'
import { plainEnvironment } from '../../tools/repo.js'
import { documentOf } from '../integration/chromium.js'

const execute = promisify(execFile)

/** Long enough for the first start of a runtime on a busy machine. */
const RUN_TIMEOUT_MS = 60_000

const FOLDER = 'test/portability'

/** Installs Deno and Bun from their npm packages unless they are there. */
export function installRuntimes(): void {
  installPackages(FOLDER)
}

/** Runs a module of the project under Deno without any permission. Gives what it printed. */
export async function runInDeno(project: string, module: string): Promise<string> {
  const args = ['run', '--quiet', '--no-prompt', '--no-remote', '--node-modules-dir=manual', module]
  return print(platformProgram(FOLDER, '@deno', 'deno'), args, project, {
    DENO_NO_UPDATE_CHECK: '1',
    DENO_DIR: path.join(project, 'deno'),
  })
}

/** Runs a module of the project under Bun. Gives what it printed. */
export async function runInBun(project: string, module: string): Promise<string> {
  return print(platformProgram(FOLDER, '@oven', 'bin/bun'), ['--no-install', module], project, { DO_NOT_TRACK: '1' })
}

async function print(program: string, args: string[], cwd: string, extra: NodeJS.ProcessEnv): Promise<string> {
  const env = { ...plainEnvironment(), ...extra }
  const { stdout } = await execute(program, args, { cwd, env, timeout: RUN_TIMEOUT_MS })
  return stdout
}

/**
 * Shows a page of the project in headless Chromium, served over loopback. Gives the document after its modules have
 * run.
 */
export async function showInChromium(project: string, page: string): Promise<string> {
  const server = await serveFolder(project)
  try {
    const { port } = server.address() as AddressInfo
    return await documentOf(`http://127.0.0.1:${port}/${page}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' }

/** Serves the files of a folder on a free port of the loopback interface. */
async function serveFolder(root: string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = path.join(root, path.posix.normalize(request.url ?? '/'))
    const type = TYPES[path.extname(file)]
    if (type === undefined || !existsSync(file)) response.writeHead(404).end()
    else response.writeHead(200, { 'Content-Type': type }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
