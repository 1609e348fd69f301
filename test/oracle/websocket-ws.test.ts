/** Our engines beside `ws`, an implementation that shares nothing with them, on conversations right and damaged. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat, trace, webSocketArbitraries } from 'skitai/testing'
import { deflated, echo, engineOf, negotiated } from '../property/websocket-support.js'
import { deflateDisagreements, type Disagreement, disagreements } from './websocket-disagreements.js'
import { receiveByWs, type Verdict } from './ws-receiver.js'

const RUNS = 1500
const WAITS = 'waits'
const OTHER = 'another message'
const plain = webSocketArbitraries(fc)
const compressed = webSocketArbitraries(fc, { deflate: deflated })

function hexOf(octets: Uint8Array | string): string {
  return Buffer.from(octets as Uint8Array).toString('hex')
}

function receiveByUs(input: Uint8Array, server: boolean, deflate: boolean): Verdict {
  const options = { deflate: deflate ? negotiated(15, 15, true) : undefined, limits: { inflateRatioMax: Infinity } }
  const { events } = trace(() => ({ engine: echo(!server, options).engine }), [{ type: 'bytes', bytes: input }])
  const seen: string[] = []
  let fault = ''
  for (const event of events) {
    const { type } = event
    if (type === 'text') seen.push(`text ${hexOf(event['text'] as string)}`)
    else if (type === 'close') seen.push(`close ${String(event['code'])} ${hexOf(event['reason'] as string)}`)
    else if (type === 'fatal') fault = event['code'] as string
    else if (type !== 'closed') seen.push(`${type} ${hexOf(event['bytes'] as Uint8Array)}`)
  }
  return { seen, fault }
}

/** How the two differ; undefined when they agree. Which of two faults is named first is nobody's business. */
function differ(ours: Verdict, theirs: Verdict): { ours: string; theirs: string } | undefined {
  const said = { ours: ours.fault || WAITS, theirs: theirs.fault || WAITS }
  const same = (a: Verdict, b: Verdict): boolean => a.seen.every((line, i) => line === b.seen[i])
  // What one has seen before its fault the other has seen, too.
  if (!(ours.seen.length <= theirs.seen.length ? same(ours, theirs) : same(theirs, ours)))
    return { ours: OTHER, theirs: OTHER }
  if (ours.fault === '' && theirs.fault === '' && ours.seen.length === theirs.seen.length) return undefined
  if (ours.seen.length === theirs.seen.length && ours.fault !== '' && theirs.fault !== '') return undefined
  if (ours.seen.length > theirs.seen.length) return { ours: WAITS, theirs: said.theirs }
  return ours.seen.length < theirs.seen.length ? { ours: said.ours, theirs: WAITS } : said
}

async function judge(input: Uint8Array, server: boolean, deflate: boolean): Promise<Disagreement | undefined> {
  const difference = differ(receiveByUs(input, server, deflate), await receiveByWs(input, server, deflate))
  if (difference === undefined) return undefined
  const known = (deflate ? deflateDisagreements : disagreements).find(
    ({ ours, theirs }) => ours === difference.ours && theirs === difference.theirs,
  )
  assert.ok(known, `a new disagreement: ${JSON.stringify(difference)} on ${hexOf(input)}`)
  return known
}

function check(runs: number, property: fc.IAsyncProperty<unknown>): Promise<void> {
  return fc.assert(property, { numRuns: runs, seed: Number(process.env['SKITAI_SEED'] ?? 1) }) as Promise<void>
}

describe('what comes, beside ws', { timeout: 120_000 }, () => {
  for (const server of [true, false])
    for (const deflate of [false, true]) {
      const name = `to a ${server ? 'server' : 'client'}${deflate ? ', compressed' : ''}`
      const arbitraries = deflate ? compressed : plain

      test(`right conversations ${name} are the same to both`, async () => {
        let seen = 0
        await check(
          RUNS / 2,
          fc.asyncProperty(server ? arbitraries.clientOctets : arbitraries.serverOctets, async (input) => {
            const ours = receiveByUs(input, server, deflate)
            assert.deepEqual(ours, await receiveByWs(input, server, deflate))
            seen += ours.seen.length
          }),
        )
        assert.ok(seen > RUNS, `${seen} events`)
      })

      test(`damaged ones ${name} are, but for what is listed`, async () => {
        let agreed = 0
        await check(
          RUNS,
          fc.asyncProperty(
            server ? arbitraries.damagedClientOctets : arbitraries.damagedServerOctets,
            async (input) => {
              if ((await judge(input, server, deflate)) === undefined) agreed++
            },
          ),
        )
        assert.ok(agreed > RUNS / 2, `${agreed} agreed`)
      })
    }

  for (const deflate of [false, true])
    for (const row of deflate ? deflateDisagreements : disagreements)
      test(`${deflate ? 'with deflate' : 'plain'}: we say ${row.ours}, ws ${row.theirs}`, async () => {
        assert.equal(await judge(Buffer.from(row.example, 'hex'), true, deflate), row)
      })
})

describe('what we send, to ws', { timeout: 120_000 }, () => {
  for (const client of [false, true])
    for (const deflate of [false, true])
      test(`a ${client ? 'client' : 'server'}${deflate ? ' that compresses' : ''} is understood`, async () => {
        await check(
          RUNS / 2,
          fc.asyncProperty(fc.array(fc.tuple(plain.message, fc.boolean()), { maxLength: 6 }), async (list) => {
            const engine = engineOf(client, {
              deflate: deflate ? negotiated(15, 15, true) : undefined,
              thresholdBytes: 0,
            })
            engine.start(0)
            const sent: string[] = []
            for (const [{ kind, octets, cuts }, inPieces] of list) {
              sent.push(`${kind} ${hexOf(octets)}`)
              if (!inPieces) {
                if (kind === 'text') engine.sendText(Buffer.from(octets).toString())
                else engine.sendBinary(new Uint8Array(octets))
                continue
              }
              engine.beginMessage(kind)
              const at = (cuts[0] ?? 0) % (octets.length + 1)
              engine.sendPiece(octets.slice(0, at))
              engine.sendPiece(octets.slice(at))
              engine.endMessage()
            }
            engine.ping(Uint8Array.of(1))
            engine.close(3000, 'ä')
            const parts: Uint8Array[] = []
            for (let part = engine.output(); part !== undefined; part = engine.output()) parts.push(part)
            const { seen, fault } = await receiveByWs(concat(parts), client, deflate)
            assert.deepEqual({ seen, fault }, { seen: [...sent, 'ping 01', 'close 3000 c3a4'], fault: '' })
          }),
        )
      })
})
