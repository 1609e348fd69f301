/** The Authorization field (RFC 9110 section 11.6.2): what a client shows of itself, before anybody believes it. */

/** A scheme with what follows it: one token, or parameters. */
export interface Authorization {
  /** Lower case. */
  readonly scheme: string
  /** Empty when there are parameters. */
  readonly token: string
  /** By lower-case name, unquoted. */
  readonly params: ReadonlyMap<string, string>
}

const CHARACTERS_MAX = 16_384
const PARAMS_MAX = 32
const SCHEME = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +(?=[^ ])/
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/
const PARAM =
  /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z/:]+))[ \t]*(,|$)/y
const PRINTABLE = /^[ -~\u0080-\uffff]*$/
const NO_PARAMS: ReadonlyMap<string, string> = new Map()

/** Parses the field; undefined when it is malformed, or names a parameter twice. */
export function parseAuthorization(value: string): Authorization | undefined {
  if (value.length > CHARACTERS_MAX) return undefined
  const head = SCHEME.exec(value)
  if (head === null) return undefined
  const scheme = head[1]!.toLowerCase()
  const rest = value.slice(head[0].length)
  if (TOKEN68.test(rest)) return { scheme, token: rest, params: NO_PARAMS }
  const params = new Map<string, string>()
  PARAM.lastIndex = 0
  for (let at = 0; at < rest.length; at = PARAM.lastIndex) {
    const [, name, quoted, plain, end] = PARAM.exec(rest) ?? []
    if (name === undefined || params.size >= PARAMS_MAX) return undefined
    const lower = name.toLowerCase()
    // A comma at the end promises more.
    if (params.has(lower) || (end === ',' && PARAM.lastIndex === rest.length)) return undefined
    params.set(lower, plain ?? quoted!.replace(/\\(.)/g, '$1'))
  }
  return { scheme, token: '', params }
}

/** Name and password of Basic (RFC 7617); undefined when they are malformed. */
export function basicCredentials(token: string): { readonly name: string; readonly password: string } | undefined {
  const octets = Buffer.from(token, 'base64')
  // Buffer skips what is not base64: only what comes out the same again was.
  if (octets.toString('base64').replace(/=+$/, '') !== token.replace(/=+$/, '')) return undefined
  let text: string
  try {
    text = utf8.decode(octets)
  } catch {
    return undefined
  }
  const colon = text.indexOf(':')
  if (colon < 0 || !PRINTABLE.test(text)) return undefined
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
