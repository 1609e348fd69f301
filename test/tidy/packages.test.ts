/** Manifests and lock files: nothing runs at installation, nothing is tied to one registry. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { repoRoot } from '../../tools/repo.js'

const FOLDERS = ['.', 'bench', 'test/portability'].filter((folder) =>
  existsSync(path.join(repoRoot, folder, 'package.json')),
)

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
interface LockedPackage {
  readonly resolved?: string
  readonly integrity?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>
}

describe('manifests', () => {
  for (const folder of FOLDERS) {
    it(`${folder}: the lock file names no registry and has a checksum for each package`, () => {
      const lock = readJson<Lock>(folder, 'package-lock.json')
      const packages = Object.entries(lock.packages).filter(([name]) => name !== '')
      assert.ok(packages.length > 0)
      assert.deepEqual(
        packages.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name),
        [],
      )
      assert.deepEqual(
        packages.filter(([, { integrity }]) => integrity === undefined).map(([name]) => name),
        [],
      )
    })

    // A lock file made where one of them was not to be had installs nowhere: `npm ci` refuses it.
    it(`${folder}: the lock file knows the packages of every platform`, () => {
      const { packages } = readJson<Lock>(folder, 'package-lock.json')
      const wanted = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}))
      assert.deepEqual(
        wanted.filter((name) => !Object.keys(packages).some((place) => place.endsWith(`node_modules/${name}`))),
        [],
      )
    })

    it(`${folder}: no script runs at installation`, () => {
      const scripts = Object.keys(readJson<Manifest>(folder, 'package.json').scripts ?? {})
      assert.deepEqual(
        scripts.filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name)),
        [],
      )
    })
  }
})

function readJson<Shape>(folder: string, file: string): Shape {
  return JSON.parse(readFileSync(path.join(repoRoot, folder, file), 'utf8')) as Shape
}
