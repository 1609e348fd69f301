/** What the linter does not look at: sizes, lines, markers, files that nothing uses, imports across the layers. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { filesBelow, repoRoot } from '../../tools/repo.js'
import { importsOf, readSource, sourceFiles, targetOf } from './source-files.js'

const FOLDERS = ['src', 'test', 'fuzz', 'bench', 'examples', 'tools'].filter((folder) =>
  existsSync(path.join(repoRoot, folder)),
)
const sources = sourceFiles(...FOLDERS)

/** Files that hold a table of a standard and little else may be longer. By name, each with its reason. */
const LONG_TABLES: readonly string[] = [
  // A method for each command of a server.
  'src/io/client/redis/commands.ts',
]

/** Longest line, in characters. */
const COLUMNS = 120

/** A text that no formatter can break. */
const LONG_TEXT = /(['"`]).{40,}\1/

/** Written with brackets, so that this file does not find itself. */
const MARKERS = /\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK|[W]IP)\b/
const SWITCHED_OFF = /(?:ox|es)lint-[d]isable|@ts-[n]ocheck|@ts-[i]gnore|\b[d]ebugger\b/
const NARROWED = /\b(?:it|describe|test)\.[o]nly\(/

describe('source files', () => {
  it('stay below 500 lines, tables excepted by name', () => {
    const long = sources.filter(({ lines }) => lines.length >= 500).map(({ file }) => file)
    assert.deepEqual(long.toSorted(), LONG_TABLES.toSorted())
  })

  it(`have lines of at most ${COLUMNS} characters, but where one text alone is long`, () => {
    assert.deepEqual(
      places((line) => line.length > COLUMNS && !LONG_TEXT.test(line)),
      [],
    )
  })

  it('hold no leftover markers', () => {
    assert.deepEqual(
      places((line) => MARKERS.test(line)),
      [],
    )
  })

  it('switch no check off: exemptions stand in the configuration of the linter', () => {
    assert.deepEqual(
      places((line) => SWITCHED_OFF.test(line)),
      [],
    )
  })

  it('leave no test narrowed to itself', () => {
    assert.deepEqual(
      places((line) => NARROWED.test(line)),
      [],
    )
  })

  it('have names in kebab-case, and none of them means nothing', () => {
    const names = sources.map(({ file }) => path.posix.basename(file))
    assert.deepEqual(
      names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.[tj]s$/.test(name)),
      [],
    )
    assert.deepEqual(
      names.filter((name) => /^(?:utils?|helpers?|misc|common)\./.test(name)),
      [],
    )
  })

  it('import along the layers only', async () => {
    const { importFault } = await layers()
    const faults = sources.flatMap((source) =>
      importsOf(source).flatMap((specifier) => {
        const fault = importFault(source.file, specifier)
        return fault === undefined ? [] : [`${source.file}: ${fault}`]
      }),
    )
    assert.deepEqual(faults, [])
  })
})

describe('dead files', () => {
  it('are not in src: each is reachable from an export or a command of the package', () => {
    const files = filesBelow('src').filter((file) => file.endsWith('.ts'))
    const reached = reachable(packageEntries())
    assert.deepEqual(
      files.filter((file) => !reached.has(file)),
      [],
    )
  })

  it('are not in test: each is a test or used by one', () => {
    const files = filesBelow('test').filter((file) => file.endsWith('.ts'))
    // The programs are run by a test, each in a process of its own.
    const reached = reachable(files.filter((file) => /\.test\.ts$|^test\/package\/programs\//.test(file)))
    assert.deepEqual(
      files.filter((file) => !reached.has(file)),
      [],
    )
  })

  it('would be found: a file that nobody imports is not reached', () => {
    assert.equal(reachable(['test/tidy/sources.test.ts']).has('test/tidy/lint.test.ts'), false)
    assert.equal(reachable(['test/tidy/sources.test.ts']).has('test/tidy/source-files.ts'), true)
  })
})

/** The linter's own rule; it is a JavaScript file, since the linter loads it as it is. */
async function layers(): Promise<{ importFault(file: string, specifier: string): string | undefined }> {
  return import(pathToFileURL(path.join(repoRoot, 'tools/lint/plugin.js')).href)
}

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

/** The sources of what package.json exports and of its commands. */
function packageEntries(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(repoRoot, 'package.json'), 'utf8')) as Manifest
  const exported = Object.values(manifest.exports).map((entry) => (typeof entry === 'string' ? entry : entry.default))
  return [...exported, ...Object.values(manifest.bin)]
    .filter((file) => file.endsWith('.js'))
    .map((file) => path.posix.normalize(file).replace(/^dist/, 'src').replace(/\.js$/, '.ts'))
}

/** The files that are imported from the entries on, the entries included. */
function reachable(entries: readonly string[]): Set<string> {
  const reached = new Set<string>()
  const waiting = [...entries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || !existsSync(path.join(repoRoot, file))) continue
    reached.add(file)
    for (const specifier of importsOf(readSource(file))) {
      const target = targetOf(file, specifier)
      if (target !== undefined) waiting.push(target)
    }
  }
  return reached
}

/** Where a line has a fault: `file:line`. */
function places(isFault: (line: string) => boolean): string[] {
  return sources.flatMap(({ file, lines }) =>
    lines.flatMap((line, index) => (isFault(line) ? [`${file}:${index + 1}`] : [])),
  )
}
