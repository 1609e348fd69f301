/** The example of a WebSocket server on a bare socket is run as a user would run it. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { websocket } from 'skitai/client'
import { repoRoot } from '../../tools/repo.js'

const example = path.join(repoRoot, 'examples/websocket-echo.js')

describe('the WebSocket server on a bare socket', () => {
  const child = spawn(process.execPath, [example, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let url = ''

  before(async () => {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const port = Number(/port: (\d+)/.exec(line)?.[1])
    assert.ok(port > 0, `a port in ${line}`)
    url = `ws://127.0.0.1:${port}/`
  })

  after(async () => {
    child.kill()
    await once(child, 'exit')
  })

  it('sends back what our own client sends', async () => {
    const socket = await websocket(url)
    await socket.send('Grüße')
    assert.equal(await socket.receive(), 'Grüße')
    await socket.send(Uint8Array.of(1, 2, 3))
    assert.deepEqual(Buffer.from((await socket.receive()) as Uint8Array), Buffer.of(1, 2, 3))
    assert.deepEqual(await socket.close(1000, 'bye'), { code: 1000, reason: '', error: undefined })
  })

  it('sends back what another client sends, and answers its Ping', async () => {
    const socket = new WebSocket(url)
    await once(socket, 'open')
    socket.send('x'.repeat(100_000))
    const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean]
    assert.deepEqual([data.length, binary], [100_000, false])
    socket.ping('there?')
    assert.equal(String(((await once(socket, 'pong')) as [Buffer])[0]), 'there?')
    socket.close()
    assert.equal(((await once(socket, 'close')) as [number])[0], 1005)
  })

  it('answers other requests, and refuses what is no handshake', async () => {
    const http = url.replace('ws', 'http')
    assert.equal(await (await fetch(http)).text(), 'This is a WebSocket server\n')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n')
    assert.match(
      await text(socket),
      /^HTTP\/1\.1 426 [^]*sec-websocket-version: 13\r\n[^]*The version of WebSocket is 13$/,
    )
  })
})
