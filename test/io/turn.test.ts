import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { performance } from 'node:perf_hooks'
import { clock, Driver, memoryTransports, type Transport } from '#src/io/index.js'
import { Http1Server, type Http1ServerEvent } from '#src/protocols/http1/index.js'
import { Collecting } from './collecting.js'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

interface Connection {
  readonly peer: Transport
  readonly sink: Collecting
  readonly driver: Driver<Http1ServerEvent>
}

/** Connections that tell of their requests and of what was written; all of them are answered in the same way. */
function connections(count: number, seen: string[], answer: (engine: Http1Server) => void): Connection[] {
  return Array.from({ length: count }, (_, i) => {
    const [ours, peer] = memoryTransports()
    const engine = new Http1Server({ date: clock.date })
    const write = ours.write.bind(ours)
    ours.write = (pieces) => {
      seen.push(`write ${i}`)
      write(pieces)
    }
    const driver = new Driver(ours, engine, {
      onEvent: ({ type }) => {
        if (type !== 'end') return
        seen.push(`request ${i}`)
        answer(engine)
      },
      onFlushed: () => {},
      onClosed: () => {},
      onReleased: () => {},
    })
    const sink = Collecting.open(peer)
    driver.start()
    return { peer, sink, driver }
  })
}

async function ask(asked: readonly Connection[], request: string, last: string): Promise<void> {
  for (const { peer } of asked) peer.write([Buffer.from(request)])
  for (const { sink } of asked) await sink.until(({ text }) => text.endsWith(last))
  for (const { driver } of asked) driver.destroy()
}

describe('the end of a turn', () => {
  // Time that stands still but where a handler takes some: a busy machine must not make a difference.
  let now = performance.now()
  before(() => mock.method(performance, 'now', () => now))
  after(() => mock.restoreAll())

  it('is when the answers to all that was read in it leave', async () => {
    const seen: string[] = []
    await ask(
      connections(3, seen, (engine) => engine.sendResponse(200, [], 'hello')),
      GET,
      'hello',
    )
    assert.deepEqual(seen, ['request 0', 'request 1', 'request 2', 'write 0', 'write 1', 'write 2'])
  })

  it('is not waited for behind handlers that take their time', async () => {
    const seen: string[] = []
    const busy = (engine: Http1Server): void => {
      now += 2
      engine.sendResponse(200, [], 'hello')
    }
    await ask(connections(3, seen, busy), GET, 'hello')
    assert.deepEqual(seen, ['request 0', 'request 1', 'write 0', 'write 1', 'request 2', 'write 2'])
  })

  it('comes once for pipelined requests whose handlers go on by promises', async () => {
    const seen: string[] = []
    const [connection] = connections(1, seen, (engine) => {
      void (async () => {
        await Promise.resolve()
        connection!.driver.enter()
        engine.sendResponse(200, [], `answer ${seen.length}`)
      })()
    })
    await ask([connection!], GET.repeat(4), 'answer 4')
    assert.deepEqual(seen, ['request 0', 'request 0', 'request 0', 'request 0', 'write 0'])
  })

  it('is not waited for by a connection that is alone, until there is another one', async () => {
    const seen: string[] = []
    const [one, two] = connections(2, seen, (engine) => {
      setImmediate(() => seen.push('turn'))
      engine.sendResponse(200, [], 'hello')
    })
    const once = async ({ peer, sink }: Connection): Promise<string[]> => {
      const { bytes } = sink
      peer.write([Buffer.from(GET)])
      await sink.until((came) => came.bytes > bytes)
      while (!seen.includes('turn')) await new Promise((resolve) => setImmediate(resolve))
      return seen.splice(0)
    }
    assert.deepEqual(await once(one!), ['request 0', 'turn', 'write 0'])
    for (let i = 0; i < 100; i++) await once(one!)
    assert.deepEqual(await once(one!), ['request 0', 'write 0', 'turn'])
    assert.deepEqual(await once(two!), ['request 1', 'turn', 'write 1'])
    assert.deepEqual(await once(one!), ['request 0', 'turn', 'write 0'])
    for (const { driver } of [one!, two!]) driver.destroy()
  })

  it('comes for a connection that was written to meanwhile, and for one that is gone', async () => {
    const seen: string[] = []
    const [one, two] = connections(2, seen, (engine) => engine.sendResponse(200, [], 'hello'))
    for (const { driver } of [one!, two!]) driver.enter()
    one!.driver.settle()
    two!.driver.destroy()
    await ask([one!], GET, 'hello')
    assert.deepEqual(seen, ['request 0', 'write 0'])
  })
})
