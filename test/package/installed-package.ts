/** The package as users get it: packed, and installed from the tarball into a new folder. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { repoRoot, runOrThrow } from '../../tools/repo.js'

/** A user's project that has installed the package. */
export interface InstalledPackage {
  /** The folder of the project, with node_modules in it. */
  readonly folder: string
  /** What the tarball holds, as paths from the root of the package. */
  readonly packedFiles: readonly string[]
  /** Removes the project. */
  remove(): void
}

/** Packs what is built, and installs the tarball together with other packages (`name@range`). Runs no scripts. */
export function installPackage(...others: string[]): InstalledPackage {
  const folder = mkdtempSync(path.join(tmpdir(), 'skitai-package-'))
  const report = runOrThrow('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
  const [packed] = JSON.parse(report) as [{ filename: string; files: { path: string }[] }]
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n')
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  runOrThrow('npm', ['install', ...options, path.join(folder, packed.filename), ...others], { cwd: folder })
  return {
    folder,
    packedFiles: packed.files.map((file) => file.path),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The version range that the repository itself uses of a development dependency, as `name@range`. */
export function asInstalledHere(name: string): string {
  const manifest = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>
  }
  const range = manifest.devDependencies[name]
  if (range === undefined) throw new Error(`${name} is no development dependency`)
  return `${name}@${range}`
}
