/** The pure subpaths, taken from the tarball, do the same in Node, Deno, Bun and a browser. */

import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { repoRoot, runOrThrow } from '../../tools/repo.js'
import { type InstalledPackage, installPackage } from '../package/installed-package.js'
import { expectedReport } from '../package/exchange-program.js'
import { installRuntimes, runInBun, runInDeno, showInChromium } from './runtimes.js'

const PROGRAM = 'exchange-program.js'

/** Prints the report of the program. */
const MAIN = `import { runExchange } from './${PROGRAM}'\nconsole.log(JSON.stringify(runExchange()))\n`

describe('the pure subpaths', () => {
  let installed: InstalledPackage

  before(() => {
    installRuntimes()
    installed = installPackage()
    copyFileSync(path.join(repoRoot, 'build/test/package', PROGRAM), path.join(installed.folder, PROGRAM))
    writeFileSync(path.join(installed.folder, 'main.js'), MAIN)
  })

  after(() => installed.remove())

  it('run under Node', () => {
    assert.deepEqual(JSON.parse(runOrThrow(process.execPath, ['main.js'], { cwd: installed.folder })), expectedReport)
  })

  it('run under Deno, without any permission', async () => {
    assert.deepEqual(JSON.parse(await runInDeno(installed.folder, 'main.js')), expectedReport)
  })

  it('run under Bun', async () => {
    assert.deepEqual(JSON.parse(await runInBun(installed.folder, 'main.js')), expectedReport)
  })

  it('run in Chromium', async () => {
    writeFileSync(path.join(installed.folder, 'page.html'), page(installed.folder))
    const document = await showInChromium(installed.folder, 'page.html')
    const report = /<pre id="report">([^<]*)<\/pre>/.exec(document)?.[1]
    assert.ok(report, document)
    assert.deepEqual(JSON.parse(report), expectedReport)
  })
})

/** A page with an import map from the exports of the package, that shows the report, or the error that came instead. */
function page(folder: string): string {
  const root = path.join(folder, 'node_modules/skitai')
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, { readonly default: string }>>
  }
  const url = (subpath: string): string => path.posix.join('/node_modules/skitai', manifest.exports[subpath]!.default)
  const imports = { 'skitai/http1': url('./http1'), 'skitai/testing': url('./testing') }
  return `<!doctype html>
<title>skitai</title>
<pre id="report"></pre>
<script>
  addEventListener('error', (event) => (document.getElementById('report').textContent = String(event.message)), true)
</script>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import { runExchange } from './${PROGRAM}'
  document.getElementById('report').textContent = JSON.stringify(runExchange())
</script>
`
}
