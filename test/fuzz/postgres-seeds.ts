/** The fuzz corpora that the PostgreSQL vectors give: of all with the same log, but for texts, the shortest. */

import { createHash } from 'node:crypto'
import { concat, Random } from 'skitai/testing'
import { ValueError, ValueWriter } from 'skitai/postgres'
import { codecs } from '../../fuzz/postgres-types.js'
import { encodeMessages } from '../vectors/postgres-notation.js'
import { readVectors, type Vector } from '../vectors/vector-file.js'

/** Longer ones are nearly all content. */
const SEED_BYTES_MAX = 1500
const OPERATIONS = 60

/** The seeds of each target: name of the file and octets. */
export function postgresSeeds(): Map<string, Map<string, Uint8Array>> {
  const files = [...readVectors('postgres', encodeMessages)]
  const vectorsOf = (server: boolean): Vector[] =>
    files.filter(([file]) => file.startsWith('server-') === server).flatMap(([, vectors]) => vectors)
  return new Map([
    ['postgres-client', named(shortest(vectorsOf(false), clientSeed))],
    ['postgres-server', named(shortest(vectorsOf(true), serverSeed))],
    ['postgres-scram', named([...scramSeeds(vectorsOf(true)), ...SERVER_PROOFS])],
    ['postgres-types', named(valueSeeds())],
    // No vector has both roles: these are chance, which is what commands can be.
    ['postgres-operations', named(Array.from({ length: OPERATIONS }, (_, seed) => new Random(seed).bytes(200)))],
  ])
}

function shortest(vectors: readonly Vector[], seedOf: (vector: Vector) => Uint8Array): Uint8Array[] {
  const kept = new Map<string, Uint8Array>()
  for (const vector of vectors) {
    const shape = vector.events.map((event) => event.replace(/".*|@.*/, '')).join('\n') + vector.flags.join()
    const seed = seedOf(vector)
    const before = kept.get(shape)
    if (seed.length > 1 && seed.length <= SEED_BYTES_MAX && (before === undefined || seed.length < before.length))
      kept.set(shape, seed)
  }
  return [...kept.values()]
}

function octetsOf({ input }: Vector): Uint8Array[] {
  return input.flatMap((step) => (step.type === 'bytes' ? [step.bytes] : []))
}

/** The mood, as `fuzz/postgres-client.ts` has it, and the input. */
function clientSeed(vector: Vector): Uint8Array {
  const { requests = [], flags } = vector
  const program = requests.length === 0 ? 0 : !requests[0]!.startsWith('query') ? 3 : requests.length > 1 ? 2 : 1
  return concat([Uint8Array.of(program | (flags.includes('raw') ? 4 : 0)), ...octetsOf(vector)])
}

/** The mood, as `fuzz/postgres-subjects.ts` has it, and the input. */
function serverSeed(vector: Vector): Uint8Array {
  const { flags, limits, answers = [], file } = vector
  const said = answers.join()
  const act = file.includes('copy') ? 2 : said.includes('error') ? 1 : 0
  const way = said.includes('scram') ? 16 : said.includes('md5') ? 32 : said.includes('auth password') ? 48 : 0
  const mood =
    act |
    (flags.includes('raw') ? 4 : 0) |
    (Object.keys(limits).length > 0 ? 8 : 0) |
    way |
    (flags.some((flag) => flag.startsWith('tls=')) ? 64 : 0) |
    ('pipelinedMax' in limits ? 128 : 0)
  return concat([Uint8Array.of(mood), ...octetsOf(vector)])
}

const SEPARATOR = Uint8Array.of(0xff)

/** What clients say, as `fuzz/postgres-scram.ts` has it. */
function scramSeeds(vectors: readonly Vector[]): Uint8Array[] {
  return vectors.flatMap(({ input, flags }) => {
    const text = input.map((step) => (step.type === 'bytes' ? Buffer.from(step.bytes).toString('latin1') : '')).join('')
    const [, mechanism = '', first = '', last = ''] =
      /p[^]{4}(SCRAM-SHA-256(?:-PLUS)?)\0[^]{4}([npy][^]*?r=[\w]*)(?:p[^]{4}(c=[^]*))?$/.exec(text) ?? []
    if (mechanism === '') return []
    const mood = Uint8Array.of(1 | (flags.includes('certificate') ? 2 : 0))
    const messages = [mechanism, first, ...(last === '' ? [] : [last])].map((part) => Buffer.from(part, 'latin1'))
    return [concat([mood, ...messages.flatMap((message, index) => (index === 0 ? [message] : [SEPARATOR, message]))])]
  })
}

/** What servers say. */
const SERVER_PROOFS = [
  'SCRAM-SHA-256\xffr=rOprNGfwEbeRWgbNEkqOserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=10\xffv=AAAA',
  'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\xffr=rOprNGfwEbeRWgbNEkqO1,s=AAAA,i=1\xffv=AAAA\xff',
  'SCRAM-SHA-256\xffr=rOprNGfwEbeRWgbNEkqO1,s=AAAA,i=4096',
  'OTHER',
].flatMap((text) => [0, 2].map((mood) => concat([Uint8Array.of(mood), Buffer.from(text, 'latin1')])))

const TEXTS = ['0', '-1', '1.5', 't', 'NaN', 'infinity', 'abc', '{1,2}', '{{a},{NULL}}', '[1,5)', 'empty', '(1,"{a}")']
const MORE_TEXTS = [
  '2024-02-29',
  '2024-02-29 12:34:56.789012+05:30',
  '1 year -2 days 03:04:05',
  '\\x00ff',
  '{"a": [1]}',
]
const ADDRESSES = [
  '10.0.0.0/8',
  '::1',
  '08:00:2b:01:02:03',
  '550e8400-e29b-41d4-a716-446655440000',
  '1010',
  '(1,2)',
  '0/1',
]

/** Texts of each type, and their binary forms. */
function valueSeeds(): Uint8Array[] {
  return codecs.flatMap((codec, index) =>
    [...TEXTS, ...MORE_TEXTS, ...ADDRESSES].flatMap((text) => {
      const octets = Buffer.from(text)
      try {
        const value = codec.decodeText(octets, 0, octets.length)
        if (typeof value === 'string' && text !== '0') return []
        const writer = new ValueWriter()
        codec.encodeBinary(value, writer)
        return [concat([Uint8Array.of(0, index), octets]), concat([Uint8Array.of(1, index), writer.octets])]
      } catch (error) {
        if (error instanceof ValueError || (error as Error).name === 'UsageError') return []
        throw error
      }
    }),
  )
}

function named(seeds: readonly Uint8Array[]): Map<string, Uint8Array> {
  return new Map(seeds.map((seed) => [`vector-${createHash('sha256').update(seed).digest('hex').slice(0, 12)}`, seed]))
}
