/**
 * The documentation says what the code says: generated pages are up to date, codes are explained, links lead somewhere.
 */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { documentedUsageCodes, generatedPages } from '../../tools/docs/pages.js'
import { filesBelow, repoRoot } from '../../tools/repo.js'
import { sourceFiles } from './source-files.js'

describe('generated pages', () => {
  for (const { file, text } of generatedPages())
    it(`${file} is what \`npm run docs\` makes`, () => {
      assert.equal(readFileSync(path.join(repoRoot, file), 'utf8'), text)
    })

  it('explain every code of a usage error, and no other', () => {
    const thrown = sourceFiles('src').flatMap(({ text }) =>
      [...text.matchAll(/(?:new UsageError|limitsReader)\(\s*'([A-Z0-9_]+)'/g)].map((match) => match[1]!),
    )
    assert.deepEqual([...new Set(thrown)].toSorted(), documentedUsageCodes())
  })
})

describe('links between pages', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesBelow('docs')]
    .filter((file) => file.endsWith('.md'))
    .filter((file) => existsSync(path.join(repoRoot, file)))

  for (const page of pages)
    it(`${page} has no dead ones`, () => {
      const text = readFileSync(path.join(repoRoot, page), 'utf8').replace(/```[^]*?```/g, '')
      const dead = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1]!)
        .filter((link) => !/^(?:[a-z]+:|#)/.test(link))
        .filter((link) => !existsSync(path.join(repoRoot, path.posix.dirname(page), link.replace(/#.*$/, ''))))
      assert.deepEqual(dead, [])
    })
})
