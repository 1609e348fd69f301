/** A browser loads a page of many small files over TLS, as a user sees it who tries the server for the first time. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type RunOptions, type Skitai } from '#src/server/index.js'
import { serve, signal } from '../server/serving.js'
import { put, temporaryDirectory } from '../server/static/site.js'
import { showUntil } from './chromium.js'

const STYLES = 60
const SCRIPTS = 60
const IMAGES = 80
const FILES = STYLES + SCRIPTS + IMAGES

/** What the page tells of itself. */
interface Report {
  /** Rules of style sheets, scripts that have run, and the sum of the widths of the images. */
  readonly styles: number
  readonly scripts: number
  readonly widths: number
  /** By what the page and its files came (RFC 7301), and how often. */
  readonly protocols: Readonly<Record<string, number>>
  /** The files for which the browser made another connection than that of the page. */
  readonly connected: readonly string[]
  /** Octets of what was posted, and of what came back. */
  readonly echoed: number
  readonly pushing: string
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const root = temporaryDirectory()
for (const i of numbers(STYLES)) put(root, `style-${i}.css`, `.c${i} { color: #${String(i).padStart(6, '0')} }\n`)
for (const i of numbers(SCRIPTS)) put(root, `script-${i}.js`, `globalThis.ran = (globalThis.ran ?? 0) + 1\n`)
const svg = (width: number): string => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="1"/>\n`
for (const i of numbers(IMAGES)) put(root, `image-${i}.svg`, svg(i + 1))

const REPORTER = `
addEventListener('load', async () => {
  const content = 'x'.repeat(200_000)
  const echo = await fetch('/echo', { method: 'POST', body: content })
  const pushing = await (await fetch('/pushing')).text()
  // What was fetched just now may not be among them yet.
  const files = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/files/'))
  const entries = [...performance.getEntriesByType('navigation'), ...files]
  const protocols = {}
  for (const { nextHopProtocol } of entries) protocols[nextHopProtocol] = (protocols[nextHopProtocol] ?? 0) + 1
  const report = {
    styles: [...document.styleSheets].reduce((sum, { cssRules }) => sum + cssRules.length, 0),
    scripts: globalThis.ran,
    widths: [...document.images].reduce((sum, { naturalWidth }) => sum + naturalWidth, 0),
    protocols,
    connected: files.filter((entry) => entry.connectStart < entry.connectEnd).map(({ name }) => name),
    echoed: (await echo.text()) === content ? content.length : -1,
    pushing,
  }
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
})`

const page = `<!doctype html>
<title>many files</title>
${numbers(STYLES)
  .map((i) => `<link rel="stylesheet" href="/files/style-${i}.css">`)
  .join('\n')}
${numbers(SCRIPTS)
  .map((i) => `<script defer src="/files/script-${i}.js"></script>`)
  .join('\n')}
<script>${REPORTER}</script>
${numbers(IMAGES)
  .map((i) => `<img src="/files/image-${i}.svg">`)
  .join('\n')}
`

/** Loads the page with the browser. Gives what the page tells, and what the app saw. */
async function load(run: RunOptions): Promise<{ report: Report; versions: string[]; errors: unknown[] }> {
  const reported = signal<Report>()
  const versions = new Set<string>()
  const app = new App({ push: true })
    .get('/', (was) => {
      versions.add(was.request.version)
      was.earlyHints(['link', '</files/style-0.css>; rel=preload; as=style'])
      was.push('/files/script-0.js')
      return page
    })
    .get('/pushing', (was) => {
      was.push('/files/image-0.svg')
      return 'pushing'
    })
    .post('/echo', ({ request }) => request.stream())
    .post('/report', async ({ request }) => {
      versions.add(request.version)
      reported.resolve((await request.json()) as Report)
    })
  const mounted = (made: Skitai): unknown => made.mount('/', app).mount('/files', root)
  const { port, errors } = await serve(mounted, {}, { tls: { dev: true }, ...run })
  const report = await showUntil(`https://localhost:${port}/`, reported.promise)
  return { report, versions: [...versions], errors }
}

describe('Chromium', () => {
  const complete = {
    styles: STYLES,
    scripts: SCRIPTS,
    widths: (IMAGES * (IMAGES + 1)) / 2,
    echoed: 200_000,
    pushing: 'pushing',
  }
  /** The page and its files. */
  const loaded = 1 + FILES

  it(`loads a page with ${FILES} files over one HTTP/2 connection, past hints and pushes`, async () => {
    const { report, versions, errors } = await load({})
    assert.deepEqual(report, { ...complete, protocols: { h2: loaded }, connected: [] })
    assert.deepEqual(versions, ['2.0'])
    assert.deepEqual(errors, [])
  })

  it('loads the same over HTTP/1.1, with more connections', async () => {
    const { report, versions, errors } = await load({ http2: false })
    assert.ok(report.connected.length > 0)
    assert.deepEqual({ ...report, connected: [] }, { ...complete, protocols: { 'http/1.1': loaded }, connected: [] })
    assert.deepEqual(versions, ['1.1'])
    assert.deepEqual(errors, [])
  })
})
