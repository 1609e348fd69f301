/** Where things are, and how a tool runs another program. */

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at the end. */
export const repoRoot: string = fileURLToPath(new URL('../../', import.meta.url))

/** What came of a program: its exit code (-1 when a signal ended it) and what it wrote. */
export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** This process's environment without what npm adds for the scripts it runs: another npm would take it for settings. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

/** Runs a program to its end without input, its output captured. Throws when it cannot be started. */
export function run(command: string, args: readonly string[], options: { cwd?: string } = {}): RunResult {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? repoRoot,
    env: plainEnvironment(),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.error !== undefined) throw result.error
  return { code: result.status ?? -1, stdout: result.stdout, stderr: result.stderr }
}

/** As `run`, but throws with all that the program wrote when it did not exit with 0. Gives its standard output. */
export function runOrThrow(command: string, args: readonly string[], options: { cwd?: string } = {}): string {
  const result = run(command, args, options)
  if (result.code !== 0)
    throw new Error(`${command} ${args.join(' ')} exited with ${result.code}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

const SKIPPED = new Set(['node_modules', 'dist', 'build', 'coverage', '.git'])

/** Every file below a folder of the repository, as paths from the root with forward slashes, sorted. */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(path.join(repoRoot, folder), { withFileTypes: true })) {
    const name = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) found.push(...filesBelow(name))
    } else found.push(name)
  }
  return found.toSorted()
}
