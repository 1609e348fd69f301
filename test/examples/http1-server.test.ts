/** The bare-socket example is run as a user would run it. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { text } from 'node:stream/consumers'
import { repoRoot } from '../../tools/repo.js'

const example = path.join(repoRoot, 'examples/http1-server.js')

describe('the bare-socket example', () => {
  const child = spawn(process.execPath, [example, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let port = 0

  before(async () => {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    port = Number(/port: (\d+)/.exec(line)?.[1])
    assert.ok(port > 0, `a port in ${line}`)
  })

  after(async () => {
    child.kill()
    await once(child, 'exit')
  })

  it('answers a request with content', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/a`, { method: 'POST', body: 'x'.repeat(100_000) })
    assert.equal(await response.text(), 'POST /a\n')
  })

  it('answers pipelined requests in order and a fault with 400, then closes', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3\r\n\r\n')
    const all = await text(socket)
    assert.match(all, /^HTTP\/1\.1 200 OK\r\n[^]*GET \/1\nHTTP\/1\.1 200 OK\r\n[^]*GET \/2\nHTTP\/1\.1 400 Bad Request/)
    socket.destroy()
  })
})
