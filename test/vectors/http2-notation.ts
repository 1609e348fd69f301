/** HTTP/2 frames as lines of text, both ways; README.md beside this file says how they look. */

import { HpackDecoder } from 'skitai/hpack'
import { errorCodeName, ErrorCodes, Flags, FrameTypes } from 'skitai/http2'
import { bytesOf, concat, escapeBytes, unescapeBytes } from 'skitai/testing'

/** What a client sends before its first frame. */
export const PREFACE: Uint8Array = bytesOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const SETTINGS: readonly (readonly [name: string, id: number])[] = [
  ['header_table_size', 1],
  ['enable_push', 2],
  ['max_concurrent_streams', 3],
  ['initial_window_size', 4],
  ['max_frame_size', 5],
  ['max_header_list_size', 6],
  ['enable_connect_protocol', 8],
  ['no_rfc7540_priorities', 9],
]

/** A line in words: positional ones, `name=value` pairs, and content in quotes. */
interface Words {
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
  readonly content: Uint8Array | undefined
}

const WORD = /([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|\S+)|"((?:[^"\\]|\\.)*)"|(\S+)/gi

function wordsOf(line: string): Words {
  const words: string[] = []
  const options = new Map<string, string>()
  let content: Uint8Array | undefined
  for (const [, name, value, quoted, word] of line.matchAll(WORD)) {
    if (name !== undefined) options.set(name, value!)
    else if (quoted !== undefined) content = unescapeBytes(quoted)
    else words.push(word!)
  }
  return { words, options, content }
}

/** A frame from its parts; `length` claims another length than the payload has. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array, length?: number): Uint8Array {
  const size = length ?? payload.length
  const header = new Uint8Array(9)
  const view = new DataView(header.buffer)
  view.setUint32(0, size * 256 + type)
  header[4] = flags
  view.setUint32(5, streamId)
  return concat([header, payload])
}

/** Numbers of 32 bits. */
export function uint32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => view.setUint32(index * 4, value))
  return bytes
}

/** A field block that needs no table: literals without indexing, without Huffman code (RFC 7541 section 6.2.2). */
export function plainBlock(fields: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < fields.length; i += 2)
    parts.push(new Uint8Array([0]), plainString(fields[i]!), plainString(fields[i + 1]!))
  return concat(parts)
}

function plainString(text: string): Uint8Array {
  const octets = bytesOf(text)
  if (octets.length < 127) return concat([new Uint8Array([octets.length]), octets])
  const size = [127]
  let rest = octets.length - 127
  for (; rest >= 128; rest >>>= 7) size.push((rest & 127) | 128)
  size.push(rest)
  return concat([new Uint8Array(size), octets])
}

/**
 * The octets of lines: each is a frame, `preface`, or `raw` octets; the indented lines below a frame are its fields.
 */
export function encodeLines(lines: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (line.trim() === '') continue
    const fields: string[] = []
    while (lines[i + 1]?.startsWith('  ') === true) fields.push(...fieldOf(lines[++i]!.slice(2)))
    parts.push(encodeLine(line, fields))
  }
  return concat(parts)
}

function fieldOf(line: string): [string, string] {
  const end = line.indexOf(':', 1)
  if (end < 0) throw new Error(`not a field: ${line}`)
  const text = (part: string): string => String.fromCharCode(...unescapeBytes(part))
  return [text(line.slice(0, end)), text(line.slice(end + 1).replace(/^ /, ''))]
}

