/**
 * The Redis rows of the engine bench: replies into values, by our client engine and by the decoders of ioredis
 * (redis-parser) and node-redis. All are given the same octets of RESP2 in chunks of 64 KiB and make the same values of
 * them: strings as text, integers as numbers, arrays. Ours does what a decoder does not, and that is counted: it finds
 * the command of each reply, and gives an event. That commands were given is not, because the others know of none.
 */

import { createRequire } from 'node:module'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { RedisClient } from 'skitai/redis'
import { repoRoot } from '../../tools/repo.js'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'

/** One row of the results. */
export interface RedisEngineResult {
  readonly input: string
  readonly decoder: string
  readonly nsPerReply: number
  readonly nsPerByte: number
  /** How many times as fast as the best of the others, in the same run. */
  readonly timesBest: number
}

/** As a socket brings it. */
const CHUNK_BYTES = 65_536

interface Input {
  readonly name: string
  readonly replies: number
  readonly chunks: readonly Buffer[]
  readonly bytes: number
}

/** Reads replies; gives each to `onValue`. */
interface Decoder {
  /** So many replies are to come; not counted. */
  expect(replies: number): void
  read(chunk: Buffer, onValue: (value: unknown) => void): void
}

const OURS = 'skitai'

const makers: Readonly<Record<string, () => Decoder>> = {
  [OURS]: ours,
  'redis-parser': redisParser,
  'node-redis': nodeRedis,
}

function inputs(): Input[] {
  return [
    // A burst of 1,000 SET, INCR and GET.
    input('small', 1000, (at) => ['+OK\r\n', `:${at}\r\n`, bulk(`value of key ${at}`)][at % 3]!),
    input('integers', 30, () => array(1000, (at) => `:${at * 7}\r\n`)),
    input('large', 30, () => array(1000, (at) => bulk(`element ${at}`))),
    // Entries of a stream, as XRANGE gives them.
    input('nested', 300, (at) =>
      array(10, (entry) => array(2, (half) => (half === 0 ? id(at, entry) : fields(entry)))),
    ),
  ]
}

