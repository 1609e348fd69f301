/** The pure subpaths, taken from the tarball, do the same in Node, Deno, Bun and a browser. */

import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { repoRoot, runOrThrow } from '../../tools/repo.js'
import { type InstalledPackage, installPackage } from '../package/installed-package.js'
import { expectedConversation, runConversation } from '../package/conversation-program.js'
import { expectedReport } from '../package/exchange-program.js'
import { installRuntimes, runInBun, runInDeno, showInChromium } from './runtimes.js'

const PROGRAMS = ['exchange-program.js', 'conversation-program.js'] as const

/** Has the reports of the programs in `report`. */
const REPORT = `
import { runExchange } from './${PROGRAMS[0]}'
import { runConversation } from './${PROGRAMS[1]}'
const report = JSON.stringify({ ...runExchange(), ...runConversation() })
`

/** The hashes are those of this process: what engines decide is the same everywhere. */
const expected = { ...runConversation(), ...expectedConversation, ...expectedReport }

describe('the pure subpaths', () => {
  let installed: InstalledPackage

  before(() => {
    installRuntimes()
    installed = installPackage()
    for (const program of PROGRAMS)
      copyFileSync(path.join(repoRoot, 'build/test/package', program), path.join(installed.folder, program))
    writeFileSync(path.join(installed.folder, 'main.js'), `${REPORT}console.log(report)\n`)
  })

  after(() => installed.remove())

  it('run under Node', () => {
    assert.deepEqual(JSON.parse(runOrThrow(process.execPath, ['main.js'], { cwd: installed.folder })), expected)
  })

  it('run under Deno, without any permission', async () => {
    assert.deepEqual(JSON.parse(await runInDeno(installed.folder, 'main.js')), expected)
  })

  it('run under Bun', async () => {
    assert.deepEqual(JSON.parse(await runInBun(installed.folder, 'main.js')), expected)
  })

  it('run in Chromium', async () => {
    writeFileSync(path.join(installed.folder, 'page.html'), page(installed.folder))
    const document = await showInChromium(installed.folder, 'page.html')
    const report = /<pre id="report">([^<]*)<\/pre>/.exec(document)?.[1]
    assert.ok(report, document)
    assert.deepEqual(JSON.parse(report), expected)
  })
})

/** A page with an import map from the exports of the package, that shows the report, or the error that came instead. */
function page(folder: string): string {
  const root = path.join(folder, 'node_modules/skitai')
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, { readonly default: string }>>
  }
  const url = (subpath: string): string => path.posix.join('/node_modules/skitai', manifest.exports[subpath]!.default)
  const pure = ['./hpack', './http1', './http2', './testing']
  const imports = Object.fromEntries(pure.map((subpath) => [`skitai${subpath.slice(1)}`, url(subpath)]))
  return `<!doctype html>
<title>skitai</title>
<pre id="report"></pre>
<script>
  addEventListener('error', (event) => (document.getElementById('report').textContent = String(event.message)), true)
</script>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  ${REPORT}
  document.getElementById('report').textContent = report
</script>
`
}
