/** Runs the same app on a server of Node and on ours, asks all of them the same, and holds the answers together. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import type { ForeignTarget } from '#src/server/index.js'
import { serve } from '../server/serving.js'
import { type Answer, type Ask, overHttp1, overHttp2, type Question } from './asking.js'
import { differences } from './differences.js'

/** What an app saw, in order. */
export class Log {
  readonly events: string[] = []
  #waiting: (() => void)[] = []

  /** Notes an event. */
  note(event: string): void {
    this.events.push(event)
    for (const tell of this.#waiting.splice(0)) tell()
  }

  /** Waits until an event was noted. */
  async until(event: string): Promise<void> {
    while (!this.events.includes(event)) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** A question, and how its answers are held together. */
export interface Case extends Question {
  readonly name: string
  /** The event that ends what the app sees; without it nobody asks what it saw. */
  readonly until?: string
  /** Cookies and the like go from one answer to the next question: who asks before. */
  readonly before?: (ask: Ask, question: Question) => Promise<Question>
  /** What changes from run to run is replaced. */
  readonly mask?: RegExp
}

/** An app on one server. */
export interface Subject {
  /** What is mounted on ours. */
  readonly target: ForeignTarget
  /** What a server of Node listens with. */
  readonly listener: RequestListener
  /** What it sees is noted here. */
  readonly log: Log
}

/** Makes the app anew for each server, so that none sees what another one was asked. */
export type Make = () => Subject | Promise<Subject>

interface Way {
  readonly name: 'http1' | 'http2'
  readonly ask: Ask
  readonly log: Log
}

async function onNode(make: Make): Promise<Way> {
  const { listener, log } = await make()
  const server: Server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { name: 'http1', ask: overHttp1((server.address() as AddressInfo).port), log }
}

async function onOurs(make: Make, over: 'http1' | 'http2'): Promise<Way> {
  const { target, log } = await make()
  const { port } = await serve((engine) => engine.mount('/', target))
  if (over === 'http1') return { name: over, ask: overHttp1(port), log }
  const session = connect(`http://localhost:${port}`)
  await once(session, 'connect')
  after(() => session.destroy())
  return { name: over, ask: overHttp2(session), log }
}

/** What is compared: an answer and what the app saw. */
type Seen = Answer & { readonly events: readonly string[] }

async function see({ ask, log }: Way, asked: Case): Promise<Seen> {
  log.events.length = 0
  const question = (await asked.before?.(ask, asked)) ?? asked
  const answer = await ask(question, () => log.until('asked'))
  if (asked.until !== undefined) await log.until(asked.until)
  const masked = (text: string): string => (asked.mask === undefined ? text : text.replaceAll(asked.mask, '*'))
  return { ...answer, fields: answer.fields.map(masked), body: masked(answer.body), events: [...log.events] }
}

/**
 * Asks all servers each question; what differs must be in the list of differences, and what is there must differ. To be
 * awaited before the tests of a file begin: the servers run until its end. Lines of the head that match
 * `ignored` are not looked at.
 */
export async function compare(suite: string, make: Make, cases: readonly Case[], ignored?: RegExp): Promise<void> {
  const node = await onNode(make)
  const ways = [await onOurs(make, 'http1'), await onOurs(make, 'http2')]
  describe(`${suite}: as on node:http`, () => {
    for (const asked of cases)
      it(asked.name, { timeout: 15_000 }, async () => {
        const expected = without(await see(node, asked), ignored)
        for (const way of ways) hold(suite, asked.name, way.name, expected, without(await see(way, asked), ignored))
      })
  })
}

function without(seen: Seen, ignored: RegExp | undefined): Seen {
  if (ignored === undefined) return seen
  return { ...seen, fields: seen.fields.filter((line) => !ignored.test(line)) }
}

const LENGTH = /^content-length: (\d+)$/

/**
 * Content that is there as a whole when the head goes out has a length on our server. Node's sends it in chunks where
 * the head was written before the content came.
 */
function withoutOwnLength(seen: Seen, expected: Seen): readonly string[] {
  if (expected.fields.some((line) => LENGTH.test(line))) return seen.fields
  return seen.fields.filter((line) => LENGTH.exec(line)?.[1] !== String(seen.body.length))
}

function hold(suite: string, name: string, over: 'http1' | 'http2', expected: Seen, seen: Seen): void {
  const known = differences.filter((one) => one.suite === suite && one.case === name && (one.over ?? over) === over)
  for (const key of Object.keys(expected) as (keyof Seen)[]) {
    if (key === 'reason' && over === 'http2') continue
    const value = key === 'fields' ? withoutOwnLength(seen, expected) : seen[key]
    const difference = known.find((one) => one.what === key)
    if (difference === undefined) assert.deepEqual(value, expected[key], `${over}: ${key}`)
    else assert.deepEqual({ ours: value, node: expected[key] }, { ours: difference.ours, node: difference.node })
  }
}