function input(name: string, replies: number, reply: (at: number) => string): Input {
  const octets = Buffer.from(Array.from({ length: replies }, (_, at) => reply(at)).join(''))
  const chunks: Buffer[] = []
  for (let at = 0; at < octets.length; at += CHUNK_BYTES)
    chunks.push(Buffer.from(octets.subarray(at, at + CHUNK_BYTES)))
  return { name, replies, chunks, bytes: octets.length }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

function array(length: number, element: (at: number) => string): string {
  return `*${length}\r\n${Array.from({ length }, (_, at) => element(at)).join('')}`
}

function id(at: number, entry: number): string {
  return bulk(`1700000000${String(at).padStart(3, '0')}-${entry}`)
}

function fields(entry: number): string {
  return array(4, (at) => bulk(['name', `customer ${entry}`, 'score', String(entry * 31)][at]!))
}

function ours(): Decoder {
  const client = new RedisClient({ protocol: 2 })
  client.start(0)
  client.poll()
  const words = ['GET', 'key']
  return {
    expect: (replies) => {
      for (let left = replies; left > 0; left--) client.command(words)
      while (client.output() !== undefined);
    },
    read: (chunk, onValue) => {
      client.receive(chunk, 0)
      for (let event = client.poll(); event !== undefined; event = client.poll())
        if (event.type === 'reply') onValue(event.value)
    },
  }
}

/** Of the packages of the bench, which have no types here. */
function load<Module>(name: string): Module {
  return createRequire(path.join(repoRoot, 'bench', 'package.json'))(name) as Module
}

/** What stays away: none of the replies is an error. */
const never = (error: unknown): never => {
  throw new Error(`no reply is wrong: ${String(error)}`)
}

function redisParser(): Decoder {
  interface Parser {
    execute(chunk: Buffer): void
  }
  const Made = load<new (options: object) => Parser>('redis-parser')
  let told: (value: unknown) => void = never
  const parser = new Made({ returnReply: (value: unknown) => told(value), returnError: never, returnFatalError: never })
  return {
    expect: () => {},
    read: (chunk, onValue) => {
      told = onValue
      parser.execute(chunk)
    },
  }
}

function nodeRedis(): Decoder {
  interface Written {
    write(chunk: Buffer): void
  }
  // It is no part of what the package exports, but of its folder.
  const file = path.join(repoRoot, 'bench/node_modules/@redis/client/dist/lib/RESP/decoder.js')
  const { Decoder: Made } = load<{ Decoder: new (options: object) => Written }>(file)
  let told: (value: unknown) => void = never
  const mapping = {}
  const decoder = new Made({
    onReply: (value: unknown) => told(value),
    onErrorReply: never,
    onPush: never,
    getTypeMapping: () => mapping,
  })
  return {
    expect: () => {},
    read: (chunk, onValue) => {
      told = onValue
      decoder.write(chunk)
    },
  }
}

/** Runs the rows whose name holds `options.only`. */
export function benchRedisEngine(options: BenchOptions): RedisEngineResult[] {
  const results = inputs()
    .filter(({ name }) => `redis ${name}`.includes(options.only))
    .flatMap((one) => measure(one, options))
  if (results.length > 0) console.log(results.map(show).join('\n'))
  return results
}

function measure(given: Input, options: BenchOptions): RedisEngineResult[] {
  const subjects = Object.entries(makers).map(([name, make]) => ({ name, decoder: make(), samples: [] as number[] }))
  const [first, ...others] = subjects.map(({ decoder }) => valuesOf(decoder, given))
  if (first!.length !== given.replies || others.some((values) => !isDeepStrictEqual(values, first)))
    throw new Error(`the decoders do not give the same values of ${given.name}`)
  const milliseconds = Math.max(50, options.seconds * 100)
  for (const { decoder } of subjects) sampleFor(4 * milliseconds, decoder, given)
  for (let round = 0; round < options.rounds; round++)
    for (const { decoder, samples } of subjects) samples.push(sampleFor(milliseconds, decoder, given))
  const best = Math.min(...subjects.filter(({ name }) => name !== OURS).map(({ samples }) => median(samples)))
  return subjects.map(({ name, samples }) => {
    const nsPerReply = median(samples)
    const nsPerByte = (nsPerReply * given.replies) / given.bytes
    return { input: given.name, decoder: name, nsPerReply, nsPerByte, timesBest: best / nsPerReply }
  })
}

function valuesOf(decoder: Decoder, { replies, chunks }: Input): unknown[] {
  const values: unknown[] = []
  decoder.expect(replies)
  for (const chunk of chunks) decoder.read(chunk, (value) => values.push(value))
  return values
}

/** The median of all passes in some time, in nanoseconds a reply. */
function sampleFor(milliseconds: number, decoder: Decoder, { replies, chunks }: Input): number {
  const passes: number[] = []
  let count = 0
  const onValue = (value: unknown): void => {
    if (value !== null) count++
  }
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    decoder.expect(replies)
    count = 0
    const begin = process.hrtime.bigint()
    for (const chunk of chunks) decoder.read(chunk, onValue)
    passes.push(Number(process.hrtime.bigint() - begin) / replies)
    if (count !== replies) throw new Error(`${count} of ${replies} replies`)
  }
  return median(passes)
}

function show({ input: name, decoder, nsPerReply, nsPerByte, timesBest }: RedisEngineResult): string {
  const numbers = `${nsPerReply.toFixed(0).padStart(8)} ns a reply ${nsPerByte.toFixed(3).padStart(8)} ns a byte`
  return `${`redis ${name}, ${decoder}`.padEnd(46)} ${numbers}  ${timesBest.toFixed(2)} x the best of the others`
}

/** The results as a Markdown table. */
export function redisEngineTable(results: readonly RedisEngineResult[]): string {
  return markdownTable(
    ['Redis replies', 'decoder', 'ns a reply', 'ns a byte', 'times the best of the others'],
    results.map(({ input: name, decoder, nsPerReply, nsPerByte, timesBest }) => [
      name,
      decoder,
      nsPerReply.toFixed(0),
      nsPerByte.toFixed(3),
      timesBest.toFixed(2),
    ]),
  )
}
