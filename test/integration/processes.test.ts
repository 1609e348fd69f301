/**
 * Servers as processes: signals, exit codes, inherited sockets, and that nothing keeps a process alive that has closed.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { repoRoot } from '../../tools/repo.js'
import { readAnswer } from '../server/asking.js'
import { Wire } from '../server/serving.js'

const skitai = pathToFileURL(path.join(repoRoot, 'dist/server/index.js')).href

/** A server as a program. `go` on its standard input lets its handler of `/slow` answer. */
const program = (end: string): string => `
import skitai, { Skitai } from '${skitai}'
import { once } from 'node:events'
process.env.LISTEN_PID &&= String(process.pid)
const say = (text) => process.stdout.write(text + '\\n')
const slow = async () => {
  say('begun')
  await once(process.stdin, 'data')
  return 'slow answer'
}
const make = () => new Skitai({ log: false }).mount('/', () => 'x').mount('/slow', slow)
const run = (engine, options) => engine.run({ address: '127.0.0.1', port: 0, ...options })
${end}
`

interface Running {
  readonly child: ChildProcess
  /** What the program says, line by line. */
  readonly line: () => Promise<string>
  readonly exit: Promise<unknown[]>
}

const start = (end: string, options: { fds?: number[]; env?: Record<string, string> } = {}): Running => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(end)], {
    stdio: ['pipe', 'pipe', 'inherit', ...(options.fds ?? [])],
    env: { ...process.env, ...options.env },
  })
  const lines = linesOf(child.stdout!)
  const line = async (): Promise<string> => String((await lines.next()).value)
  return { child, line, exit: once(child, 'exit') }
}

async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      yield text.slice(0, at)
      text = text.slice(at + 1)
    }
  }
}

