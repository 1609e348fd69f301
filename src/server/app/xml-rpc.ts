/** Values as XML-RPC writes them, for clients that ask for that in place of JSON (APP-46). */

/** Control characters, halves of surrogate pairs, and what is no character: XML has no form for most of them. */
const ODD = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu
const ALLOWED = /[\t\n\r\x7f-\x9f]/

const INT_MAX = 0x7fff_ffff
const LEVELS_MAX = 1000

/**
 * A response with one value: objects become structs, lists arrays, `Date` a dateTime in UTC, octets base64, null and
 * numbers that are none nil; members that are undefined are left out, as in JSON. What XML cannot hold (XML 1.0 section
 * 2.2) becomes U+FFFD. Throws `TypeError` for what JSON has no form for either: functions, BigInt, objects that hold
 * themselves.
 */
export function xmlRpcResponse(value: unknown): string {
  return `<?xml version="1.0"?>\n<methodResponse><params><param>${valueText(value, 0)}</param></params></methodResponse>\n`
}

function valueText(value: unknown, level: number): string {
  return `<value>${typedText(value, level)}</value>`
}

function typedText(value: unknown, level: number): string {
  switch (typeof value) {
    case 'string':
      return `<string>${escape(value)}</string>`
    case 'boolean':
      return `<boolean>${value ? 1 : 0}</boolean>`
    case 'number':
      return numberText(value)
    case 'object':
      return value === null ? '<nil/>' : objectText(value, level)
    default:
      throw new TypeError(`XML-RPC has no form for a ${typeof value}`)
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return '<nil/>'
  if (Number.isInteger(value) && Math.abs(value) <= INT_MAX) return `<int>${value}</int>`
  return `<double>${decimal(value)}</double>`
}

const EXPONENT = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/

/** XML-RPC knows no exponents. */
function decimal(value: number): string {
  const match = EXPONENT.exec(String(value))
  if (match === null) return String(value)
  const [, sign, first, rest = '', power] = match
  const exponent = Number(power)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${first}${rest}`
  return `${sign}${first}${rest}${'0'.repeat(exponent - rest.length)}`
}

function objectText(value: object, level: number): string {
  if (level >= LEVELS_MAX) throw new TypeError(`the value holds itself, or has more than ${LEVELS_MAX} levels`)
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array) return `<base64>${Buffer.from(value).toString('base64')}</base64>`
  if (Array.isArray(value)) {
    const items = (value as readonly unknown[]).map((item) => valueText(item ?? null, level + 1))
    return `<array><data>${items.join('')}</data></array>`
  }
  const { toJSON } = value as { readonly toJSON?: unknown }
  if (typeof toJSON === 'function') return typedText(toJSON.call(value), level + 1)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `<member><name>${escape(name)}</name>${valueText(member, level + 1)}</member>`)
  return `<struct>${members.join('')}</struct>`
}

/** `20260131T08:30:00`, in UTC. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return '<nil/>'
  return `<dateTime.iso8601>${date.toISOString().slice(0, 19).replaceAll('-', '')}</dateTime.iso8601>`
}

function escape(text: string): string {
  return text
    .replace(ODD, (odd) => (ALLOWED.test(odd) ? odd : '\ufffd'))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
}
