// HTML from templates: what is put in is escaped, unless it is HTML already.

/** HTML that needs no escaping. */
export class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

/**
 * @param {TemplateStringsArray} strings
 * @param {(string | number | Html | readonly Html[])[]} values
 */
export function html(strings, ...values) {
  return new Html(String.raw({ raw: strings }, ...values.map(put)))
}

/** @type {Readonly<Record<string, string>>} */
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * @param {string | number | Html | readonly Html[]} value
 * @returns {string}
 */
function put(value) {
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(put).join('')
  return String(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

/**
 * A whole page.
 *
 * @param {string} title
 * @param {Html} body
 */
export function page(title, body) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/static/mark.svg" />
        <link rel="stylesheet" href="/static/welcome.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.text
}
