/**
 * The programs that the documentation shows are type-checked against the package. Each is a module of its own; what an
 * earlier one of the same page has declared is there.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { filesBelow, plainEnvironment, repoRoot, run } from '../../tools/repo.js'

/** A piece of code in a page. */
interface Snippet {
  readonly page: string
  readonly line: number
  readonly name: string
  readonly code: string
  /** Names that it imports, and what from. */
  readonly imported: ReadonlyMap<string, string>
  /** Names that it declares on its top level. */
  readonly declared: readonly string[]
}

const FENCE = /^```(?:js|ts|javascript|typescript)\n([^]*?)^```$/gm
const IMPORT = /^import (?:(\w+)(?:, )?)?(?:\{([^}]*)\} )? ?from '([^']+)'$/gm
const DECLARATION = /^(?:export )?(?:const|let|(?:async )?function\*?|class) (\w+|[{[][^=]*[}\]])/gm

/** A program of the guide that has not ended by then never will. */
const RUN_MS = 10_000

/** Within the package, so that it is found by its own name. */
const folder = path.join(repoRoot, 'build', 'snippets')

const OPTIONS = {
  target: 'ES2023',
  module: 'nodenext',
  // They are JavaScript: what may be undefined is not looked at.
  strict: false,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(path.join(repoRoot, page), 'utf8')
  return [...text.matchAll(FENCE)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length + 1
    const code = match[1]!
    const declared = [...code.matchAll(DECLARATION)].flatMap(
      ([, names]) => names!.match(/\w+(?=\s*(?:[,}\]]|$))/g) ?? [],
    )
    return {
      page,
      line,
      name: `${page.replace(/^docs\/|\.md$/g, '').replaceAll('/', '-')}-${line}`,
      code,
      imported: importsOf(code),
      declared,
    }
  })
}

/** What JavaScript need not know, and TypeScript says by a type of its own: what is in JSON, and in events. */
const UNTYPED = /error TS2339: .* on type '(?:unknown|never|\{\})'/

/** The imports by the names that they bring, each as a statement of its own. */
function importsOf(code: string): Map<string, string> {
  const imports = new Map<string, string>()
  for (const [, whole, list = '', from] of code.matchAll(IMPORT)) {
    if (whole !== undefined) imports.set(whole, `import ${whole} from '${from}'`)
    for (const name of list.match(/\w+(?=\s*(?:,|$))/g) ?? []) imports.set(name, `import { ${name} } from '${from}'`)
  }
  return imports
}

/** With what earlier ones have declared before it, and what it declares for later ones behind it. */
function moduleOf(snippet: Snippet, earlier: readonly Snippet[]): string {
  const { code, declared, imported } = snippet
  const known = new Map<string, string>()
  for (const one of earlier) {
    for (const [name, statement] of one.imported) known.set(name, statement)
    for (const name of one.declared) known.set(name, `import { ${name} } from './${one.name}.js'`)
  }
  const before = [...known]
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(code) && !declared.includes(name) && !imported.has(name))
    .map(([, statement]) => `${statement}; `)
    .join('')
  const behind = declared.filter((name) => !new RegExp(`^export .*\\b${name}\\b`, 'm').test(code))
  return `${before}${code}\nexport { ${behind.join(', ')} }\n`
}

/** What the compiler says, by the file. */
function check(snippets: readonly Snippet[]): Map<string, string[]> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const snippet of snippets) {
    const earlier = snippets.filter(({ page, line }) => page === snippet.page && line < snippet.line)
    writeFileSync(path.join(folder, `${snippet.name}.ts`), moduleOf(snippet, earlier))
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }))
  const { stdout } = run(process.execPath, [path.join(repoRoot, 'node_modules/typescript/bin/tsc'), '-p', folder])
  const said = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const name = /([\w.-]+)\.ts\(\d/.exec(line)?.[1]
    if (UNTYPED.test(line)) continue
    if (name === undefined) assert.equal(line.startsWith('error'), false, line)
    else said.set(name, [...(said.get(name) ?? []), line])
  }
  return said
}

describe('programs in the documentation', { timeout: 120_000 }, () => {
  const pages = ['README.md', ...filesBelow('docs')].filter((file) => file.endsWith('.md'))
  const snippets = pages.flatMap(snippetsOf)
  const said = check(snippets)

  for (const { page, line, name } of snippets)
    it(`${page}, line ${line}, fits the types of the package`, () => {
      assert.deepEqual(said.get(name) ?? [], [])
    })

  // Those of the guide are whole, and look themselves whether they are right.
  for (const { page, line, name, code } of snippets.filter((snippet) => snippet.page.startsWith('docs/guide/')))
    it(`${page}, line ${line}, runs and ends by itself`, async () => {
      const file = path.join(folder, `${name}.mjs`)
      writeFileSync(file, code)
      const { stderr } = await promisify(execFile)(process.execPath, [file], {
        timeout: RUN_MS,
        env: plainEnvironment(),
      })
      assert.equal(stderr, '')
    })

  it('are found', () => {
    assert.ok(snippets.length > 20, `${snippets.length}`)
  })
})
