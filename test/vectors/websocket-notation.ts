/** WebSocket frames as lines of text, both ways; README.md beside this file says how they look. */

import { deflateRawSync, constants } from 'node:zlib'
import { concat, escapeBytes } from 'skitai/testing'
import { type Command, parseCommand } from './command-words.js'

const OPCODES: readonly (readonly [name: string, opcode: number])[] = [
  ['continue', 0],
  ['text', 1],
  ['binary', 2],
  ['close', 8],
  ['ping', 9],
  ['pong', 10],
]

const OPTIONS = ['size', 'opcode', 'rsv', 'length', 'form', 'key', 'deflated', 'inflates', 'hex']
const KEY = '01020304'

/** The octets of lines, as the peer of a role sends them: those of a client are masked. */
export function encodeFrames(lines: readonly string[], masked: boolean): Uint8Array {
  return concat(lines.filter((line) => line.trim() !== '').map((line) => encodeFrame(line, masked)))
}

/**
 * One frame: its kind, or `frame opcode=3`; `more` when it is not the last of its message, `masked` or `unmasked` against
 * the role, `rsv=4` for reserved bits, `length=5` for another length than the payload has, `form=16` or `form=64` for a
 * longer form of it, `key=01020304`, `deflated="text"` for a compressed payload, `inflates=5000` for one of so many zeros, `hex=f248` for octets.
 */
function encodeFrame(line: string, role: boolean): Uint8Array {
  const command = parseCommand(line.trim(), OPTIONS)
  const { verb, words, options, content = new Uint8Array(0) } = command
  if (verb === 'raw') return content
  const opcode = options.has('opcode') ? Number(options.get('opcode')) : OPCODES.find(([name]) => name === verb)?.[1]
  if (opcode === undefined) throw new Error(`not a frame: ${line}`)
  const masked = words.includes('masked') || (role && !words.includes('unmasked'))
  const payload = payloadOf(command)
  const rsv1 = options.has('deflated') || options.has('inflates') ? 4 : 0
  const first = (words.includes('more') ? 0 : 0x80) | ((Number(options.get('rsv') ?? 0) | rsv1) << 4) | opcode
  const length = Number(options.get('length') ?? payload.length)
  const key = Buffer.from(masked ? (options.get('key') ?? KEY) : '', 'hex')
  const form = Number(options.get('form') ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64))
  const body = masked ? payload.map((octet, i) => octet ^ key[i & 3]!) : payload
  return concat([Uint8Array.of(first), lengthOctets(length, form, masked ? 0x80 : 0), key, body])
}

function payloadOf({ verb, words, options, content = new Uint8Array(0) }: Command): Uint8Array {
  const inflates = options.get('inflates')
  if (inflates !== undefined) return deflated(new Uint8Array(Number(inflates)))
  const text = options.get('deflated')
  if (text !== undefined) return deflated(Buffer.from(text, 'latin1'))
  if (options.has('hex')) return Buffer.from(options.get('hex')!, 'hex')
  const code = verb === 'close' ? words.find((word) => /^\d+$/.test(word)) : undefined
  return code === undefined ? content : concat([Uint8Array.of(Number(code) >> 8, Number(code) & 0xff), content])
}

/** A message compressed on its own, without its tail (RFC 7692 section 7.2.1). */
export function deflated(octets: Uint8Array): Uint8Array {
  return deflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

function lengthOctets(length: number, form: number, bit: number): Uint8Array {
  if (form === 7) return Uint8Array.of(length | bit)
  const octets = new Uint8Array(form === 16 ? 3 : 9)
  octets[0] = (form === 16 ? 126 : 127) | bit
  const view = new DataView(octets.buffer)
  if (form === 16) view.setUint16(1, length)
  else view.setBigUint64(1, BigInt(length))
  return octets
}

/** The frames that an output holds, a line each; compressed payloads in hexadecimal digits. */
export function printFrames(octets: Uint8Array): string[] {
  const lines: string[] = []
  for (let at = 0; at < octets.length;) {
    const view = new DataView(octets.buffer, octets.byteOffset + at)
    const first = octets[at]!
    const second = octets[at + 1]!
    const short = second & 0x7f
    const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2))
    const masked = second >= 0x80
    let start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    const key = masked ? octets.subarray(start, start + 4) : undefined
    if (masked) start += 4
    const payload = octets
      .slice(start, start + length)
      .map((octet, i) => (key === undefined ? octet : octet ^ key[i & 3]!))
    lines.push(printFrame(first, payload, masked))
    at = start + length
  }
  return lines
}

function printFrame(first: number, payload: Uint8Array, masked: boolean): string {
  const opcode = first & 0xf
  const parts = [OPCODES.find(([, code]) => code === opcode)?.[0] ?? `frame opcode=${opcode}`]
  if (first < 0x80) parts.push('more')
  if (masked) parts.push('masked')
  const rsv = (first >> 4) & 7
  if (rsv > 0) return [...parts, `rsv=${rsv}`, `hex=${Buffer.from(payload).toString('hex')}`].join(' ')
  if (opcode === 8 && payload.length >= 2) {
    parts.push(String((payload[0]! << 8) | payload[1]!))
    if (payload.length > 2) parts.push(contentOf(payload.subarray(2)))
  } else if (payload.length > 0) {
    parts.push(contentOf(payload))
  }
  return parts.join(' ')
}

/** Octets as vectors have them: long ones of one kind by their number. */
export function contentOf(bytes: Uint8Array): string {
  const same = bytes.every((octet) => octet === bytes[0])
  return same && bytes.length > 32 ? `size=${bytes.length}` : `"${escapeBytes(bytes)}"`
}

/** The octets of a text in UTF-8, as vectors have them. */
export function textOf(text: string): string {
  return contentOf(new TextEncoder().encode(text))
}

/** A text from escaped octets of UTF-8. */
export function textFrom(octets: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
}
