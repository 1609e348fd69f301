/** The engine bench: parsers alone, without sockets. `npm run bench -- engine [options]`. */

import { Bench } from 'tinybench'
import { describeMachine, median, requireQuietMachine } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable, provenance, writeResults, writeSection } from '../record.js'
import { benchHpack, hpackTable } from './hpack.js'
import { benchHttp2Engine, http2Table } from './http2.js'
import { type BenchInput, benchInputs, chunksOf } from './inputs.js'
import { type BenchParser, parserMakers } from './parsers.js'
import { benchPostgresEngine, postgresTable } from './postgres.js'
import { benchRouter, routerTable } from './router.js'
import { benchRedisEngine, redisEngineTable } from './redis.js'

/** Octets a chunk; 0 for the whole input at once. 1460 is the payload of an Ethernet segment. */
const CHUNK_SIZES = [0, 1460, 64]

/** One sample covers at least so many octets, so that reading the clock does not count. */
const SAMPLE_BYTES = 65_536

interface EngineResult {
  readonly input: string
  readonly chunkBytes: number
  readonly parser: string
  readonly nsPerMessage: number
  readonly nsPerByte: number
  /** How many times as fast as node's own parser, in the same run. */
  readonly timesNode: number
}

/** Runs the bench and records it. */
export async function benchEngines(options: BenchOptions): Promise<void> {
  requireQuietMachine(options.force)
  const results: EngineResult[] = []
  for (const input of benchInputs())
    for (const chunkBytes of CHUNK_SIZES) {
      if (chunkBytes >= input.bytes.length || !`${input.name} ${chunkBytes}`.includes(options.only)) continue
      const measured = await measure(input, chunkBytes, options)
      results.push(...measured)
      console.log(measured.map(show).join('\n'))
    }
  const hpack = await benchHpack(options)
  const http2 = benchHttp2Engine(options)
  const postgres = await benchPostgresEngine(options)
  const redis = benchRedisEngine(options)
  const router = benchRouter(options)
  if (!options.record) return
  const machine = describeMachine()
  writeResults('engine', { machine, rounds: options.rounds, results, hpack, http2, postgres, redis, router })
  const provided = provenance('npm run bench -- engine', machine, '')
  const tables = [resultTable(results), hpackTable(hpack), http2Table(http2), postgresTable(postgres)]
  writeSection('engine', [provided, ...tables, redisEngineTable(redis), routerTable(router)].join('\n\n'))
}

/** Rounds of all parsers, one after the other in each; the median over the rounds counts. */
async function measure(input: BenchInput, chunkBytes: number, options: BenchOptions): Promise<EngineResult[]> {
  const chunks = chunksOf(input.bytes, chunkBytes)
  const parsers = Object.entries(parserMakers).map(([name, make]) => ({
    name,
    parser: make(),
    samples: [] as number[],
  }))
  for (const { name, parser } of parsers) verify(name, parser, input, chunks)
  const repeats = Math.max(1, Math.ceil(SAMPLE_BYTES / input.bytes.length))
  const time = Math.max(50, options.seconds * 100)
  for (let round = 0; round < options.rounds; round++)
    for (const { parser, samples } of parsers) {
      const bench = new Bench({ time, warmupTime: round === 0 ? 4 * time : time / 4 })
      bench.add('parse', () => {
        for (let i = 0; i < repeats; i++) for (const chunk of chunks) parser.feed(chunk)
      })
      await bench.run()
      const [task] = bench.tasks
      const result = task?.result
      if (result === undefined || !('latency' in result)) throw new Error('the bench gave no result')
      samples.push((result.latency.p50 * 1e6) / (repeats * input.messages))
    }
  for (const { name, parser } of parsers) checkFindings(name, parser, input)
  const node = median(parsers.find(({ name }) => name.startsWith('node'))!.samples)
  return parsers.map(({ name, samples }) => {
    const nsPerMessage = median(samples)
    return {
      input: input.name,
      chunkBytes,
      parser: name,
      nsPerMessage,
      nsPerByte: (nsPerMessage * input.messages) / input.bytes.length,
      timesNode: node / nsPerMessage,
    }
  })
}

/** One pass must find exactly what is in the input. */
function verify(name: string, parser: BenchParser, input: BenchInput, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) parser.feed(chunk)
  if (parser.findings.messages !== input.messages) throw new Error(`${name} found ${parser.findings.messages} messages`)
  checkFindings(name, parser, input)
}

/** All passes together must have found the same in each message; this also uses every result. */
function checkFindings(name: string, { findings }: BenchParser, input: BenchInput): void {
  const passes = findings.messages / input.messages
  const { fields, contentBytes, characters } = findings
  if (
    fields !== passes * input.fields ||
    contentBytes !== passes * input.contentBytes ||
    characters !== passes * input.characters
  )
    throw new Error(`${name} does not do the work on ${input.name}: ${JSON.stringify(findings)}`)
}

function show({ input, chunkBytes, parser, nsPerMessage, nsPerByte, timesNode }: EngineResult): string {
  const how = chunkBytes === 0 ? 'whole' : String(chunkBytes)
  const numbers = `${nsPerMessage.toFixed(0).padStart(9)} ns a message ${nsPerByte.toFixed(3).padStart(8)} ns a byte`
  return `${input.padEnd(15)} ${how.padStart(5)}  ${parser.padEnd(15)} ${numbers}  ${timesNode.toFixed(2)} x node`
}

function resultTable(results: readonly EngineResult[]): string {
  return markdownTable(
    ['input', 'chunks of', 'parser', 'ns a message', 'ns a byte', 'times node'],
    results.map(({ input, chunkBytes, parser, nsPerMessage, nsPerByte, timesNode }) => [
      input,
      chunkBytes === 0 ? 'whole' : String(chunkBytes),
      parser,
      nsPerMessage.toFixed(0),
      nsPerByte.toFixed(3),
      timesNode.toFixed(2),
    ]),
  )
}
