import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { clock, Driver, type DriverHandler, memoryTransports, type Transport } from '#src/io/index.js'
import { Http1Server, type Http1Limits, type Http1ServerEvent } from '#src/protocols/http1/index.js'
import { Collecting } from './collecting.js'

// The clock never keeps a process alive, and there is no socket here that would.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

interface Driven {
  readonly engine: Http1Server
  readonly driver: Driver<Http1ServerEvent>
  readonly peer: Transport
  readonly sink: Collecting
  /** Types of the events, and how the connection ended. */
  readonly seen: string[]
}

/** A driver over memory; `onEvent` is what a handler does. */
const drive = (
  onEvent: (event: Http1ServerEvent, driven: Driven) => void,
  limits: Partial<Http1Limits> = {},
  onReleased: (transport: Transport) => void = () => {},
): Driven => {
  const [ours, peer] = memoryTransports()
  const seen: string[] = []
  const engine = new Http1Server({ date: clock.date, limits })
  const handler: DriverHandler<Http1ServerEvent> = {
    onEvent: (event) => {
      seen.push(event.type)
      onEvent(event, driven)
    },
    onFlushed: () => {},
    onClosed: (error) => void seen.push(error === undefined ? 'gone' : `gone: ${error.message}`),
    onReleased: (transport) => {
      seen.push('released')
      onReleased(transport)
    },
  }
  const driver = new Driver(ours, engine, handler)
  const driven = { engine, driver, peer, sink: Collecting.open(peer), seen }
  driver.start()
  return driven
}

const send = (driven: Driven, text: string): void => driven.peer.write([Buffer.from(text)])
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

