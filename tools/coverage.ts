/** Holds the coverage of a test run against the floors of the project. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Report } from 'c8'
import { filesBelow, repoRoot } from './repo.js'

/** The least share of covered branches and lines in a layer, in percent. */
interface Floor {
  readonly folder: string
  readonly branches: number
  readonly lines: number
}

const FLOORS: readonly Floor[] = [
  { folder: 'src/protocols', branches: 100, lines: 100 },
  { folder: 'src/testing', branches: 90, lines: 90 },
  { folder: 'src/io', branches: 90, lines: 90 },
  { folder: 'src/server', branches: 90, lines: 90 },
]

/** The part of istanbul's coverage map that is read here. */
interface FileSummary {
  readonly branches: { readonly total: number; readonly covered: number }
  readonly lines: { readonly total: number; readonly covered: number }
}
interface FileCoverage {
  toSummary(): { toJSON(): FileSummary }
  getUncoveredLines(): readonly (string | number)[]
  readonly branchMap: Readonly<Record<string, { readonly loc: { readonly start: { readonly line: number } } }>>
  readonly b: Readonly<Record<string, readonly number[]>>
}
interface CoverageMap {
  files(): string[]
  fileCoverageFor(file: string): FileCoverage
}

/** What c8 offers and its type declarations leave out. */
interface MappingReport {
  getCoverageMapFromAllCoverageFiles(): Promise<CoverageMap>
}

/**
 * Reads the raw coverage in `rawFolder`, prints a line a layer and what is missing. Gives whether every floor holds.
 */
export async function checkCoverage(rawFolder: string): Promise<boolean> {
  const report = new Report({
    tempDirectory: rawFolder,
    reportsDirectory: path.join(repoRoot, 'coverage'),
    reporter: ['lcovonly'],
    include: ['dist/**/*.js'],
    exclude: filesWithoutCode(),
    extension: ['.js'],
    all: true,
    src: [path.join(repoRoot, 'dist')],
    excludeAfterRemap: false,
  })
  await report.run()
  const map = await (report as unknown as MappingReport).getCoverageMapFromAllCoverageFiles()
  return FLOORS.map((floor) => checkFloor(map, floor)).every((holds) => holds)
}

/** Modules of types alone leave nothing to run, and would count as never run. */
function filesWithoutCode(): string[] {
  return filesBelow('src')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'))
    .filter((file) => {
      const code = readFileSync(path.join(repoRoot, file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
      return code.trim() === 'export {};'
    })
}

function checkFloor(map: CoverageMap, floor: Floor): boolean {
  const folder = path.join(repoRoot, floor.folder) + path.sep
  const files = map.files().filter((file) => file.startsWith(folder))
  const sum = { branches: { total: 0, covered: 0 }, lines: { total: 0, covered: 0 } }
  for (const file of files) {
    const summary = map.fileCoverageFor(file).toSummary().toJSON()
    for (const kind of ['branches', 'lines'] as const) {
      sum[kind].total += summary[kind].total
      sum[kind].covered += summary[kind].covered
    }
  }
  const branches = percent(sum.branches)
  const lines = percent(sum.lines)
  const holds = branches >= floor.branches && lines >= floor.lines
  const shown = `branches ${branches.toFixed(2)} % (>= ${floor.branches}), lines ${lines.toFixed(2)} % (>= ${floor.lines})`
  console.log(`coverage ${floor.folder}: ${shown}${holds ? '' : '  NOT ENOUGH'}`)
  if (!holds) for (const file of files) printMissing(file, map.fileCoverageFor(file))
  return holds
}

function percent({ total, covered }: { total: number; covered: number }): number {
  return total === 0 ? 100 : (covered / total) * 100
}

function printMissing(file: string, coverage: FileCoverage): void {
  const branches = Object.entries(coverage.b)
    .filter(([, counts]) => counts.includes(0))
    .map(([id]) => coverage.branchMap[id]?.loc.start.line ?? 0)
    .toSorted((a, b) => a - b)
  const lines = coverage.getUncoveredLines()
  if (branches.length === 0 && lines.length === 0) return
  console.log(`  ${path.relative(repoRoot, file)}: branches at ${branches.join(',') || '-'}; lines ${ranges(lines)}`)
}

/** Line numbers as ranges: 3-7,12. */
function ranges(lines: readonly (string | number)[]): string {
  const spans: [first: number, last: number][] = []
  for (const line of lines.map(Number)) {
    const span = spans.at(-1)
    if (span !== undefined && span[1] === line - 1) span[1] = line
    else spans.push([line, line])
  }
  return spans.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',') || '-'
}
