/** The tarball, used the way a user would: imported by each of its names, type-checked, run from the command line. */

import assert from 'node:assert/strict'
import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { filesBelow, repoRoot, run, runOrThrow } from '../../tools/repo.js'
import { asInstalledHere, type InstalledPackage, installPackage } from './installed-package.js'

/** One program for each name that can be imported. */
const PROGRAMS = {
  skitai: 'server',
  'skitai/hpack': 'hpack',
  'skitai/http1': 'http1',
  'skitai/http2': 'http2',
  'skitai/io': 'io',
  'skitai/testing': 'testing',
  'skitai/client': 'client',
  'skitai/websocket': 'websocket',
} as const

const STRICT = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: false }

/** The two ways in which a user's compiler finds the types of a package. */
const RESOLUTIONS = [
  { module: 'NodeNext', moduleResolution: 'NodeNext' },
  { module: 'ESNext', moduleResolution: 'Bundler' },
]

describe('the package', () => {
  let installed: InstalledPackage

  before(() => {
    installed = installPackage(asInstalledHere('fast-check'))
    // Types of Node are the user's own, of whatever version; the ones that are here will do.
    const types = 'node_modules/@types/node'
    cpSync(path.join(repoRoot, types), path.join(installed.folder, types), { recursive: true })
    const undici = 'node_modules/undici-types'
    cpSync(path.join(repoRoot, undici), path.join(installed.folder, undici), { recursive: true })
    for (const name of Object.values(PROGRAMS)) {
      copyFileSync(
        path.join(repoRoot, `build/test/package/programs/${name}.js`),
        path.join(installed.folder, `${name}.js`),
      )
      mkdirSync(path.join(installed.folder, 'source'), { recursive: true })
      copyFileSync(
        path.join(repoRoot, `test/package/programs/${name}.ts`),
        path.join(installed.folder, `source/${name}.ts`),
      )
    }
  })

  after(() => installed.remove())

  for (const [name, program] of Object.entries(PROGRAMS))
    it(`can be imported as ${name} and used`, () => {
      runOrThrow(process.execPath, [`${program}.js`], { cwd: installed.folder })
    })

  for (const resolution of RESOLUTIONS)
    it(`has types that a strict user's compiler finds (${resolution.moduleResolution})`, () => {
      typeCheck(
        { ...STRICT, ...resolution, target: 'ES2023', lib: ['ES2023'], types: ['node'] },
        Object.values(PROGRAMS),
      )
    })

  it('has pure subpaths whose types need neither Node nor a browser', () => {
    writeFileSync(path.join(installed.folder, 'source/pure.ts'), PURE)
    typeCheck({ ...STRICT, ...RESOLUTIONS[0], target: 'ES2023', lib: ['ES2023'], types: [] }, ['pure'])
  })

  it('has a command', () => {
    const command = path.join(installed.folder, 'node_modules/.bin/skitai')
    assert.match(runOrThrow(command, ['--version'], { cwd: installed.folder }), /^\S*\d+\.\d+\.\d+\S*\n$/)
    assert.match(runOrThrow(command, ['--help'], { cwd: installed.folder }), /--port/)
    assert.equal(run(command, ['--no-such-option'], { cwd: installed.folder }).code, 2)
  })

  it('holds what is built from the sources, the sources, and nothing of the workshop', () => {
    const sources = filesBelow('src').filter((file) => file.endsWith('.ts'))
    const built = sources.flatMap((file) => {
      const stem = file.replace(/^src/, 'dist').replace(/\.ts$/, '')
      return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`, `${stem}.d.ts.map`]
    })
    const papers = ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']
    const expected = [...sources, ...built, ...papers, ...filesBelow('docs')].filter((file) =>
      existsSync(path.join(repoRoot, file)),
    )
    assert.deepEqual(installed.packedFiles.toSorted(), expected.toSorted())
  })

  /** Checks programs in the user's project with the compiler that is here. */
  function typeCheck(compilerOptions: object, programs: readonly string[]): void {
    const files = programs.map((name) => `source/${name}.ts`)
    const options = { ...compilerOptions, noEmit: true }
    writeFileSync(path.join(installed.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }))
    runOrThrow(path.join(repoRoot, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: installed.folder })
  }
})

const PURE = `
import { HpackEncoder } from 'skitai/hpack'
import { Http1Client, type Http1ClientEvent } from 'skitai/http1'
import { Http2Client, type Http2ClientEvent } from 'skitai/http2'
import { latin1Of } from 'skitai/testing'
const client = new Http1Client()
client.sendRequest('GET', '/', ['Host', 'a'])
export const event: Http1ClientEvent | undefined = client.poll()
export const text: string = latin1Of(client.output() ?? new Uint8Array(0))
const second = new Http2Client()
export const streamId: number = second.sendRequest({ method: 'GET', authority: 'a' })
export const events: Http2ClientEvent | undefined = second.poll()
export const block: Uint8Array = new HpackEncoder().encode([':method', 'GET'])
`
