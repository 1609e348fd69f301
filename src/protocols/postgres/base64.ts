/** Base64 (RFC 4648 section 4), with its padding. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Octets as text. */
export function base64Of(octets: Uint8Array): string {
  let text = ''
  for (let i = 0; i < octets.length; i += 3) {
    const bits = (octets[i]! << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0)
    const digits = Math.min(octets.length - i, 3) + 1
    for (let digit = 0; digit < 4; digit++)
      text += digit < digits ? ALPHABET.charAt((bits >> (18 - digit * 6)) & 0x3f) : '='
  }
  return text
}

/** The octets of a text; undefined when it is empty, or not base64 in its one form. */
export function octetsOfBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/=+$/, '')
  const octets = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let bits = 0
  for (let i = 0; i < digits.length; i++) {
    bits = (bits << 6) | ALPHABET.indexOf(digits.charAt(i))
    const filled = ((i + 1) * 6) >> 3
    const shift = ((i + 1) * 6) & 7
    if ((i * 6) >> 3 < filled) octets[filled - 1] = bits >> shift
  }
  // What was not base64 comes back as something else.
  return octets.length > 0 && base64Of(octets) === text ? octets : undefined
}
