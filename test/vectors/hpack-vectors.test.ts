import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HpackDecoder, HpackEncoder, hpackFaults } from 'skitai/hpack'
import { type HpackStep, type HpackVector, readHpackVectors } from './hpack-file.js'

const vectors = readHpackVectors()

for (const [file, each] of vectors)
  describe(`hpack/${file}`, () => {
    for (const vector of each)
      test(vector.name, () => {
        assert.deepEqual(
          run(vector, () => []),
          vector.sections,
        )
        if (vector.table !== undefined) assert.deepEqual(tableOf(vector), vector.table)
        checkCut(vector, everyOctet)
        const longest = Math.max(...blocksOf(vector).map((block) => block.length))
        for (let cut = 1; cut < longest; cut++) checkCut(vector, () => [cut])
        if (vector.written) assert.deepEqual(written(vector), blocksOf(vector))
      })
  })

test('every fault has a vector', () => {
  const lines = [...vectors.values()].flat().flatMap(({ sections }) => sections)
  for (const { code } of hpackFaults.slice(1))
    assert.ok(
      lines.some((line) => line.startsWith(`fault ${code} `)),
      code,
    )
})

type Cuts = (block: Uint8Array) => readonly number[]

const everyOctet: Cuts = (block) => Array.from({ length: block.length }, (_, position) => position)

/** What a decoder gives, with each block in fragments that begin at the cuts. */
function run(vector: HpackVector, cuts: Cuts): string[] {
  const decoder = decoderOf(vector)
  return vector.steps.flatMap((step) => take(decoder, step, cuts))
}

function decoderOf({ options }: HpackVector): HpackDecoder {
  return new HpackDecoder({ ...options, classify: (name, value) => name.length + value.length })
}

function take(decoder: HpackDecoder, step: HpackStep, cuts: Cuts): string[] {
  if (step.type === 'table') {
    decoder.setTableBytesMax(step.bytes)
    return []
  }
  const { length } = step.bytes
  decoder.begin()
  let start = 0
  let begin = 0
  for (const end of [...cuts(step.bytes).filter((cut) => cut < length), length]) {
    if (decoder.fault !== 0) break
    // Something stands around the fragment, and all of it is overwritten afterwards.
    const memory = new Uint8Array([0xff, ...step.bytes.subarray(start, end), 0x80])
    decoder.decode(memory, 1, memory.length - 1)
    memory.fill(0xee)
    begin = start
    start = end
  }
  const fault = decoder.finish()
  if (fault !== 0) return [`fault ${hpackFaults[fault]!.code} @${begin + decoder.faultAt - 1}`]
  const list = decoder.takeList()
  const lines: string[] = []
  for (let i = 0; i < decoder.count; i++) {
    lines.push(`field ${decoder.names[i]}: ${decoder.values[i]}`)
    assert.deepEqual(list.slice(2 * i, 2 * i + 2), [decoder.names[i], decoder.values[i]])
    assert.equal(decoder.kinds[i], list[2 * i]!.length + list[2 * i + 1]!.length)
  }
  return [...lines, decoder.overflow ? 'overflow' : 'end']
}

/** Blocks that are cut give the same; a fault may be seen only at the fragment that makes a representation complete. */
function checkCut(vector: HpackVector, cuts: Cuts): void {
  const lines = run(vector, cuts)
  const place = / @(\d+)$/
  const placeless = (line: string): string => line.replace(place, '')
  assert.deepEqual(lines.map(placeless), vector.sections.map(placeless))
  const whole = place.exec(vector.sections.at(-1)!)
  if (whole === null) return
  const at = Number(place.exec(lines.at(-1)!)![1])
  const starts = cuts(blocksOf(vector).at(-1)!)
  assert.ok(at === Number(whole[1]) || (at > Number(whole[1]) && starts.includes(at)), `fault at ${at}`)
}

/** The entries of the table at the end, each asked for by its index. */
function tableOf(vector: HpackVector): string[] {
  const decoder = decoderOf(vector)
  for (const step of vector.steps) take(decoder, step, () => [])
  const entries: string[] = []
  for (let index = 62; ; index++) {
    decoder.begin()
    decoder.decode(Uint8Array.of(0x80 | index), 0, 1)
    if (decoder.finish() !== 0) return entries
    entries.push(`${decoder.names[0]}: ${decoder.values[0]}`)
  }
}

function blocksOf({ steps }: HpackVector): Uint8Array[] {
  return steps.flatMap((step) => (step.type === 'block' ? [step.bytes] : []))
}

/** What our encoder makes of the sections. */
function written({ sections }: HpackVector): Uint8Array[] {
  const encoder = new HpackEncoder()
  const blocks: Uint8Array[] = []
  let list: string[] = []
  for (const line of sections) {
    const field = /^field (:?[^:]*): ([^]*)$/.exec(line)
    if (field !== null) list.push(field[1]!, field[2]!)
    else {
      blocks.push(Uint8Array.from(encoder.encode(list)))
      list = []
    }
  }
  return blocks
}
