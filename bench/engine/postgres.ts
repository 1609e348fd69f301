/**
 * The PostgreSQL rows of the engine bench: an answer of 10,000 rows of five columns, read into one array a row with a
 * value for each column, by our client and by pg-protocol with the parsers of pg-types. The answer is recorded from a
 * real server when the bench begins, in chunks as they come from a socket. Both come by the same octets in the text
 * format; ours reads the binary format, too, which theirs cannot.
 */

import pg from 'pg'
import { Parser } from 'pg-protocol/dist/parser.js'
import { type Decode, instantCodec, PostgresClient, timestamptz, TypeRegistry, ValueFormat } from 'skitai/postgres'
import { EngineConnection, type Place as PostgresPlace } from '../../test/postgres/engine-connection.js'
import { startPostgres } from '../../test/postgres/server.js'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'

/** One row of the results. */
export interface PostgresResult {
  readonly name: string
  readonly nsPerRow: number
  readonly nsPerByte: number
  /** How many times as fast as pg-protocol, in the same run. */
  readonly timesPgProtocol: number
}

const ROWS = 10_000

/** As a socket brings it. */
const CHUNK_BYTES = 65_536

type Format = 'text' | 'binary'

const types = new TypeRegistry()
types.register(instantCodec(timestamptz, (millis) => new Date(millis)))

/** Rows as those of an application: an integer, a text, a time, an amount, a flag. */
const QUERY = `
  SELECT (n * 7)::int4, 'customer number ' || n || ' of many',
         timestamptz '2024-03-01 12:34:00.123Z' + n * interval '61.001 s',
         (n + n % 100 * 0.01)::numeric(12, 2), n % 3 = 0
  FROM generate_series(0, ${ROWS - 1}) AS n`

/** The whole answer, as a real server sends it. */
async function answerIn(format: Format, server: PostgresPlace): Promise<Uint8Array> {
  const connection = await EngineConnection.open(server)
  const { length } = connection.received
  await connection.run(
    () => ask(connection.engine, format),
    () => {},
  )
  const answer = Buffer.concat(connection.received.slice(length))
  await connection.close()
  return answer
}

/** All that an answer answers. */
function ask(client: PostgresClient, format: Format): void {
  client.parse('', QUERY)
  client.bind('', '', [], [format])
  client.describe('portal', '')
  client.execute('')
  client.sync()
}

function queryingClient(): PostgresClient {
  const none = (): never => {
    throw new Error('nothing is hashed here')
  }
  const digests = { md5: none, sha256: none, hmacSha256: none, pbkdf2Sha256: none }
  const client = new PostgresClient({ user: 'user', digests, nonce: () => '' })
  client.start(0)
  return client
}

function clientOutput(client: PostgresClient): Uint8Array {
  const parts: Uint8Array[] = []
  for (let octets = client.output(); octets !== undefined; octets = client.output()) parts.push(octets)
  return Buffer.concat(parts)
}

/** Reads the whole answer; gives how many rows there were, and something that needs all values. */
type Read = (chunks: readonly Uint8Array[]) => Finding

interface Finding {
  readonly rows: number
  readonly sum: number
}

/** Something of every value, so that none is left out. */
function sumOf(row: readonly unknown[]): number {
  return (
    (row[0] as number) +
    (row[1] as string).length +
    (row[2] as Date).getTime() +
    (row[3] as string).length +
    (row[4] === true ? 1 : 0)
  )
}

/** `Authentication ok` and `ReadyForQuery`. */
const WELCOME = Uint8Array.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

function ours(format: Format): Read {
  const client = queryingClient()
  clientOutput(client)
  client.receive(WELCOME, 0)
  while (client.poll() !== undefined);
  return (chunks) => {
    ask(client, format)
    clientOutput(client)
    let rows = 0
    let sum = 0
    let decoders: Decode<unknown>[] = []
    for (const chunk of chunks) {
      client.receive(chunk, 0)
      for (let event = client.poll(); event !== undefined; event = client.poll()) {
        if (event.type === 'fields') {
          decoders = event.fields.map(({ typeOid }) => types.decoder(typeOid, ValueFormat[format]))
        } else if (event.type === 'rows') {
          const cursor = event.rows
          while (cursor.next()) {
            const row: unknown[] = []
            for (let column = 0; column < decoders.length; column++) {
              const size = cursor.size(column)
              const start = cursor.start(column)
              row.push(size < 0 ? null : decoders[column]!(cursor.bytes, start, start + size))
            }
            rows++
            sum += sumOf(row)
          }
        }
      }
    }
    return { rows, sum }
  }
}