function encodeLine(line: string, fields: readonly string[]): Uint8Array {
  const { words, options, content = new Uint8Array(0) } = wordsOf(line)
  const [kind = '', ...rest] = words
  const number = (index: number): number => Number(rest[index])
  const has = (word: string): boolean => rest.includes(word)
  const end = has('end_stream') ? Flags.endStream : 0
  const ack = has('ack') ? Flags.ack : 0
  const length = options.has('length') ? Number(options.get('length')) : undefined
  const block = options.has('block') ? hexOctets(options.get('block')!) : plainBlock(fields)
  const endHeaders = has('no_end_headers') ? 0 : Flags.endHeaders
  const make = (type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array =>
    frame(type, flags, streamId, payload, length)
  switch (kind) {
    case 'preface':
      return PREFACE
    case 'raw':
      return content
    case 'DATA': {
      const size = options.get('size')
      const octets = size === undefined ? content : new Uint8Array(Number(size)).fill(0x78)
      const [payload, flags] = padded(octets, options)
      return make(FrameTypes.data, end | flags, number(0), payload)
    }
    case 'HEADERS': {
      const dependency = options.get('dep')
      const before = dependency === undefined ? [] : [uint32s(Number(dependency)), new Uint8Array([15])]
      const [payload, flags] = padded(concat([...before, block]), options)
      const priority = dependency === undefined ? 0 : Flags.priority
      return make(FrameTypes.headers, end | endHeaders | flags | priority, number(0), payload)
    }
    case 'PUSH_PROMISE': {
      const [payload, flags] = padded(concat([uint32s(Number(options.get('promised'))), block]), options)
      return make(FrameTypes.pushPromise, endHeaders | flags, number(0), payload)
    }
    case 'CONTINUATION':
      return make(FrameTypes.continuation, endHeaders, number(0), block)
    case 'PRIORITY':
      return make(
        FrameTypes.priority,
        0,
        number(0),
        concat([uint32s(Number(options.get('dep') ?? 0)), new Uint8Array([15])]),
      )
    case 'RST_STREAM':
      return make(FrameTypes.rstStream, 0, number(0), uint32s(codeOf(rest[1] ?? 'CANCEL')))
    case 'SETTINGS':
      return make(FrameTypes.settings, ack, Number(options.get('stream') ?? 0), settingsOf(options))
    case 'PING':
      return make(FrameTypes.ping, ack, Number(options.get('stream') ?? 0), content)
    case 'GOAWAY':
      return make(
        FrameTypes.goaway,
        0,
        Number(options.get('stream') ?? 0),
        concat([uint32s(number(0), codeOf(rest[1] ?? 'NO_ERROR')), content]),
      )
    case 'WINDOW_UPDATE':
      return make(FrameTypes.windowUpdate, 0, number(0), uint32s(number(1)))
    case 'PRIORITY_UPDATE':
      return make(
        FrameTypes.priorityUpdate,
        0,
        Number(options.get('stream') ?? 0),
        concat([uint32s(number(0)), content]),
      )
    case 'FRAME':
      return make(
        Number(options.get('type')),
        Number(options.get('flags') ?? 0),
        Number(options.get('stream') ?? 0),
        content,
      )
    default:
      throw new Error(`not a frame: ${line}`)
  }
}

function padded(payload: Uint8Array, options: ReadonlyMap<string, string>): [Uint8Array, number] {
  const pad = options.get('pad')
  if (pad === undefined) return [payload, 0]
  return [concat([new Uint8Array([Number(pad)]), payload, new Uint8Array(Number(pad))]), Flags.padded]
}

function hexOctets(hex: string): Uint8Array {
  return new Uint8Array(hex.match(/[0-9a-f]{2}/gi)?.map((octet) => Number.parseInt(octet, 16)) ?? [])
}

function codeOf(word: string): number {
  return word in ErrorCodes ? ErrorCodes[word as keyof typeof ErrorCodes] : Number(word)
}

function settingsOf(options: ReadonlyMap<string, string>): Uint8Array {
  const octets: number[] = []
  for (const [name, value] of options) {
    if (name === 'length' || name === 'stream') continue
    const id = SETTINGS.find(([known]) => known === name)?.[1] ?? Number(name)
    octets.push(id >> 8, id & 255, ...uint32s(Number(value)))
  }
  return new Uint8Array(octets)
}

/** Frames → lines. Keeps the state of HPACK: one printer for one direction of a connection. */
export class FramePrinter {
  readonly #decoder = new HpackDecoder()
  #open = ''

  /** The lines of all frames in `bytes`; what is left of an incomplete one is `raw`. */
  print(bytes: Uint8Array): string[] {
    const lines: string[] = []
    let at = 0
    if (escapeBytes(bytes.subarray(0, PREFACE.length)) === escapeBytes(PREFACE)) {
      lines.push('preface')
      at = PREFACE.length
    }
    while (at < bytes.length) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
      const length = bytes.length - at < 9 ? Infinity : view.getUint32(0) >>> 8
      if (bytes.length - at < 9 + length) {
        lines.push(`raw "${escapeBytes(bytes.subarray(at))}"`)
        break
      }
      const payload = bytes.subarray(at + 9, at + 9 + length)
      lines.push(...this.#frame(view.getUint8(3), view.getUint8(4), view.getUint32(5), payload))
      at += 9 + length
    }
    return lines
  }

  #frame(type: number, flags: number, streamId: number, payload: Uint8Array): string[] {
    const end = (flags & Flags.endStream) === 0 ? '' : ' end_stream'
    const ack = (flags & Flags.ack) === 0 ? '' : ' ack'
    const number = (at: number): number => new DataView(payload.buffer, payload.byteOffset).getUint32(at)
    const code = (at: number): string => errorCodeName(number(at)) ?? String(number(at))
    if ((flags & Flags.padded) !== 0 && type !== FrameTypes.continuation) {
      const padding = payload[0]!
      const inner = payload.subarray(1, payload.length - padding)
      const [first = '', ...rest] = this.#frame(type, flags & ~Flags.padded, streamId, inner)
      return [`${first} pad=${padding}`, ...rest]
    }
    switch (type) {
      case FrameTypes.data:
        return [`DATA ${streamId}${end}${contentOf(payload)}`]
      case FrameTypes.headers:
        return this.#block(`HEADERS ${streamId}${end}`, flags, payload)
      case FrameTypes.pushPromise:
        return this.#block(`PUSH_PROMISE ${streamId} promised=${number(0)}`, flags, payload.subarray(4))
      case FrameTypes.continuation:
        return this.#block(`CONTINUATION ${streamId}`, flags, payload)
      case FrameTypes.rstStream:
        return [`RST_STREAM ${streamId} ${code(0)}`]
      case FrameTypes.settings:
        return [`SETTINGS${ack}${printSettings(payload)}`]
      case FrameTypes.ping:
        return [`PING${ack} "${escapeBytes(payload)}"`]
      case FrameTypes.goaway:
        return [`GOAWAY ${number(0)} ${code(4)}`]
      case FrameTypes.windowUpdate:
        return [`WINDOW_UPDATE ${streamId} ${number(0)}`]
      case FrameTypes.priorityUpdate:
        return [`PRIORITY_UPDATE ${number(0)} "${escapeBytes(payload.subarray(4))}"`]
      default:
        throw new Error(`an engine wrote a frame of type ${type}`)
    }
  }

  #block(line: string, flags: number, fragment: Uint8Array): string[] {
    const decoder = this.#decoder
    const last = (flags & Flags.endHeaders) !== 0
    if (this.#open === '') decoder.begin()
    this.#open = last ? '' : line
    const before = decoder.count
    if (decoder.decode(fragment, 0, fragment.length) !== 0 || (last && decoder.finish() !== 0))
      throw new Error(`an engine wrote a block that cannot be decoded: ${line}`)
    const lines = [line + (last ? '' : ' no_end_headers')]
    for (let i = before; i < decoder.count; i++) lines.push(`  ${decoder.names[i]!}: ${decoder.values[i]!}`.trimEnd())
    return lines
  }
}

function contentOf(payload: Uint8Array): string {
  if (payload.length === 0) return ''
  const same = payload.every((octet) => octet === payload[0])
  return same && payload.length > 32 ? ` size=${payload.length}` : ` "${escapeBytes(payload)}"`
}

function printSettings(payload: Uint8Array): string {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  let text = ''
  for (let at = 0; at < payload.length; at += 6) {
    const id = view.getUint16(at)
    text += ` ${SETTINGS.find(([, known]) => known === id)?.[0] ?? String(id)}=${view.getUint32(at + 2)}`
  }
  return text
}
