/** Connections that come and go: options, TLS, users, loss, silence, waiting, closing. */

import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import {
  redis,
  type Redis,
  RedisConnectionError,
  RedisError,
  type RedisOptions,
  RedisTimeoutError,
} from '#src/io/client/index.js'
import { selfSigned } from '#src/io/index.js'
import { freePort } from '../postgres/server.js'
import { stallingProxy } from '../postgres/stalling-proxy.js'
import { type RealRedis, startRedis } from '../redis/server.js'

/** Uses a client, and terminates it. */
async function using<Result>(options: string | RedisOptions, work: (r: Redis) => Promise<Result>): Promise<Result> {
  const r = redis(options)
  try {
    return await work(r)
  } finally {
    await r.terminate()
  }
}

function refusedWith(code: string, mayHaveRun?: boolean): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RedisConnectionError, String(error))
    assert.equal(error.code, code)
    if (mayHaveRun !== undefined) assert.equal(error.mayHaveRun, mayHaveRun)
    return true
  }
}

describe('ways to a server', { timeout: 60_000 }, () => {
  const certificate = selfSigned({ names: ['localhost'] })
  let server: RealRedis
  before(async () => {
    const settings = ['user ann on >p@ss ~* +@all', 'requirepass secret', 'databases 4']
    server = await startRedis({ tls: certificate, settings })
  })
  after(() => server.stop())

  it('are TCP, a Unix socket and TLS, with users, databases and names', async () => {
    const { host, port, tlsPort, socketPath } = server
    const tls = { ca: certificate.cert }
    const ways: readonly (string | RedisOptions)[] = [
      `redis://ann:p%40ss@${host}:${port}/3`,
      `redis://:secret@${host}:${port}`,
      `unix://ann:p%40ss@${socketPath}?db=2`,
      { path: socketPath, password: 'secret', name: 'tester', protocol: 2, database: 1 },
      { url: `rediss://ann:p%40ss@localhost:${tlsPort}`, tls },
      { host, port, username: 'ann', password: () => Promise.resolve('p@ss') },
    ]
    const seen: string[] = []
    for (const way of ways)
      await using(way, async (r) => {
        const info = await r.clientInfo()
        seen.push(['user', 'db', 'name', 'resp'].map((name) => new RegExp(` ${name}=(\\S*)`).exec(info)![1]).join(' '))
      })
    assert.deepEqual(seen, ['ann 3  3', 'default 0  3', 'ann 2  3', 'default 1 tester 2', 'ann 0  3', 'ann 0  3'])
  })

  it('need the right certificate', async () => {
    const { tlsPort } = server
    const error = await using({ url: `rediss://:secret@localhost:${tlsPort}`, queueTimeoutMs: 300 }, (r) =>
      r.ping().catch((reason: unknown) => reason),
    )
    assert.ok(error instanceof RedisConnectionError && error.cause instanceof Error)
    assert.equal((error.cause as { readonly code?: string }).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  it('tell at once what will not pass by itself', async () => {
    const { host, port } = server
    for (const [options, code] of [
      [{ host, port, password: 'wrong' }, 'WRONGPASS'],
      [{ host, port }, 'NOAUTH'],
      [{ host, port, protocol: 2, password: 'wrong' }, 'WRONGPASS'],
      [{ host, port, password: 'secret', database: 99 }, 'ERR'],
    ] as const)
      await using({ ...options, queueTimeoutMs: Infinity }, (r) =>
        assert.rejects(r.ping(), (error: RedisError) => error instanceof RedisError && error.code === code),
      )
  })
})

describe('a connection that is lost', { timeout: 120_000 }, () => {
  let server: RealRedis
  before(async () => void (server = await startRedis({ settings: ['enable-debug-command yes'] })))
  after(() => server.stop())

  const options = (more: RedisOptions = {}): RedisOptions => ({ host: server.host, port: server.port, ...more })

  it('comes back, and what waits meanwhile is done', async () => {
    const lost: Error[] = []
    let connects = 0
    const onConnect = (): void => void connects++
    await using(options({ onConnect, onDisconnect: (error) => void lost.push(error) }), async (r) => {
      await r.set('k', 'v')
      await server.kill()
      const waiting = r.set('k', 'w')
      await server.start()
      assert.equal(await waiting, 'OK')
      assert.equal(await r.get('k'), 'w')
      assert.equal(connects, 2)
      assert.ok(lost.length > 0)
      assert.equal(r.stats.lastError, undefined)
    })
  })

  for (const inFlight of ['retry', 'fail'] as const)
    it(`has commands under way ${inFlight === 'retry' ? 'sent again when they only read' : 'fail'}`, async () => {
      await using(options({ inFlight }), async (r) => {
        await r.set('k', 'v')
        server.freeze()
        const read = r.get('k')
        const write = r.incr('n')
        const transaction = r.multi().incr('n').exec()
        const settled = Promise.allSettled([read, write, transaction])
        // In the next turn they have been written.
        await new Promise((resolve) => setImmediate(resolve))
        await server.kill()
        await server.start()
        const [one, two, three] = await settled
        if (inFlight === 'retry') assert.deepEqual(one, { status: 'fulfilled', value: null })
        else assert.ok(one.status === 'rejected')
        for (const result of [two, three])
          assert.ok(result.status === 'rejected' && refusedWith('ECONNRESET', true)(result.reason))
        assert.equal(await r.get('n'), null)
      })
    })

  it('is no matter for callbacks that throw', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', onWarning)
    const throwing = (): never => {
      throw new Error('mine')
    }
    await using(options({ onConnect: throwing, onDisconnect: throwing }), async (r) => {
      await r.clientKill('ID', await r.clientId(), 'SKIPME', 'NO')
      while (warnings.length < 3) await r.ping()
      assert.deepEqual(new Set(warnings), new Set(['mine']))
    })
    process.off('warning', onWarning)
  })

  it('has those wait who call meanwhile: so many, so long', async () => {
    const nowhere = { host: '127.0.0.1', port: await freePort(), queueMax: 2, queueTimeoutMs: 200 }
    await using(nowhere, async (r) => {
      const waiting = [r.ping(), r.ping()].map((ping) =>
        assert.rejects(ping, refusedWith('REDIS_QUEUE_TIMEOUT', false)),
      )
      await assert.rejects(r.ping(), refusedWith('REDIS_QUEUE_FULL', false))
      assert.equal(r.stats.queued, 2)
      await Promise.all(waiting)
      assert.equal((r.stats.lastError as { readonly code: string }).code, 'ECONNREFUSED')
    })
  })

  it('does not come back when the client is closed', async () => {
    const nowhere = { host: '127.0.0.1', port: await freePort() }
    const r = redis(nowhere)
    const waiting = assert.rejects(r.ping(), refusedWith('REDIS_CLOSED', false))
    await r.terminate()
    await waiting
    await assert.rejects(r.ping(), refusedWith('REDIS_CLOSED', false))
  })

  it('is noticed when the server falls silent', async () => {
    const proxy = await stallingProxy(server)
    const lost: unknown[] = []
    const onDisconnect = (error: Error): void => void lost.push((error as { readonly code?: string }).code)
    const impatient = { pingIntervalMs: 100, pingTimeoutMs: 200, connectTimeoutMs: 1000 }
    await using({ host: proxy.host, port: proxy.port, ...impatient, onDisconnect }, async (r) => {
      await r.set('k', 'v')
      proxy.stall()
      const read = r.get('k')
      while (lost.length === 0) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(lost, ['REDIS_PING_TIMEOUT'])
      proxy.heal()
      assert.equal(await read, 'v')
    })
    await proxy.stop()
  })

  it('is not given up while the server answers', async () => {
    await using(options({ pingIntervalMs: 100, pingTimeoutMs: 30_000 }), async (r) => {
      const calls = async (): Promise<number> =>
        Number(/cmdstat_ping:calls=(\d+)/.exec(await r.info('commandstats'))?.[1] ?? 0)
      const one = await r.reserve()
      const least = (await calls()) + 2
      // What is asked here is heard there only.
      const idle = redis(options({ pingIntervalMs: 100, pingTimeoutMs: 30_000 }))
      await idle.echo('x')
      while ((await calls()) < least) await r.echo('x')
      assert.equal(idle.stats.connects, 1)
      await one.release()
      await idle.close()
    })
  })

  it('must be there in time', async () => {
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    await using({ port, connectTimeoutMs: 100, queueTimeoutMs: 1000 }, async (r) => {
      await assert.rejects(r.ping(), (error: RedisConnectionError) =>
        refusedWith('CONNECT_TIMEOUT')(error.cause ?? error),
      )
    })
    silent.close()
  })

  it('gives commands up that take too long, and swallows their replies', async () => {
    await using(options({ commandTimeoutMs: 200 }), async (r) => {
      await r.set('k', 'v')
      const slow = r.command('DEBUG', 'SLEEP', '0.6')
      const behind = r.get('k')
      for (const late of [slow, behind])
        await assert.rejects(late, (error: RedisTimeoutError) => {
          assert.ok(error instanceof RedisTimeoutError)
          assert.equal(error.mayHaveRun, true)
          return true
        })
      assert.equal(await r.with({ timeoutMs: 10_000 }).incr('n'), 1)
      assert.equal(await r.get('k'), 'v')
      assert.equal(r.stats.connects, 1)
    })
  })

  it('gives commands up with their signal', async () => {
    await using(options(), async (r) => {
      const controller = new AbortController()
      const { signal } = controller
      const given = r.with({ signal }).incr('given-up')
      controller.abort(new Error('enough'))
      await assert.rejects(given, /enough/)
      await assert.rejects(r.with({ signal }).incr('given-up'), /enough/)
      // It was waiting for a connection: it was never sent.
      assert.equal(await r.get('given-up'), null)
      const other = new AbortController()
      const sent = r.with({ signal: other.signal }).get('k')
      await new Promise((resolve) => setImmediate(resolve))
      other.abort(new Error('later'))
      await sent.catch((error: Error) => assert.match(error.message, /later/))
      assert.equal(await r.echo('x'), 'x')
    })
  })

  it('is ended in order: all is answered before', async () => {
    const r = redis(options())
    const all = Array.from({ length: 5000 }, (_, i) => r.echo(String(i)))
    const closed = r.close()
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 5000 }, (_, i) => String(i)),
    )
    await closed
  })

  it('lets those wait whose commands the server does not take yet', async () => {
    await using(options(), async (r) => {
      const value = 'x'.repeat(100_000)
      const all = Array.from({ length: 300 }, () => r.set('large', value))
      assert.deepEqual(new Set(await Promise.all(all)), new Set(['OK']))
      assert.equal((await r.get('large'))?.length, value.length)
    })
  })
})
