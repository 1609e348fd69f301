import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { takeInheritedSockets } from '#src/io/inherited.js'

/** What a starter of the system does: descriptor 3 is a listening socket, and the announcement names this process. */
const child = `
import { createServer } from 'node:net'
import { takeInheritedSockets } from '#src/io/inherited.js'
process.env.LISTEN_PID = String(process.pid)
const sockets = takeInheritedSockets()
const again = takeInheritedSockets()
const server = createServer((socket) => {
  const left = Object.keys(process.env).filter((name) => name.startsWith('LISTEN_'))
  socket.end(JSON.stringify({ sockets, again, left }))
  server.close()
})
server.listen({ fd: sockets[0].descriptor }, () => console.log('listening'))
`

describe('takeInheritedSockets', () => {
  it('takes the sockets that are announced to this process, once', async () => {
    const listening = createServer()
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as AddressInfo
    const { _handle: handle } = listening as unknown as { _handle: { fd: number } }
    const started = spawn(process.execPath, ['--input-type=module', '-e', child], {
      stdio: ['ignore', 'pipe', 'inherit', handle.fd],
      env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
    })
    await once(started.stdout!, 'data')
    // From here on only the child accepts.
    listening.close()
    const socket = connect(port, '127.0.0.1')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.deepEqual(JSON.parse(answer.toString()), { sockets: [{ descriptor: 3, name: 'web' }], again: [], left: [] })
    await once(started, 'exit')
  })

  it('leaves alone what is announced to others, or not at all', () => {
    for (const environment of [
      {},
      { LISTEN_PID: '1', LISTEN_FDS: '1' },
      { LISTEN_FDS: '1' },
      { LISTEN_PID: '7' },
      { LISTEN_PID: 'x', LISTEN_FDS: '1' },
    ]) {
      const before = { ...environment }
      assert.deepEqual(takeInheritedSockets(environment, 7), [])
      assert.deepEqual(environment, before)
    }
  })

  it('refuses a malformed announcement, and removes it', () => {
    for (const count of ['', '-1', '1.5', '1025', 'two']) {
      const environment = { LISTEN_PID: '7', LISTEN_FDS: count, OTHER: 'x' }
      assert.throws(() => takeInheritedSockets(environment, 7), /LISTEN_FDS/)
      assert.deepEqual(environment, { OTHER: 'x' })
    }
    assert.deepEqual(takeInheritedSockets({ LISTEN_PID: '7', LISTEN_FDS: '0' }, 7), [])
  })

  it('refuses descriptors that are no sockets', () => {
    const file = openSync('/dev/null', 'r')
    const count = String(1000)
    assert.throws(() => takeInheritedSockets({ LISTEN_PID: '7', LISTEN_FDS: count }, 7), /which is no socket/)
    closeSync(file)
  })
})
