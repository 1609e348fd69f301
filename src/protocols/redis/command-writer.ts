/**
 * Commands onto the wire: always an array of bulk strings, so that nothing in an argument can be taken for anything
 * else. Arguments are written where they leave from; only large ones are queued as they are.
 */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import type { OutputQueue } from '../core/output.js'

/** An argument of a command. Numbers are written as JavaScript writes them; octets belong to the engine from now on. */
export type CommandArgument = string | Uint8Array | number | bigint

const STAR = 0x2a
const DOLLAR = 0x24
const CR = 0x0d
const LF = 0x0a
const ZERO = 0x30

/** A length with its type and its CRLF. */
const HEAD_BYTES_MAX = 14

/** Up to here a loop is faster than two native calls. */
const LOOP_CHARS_MAX = 40

/** Longer texts get memory of their own, so that blocks are not left half empty. */
const INLINE_BYTES_MAX = 16_384

/** As the server has it by default (`proto-max-bulk-len`). */
const BULK_BYTES_MAX = 536_870_912

/** What may stand in one command. */
const ARGUMENTS_MAX = 1_048_576

/** Throws `UsageError` for what is no command; nothing of it is written then. */
export function checkCommand(args: readonly CommandArgument[]): void {
  if (args.length === 0 || args.length > ARGUMENTS_MAX)
    throw new UsageError('REDIS_ARGUMENTS', `a command has 1 to ${ARGUMENTS_MAX} words, not ${args.length}`)
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    // What three octets a character could not pass is not counted.
    if (typeof argument === 'string') {
      if (argument.length > BULK_BYTES_MAX / 3) checkBytes(native.utf8Length(argument))
    } else if (typeof argument === 'number') {
      if (!Number.isFinite(argument)) throw new UsageError('REDIS_ARGUMENTS', `argument ${i} is ${argument}`)
    } else if (argument instanceof Uint8Array) checkBytes(argument.length)
    else if (typeof argument !== 'bigint')
      throw new UsageError(
        'REDIS_ARGUMENTS',
        `argument ${i} is a string, a Uint8Array, a number or a bigint, not ${argument === null ? 'null' : typeof argument}`,
      )
  }
}

function checkBytes(bytes: number): void {
  if (bytes > BULK_BYTES_MAX)
    throw new UsageError('REDIS_ARGUMENTS', `an argument has at most ${BULK_BYTES_MAX} octets, not ${bytes}`)
}

/** Writes a command that `checkCommand` has let pass. */
export function writeCommand(out: OutputQueue, args: readonly CommandArgument[]): void {
  writeHead(out, STAR, args.length)
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    if (typeof argument === 'string') writeText(out, argument)
    else if (argument instanceof Uint8Array) writeOctets(out, argument)
    else writeText(out, String(argument))
  }
}

/** A bulk string of UTF-8. */
export function writeText(out: OutputQueue, text: string): void {
  if (text.length <= LOOP_CHARS_MAX && writeAscii(out, text)) return
  const bytes = native.utf8Length(text)
  writeHead(out, DOLLAR, bytes)
  if (bytes <= INLINE_BYTES_MAX) {
    out.utf8(text, bytes)
  } else {
    const octets = native.allocate(bytes)
    native.utf8Write(octets, text, 0)
    out.append(octets)
  }
  out.latin1('\r\n')
}

/** A bulk string. Large octets leave as they are. */
export function writeOctets(out: OutputQueue, octets: Uint8Array): void {
  writeHead(out, DOLLAR, octets.length)
  out.append(octets)
  out.latin1('\r\n')
}

/** False, with nothing written, when there is more than ASCII in it. */
function writeAscii(out: OutputQueue, text: string): boolean {
  const size = text.length
  const begin = out.reserve(size + HEAD_BYTES_MAX)
  const { memory } = out
  let at = begin
  memory[at++] = DOLLAR
  if (size >= 10) memory[at++] = ZERO + ((size / 10) | 0)
  memory[at++] = ZERO + (size % 10)
  memory[at++] = CR
  memory[at++] = LF
  for (let i = 0; i < size; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) {
      out.commit(begin)
      return false
    }
    memory[at++] = code
  }
  memory[at++] = CR
  memory[at++] = LF
  out.commit(at)
  return true
}

/** A type, a number that is not negative, CRLF. */
export function writeHead(out: OutputQueue, type: number, value: number): void {
  const begin = out.reserve(HEAD_BYTES_MAX)
  const { memory } = out
  let at = begin
  memory[at++] = type
  if (value < 10) {
    memory[at++] = ZERO + value
  } else {
    const text = String(value)
    for (let i = 0; i < text.length; i++) memory[at++] = text.charCodeAt(i)
  }
  memory[at++] = CR
  memory[at++] = LF
  out.commit(at)
}
