/**
 * The programs on the pages for tool makers are run. What one prints stands in comments at its end: on its last line,
 * or on lines of their own.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { repoRoot, runOrThrow } from '../../tools/repo.js'

/** The pages, and how many programs each has. */
const PAGES = {
  'docs/http1.md': 1,
  'docs/http2.md': 4,
  'docs/server.md': 3,
  'docs/testing.md': 2,
  'docs/websocket.md': 3,
} as const

for (const [page, count] of Object.entries(PAGES))
  describe(page, () => {
    const text = readFileSync(path.join(repoRoot, page), 'utf8')
    const programs = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map((match) => match[1]!)

    it('has its programs', () => {
      assert.equal(programs.length, count)
    })

    for (const [i, program] of programs.entries())
      it(`has a program ${i + 1} that prints what the page says`, () => {
        const output = runOrThrow(process.execPath, ['--input-type=module', '-e', program])
        assert.equal(output.trimEnd(), program.includes('console.log(') ? announcedOutput(program) : '')
      })
  })

function announcedOutput(program: string): string {
  const lines = program.trimEnd().split('\n')
  const last = lines.findLastIndex((line) => !line.startsWith('// '))
  const own = lines.slice(last + 1).map((line) => line.slice('// '.length))
  return own.length > 0 ? own.join('\n') : lines[last]!.replace(/^.* \/\/ /, '')
}
