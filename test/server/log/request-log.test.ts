import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Writable } from 'node:stream'
import { LogFilter } from '#src/server/log/log-filter.js'
import { RequestLog, type RequestRecord } from '#src/server/log/request-log.js'

const record = (uri: string): RequestRecord => ({
  address: '127.0.0.1',
  host: 'a.example',
  method: 'GET',
  uri,
  version: '1.1',
  requestBytes: 0,
  status: 200,
  responseBytes: 1,
  gtid: '',
  ltid: '',
  user: '',
  token: '',
  referer: '',
  userAgent: '',
  realIp: '',
  worker: 'M',
  connections: 1,
  handlingMs: 0,
  transferMs: 0,
})

/** A stream that takes a write only when it is let. */
class Gate extends Writable {
  readonly writes: string[] = []
  open = true
  #release: (() => void) | undefined

  constructor() {
    super({ highWaterMark: 16_384, decodeStrings: false })
  }

  get text(): string {
    return this.writes.join('')
  }

  override _write(chunk: string, _encoding: string, taken: () => void): void {
    this.writes.push(chunk)
    if (this.open) taken()
    else this.#release = taken
  }

  release(): void {
    this.open = true
    this.#release?.()
  }
}

const setup = (): { sink: Gate; log: RequestLog; failures: Error[] } => {
  const sink = new Gate()
  const failures: Error[] = []
  const log = new RequestLog({ sink, now: () => 0, failed: (error) => failures.push(error) })
  return { sink, log, failures }
}

describe('RequestLog', () => {
  it('writes the lines of one turn at once', async () => {
    const { sink, log } = setup()
    for (let count = 0; count < 10; count++) log.write(record(`/${count}`))
    assert.deepEqual(sink.writes, [])
    await turn()
    assert.equal(sink.writes.length, 1)
    assert.equal(sink.text.split('\n').length, 11)
    log.write(record('/next'))
    await turn()
    assert.equal(sink.writes.length, 2)
    await log.close()
  })

  it('does not wait for the end of a turn that brings a lot', async () => {
    const { sink, log } = setup()
    for (let count = 0; count < 2000; count++) log.write(record(`/${'x'.repeat(100)}`))
    assert.ok(sink.text.length >= 65_536)
    for (const write of sink.writes) assert.ok(write.length < 70_000 && write.endsWith('\n'))
    await log.close()
    assert.equal(sink.text.split('\n').length, 2001)
  })

  it('is complete when closed', async () => {
    const { sink, log } = setup()
    log.write(record('/a'))
    await log.close()
    assert.match(sink.text, / \/a 1\.1 /)
    assert.equal(sink.listenerCount('error'), 0)
    log.write(record('/late'))
    await turn()
    assert.doesNotMatch(sink.text, /late/)
  })

  it('waits with closing for a sink that is slow', async () => {
    const { sink, log } = setup()
    sink.open = false
    log.write(record('/a'))
    let closed = false
    const closing = log.close().then(() => (closed = true))
    await turn()
    assert.equal(closed, false)
    sink.release()
    await closing
  })

  it('drops and counts what a stalled sink leaves no room for', async () => {
    const { sink, log } = setup()
    sink.open = false
    const line = `/${'x'.repeat(1000)}`
    for (let count = 0; count < 5000; count++) log.write(record(line))
    await turn()
    assert.ok(sink.writes.length === 1 && sink.writableLength < 70_000)
    const drained = once(sink, 'drain')
    sink.release()
    await drained
    await log.close()
    const lines = sink.text.trimEnd().split('\n')
    const told = lines.filter((each) => each.includes('[warn:log]'))
    assert.equal(told.length, 1)
    const dropped = Number(/ (\d+) lines were dropped/.exec(told[0] ?? '')?.[1])
    assert.equal(lines.length - 1 + dropped, 5000)
    assert.ok(sink.text.length < 1_200_000 && sink.text.length > 1_000_000)
  })

  it('outlives its sink', async () => {
    const { sink, log, failures } = setup()
    log.write(record('/a'))
    await turn()
    sink.destroy(new Error('broken pipe'))
    await new Promise((resolve) => sink.once('close', resolve))
    assert.equal(failures.length, 1)
    log.write(record('/b'))
    await turn()
    await log.close()
    assert.equal(failures.length, 1)
  })

  it('closes although the sink failed with lines under way', async () => {
    const { sink, log } = setup()
    sink.open = false
    for (let count = 0; count < 100; count++) log.write(record(`/${'x'.repeat(1000)}`))
    const closing = log.close()
    sink.destroy(new Error('broken pipe'))
    await closing
  })

  it('warns when nobody asked to be told', async () => {
    const sink = new Gate()
    const log = new RequestLog({ sink })
    const warned = once(process, 'warning')
    sink.destroy(new Error('broken pipe'))
    const [warning] = (await warned) as [Error]
    assert.equal(warning.message, 'the request log cannot be written: broken pipe')
    await log.close()
  })

  it('knows what is not to be logged', () => {
    const filter = new LogFilter()
    const log = new RequestLog({ sink: new Gate(), filter })
    filter.off('/health')
    assert.deepEqual([log.logs('/health'), log.logs('/x')], [false, true])
  })

  it('listens to its sink only as long as it lives', async () => {
    const before = process.stdout instanceof EventEmitter ? process.stdout.listenerCount('error') : 0
    const log = new RequestLog()
    assert.equal(process.stdout.listenerCount('error'), before + 1)
    await log.close()
    assert.equal(process.stdout.listenerCount('error'), before)
  })
})
