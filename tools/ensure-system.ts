/** Programs of the operating system that tests and benches drive: installed when missing, else named and given up. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'

/** A program, and the Debian package that brings it. */
export interface SystemProgram {
  /** Its name, or its absolute path where the package keeps it out of every PATH. */
  readonly command: string
  readonly debianPackage: string
}

export const chromium: SystemProgram = { command: 'chromium', debianPackage: 'chromium' }
export const nginx: SystemProgram = { command: 'nginx', debianPackage: 'nginx-light' }
export const nghttp2: SystemProgram = { command: 'nghttp', debianPackage: 'nghttp2-client' }
export const pgbouncer: SystemProgram = { command: 'pgbouncer', debianPackage: 'pgbouncer' }
export const postgres15: SystemProgram = {
  command: '/usr/lib/postgresql/15/bin/postgres',
  debianPackage: 'postgresql-15',
}
export const wrk: SystemProgram = { command: 'wrk', debianPackage: 'wrk' }

/** Administrators' folders are looked into as well: Debian keeps servers there, outside of a user's PATH. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin']

/** The absolute path of a program, or undefined when it is not installed. */
export function findProgram(command: string): string | undefined {
  const places = path.isAbsolute(command) ? [command] : FOLDERS.map((folder) => path.join(folder, command))
  return places.find((file) => existsSync(file))
}

/**
 * Makes sure that the programs are there. Where that is impossible it says what to install, and ends the process with
 * 1.
 */
export function ensurePrograms(programs: readonly SystemProgram[]): void {
  const missing = programs.filter(({ command }) => findProgram(command) === undefined)
  if (missing.length === 0) return
  const packages = missing.map(({ debianPackage }) => debianPackage)
  const isRoot = process.getuid?.() === 0
  if (!isRoot || findProgram('apt-get') === undefined || !install(packages)) {
    const names = missing.map(({ command }) => command).join(', ')
    console.error(`Missing: ${names}. Install it first, on Debian: apt-get install ${packages.join(' ')}`)
    process.exit(1)
  }
}

function install(packages: readonly string[]): boolean {
  console.log(`Installing ${packages.join(', ')} ...`)
  return aptGet('update') && aptGet('install', '-y', '--no-install-recommends', ...packages)
}

/** Quiet unless it fails. */
function aptGet(...args: string[]): boolean {
  const result = spawnSync('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.status !== 0) console.error(`${result.stdout}${result.stderr}`)
  return result.status === 0
}
