/** The methods of the Redis client are what their generator makes. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { redisCommandFiles } from '../../tools/redis-commands.js'
import { repoRoot } from '../../tools/repo.js'

describe('generated commands', async () => {
  for (const { file, text } of await redisCommandFiles())
    it(`${file} is what \`npm run redis-commands\` makes`, () => {
      assert.equal(readFileSync(path.join(repoRoot, file), 'utf8'), text)
    })
})