function theirs(): Read {
  const parser = new Parser()
  return (chunks) => {
    let rows = 0
    let sum = 0
    let parsers: ((text: string) => unknown)[] = []
    const onMessage = (message: { readonly name: string }): void => {
      if (message.name === 'rowDescription') {
        const { fields } = message as unknown as { readonly fields: readonly { readonly dataTypeID: number }[] }
        parsers = fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text'))
      } else if (message.name === 'dataRow') {
        const { fields } = message as unknown as { readonly fields: readonly (string | null)[] }
        const row: unknown[] = []
        for (let column = 0; column < fields.length; column++) {
          const text = fields[column]!
          row.push(text === null ? null : parsers[column]!(text))
        }
        rows++
        sum += sumOf(row)
      }
    }
    for (const chunk of chunks) parser.parse(chunk as Buffer, onMessage)
    return { rows, sum }
  }
}

function chunksOf(octets: Uint8Array): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < octets.length; at += CHUNK_BYTES)
    chunks.push(Buffer.from(octets.subarray(at, at + CHUNK_BYTES)))
  return chunks
}

const PG_PROTOCOL = 'pg-protocol and pg-types, text'

/** Runs the rows whose name holds `options.only`. */
export async function benchPostgresEngine(options: BenchOptions): Promise<PostgresResult[]> {
  if (!'postgres rows'.includes(options.only)) return []
  const server = await startPostgres()
  const text = await answerIn('text', server)
  const binary = await answerIn('binary', server)
  await server.stop()
  const subjects = [
    { name: 'skitai, text', octets: text, read: ours('text') },
    { name: 'skitai, binary', octets: binary, read: ours('binary') },
    { name: PG_PROTOCOL, octets: text, read: theirs() },
  ].map((subject) => ({ ...subject, chunks: chunksOf(subject.octets), samples: [] as number[] }))
  const findings = subjects.map(({ read, chunks }) => JSON.stringify(read(chunks)))
  if (new Set(findings).size !== 1 || !findings[0]!.includes(`"rows":${ROWS},`))
    throw new Error(`not the same work: ${findings.join(' ')}`)
  const milliseconds = Math.max(50, options.seconds * 100)
  for (const { read, chunks } of subjects) sampleFor(4 * milliseconds, read, chunks)
  for (let round = 0; round < options.rounds; round++)
    for (const { read, chunks, samples } of subjects) samples.push(sampleFor(milliseconds, read, chunks))
  const peer = median(subjects.find(({ name }) => name === PG_PROTOCOL)!.samples)
  const results = subjects.map(({ name, octets, samples }) => {
    const nsPerRow = median(samples)
    return { name, nsPerRow, nsPerByte: (nsPerRow * ROWS) / octets.length, timesPgProtocol: peer / nsPerRow }
  })
  console.log(results.map(show).join('\n'))
  return results
}

/** The median of all passes in some time, in nanoseconds a row. */
function sampleFor(milliseconds: number, read: Read, chunks: readonly Uint8Array[]): number {
  const passes: number[] = []
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const begin = process.hrtime.bigint()
    const { rows } = read(chunks)
    passes.push(Number(process.hrtime.bigint() - begin) / rows)
  }
  return median(passes)
}

function show({ name, nsPerRow, nsPerByte, timesPgProtocol }: PostgresResult): string {
  const numbers = `${nsPerRow.toFixed(0).padStart(8)} ns a row ${nsPerByte.toFixed(3).padStart(8)} ns a byte`
  return `${`postgres rows, ${name}`.padEnd(46)} ${numbers}  ${timesPgProtocol.toFixed(2)} x pg-protocol`
}

/** The results as a Markdown table. */
export function postgresTable(results: readonly PostgresResult[]): string {
  return markdownTable(
    ['PostgreSQL, 10,000 rows of 5 columns', 'ns a row', 'ns a byte', 'times pg-protocol'],
    results.map(({ name, nsPerRow, nsPerByte, timesPgProtocol }) => [
      name,
      nsPerRow.toFixed(0),
      nsPerByte.toFixed(3),
      timesPgProtocol.toFixed(2),
    ]),
  )
}
