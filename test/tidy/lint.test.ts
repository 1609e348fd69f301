/**
 * The linter must catch what it is there for: each sample breaks one rule, in a copy of the layout of the repository.
 */

import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { repoRoot, run } from '../../tools/repo.js'

/** Path of the sample, what it holds, and the rule that must object; no rule: the sample must pass. */
type Sample = readonly [file: string, text: string, rule?: string]

const pure = 'src/protocols/http1/sample.ts'

const restrictedGlobals = [
  'new Date()',
  'Date.now()',
  "Buffer.from('a')",
  'setTimeout(() => 1, 1)',
  'setInterval(() => 1, 1)',
  'setImmediate(() => 1)',
  'clearTimeout(1)',
  'queueMicrotask(() => 1)',
  'process.env',
  'crypto.randomUUID()',
  'performance.now()',
  'globalThis.name',
  'global.name',
  'new TextDecoder()',
  'new TextEncoder()',
  'new Promise(() => 1)',
  'Promise.resolve(1)',
  'fetch("x")',
  'new AbortController()',
  'new Function("1")',
]

const samples: readonly Sample[] = [
  ...restrictedGlobals.map((text): Sample => [pure, `export const sample = ${text}`, 'no-restricted-globals']),
  ['src/testing/sample.ts', 'export const sample = Date.now()', 'no-restricted-globals'],
  ['src/io/sample.ts', 'export const sample = Date.now()'],
  ['src/protocols/core/native.ts', 'export const sample = globalThis'],
  ['src/protocols/core/native.ts', 'export const sample = Math.random()', 'no-restricted-properties'],
  [pure, 'export const sample = Math.random()', 'no-restricted-properties'],
  [pure, 'export const { random } = Math', 'no-restricted-properties'],
  [pure, 'console.log(1)', 'no-console'],
  [pure, 'export async function sample() { return 1 }', 'no-async-await'],
  [pure, 'export const sample = async () => 1', 'no-async-await'],
  [pure, 'export const sample = await import("./other.js")', 'no-dynamic-import'],
  [pure, 'export const sample = () => import("../core/engine.js")', 'no-dynamic-import'],
  [pure, 'export function* sample() { yield 1 }', 'no-generators'],
  [pure, 'export class Sample { *sample() { yield 1 } }', 'no-generators'],
  ['src/testing/sample.ts', 'export const sample = function* () { yield 1 }', 'no-generators'],
  [pure, "import net from 'node:net'\nexport const sample = net", 'boundaries'],
  [pure, "import type { Socket } from 'node:net'\nexport type Sample = Socket", 'boundaries'],
  [pure, "import { LRUCache } from 'lru-cache'\nexport const sample = LRUCache", 'boundaries'],
  [pure, "export { LRUCache } from 'lru-cache'", 'boundaries'],
  [pure, "export * from '../../io/driver.js'", 'boundaries'],
  [pure, "import { drive } from '../../io/driver.js'\nexport const sample = drive", 'boundaries'],
  [pure, "import { App } from '../../server/app.js'\nexport const sample = App", 'boundaries'],
  [pure, "import { frame } from '../websocket/frame.js'\nexport const sample = frame", 'boundaries'],
  [pure, "export type Sample = import('../../io/driver.js').Driver", 'boundaries'],
  ['src/protocols/http1/room/sample.ts', "export * from '../../websocket/frame.js'", 'boundaries'],
  ['src/protocols/http1/room/sample.ts', "export * from '../../core/fields.js'"],
  ['src/protocols/http1/room/sample.ts', "export * from '../reader.js'"],
  ['src/protocols/core/sample.ts', "export * from '../http1/reader.js'", 'boundaries'],
  ['src/testing/sample.ts', "export * from '../io/driver.js'", 'boundaries'],
  ['src/testing/sample.ts', "import { property } from 'fast-check'\nexport const sample = property"],
  ['src/testing/sample.ts', "export * from '../protocols/http1/index.js'"],
  ['src/io/sample.ts', "import net from 'node:net'\nexport const sample = net"],
  ['src/io/sample.ts', "export * from '../server/app.js'", 'boundaries'],
  ['src/io/sample.ts', "export * from '../testing/index.js'", 'boundaries'],
  ['src/io/sample.ts', "export const sample = () => import('../server/app.js')", 'boundaries'],
  ['src/io/sample.ts', "import { LRUCache } from 'lru-cache'\nexport const sample = LRUCache", 'boundaries'],
  ['src/server/sample.ts', "import { LRUCache } from 'lru-cache'\nexport const sample = LRUCache"],
  ['src/server/sample.ts', "import express from 'express'\nexport const sample = express", 'boundaries'],
  ['src/server/sample.ts', "export * from '../testing/index.js'", 'boundaries'],
  ['src/server/sample.ts', "export * from '../../bench/engine/main.js'", 'boundaries'],
  ['src/server/sample.ts', "export * from '../io/driver.js'"],
  ['src/server/sample.ts', 'export default 1', 'no-default-export'],
  ['src/server/index.ts', 'export default 1'],
  ['src/io/index.ts', 'export default 1', 'no-default-export'],
  ['src/io/sample.ts', 'export const sample = (value: any) => value', 'no-explicit-any'],
  ['src/io/sample.ts', '// @ts-\u0069gnore\nexport const sample = 1', 'ban-ts-comment'],
  ['src/io/sample.ts', 'export const sample = (a: number) => a == 1', 'eqeqeq'],
  ['src/io/sample.ts', `export function sample() {\n${'  void 0\n'.repeat(67)}}`],
  ['src/io/sample.ts', `export function sample() {\n${'  void 0\n'.repeat(68)}}`, 'max-lines-per-function'],
  ['src/io/sample.ts', 'export const sample = 1\n'.replace('sample', 'a') + 'void 0\n'.repeat(498)],
  ['src/io/sample.ts', 'export const sample = 1\n' + 'void 0\n'.repeat(499), 'max-lines'],
]

