/** Commands as somebody types them ("Inline commands"): words between blanks, in quotes where they need to be. */

const BLANKS = new Set([' ', '\t', '\n', '\r', '\0', '\v', '\f'])
const ESCAPES: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, b: 0x08, a: 0x07 }
const HEX = /^[\da-f]{2}$/i

/** The words of a line, whose characters are octets; undefined when its quotes are not balanced. */
export function inlineWords(line: string): Uint8Array[] | undefined {
  const words: Uint8Array[] = []
  let at = 0
  for (;;) {
    while (BLANKS.has(line.charAt(at))) at++
    if (at >= line.length) return words
    const octets: number[] = []
    const end = word(line, at, octets)
    if (end < 0) return undefined
    words.push(Uint8Array.from(octets))
    at = end
  }
}

/** Reads one word; gives where it ends, or -1. */
function word(line: string, start: number, octets: number[]): number {
  let at = start
  while (at < line.length && !BLANKS.has(line.charAt(at))) {
    const quote = line.charAt(at)
    if (quote === '"' || quote === "'") {
      at = quoted(line, at + 1, quote, octets)
      // Behind a closing quote a word ends.
      return at < 0 || (at < line.length && !BLANKS.has(line.charAt(at))) ? -1 : at
    }
    octets.push(line.charCodeAt(at++))
  }
  return at
}

/** Reads up to the closing quote; gives the position behind it, or -1 when there is none. */
function quoted(line: string, start: number, quote: string, octets: number[]): number {
  for (let at = start; at < line.length; at++) {
    const character = line.charAt(at)
    if (character === quote) return at + 1
    if (character !== '\\') {
      octets.push(line.charCodeAt(at))
      continue
    }
    const next = line.charAt(at + 1)
    const hex = line.slice(at + 2, at + 4)
    if (quote === "'") {
      octets.push(next === "'" ? next.charCodeAt(0) : 0x5c)
      if (next === "'") at++
    } else if (next === 'x' && HEX.test(hex)) {
      octets.push(Number.parseInt(hex, 16))
      at += 3
    } else if (next !== '') {
      octets.push(ESCAPES[next] ?? next.charCodeAt(0))
      at++
    }
  }
  return -1
}
