// The documentation of the repository, made into pages.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { App } from 'skitai'
import { html, page } from './html.js'
import { renderMarkdown } from './markdown.js'

const repository = new URL('../../', import.meta.url)

/**
 * Where a page of the documentation is: what stands in docs/, and the files for readers beside it.
 *
 * @type {readonly URL[]}
 */
const shelves = [new URL('docs/', repository), repository]

/** All pages: those in docs/ first. */
export function pages() {
  return shelves.flatMap((shelf) =>
    readdirSync(fileURLToPath(shelf))
      .filter((file) => file.endsWith('.md'))
      .toSorted()
      .map((file) => ({ file, title: titleOf(readFileSync(new URL(file, shelf), 'utf8'), file), shelf })),
  )
}

/**
 * @param {string} text
 * @param {string} file
 */
function titleOf(text, file) {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? file
}

/**
 * A page in a list of pages.
 *
 * @param {{ readonly file: string, readonly title: string }} page
 */
export function docItem({ file, title }) {
  return html`<li><a href="/docs/${file}">${title}</a> <small>${file}</small></li>`
}

export const docs = new App({ name: 'docs' })

docs.get('/', () =>
  page(
    'skitai: documentation',
    html`
      <main class="frame doc">
        <p class="crumbs"><a href="/">Welcome</a> / docs</p>
        <h1>Documentation</h1>
        <ul class="docs">
          ${pages().map(docItem)}
        </ul>
      </main>
    `,
  ),
)

docs.get('/<string:file>', (was, { file }) => {
  const all = pages()
  const found = all.find((each) => each.file === file)
  if (found === undefined) return was.response(404)
  const text = readFileSync(new URL(found.file, found.shelf), 'utf8')
  const known = new Set(all.map((each) => each.file))
  return page(
    `skitai: ${found.title}`,
    html`
      <main class="frame doc">
        <p class="crumbs"><a href="/">Welcome</a> / <a href="/docs/">docs</a> / ${file}</p>
        ${renderMarkdown(text, (target) => linkOf(target, known))}
      </main>
    `,
  )
})

/**
 * Where a link of a page leads here; undefined when it leads to what is not served.
 *
 * @param {string} target
 * @param {ReadonlySet<string>} known
 */
function linkOf(target, known) {
  if (/^(?:https?:\/\/|#)/.test(target)) return target
  const [, file = '', anchor = ''] = /^(?:\.{0,2}\/|docs\/)*([^/#]+\.md)(#.*)?$/.exec(target) ?? []
  return known.has(file) ? `/docs/${file}${anchor}` : undefined
}
