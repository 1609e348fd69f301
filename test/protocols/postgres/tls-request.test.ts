import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cancelRequest, PostgresTlsRequest, type TlsRequestEvent } from 'skitai/postgres'

function asked(): PostgresTlsRequest {
  const engine = new PostgresTlsRequest(1000)
  engine.start(0)
  assert.equal(engine.outputBytes, 8)
  assert.deepEqual([...engine.output()!], [0, 0, 0, 8, 4, 210, 22, 47])
  assert.deepEqual([engine.output(), engine.outputBytes, engine.wantsInput], [undefined, 0, true])
  assert.equal(engine.poll(), undefined)
  return engine
}

function answered(text: string): TlsRequestEvent | undefined {
  const engine = asked()
  engine.receive(Buffer.from(text, 'latin1'), 1)
  const event = engine.poll()
  assert.deepEqual([engine.poll(), engine.deadline(), engine.wantsInput], [undefined, Infinity, false])
  // Behind the answer nothing is read.
  engine.receive(Buffer.from('S'), 1)
  assert.equal(engine.poll(), undefined)
  return event
}

const fatal = (code: string, offset: number, got = -1): object => ({
  type: 'fatal',
  code,
  wireCode: 0,
  offset,
  limit: -1,
  got,
})

describe('the question for TLS', () => {
  test('is answered by yes or no', () => {
    assert.deepEqual(answered('S'), { type: 'handover', accepts: true, rest: new Uint8Array(0) })
    assert.deepEqual(answered('N'), { type: 'handover', accepts: false, rest: new Uint8Array(0) })
  })

  test('is not answered by anything else', () => {
    assert.deepEqual(answered('E\0\0\0'), fatal('PG_TLS_ANSWER', 0, 0x45))
    assert.deepEqual(answered('H'), fatal('PG_TLS_ANSWER', 0, 0x48))
  })

  test('lets nobody slip octets in before TLS', () => {
    assert.deepEqual(answered('SE'), fatal('PG_TLS_REST', 1))
    assert.deepEqual(answered('NR\0\0\0\x08\0\0\0\0'), fatal('PG_TLS_REST', 1))
  })

  test('waits no longer than it was told, nor for a server that is gone', () => {
    const late = asked()
    late.advance(999)
    assert.equal(late.poll(), undefined)
    late.advance(1000)
    assert.deepEqual(late.poll(), fatal('PG_STARTUP_TIMEOUT', -1))
    const gone = asked()
    gone.receiveEnd(1)
    assert.equal(gone.wantsInput, false)
    assert.deepEqual(gone.poll(), fatal('PG_TRUNCATED', 0))
  })
})

describe('CancelRequest', () => {
  test('names the process and its key', () => {
    assert.deepEqual(
      [...cancelRequest(0x01020304, Uint8Array.of(9, 8, 7, 6))],
      [0, 0, 0, 16, 4, 210, 22, 46, 1, 2, 3, 4, 9, 8, 7, 6],
    )
    assert.equal(cancelRequest(1, new Uint8Array(256)).length, 268)
  })

  test('has a key of 4 to 256 octets', () => {
    for (const size of [0, 3, 257]) assert.throws(() => cancelRequest(1, new Uint8Array(size)), { code: 'PG_KEY' })
  })
})
