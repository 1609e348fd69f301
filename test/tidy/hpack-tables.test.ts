/** The tables of HPACK are what their generator makes. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { hpackTables } from '../../tools/hpack-tables.js'
import { repoRoot } from '../../tools/repo.js'

describe('generated tables', () => {
  for (const { file, text } of hpackTables())
    it(`${file} is what \`npm run hpack-tables\` makes`, () => {
      assert.equal(readFileSync(path.join(repoRoot, file), 'utf8'), text)
    })
})
