/** The grammar of Sec-WebSocket-Extensions (RFC 6455 section 9.1). */

import { isBlank, isToken } from '../core/http-syntax.js'

/** One parameter; the value is undefined when there is none. */
export type ExtensionParameter = readonly [name: string, value: string | undefined]

/** One extension as it is offered or accepted. */
export interface Extension {
  readonly name: string
  readonly parameters: readonly ExtensionParameter[]
}

const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * The extensions of a field value, in order; undefined when it is malformed. A quoted value must be a token, once it is
 * unquoted. Empty elements of the list are left out (RFC 9110 section 5.6.1.2).
 */
export function parseExtensions(value: string): Extension[] | undefined {
  const scanner = new Scanner(value)
  const extensions: Extension[] = []
  for (;;) {
    scanner.skipBlanks()
    if (scanner.done) return extensions
    if (scanner.take(COMMA)) continue
    const extension = readExtension(scanner)
    if (extension === undefined) return undefined
    extensions.push(extension)
    scanner.skipBlanks()
    if (!scanner.done && !scanner.take(COMMA)) return undefined
  }
}

function readExtension(scanner: Scanner): Extension | undefined {
  const name = scanner.token()
  if (name === '') return undefined
  const parameters: ExtensionParameter[] = []
  for (;;) {
    scanner.skipBlanks()
    if (!scanner.take(SEMICOLON)) return { name, parameters }
    scanner.skipBlanks()
    const parameter = scanner.token()
    if (parameter === '') return undefined
    scanner.skipBlanks()
    if (!scanner.take(EQUALS)) {
      parameters.push([parameter, undefined])
      continue
    }
    scanner.skipBlanks()
    const value = scanner.take(QUOTE) ? scanner.quoted() : scanner.token()
    if (value === undefined || !isToken(value)) return undefined
    parameters.push([parameter, value])
  }
}

/** A place in a text. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at === this.#text.length
  }

  skipBlanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at++
  }

  /** Takes a character if it is the next one. */
  take(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  /** The token that stands here; empty when none does. */
  token(): string {
    const start = this.#at
    while (!this.done && isToken(this.#text[this.#at]!)) this.#at++
    return this.#text.slice(start, this.#at)
  }

  /** What stands before the closing quote, without its backslashes; undefined without one. */
  quoted(): string | undefined {
    let value = ''
    while (!this.take(QUOTE)) {
      this.take(BACKSLASH)
      if (this.done) return undefined
      value += this.#text.charAt(this.#at++)
    }
    return value
  }
}
