/** JSON of a peer. */

/**
 * Arrays and objects within each other. What is deeper is parsed without harm, but whatever walks through it by calling
 * itself, as `JSON.stringify`, a validator or a template does, runs out of stack.
 */
export const jsonDepthMax: number = 1000

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Like `JSON.parse`. Throws `SyntaxError` for what is no JSON, and for more than `jsonDepthMax` levels. */
export function parseJson(text: string): unknown {
  // Each level takes two characters: short texts, most of all that come, need not be looked at.
  if (text.length > 2 * jsonDepthMax && isDeep(text)) throw new SyntaxError(`JSON has more than ${jsonDepthMax} levels`)
  return JSON.parse(text) as unknown
}

/** Whether brackets nest too deep; of what is no JSON any answer is right. */
function isDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      if (at === -1) return false
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > jsonDepthMax) return true
    } else if (code === 0x5d || code === 0x7d) {
      depth--
    }
  }
  return false
}

/** Where the string that begins at `start` ends, or -1. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}
