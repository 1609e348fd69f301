/** Which slot of a cluster a key belongs to ("Key distribution model" of the Redis Cluster specification). */

import { native } from '../core/native.js'

/** Slots of a cluster. */
export const SLOTS = 16_384

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** CRC16 in its XMODEM form: polynomial 0x1021, beginning with 0. */
const CRC16: Uint16Array = Uint16Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
  return crc
})

/** The slot of a key, 0 to 16,383: of what stands between its first `{` and the next `}`, where there is anything. */
export function keySlot(key: string | Uint8Array): number {
  const octets = typeof key === 'string' ? octetsOf(key) : key
  const open = octets.indexOf(OPEN_BRACE)
  const close = open < 0 ? -1 : octets.indexOf(CLOSE_BRACE, open + 1)
  const tagged = close > open + 1
  const end = tagged ? close : octets.length
  let crc = 0
  for (let at = tagged ? open + 1 : 0; at < end; at++) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >>> 8) ^ octets[at]!]!
  return crc % SLOTS
}

function octetsOf(key: string): Uint8Array {
  const octets = new Uint8Array(native.utf8Length(key))
  native.utf8Write(octets, key, 0)
  return octets
}