describe('a driver', () => {
  it('delivers events, writes what the engine has, and ends in order', async () => {
    const driven = drive((event, { engine }) => {
      if (event.type === 'end') engine.sendResponse(200, [], 'hello')
    })
    send(driven, GET)
    await driven.sink.until(({ text }) => text.endsWith('hello'))
    driven.peer.end()
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['request', 'end', 'closed', 'gone'])
  })

  it('settles commands that come from outside at the end of the turn', async () => {
    const driven = drive(() => {})
    send(driven, GET)
    while (driven.seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    driven.driver.enter()
    driven.driver.enter()
    driven.engine.sendHead(200, [], 2)
    driven.driver.enter()
    driven.engine.sendData(Buffer.from('hi'))
    assert.ok(driven.engine.outputBytes > 0)
    await driven.sink.until(({ text }) => text.endsWith('hi'))
    driven.driver.destroy()
    driven.driver.destroy()
    driven.driver.cut()
    driven.driver.enter()
    driven.driver.settle()
    assert.deepEqual(driven.seen.slice(2), ['gone'])
  })

  it('pauses the peer as long as the engine wants nothing', async () => {
    const driven = drive((event, { engine }) => {
      if (event.type === 'request') engine.holdBody(true)
    })
    send(driven, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n`)
    for (let i = 0; i < 2; i++) driven.peer.write([Buffer.alloc(100_000)])
    while (driven.seen.length < 1) await new Promise((resolve) => setImmediate(resolve))
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([driven.seen, driven.peer.writable], [['request'], false])
    driven.driver.enter()
    driven.engine.holdBody(false)
    while (!driven.seen.includes('end')) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(driven.peer.writable, true)
    driven.driver.destroy()
  })

  it('tells that a peer is gone that has not said so', async () => {
    const driven = drive(() => {})
    driven.peer.destroy()
    while (driven.seen.length < 1) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(driven.seen, ['gone: memory: the connection is gone'])
  })

  it('fires the deadlines of its engine', async () => {
    const driven = drive(() => {}, { firstByteMs: 10 })
    await driven.sink.until(({ ends }) => ends === 1)
    driven.peer.end()
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['closed', 'gone'])
  })

  it('does not wait for ever for a peer that leaves its side open', async () => {
    const driven = drive(() => {}, { firstByteMs: 10 })
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['closed', 'gone'])
  })

  it('drops what comes behind the end, the answer being on its way', async () => {
    const driven = drive((event, { engine }) => {
      if (event.type === 'end') engine.sendResponse(200, [], 'last')
    })
    send(driven, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    send(driven, 'x'.repeat(1000))
    await driven.sink.until(({ ends }) => ends === 1)
    send(driven, 'more')
    driven.peer.end()
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['request', 'end', 'closed', 'gone'])
  })

  it('is told of the end once when its handler destroys it', async () => {
    const driven = drive((_event, { driver }) => driver.destroy(new Error('enough')))
    send(driven, GET)
    await driven.sink.until(({ closes }) => closes === 1)
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(driven.seen, ['request', 'gone: enough'])
  })

  it('ends the one connection on which a handler throws', async () => {
    const driven = drive(() => assert.fail('in the handler'))
    send(driven, GET)
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['request', 'gone: in the handler'])
  })

  it('does what was put off until the end of a batch before it writes', async () => {
    const [ours, peer] = memoryTransports()
    const seen: string[] = []
    let owed = 0
    const engine = new Http1Server({ date: clock.date })
    const handler: DriverHandler<Http1ServerEvent> = {
      onEvent: ({ type }) => {
        seen.push(type)
        if (type === 'end') owed++
      },
      onPolled: () => {
        seen.push('polled')
        if (owed === 0) return false
        owed--
        engine.sendResponse(200, [], `answer ${seen.length}`)
        return true
      },
      onFlushed: () => void seen.push('flushed'),
      onClosed: () => void seen.push('gone'),
      onReleased: () => {},
    }
    const driver = new Driver(ours, engine, handler)
    const sink = Collecting.open(peer)
    driver.start()
    peer.write([Buffer.from(GET + GET)])
    await sink.until(({ text }) => text.endsWith('answer 8'))
    const batch = ['request', 'end', 'polled']
    assert.deepEqual(seen, ['polled', 'flushed', ...batch, ...batch, 'polled', 'polled', 'flushed'])
    driver.destroy()
  })

  it('stops when the connection is destroyed at the end of a batch', async () => {
    const [ours, peer] = memoryTransports()
    const seen: string[] = []
    const handler: DriverHandler<Http1ServerEvent> = {
      onEvent: ({ type }) => void seen.push(type),
      onPolled: () => {
        if (seen.length < 2) return false
        driver.destroy()
        return true
      },
      onFlushed: () => void seen.push('flushed'),
      onClosed: () => void seen.push('gone'),
      onReleased: () => {},
    }
    const driver = new Driver(ours, new Http1Server({ date: clock.date }), handler)
    const sink = Collecting.open(peer)
    driver.start()
    peer.write([Buffer.from(GET)])
    await sink.until(({ closes }) => closes === 1)
    assert.deepEqual(seen, ['flushed', 'request', 'end', 'gone'])
  })

  for (const method of ['receive', 'receiveEnd', 'advance'] as const)
    it(`ends the one connection whose engine throws in ${method}`, async () => {
      const driven = drive(() => {}, { firstByteMs: 10 })
      Object.defineProperty(driven.engine, method, { value: () => assert.fail('a bug') })
      if (method === 'receive') send(driven, GET)
      else if (method === 'receiveEnd') driven.peer.end()
      await driven.sink.until(({ closes }) => closes === 1)
      assert.deepEqual(driven.seen, ['gone: a bug'])
    })
})

describe('a handover', () => {
  const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'

  it('gives the transport away, with everything written and nothing lost', async () => {
    let rest = ''
    const next = new Collecting()
    const driven = drive(
      (event, { engine, peer }) => {
        if (event.type === 'end') {
          engine.sendHead(101, ['upgrade', 'echo'])
          // What the peer sends while the answer is on its way is for the next owner.
          peer.write([Buffer.from('behind ')])
        } else if (event.type === 'handover') rest = Buffer.from(event.rest).toString()
      },
      {},
      (transport) => {
        transport.open(next)
        transport.resume()
        transport.write([Buffer.from('from the next owner')])
      },
    )
    send(driven, `${UPGRADE}rest`)
    await driven.sink.until(({ text }) => text.endsWith('from the next owner'))
    send(driven, 'later')
    await next.until(({ text }) => text === 'behind later')
    assert.equal(rest, 'rest')
    assert.deepEqual(driven.seen, ['request', 'end', 'handover', 'released'])
    driven.driver.destroy()
    driven.driver.cut()
    driven.peer.destroy()
    await next.until(({ closes }) => closes === 1)
    assert.deepEqual(driven.seen, ['request', 'end', 'handover', 'released'])
  })

  it('begins another connection with what came last', async () => {
    const seen: string[] = []
    const second = new Http1Server({ date: clock.date })
    const driven = drive(
      (event, { engine }) => {
        if (event.type === 'end') engine.sendHead(101, ['upgrade', 'echo'])
        if (event.type === 'handover') rest = event.rest
      },
      {},
      (transport) => {
        const handler: DriverHandler<Http1ServerEvent> = {
          onEvent: ({ type }) => {
            seen.push(type)
            if (type === 'end') second.sendResponse(200, [], `answer ${seen.length}`)
          },
          onFlushed: () => {},
          onClosed: () => void seen.push('gone'),
          onReleased: () => {},
        }
        new Driver(transport, second, handler).start(rest, () => void seen.push('prepared'))
      },
    )
    let rest: Uint8Array = new Uint8Array(0)
    send(driven, UPGRADE + GET)
    await driven.sink.until(({ text }) => text.endsWith('answer 3'))
    send(driven, GET)
    await driven.sink.until(({ text }) => text.endsWith('answer 5'))
    driven.peer.end()
    await driven.sink.until(({ closes }) => closes === 1)
    assert.deepEqual(seen, ['prepared', 'request', 'end', 'request', 'end', 'closed', 'gone'])
  })
})

describe('the clock', () => {
  it('stands while nothing waits, and is right when something does', async () => {
    const ticked = new Promise<number>((resolve) => {
      const timed = {
        onTick: (now: number) => {
          clock.remove(timed)
          resolve(now)
        },
      }
      clock.add(timed)
      assert.ok(Math.abs(clock.now - performance.now()) < 50)
    })
    assert.ok(Math.abs((await ticked) - performance.now()) < 50)
  })

  it('gives the date of the second', () => {
    assert.match(clock.date(), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
    assert.ok(Math.abs(Date.parse(clock.date()) - Date.now()) < 2000)
    assert.equal(clock.date(), clock.date())
  })
})
