/** Replies as our reader, redis-parser and node-redis's decoder read them, in the same words. */

import { createRequire } from 'node:module'
import { Decoder, PUSH_TYPE_MAPPING, RESP_TYPES } from '@redis/client/dist/lib/RESP/decoder.js'
import { VerbatimString as TheirVerbatimString } from '@redis/client/dist/lib/RESP/verbatim-string.js'
import { Input } from '#src/protocols/core/input.js'
import { READ_FAULT, READ_MORE, READ_PUSH, ReplyReader } from '#src/protocols/redis/reply-reader.js'
import {
  BigNumber,
  DoubleNumber,
  redisLimits,
  ReplyError,
  ReplyFlags,
  ReplyMap,
  ReplySet,
  type ReplyValue,
  SimpleString,
  VerbatimString,
} from 'skitai/redis'

/** What was read, and what ended it: a fault, or nothing. */
export interface Verdict {
  readonly seen: readonly string[]
  readonly fault: string
}

const PUSH = 'push '

/** By our reader. */
export function readByUs(octets: Uint8Array): Verdict {
  const seen: string[] = []
  const input = new Input()
  const reader = new ReplyReader(redisLimits)
  input.push(octets)
  reader.refresh()
  for (;;) {
    const read = reader.read(input, ReplyFlags.typed, ReplyFlags.typed)
    if (read === READ_FAULT) return { seen, fault: reader.fault!.code }
    if (read === READ_MORE) return { seen, fault: '' }
    seen.push((read === READ_PUSH ? PUSH : '') + words(reader.take()))
  }
}

interface RedisParser {
  execute(chunk: Buffer): void
}

/** The package has no types. */
const Parser = createRequire(import.meta.url)('redis-parser') as new (options: object) => RedisParser

/** By the parser of ioredis: RESP2. */
export function readByRedisParser(octets: Uint8Array): Verdict {
  const seen: string[] = []
  let fault = ''
  const push = (value: unknown): void => void seen.push(wordsOfTheirs(value))
  const parser = new Parser({
    returnReply: push,
    returnError: push,
    returnFatalError: (error: Error) => (fault = error.name),
    stringNumbers: true,
  })
  try {
    parser.execute(Buffer.from(octets))
  } catch (error) {
    fault = (error as Error).name
  }
  return { seen, fault }
}

const MAPPING = {
  [RESP_TYPES.NUMBER]: String,
  // As it came: a Map would leave keys out that come twice.
  [RESP_TYPES.MAP]: Array,
  [RESP_TYPES.VERBATIM_STRING]: TheirVerbatimString,
}

// For pushes it has one that cannot be given: strings would be octets.
Object.assign(PUSH_TYPE_MAPPING, { [RESP_TYPES.BLOB_STRING]: String }, MAPPING)

/** By the decoder of node-redis: RESP2 and RESP3. */
export function readByNodeRedis(octets: Uint8Array): Verdict {
  const seen: string[] = []
  let fault = ''
  const push = (value: unknown): void => void seen.push(wordsOfTheirs(value))
  const decoder = new Decoder({
    onReply: push,
    onErrorReply: push,
    onPush: (values) => void seen.push(PUSH + wordsOfTheirs(values)),
    getTypeMapping: () => MAPPING,
  })
  try {
    decoder.write(Buffer.from(octets))
  } catch (error) {
    fault = (error as Error).name
  }
  return { seen, fault }
}

/**
 * A value of ours. Sets and maps are lists, and integers are texts: theirs have no other form that leaves nothing out.
 */
function words(value: ReplyValue): string {
  if (value instanceof ReplyError) return `error ${JSON.stringify(value.message)}`
  if (value instanceof SimpleString) return textWords(value.text)
  if (value instanceof VerbatimString) return `verbatim ${value.format} ${JSON.stringify(value.text)}`
  if (value instanceof DoubleNumber) return doubleWords(value.value)
  if (value instanceof BigNumber) return `big ${value.value}`
  if (value instanceof ReplySet) return words([...value.elements])
  if (value instanceof ReplyMap) return words(value.pairs.flat())
  if (Array.isArray(value)) return `[${value.map(words).join()}]`
  return scalarWords(typeof value === 'number' || typeof value === 'bigint' ? String(value) : value)
}

function wordsOfTheirs(value: unknown): string {
  if (value instanceof Error) return `error ${JSON.stringify(value.message)}`
  if (value instanceof TheirVerbatimString) return `verbatim ${value.format} ${JSON.stringify(String(value))}`
  if (typeof value === 'number') return doubleWords(value)
  if (typeof value === 'bigint') return `big ${value}`
  return Array.isArray(value) ? `[${value.map(wordsOfTheirs).join()}]` : scalarWords(value)
}

function scalarWords(value: unknown): string {
  return typeof value === 'string' ? textWords(value) : String(value)
}

/** What may be an integer in the form that ours has, which is exact: theirs leave it as it came. */
function textWords(text: string): string {
  return JSON.stringify(/^[+-]?\d{1,20}$/.test(text) ? String(BigInt(text.replace('+', ''))) : text)
}

function doubleWords(value: number): string {
  return `double ${Object.is(value, -0) ? '-0' : value}`
}
