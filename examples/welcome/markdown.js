// As much Markdown as the documentation of this repository uses.

import { html, Html } from './html.js'

/** @typedef {(target: string) => string | undefined} LinkOf */

/**
 * @param {string} text
 * @param {LinkOf} linkOf gives the address of a link; undefined for one that leads nowhere here
 */
export function renderMarkdown(text, linkOf) {
  const lines = text.replace(/<!--[\s\S]*?-->/g, '').split('\n')
  /** @type {Html[]} */
  const blocks = []
  for (let at = 0; at < lines.length;) {
    const end = blockEnd(lines, at)
    const block = lines.slice(at, end)
    if ((block[0] ?? '').trim() !== '') blocks.push(renderBlock(block, linkOf))
    at = end
  }
  return blocks
}

const FENCE = /^```/
const HEADING = /^(#{1,6}) +(.*)$/
const ITEM = /^(\s*)(?:[-*]|\d+\.) +/
const ROW = /^\|/

/**
 * @param {readonly string[]} lines
 * @param {number} start
 */
function blockEnd(lines, start) {
  const first = lines[start] ?? ''
  let end = start + 1
  if (FENCE.test(first)) {
    while (end < lines.length && !FENCE.test(lines[end] ?? '')) end++
    return end + 1
  }
  if (first.trim() === '' || HEADING.test(first)) return end
  const isTable = ROW.test(first)
  const isList = ITEM.test(first)
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    if (line.trim() === '' || FENCE.test(line) || HEADING.test(line)) break
    if (ROW.test(line) !== isTable || (ITEM.test(line) && !isList)) break
  }
  return end
}

/**
 * @param {readonly string[]} lines
 * @param {LinkOf} linkOf
 */
function renderBlock(lines, linkOf) {
  const [first = ''] = lines
  if (FENCE.test(first)) return html`<pre><code>${lines.slice(1, -1).join('\n')}</code></pre>`
  const heading = HEADING.exec(first)
  if (heading !== null) return renderHeading(heading[1]?.length ?? 1, heading[2] ?? '', linkOf)
  if (ROW.test(first)) return renderTable(lines, linkOf)
  if (ITEM.test(first)) return renderList(lines, linkOf)
  return html`<p>${renderInline(lines.join('\n'), linkOf)}</p>`
}

/**
 * @param {number} level
 * @param {string} text
 * @param {LinkOf} linkOf
 */
function renderHeading(level, text, linkOf) {
  const anchor = text
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
  const tag = new Html(`h${level}`)
  return html`<${tag} id="${anchor}">${renderInline(text, linkOf)}</${tag}>`
}

/**
 * @param {readonly string[]} lines
 * @param {LinkOf} linkOf
 */
function renderTable(lines, linkOf) {
  const rows = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => renderInline(cell.trim().replaceAll('\\|', '|'), linkOf)),
  )
  const [head = [], , ...body] = rows
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${body.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/**
 * Items of one level; deeper ones stand in the same list.
 *
 * @param {readonly string[]} lines
 * @param {LinkOf} linkOf
 */
function renderList(lines, linkOf) {
  /** @type {string[]} */
  const items = []
  for (const line of lines) {
    if (ITEM.test(line)) items.push(line.replace(ITEM, ''))
    else items[items.length - 1] += `\n${line.trim()}`
  }
  const tag = new Html(/^\s*\d/.test(lines[0] ?? '') ? 'ol' : 'ul')
  return html`<${tag}>${items.map((item) => html`<li>${renderInline(item, linkOf)}</li>`)}</${tag}>`
}

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\*(.+?)\*|!?\[([^\]]*)\]\(([^)\s]+)\)|<(https?:[^>]+)>/gs

/**
 * @param {string} text
 * @param {LinkOf} linkOf
 * @returns {Html}
 */
function renderInline(text, linkOf) {
  /** @type {Html[]} */
  const parts = []
  let at = 0
  for (const match of text.matchAll(INLINE)) {
    parts.push(html`${text.slice(at, match.index)}`)
    at = match.index + match[0].length
    const [, , code, strong, emphasis, label, target, address] = match
    if (code !== undefined) parts.push(html`<code>${code}</code>`)
    else if (strong !== undefined) parts.push(html`<strong>${renderInline(strong, linkOf)}</strong>`)
    else if (emphasis !== undefined) parts.push(html`<em>${renderInline(emphasis, linkOf)}</em>`)
    else parts.push(renderLink(label ?? address ?? '', linkOf(target ?? address ?? ''), linkOf))
  }
  return html`${[...parts, html`${text.slice(at)}`]}`
}

/**
 * @param {string} label
 * @param {string | undefined} address
 * @param {LinkOf} linkOf
 */
function renderLink(label, address, linkOf) {
  const text = /[`*]/.test(label) ? renderInline(label, linkOf) : html`${label}`
  return address === undefined ? text : html`<a href="${address}">${text}</a>`
}
