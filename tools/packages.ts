/** Packages that only a test or a bench needs: installed into its own folder when it first runs. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { repoRoot, runOrThrow } from './repo.js'

/** Installs what the lock file in `folder` (from the root) says, unless that is there. No script of a package runs. */
export function installPackages(folder: string): void {
  const home = path.join(repoRoot, folder)
  const lock = path.join(home, 'package-lock.json')
  const installed = path.join(home, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  runOrThrow('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: home })
}

/**
 * The program of a package that ships one package a platform below `scope`, such as Deno and Bun: `file` in the one
 * that was installed. The entry in `.bin` would need the script that is not run.
 */
export function platformProgram(folder: string, scope: string, file: string): string {
  const packages = path.join(repoRoot, folder, 'node_modules', scope)
  const found = (existsSync(packages) ? readdirSync(packages) : [])
    .map((name) => path.join(packages, name, file))
    .find((candidate) => existsSync(candidate))
  if (found === undefined) throw new Error(`${scope}: no ${file} for this platform in ${folder}`)
  return found
}

/** The version of a package that is installed in a folder, `.` for the root. */
export function packageVersion(folder: string, name: string): string {
  const manifest = path.join(repoRoot, folder, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
