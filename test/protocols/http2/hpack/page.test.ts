/** docs/hpack.md says what the code says. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { hpackFaults } from 'skitai/hpack'
import { repoRoot, runOrThrow } from '../../../../tools/repo.js'

describe('docs/hpack.md', () => {
  const page = readFileSync(path.join(repoRoot, 'docs/hpack.md'), 'utf8')

  it('has a program that runs', () => {
    const program = /^```js\n([^]*?)^```$/m.exec(page)?.[1]
    assert.ok(program)
    const output = runOrThrow(process.execPath, ['--input-type=module', '-e', program])
    assert.equal(output.replaceAll(/\s+/g, ' '), "[ ':method', 'GET', ':path', '/', 'user-agent', 'tool' ] ")
  })

  it('explains every fault, and no other', () => {
    const rows = [...page.matchAll(/^\| `(HPACK_[A-Z_]+)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1))
    const faults = hpackFaults.slice(1).map(({ code, section, text }) => [code, section, text])
    assert.deepEqual(rows, faults)
  })
})