describe('the linter', () => {
  /** Two trees, since the exempt file has a sample that must pass and one that must not. */
  const trees: string[] = []
  const rulesByFile = new Map<string, string[]>()

  before(() => {
    for (const [index, [file, text]] of samples.entries()) {
      const target = path.join(treeFor(file), named(file, index))
      mkdirSync(path.dirname(target), { recursive: true })
      writeFileSync(target, text)
      rulesByFile.set(target, [])
    }
    for (const tree of trees) lint(tree, rulesByFile)
  })

  after(() => {
    for (const tree of trees) rmSync(tree, { recursive: true, force: true })
  })

  /** The first tree that has no such file yet. */
  function treeFor(file: string): string {
    const free = trees.find((tree) => !existsSync(path.join(tree, file)))
    if (free !== undefined) return free
    const tree = mkdtempSync(path.join(tmpdir(), 'skitai-lint-'))
    cpSync(path.join(repoRoot, '.oxlintrc.json'), path.join(tree, '.oxlintrc.json'))
    cpSync(path.join(repoRoot, 'tools/lint'), path.join(tree, 'tools/lint'), { recursive: true })
    trees.push(tree)
    return tree
  }

  const seen = new Map<string, number>()
  for (const [index, [file, text, rule]] of samples.entries()) {
    const name = named(file, index)
    const turn = seen.get(name) ?? 0
    seen.set(name, turn + 1)
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    it(`${rule === undefined ? 'passes' : `${rule} catches`} in ${file}: ${JSON.stringify(shown)}`, () => {
      const found = rulesByFile.get(path.join(trees[turn] ?? '', name))
      if (rule === undefined) assert.deepEqual(found, [])
      else assert.ok(found?.includes(rule), `found only ${JSON.stringify(found)}`)
    })
  }
})

/** Samples get names of their own, files whose name matters keep it. */
function named(file: string, index: number): string {
  return file.replace(/sample\.ts$/, `sample-${index}.ts`)
}

interface Diagnostic {
  readonly code: string
  readonly filename: string
}

/** Adds the rules that objected in a tree to `rulesByFile`. */
function lint(tree: string, rulesByFile: Map<string, string[]>): void {
  const result = run(path.join(repoRoot, 'node_modules/.bin/oxlint'), ['--format', 'json', '.'], { cwd: tree })
  assert.ok(result.stdout.startsWith('{'), result.stdout + result.stderr)
  const report = JSON.parse(result.stdout) as { diagnostics: Diagnostic[] }
  for (const { code, filename } of report.diagnostics)
    rulesByFile.get(path.join(tree, filename))?.push(/\(([^()]+)\)$/.exec(code)?.[1] ?? code)
}
