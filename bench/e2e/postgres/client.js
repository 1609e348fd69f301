/**
 * Does one thing with one client again and again, and prints what it took as JSON. It is a process of its own, so that
 * no client profits or suffers from another.
 *
 * @typedef {object} Client
 * @property {(value: number) => Promise<number>} one - `select $1::int as value`
 * @property {(count: number) => Promise<number>} [atomic] - so many of them with one Sync
 * @property {(sql: string) => Promise<readonly object[]>} rows
 * @property {(sql: string) => Promise<number>} copyOut - gives how many octets there were
 * @property {(sql: string, chunks: readonly Buffer[]) => Promise<void>} copyIn
 * @property {(sql: string, batch: number) => Promise<number>} cursor - gives how many rows there were
 * @property {(sql: string) => Promise<void>} run
 * @property {() => Promise<void>} end
 *
 * @typedef {(url: string, connections: number) => Client} Open
 */

import { readFileSync } from 'node:fs'

const { module, open, url, task, connections, inFlight, sql, count, chunkBytes, seconds, warmUpSeconds } = JSON.parse(
  process.argv[2],
)

const clients = await import(module)
/** @type {Client} */
const client = clients[open](url, connections)

/** What is done once, and how many things that is. */
const tasks = {
  /** Callers who each wait for their answer before they ask again. */
  async callers() {
    await Promise.all(Array.from({ length: inFlight }, (_, value) => checkedOne(value)))
    return inFlight
  },
  async atomic() {
    check(await client.atomic(inFlight), inFlight)
    return inFlight
  },
  async rows() {
    check((await client.rows(sql)).length, count)
    return count
  },
  async copyOut() {
    check(await client.copyOut(sql), octetCount)
    return count
  },
  async copyIn() {
    await client.run('truncate bench_sink')
    await client.copyIn(sql, chunks)
    return count
  },
  async cursor() {
    check(await client.cursor(sql, 1000), count)
    return count
  },
}

const chunks = task === 'copyIn' || task === 'copyOut' ? lines() : []
const octetCount = chunks.reduce((sum, { length }) => sum + length, 0)

/** Rows in pieces. */
function lines() {
  const pieces = []
  let piece = ''
  for (let id = 1; id <= count; id++) {
    piece += `${id}\tname ${id % 1000}\n`
    if (piece.length < chunkBytes && id < count) continue
    pieces.push(Buffer.from(piece))
    piece = ''
  }
  return pieces
}

function check(got, expected) {
  if (got !== expected) throw new Error(`${got} instead of ${expected}`)
}

async function checkedOne(value) {
  check(await client.one(value), value)
}

/** Each caller goes on by itself: nobody waits for the slowest. */
async function callersFor(until) {
  let done = 0
  const caller = async () => {
    for (let value = 0; performance.now() < until; value = (value + 1) & 0xffff) {
      await checkedOne(value)
      done++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return done
}

async function repeatFor(until) {
  let done = 0
  while (performance.now() < until) done += await tasks[task]()
  return done
}

const measure = task === 'callers' && connections > 1 ? callersFor : repeatFor

/** Resident memory at its peak, in octets. */
function peakBytes() {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

await tasks[task === 'cursor' ? 'callers' : task]()
const restingBytes = process.memoryUsage().rss
await measure(performance.now() + warmUpSeconds * 1000)
const cpu = process.cpuUsage()
const from = performance.now()
const done = await measure(from + seconds * 1000)
const elapsed = (performance.now() - from) / 1000
const { user, system } = process.cpuUsage(cpu)
await client.end()
console.log(
  JSON.stringify({
    done,
    seconds: elapsed,
    client: (user + system) / 1e6 / elapsed,
    growthBytes: peakBytes() - restingBytes,
  }),
)
