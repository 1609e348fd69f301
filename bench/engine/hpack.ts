/** The HPACK rows of the engine bench: lists of a browser's page, encoded and decoded, beside hpack.js. */

import { Bench } from 'tinybench'
import { HpackEncoder } from 'skitai/hpack'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'
import { type BenchCodec, blocksOf, hpackJsCodec, skitaiCodec } from './hpack-codecs.js'
import { hpackLists } from './hpack-lists.js'

/** One row of the results. */
export interface HpackResult {
  readonly direction: 'decode' | 'encode'
  readonly lists: string
  /** Whether the connection has seen the lists before; a cold one is new for each list. */
  readonly table: 'cold' | 'warm'
  readonly codec: string
  readonly nsPerList: number
  /** How many times as fast as hpack.js, in the same run. */
  readonly timesHpackJs: number
}

/** One pass over all lists. Gives a sum that says whether the work was done. */
type Pass = () => number

/** Runs the rows whose name holds `options.only`. */
export async function benchHpack(options: BenchOptions): Promise<HpackResult[]> {
  const results: HpackResult[] = []
  for (const [lists, each] of Object.entries(hpackLists))
    for (const direction of ['decode', 'encode'] as const)
      for (const table of ['cold', 'warm'] as const) {
        if (!`hpack ${direction} ${lists} ${table}`.includes(options.only)) continue
        const codecs = codecsFor(each, table)
        const passes = Object.entries(codecs).map(([codec, made]) => ({
          codec,
          pass: passOf(made, direction, table, each.length),
        }))
        if (direction === 'decode') checkDecoders(passes)
        const measured = await measure(passes, each.length, options)
        const peer = measured.get('hpack.js')!
        for (const [codec, nsPerList] of measured)
          results.push({ direction, lists, table, codec, nsPerList, timesHpackJs: peer / nsPerList })
        console.log(results.slice(-measured.size).map(show).join('\n'))
      }
  return results
}

/** Both codecs read the same blocks: of new connections, or of one that has seen all lists. */
function codecsFor(
  lists: readonly (readonly string[])[],
  table: 'cold' | 'warm',
): Readonly<Record<string, BenchCodec>> {
  if (table === 'cold') {
    const blocks = lists.map((list) => blocksOf(new HpackEncoder(), [list])[0]!)
    return { skitai: skitaiCodec(lists, blocks), 'hpack.js': hpackJsCodec(lists, blocks) }
  }
  const encoder = new HpackEncoder()
  const first = blocksOf(encoder, lists)
  const { generation } = encoder
  const again = blocksOf(encoder, lists)
  if (encoder.generation !== generation) throw new Error('the table still changes when it is warm')
  // Whoever decodes begins with the first blocks.
  const blocks = [...first, ...again]
  const doubled = [...lists, ...lists]
  return { skitai: skitaiCodec(doubled, blocks), 'hpack.js': hpackJsCodec(doubled, blocks) }
}

/** Both must find the same. How few octets an encoder needs is its own affair: hpack.js looks less far for an entry. */
function checkDecoders(passes: readonly { readonly pass: Pass }[]): void {
  const sums = passes.map(({ pass }) => pass())
  if (new Set(sums).size !== 1) throw new Error(`the decoders do not find the same: ${sums.join(', ')} characters`)
}

function passOf(codec: BenchCodec, direction: 'decode' | 'encode', table: 'cold' | 'warm', count: number): Pass {
  const make = direction === 'decode' ? codec.newDecoder : codec.newEncoder
  if (table === 'cold')
    return () => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += make()(i)
      return sum
    }
  const run = make()
  for (let i = 0; i < count; i++) run(i)
  return () => {
    let sum = 0
    for (let i = count; i < 2 * count; i++) sum += run(i)
    return sum
  }
}

/** Rounds of all codecs, one after the other in each; the median over the rounds counts. In nanoseconds a list. */
async function measure(
  passes: readonly { readonly codec: string; readonly pass: Pass }[],
  count: number,
  options: BenchOptions,
): Promise<Map<string, number>> {
  const samples = new Map<string, number[]>(passes.map(({ codec }) => [codec, []]))
  const time = Math.max(50, options.seconds * 100)
  for (let round = 0; round < options.rounds; round++)
    for (const { codec, pass } of passes) {
      const bench = new Bench({ time, warmupTime: round === 0 ? 4 * time : time / 4 })
      bench.add('pass', () => {
        if (pass() === 0) throw new Error(`${codec} gives nothing`)
      })
      await bench.run()
      const result = bench.tasks[0]?.result
      if (result === undefined || !('latency' in result)) throw new Error('the bench gave no result')
      // The mean: what a codec leaves to the garbage collector counts.
      samples.get(codec)!.push((result.latency.mean * 1e6) / count)
    }
  return new Map([...samples].map(([codec, each]) => [codec, median(each)]))
}

function show({ direction, lists, table, codec, nsPerList, timesHpackJs }: HpackResult): string {
  const name = `hpack ${direction} ${lists} ${table}`
  const numbers = `${nsPerList.toFixed(0).padStart(8)} ns a list  ${timesHpackJs.toFixed(2)} x hpack.js`
  return `${name.padEnd(28)} ${codec.padEnd(10)} ${numbers}`
}

/** The results as a Markdown table. */
export function hpackTable(results: readonly HpackResult[]): string {
  return markdownTable(
    ['hpack', 'lists', 'table', 'codec', 'ns a list', 'times hpack.js'],
    results.map(({ direction, lists, table, codec, nsPerList, timesHpackJs }) => [
      direction,
      lists,
      table,
      codec,
      nsPerList.toFixed(0),
      timesHpackJs.toFixed(2),
    ]),
  )
}