const GET = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`

const refuses = async (port: number): Promise<void> => {
  // The child may need a moment to get the signal: what is waited for is that nobody accepts any more.
  for (;;) {
    const wire = await Wire.to(port).catch(() => undefined)
    if (wire === undefined) return
    wire.socket.destroy()
  }
}

describe('signals', () => {
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    it(`${name} drains: what is under way is finished, and the process ends with 0`, async () => {
      const { child, line, exit } = start(`say((await run(make())).port)`)
      const port = Number(await line())
      const slow = await Wire.to(port)
      slow.send(GET('/slow/'))
      assert.equal(await line(), 'begun')
      child.kill(name)
      await refuses(port)
      child.stdin!.write('go')
      const answer = readAnswer(await slow.rest())
      assert.deepEqual([answer.text, answer.headers['connection']], ['slow answer', 'close'])
      assert.deepEqual(await exit, [0, null])
    })

  it('a second one forces', async () => {
    for (const [first, second] of [
      ['SIGTERM', 'SIGTERM'],
      ['SIGINT', 'SIGTERM'],
    ] as const) {
      const { child, line, exit } = start(`say((await run(make())).port)`)
      const port = Number(await line())
      const slow = await Wire.to(port)
      slow.send(GET('/slow/'))
      assert.equal(await line(), 'begun')
      child.kill(first)
      await refuses(port)
      child.kill(second)
      assert.deepEqual(await exit, [null, second])
      slow.socket.destroy()
    }
  })

  it('wait for all engines of the process', async () => {
    const { child, line, exit } = start(`say((await run(make())).port); say((await run(make())).port)`)
    const [idle, busy] = [Number(await line()), Number(await line())]
    const slow = await Wire.to(busy)
    slow.send(GET('/slow/'))
    assert.equal(await line(), 'begun')
    child.kill('SIGTERM')
    await refuses(idle)
    await refuses(busy)
    child.stdin!.write('go')
    assert.equal(readAnswer(await slow.rest()).text, 'slow answer')
    assert.deepEqual(await exit, [0, null])
  })

  it('are left alone when the app wants them, and by an engine that has closed', async () => {
    const own = start(`say((await run(make(), { signals: false })).port)`)
    await own.line()
    own.child.kill('SIGTERM')
    assert.deepEqual(await own.exit, [null, 'SIGTERM'])
    const closed = start(`const e = make(); await run(e); await e.close(); say('closed'); setInterval(() => {}, 1000)`)
    assert.equal(await closed.line(), 'closed')
    closed.child.kill('SIGTERM')
    assert.deepEqual(await closed.exit, [null, 'SIGTERM'])
  })
})

describe('a process', () => {
  it('ends by itself once its engines have closed: no timer and no handle is left', async () => {
    const { child, line, exit } = start(`
      const engine = make()
      const { port } = await run(engine)
      say(port)
      await once(process.stdin, 'data')
      await engine.close()
      process.stdin.destroy()
      say('closed')`)
    const port = Number(await line())
    const wire = await Wire.to(port)
    await wire.send(GET('/')).until(/x$/)
    child.stdin!.write('go')
    await wire.rest()
    assert.equal(await line(), 'closed')
    assert.deepEqual(await exit, [0, null])
  })

  it('ends by itself when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { line, exit } = start(
      `process.stdin.destroy(); await run(make(), { port: ${port} }).catch((e) => say(e.code))`,
    )
    assert.equal(await line(), 'EADDRINUSE')
    assert.deepEqual(await exit, [0, null])
    taken.close()
  })

  it('survives whatever its handlers do', async () => {
    const { child, line, exit } = start(`
      const engine = new Skitai({ log: false, onError: (error) => say(error.message) })
      engine.mount('/rejects', async () => { throw new Error('rejected') })
      engine.mount('/late', () => Readable.from((async function* () { yield 'x'; throw new Error('late') })()))
      engine.mount('/onabort', async ({ request }) => { await once(request.signal, 'abort'); throw new Error('gone') })
      const { Readable } = await import('node:stream')
      process.on('unhandledRejection', (error) => say('UNHANDLED ' + error))
      process.on('uncaughtException', (error) => say('UNCAUGHT ' + error))
      say((await run(engine)).port)`)
    const port = Number(await line())
    const rejects = await Wire.to(port)
    await rejects.send(GET('/rejects/')).until(/500 Internal/)
    assert.equal(await line(), 'rejected')
    const late = await Wire.to(port)
    await late.send(GET('/late/')).rest()
    assert.equal(await line(), 'late')
    const left = await Wire.to(port)
    left.send(GET('/onabort/'))
    left.reset()
    await rejects.send(GET('/rejects/')).until(/500 Internal[^]*500 Internal/)
    // A reset may look like a client that has closed its side only: then the error of its handler is told, too.
    let last = await line()
    if (last === 'gone') last = await line()
    assert.equal(last, 'rejected')
    rejects.socket.destroy()
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [0, null])
    for (last = await line(); last !== 'undefined'; last = await line()) assert.equal(last, 'gone')
  })
})

describe('LISTEN_FDS', () => {
  /** A listening socket of this process, to be inherited. */
  const listening = async (): Promise<{ port: number; fd: number; close: () => void }> => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { _handle: handle } = server as unknown as { _handle: { fd: number } }
    return { port: (server.address() as AddressInfo).port, fd: handle.fd, close: () => void server.close() }
  }

  it('gives all sockets to the first run', async () => {
    const [one, two] = [await listening(), await listening()]
    const env = { LISTEN_FDS: '2', LISTEN_PID: 'set by the child' }
    const { child, line, exit } = start(`say((await run(make())).url); say((await run(make())).url)`, {
      fds: [one.fd, two.fd],
      env,
    })
    assert.equal(await line(), `http://127.0.0.1:${one.port}`)
    const own = await line()
    for (const socket of [one, two]) socket.close()
    for (const port of [one.port, two.port, Number(new URL(own).port)]) {
      const wire = await Wire.to(port)
      await wire.send(GET('/')).until(/x$/)
      wire.socket.destroy()
    }
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [0, null])
  })

  it('is not looked at when the place is named, or it is not wanted', async () => {
    const one = await listening()
    const env = { LISTEN_FDS: '1', LISTEN_PID: 'set by the child' }
    const { child, line, exit } = start(`say((await run(make(), { inherit: false })).port)`, { fds: [one.fd], env })
    assert.notEqual(Number(await line()), one.port)
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [0, null])
    const named = start(`say((await run(make(), { descriptor: 3 })).port)`, { fds: [one.fd] })
    assert.equal(Number(await named.line()), one.port)
    named.child.kill('SIGTERM')
    assert.deepEqual(await named.exit, [0, null])
    one.close()
  })
})
