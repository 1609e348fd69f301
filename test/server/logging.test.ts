import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { App, type Skitai } from '#src/server/index.js'
import { ask, exchange, type Asked } from './asking.js'
import { quiet, serve, signal, Wire } from './serving.js'

const app = new App()
  .get('/', () => 'h\u00e9llo')
  .post('/post', ({ request }) => request.text())
  .get('/stream', async function* () {
    yield 'one'
    yield 'two'
  } as () => AsyncGenerator<string>)
  .get('/ids', (was) => `${was.gtid} ${was.ltid}`)

/** Items 3 to 19 of a line, without the date and the times: quoted items hold blanks. */
const itemsOf = (line: string): string[] => (line.match(/"[^"]*"|\S+/g) ?? []).slice(2, 19)

const logged = (logOff: readonly string[] = []): { engine: Skitai; lines: () => Promise<string[]> } => {
  const sink = new PassThrough()
  const { engine } = quiet({ log: sink })
  engine.mount('/', app).logOff(...logOff)
  const lines = async (): Promise<string[]> => {
    await engine.close()
    return String(sink.read() ?? '')
      .split('\n')
      .slice(0, -1)
  }
  return { engine, lines }
}

const lineOf = async (target: string, asked: Asked = {}): Promise<string[]> => {
  const { engine, lines } = logged()
  await ask(engine, target, asked)
  const all = await lines()
  assert.equal(all.length, 1)
  return itemsOf(all[0]!)
}

describe('the request log', () => {
  it('has a line a request, with octets rather than characters', async () => {
    const [address, host, method, uri, version, came, status, went, gtid, ltid, user, token] = await lineOf('/?q=1')
    assert.deepEqual(
      [address, host, method, uri, version, came, status, went],
      ['memory', 'example.com', 'GET', '/?q=1', '1.1', '0', '200', '6'],
    )
    assert.match(gtid!, /^[0-9a-f]{8}\.M-C1-R1$/)
    assert.deepEqual([ltid, user, token], ['1000', '-', '-'])
    assert.deepEqual((await lineOf('/', { method: 'HEAD' })).slice(6, 8), ['200', '0'])
    assert.deepEqual((await lineOf('/stream')).slice(6, 8), ['200', '6'])
    assert.deepEqual((await lineOf('/post', { method: 'POST', body: 'four' })).slice(5, 8), ['4', '200', '4'])
    assert.deepEqual((await lineOf('/missing')).slice(6, 7), ['404'])
  })

  it('never shows a token, and escapes what a client sends', async () => {
    const headers = { Authorization: 'Bearer secret-token', Referer: 'a"b', 'User-Agent': 'evil\\n', 'X-Gtxn-Id': 'G1' }
    const items = await lineOf('/?access_token=secret-token', { headers: { ...headers, 'X-Ltxn-Id': '2003' } })
    assert.equal(items.join(' ').includes('secret-token'), false)
    assert.match(items[3]!, /^\/\?access_token=sha256:[0-9a-f]{12}$/)
    assert.equal(items[3]!.slice(-19), items[11])
    assert.deepEqual(items.slice(8, 10), ['G1', '3003'])
    assert.deepEqual(items.slice(12, 14), ['"a\\x22b"', '"evil\\x5Cn"'])
  })

  it('gives handlers the ids that it shows', async () => {
    const { engine, lines } = logged()
    const { text } = await ask(engine, '/ids')
    const [line] = await lines()
    assert.equal(itemsOf(line!).slice(8, 10).join(' '), text)
  })

  it('tells of requests that were refused', async () => {
    const { engine, lines } = logged()
    await exchange(engine, 'GET / HTTP/1.1\n')
    await exchange(engine, 'GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n')
    await exchange(engine, 'POST /post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n')
    const items = (await lines()).map(itemsOf)
    assert.deepEqual(
      items.map((item) => [item[2], item[3], item[6]]),
      [
        ['-', '-', '400'],
        ['GET', '/', '200'],
        ['-', '-', '400'],
        ['POST', '/post', '400'],
      ],
    )
  })

  it('tells of clients that left', async () => {
    const sink = new PassThrough()
    const begun = signal()
    const { port } = await serve(
      (engine) =>
        engine.mount('/', async () => {
          begun.resolve()
          await new Promise(() => {})
        }),
      { log: sink },
    )
    const wire = await Wire.to(port)
    wire.send('GET /left HTTP/1.1\r\nHost: x\r\n\r\n')
    await begun.promise
    wire.reset()
    let line = ''
    for await (const chunk of sink) {
      line += String(chunk)
      if (line.endsWith('\n')) break
    }
    assert.deepEqual(itemsOf(line).slice(0, 8), ['127.0.0.1', 'x', 'GET', '/left', '1.1', '0', '499', '0'])
  })

  it('leaves out what it is told to', async () => {
    const { engine, lines } = logged(['/static/', '*.css', '/'])
    for (const target of ['/static/x', '/a.css?x', '/', '/b']) await ask(engine, target)
    assert.deepEqual(
      (await lines()).map((line) => itemsOf(line)[3]),
      ['/'],
    )
    assert.throws(() => engine.logOff('x'), RangeError)
  })

  it('goes to standard output by default', async () => {
    const { engine } = quiet({ log: process.stdout })
    const listeners = process.stdout.listenerCount('error')
    engine.mount('/', () => 'x').logOff('/')
    assert.equal((await ask(engine, '/x')).text, 'x')
    await engine.close()
    assert.equal(process.stdout.listenerCount('error'), listeners)
  })
})
