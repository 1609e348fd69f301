/** Where results go: a JSON file, and a table between two markers of docs/BENCHMARKS.md. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { repoRoot } from '../tools/repo.js'
import type { Machine } from './machine.js'

const PAGE = 'docs/BENCHMARKS.md'

/** Rows of a Markdown table; the first column is text, the others are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}

/** One line on how the numbers were made. */
export function provenance(command: string, machine: Machine, versions: string): string {
  const { processor, cores, memoryGiB, system, node, commit, date } = machine
  const hardware = `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}`
  return `\`${command}\` on ${date}, commit ${commit}. ${hardware}; Node ${node}${versions}.`
}

/** Writes bench/results/<name>.json. */
export function writeResults(name: string, results: object): void {
  const folder = path.join(repoRoot, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`)
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in docs/BENCHMARKS.md. */
export function writeSection(name: string, markdown: string): void {
  const file = path.join(repoRoot, PAGE)
  const page = readFileSync(file, 'utf8')
  const begin = `<!-- ${name} -->`
  const end = `<!-- /${name} -->`
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${PAGE} has no markers ${begin} and ${end}`)
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n\n${markdown}\n\n${page.slice(to)}`)
}
