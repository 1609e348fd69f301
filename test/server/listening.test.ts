import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { describe, it } from 'node:test'
import { Skitai } from '#src/server/index.js'
import { readAnswer } from './asking.js'
import { quiet, serve, Wire } from './serving.js'
import { temporaryDirectory } from './static/site.js'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

describe('run', () => {
  it('resolves with where it listens', async () => {
    const served = await serve((engine) => engine.mount('/', ({ request }) => request.remoteAddress))
    assert.equal(served.url, `http://127.0.0.1:${served.port}`)
    assert.equal(await (await fetch(served.url)).text(), '127.0.0.1')
  })

  it('listens on IPv6, whose address stands in brackets', async () => {
    const served = await serve(
      (engine) => engine.mount('/', ({ request }) => request.remoteAddress),
      {},
      { address: '::1' },
    )
    assert.equal(served.url, `http://[::1]:${served.port}`)
    assert.equal(await (await fetch(served.url)).text(), '::1')
  })

  it('listens on a Unix socket, and takes it away again', async () => {
    const socket = path.join(temporaryDirectory(), 'socket')
    const { engine } = quiet()
    engine.mount('/', ({ request }) => `from "${request.remoteAddress}"`)
    const { url, port } = await engine.run({ path: socket, signals: false })
    assert.deepEqual([url, port], [socket, 0])
    const wire = await Wire.to({ path: socket })
    assert.equal(readAnswer(await wire.send(GET).rest()).text, 'from ""')
    const half = await Wire.to({ path: socket })
    half.send('GET / HTTP/1.0\r\n\r\n')
    assert.equal(readAnswer(await half.rest()).status, 200)
    await engine.close()
    assert.equal(existsSync(socket), false)
  })

  it('listens at several places', async () => {
    const { engine } = quiet()
    engine.mount('/', () => 'x')
    const options = { address: '127.0.0.1', port: 0, signals: false }
    const [one, two] = [await engine.run(options), await engine.run(options)]
    assert.notEqual(one.port, two.port)
    for (const { url } of [one, two]) assert.equal(await (await fetch(url)).text(), 'x')
    await engine.close()
    for (const { url } of [one, two]) await assert.rejects(fetch(url), /fetch failed/)
  })

  it('rejects when nothing is mounted, or the place cannot be had', async () => {
    await assert.rejects(new Skitai({ log: false }).run({ port: 0 }), /nothing is mounted/)
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { engine } = quiet()
    engine.mount('/', () => 'x')
    await assert.rejects(engine.run({ address: '127.0.0.1', port, signals: false }), { code: 'EADDRINUSE' })
    await assert.rejects(engine.run({ address: '192.0.2.1', port: 0, signals: false }), { code: 'EADDRNOTAVAIL' })
    await assert.rejects(engine.run({ path: '/nowhere/at/all', signals: false }), { code: /ENOENT|EACCES/ })
    await assert.rejects(engine.run({ descriptor: 999, signals: false }), { code: /EINVAL|EBADF/ })
    await assert.rejects(engine.run({ port: 0, tls: { cert: 'x', key: 'y' }, signals: false }), { code: 'TLS_FILE' })
    taken.close()
    await once(taken, 'close')
    // It may be tried again.
    const running = await engine.run({ address: '127.0.0.1', port, signals: false })
    assert.equal(await (await fetch(running.url)).text(), 'x')
    await engine.close()
  })

  it('holds connectionsMax, and counts the connections that are gone out', async () => {
    const { port } = await serve((engine) => engine.mount('/', () => 'x'), {}, { connectionsMax: 2, backlog: 10 })
    for (let round = 0; round < 3; round++) {
      const [one, two] = [await Wire.to(port), await Wire.to(port)]
      await one.send(GET.replace('Connection: close\r\n', '')).until(/x$/)
      await two.send(GET.replace('Connection: close\r\n', '')).until(/x$/)
      const three = await Wire.to(port)
      assert.equal(await three.rest(), '')
      one.socket.destroy()
      two.socket.destroy()
      // The place is free as soon as the server has seen them go.
      for (let free = false; !free;) {
        const probe = await Wire.to(port)
        free = (await probe.send(GET).rest()).endsWith('x')
      }
    }
  })
})
