/** Clusters and sentinels that speak TLS and know their users. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redisCluster, redisSentinel } from '#src/io/client/index.js'
import { makeCertificate } from '../io/certificate.js'
import { startCluster, until } from '../redis/cluster.js'
import { NAME, startSecured } from '../redis/sentinel.js'

const certificate = makeCertificate()

describe('a cluster over TLS with users, behind other addresses', { timeout: 60_000 }, () => {
  it('is reached as its seeds are, at the places that natMap gives', async () => {
    const settings = ['user ann on >secret ~* &* +@all']
    const cluster = await startCluster(1, { tls: certificate, settings })
    const asked = new Set<string>()
    const c = redisCluster({
      seeds: [`rediss://ann:secret@127.0.0.1:${cluster.servers[0]!.tlsPort}`],
      tls: { ca: certificate.cert },
      reads: 'all',
      natMap: (address) => {
        asked.add(address)
        return { host: 'localhost', port: Number(address.split(':')[1]) }
      },
    })
    try {
      assert.equal(await c.set('k', 'v'), 'OK')
      await until(async () => (await c.get('k')) === 'v' && (await c.get('k')) === 'v')
      assert.equal(await c.command('ACL', 'WHOAMI'), 'ann')
      assert.deepEqual(asked, new Set(cluster.servers.map(({ host, tlsPort }) => `${host}:${tlsPort}`)))
      const wrong = redisCluster({
        seeds: [`rediss://ann:no@127.0.0.1:${cluster.servers[0]!.tlsPort}`],
        tls: { ca: certificate.cert },
      })
      await assert.rejects(wrong.get('k'), { code: 'WRONGPASS' })
      await wrong.terminate()
    } finally {
      await c.terminate()
      await cluster.stop()
    }
  })
})

describe('a primary that sentinels watch over TLS, with users', { timeout: 60_000 }, () => {
  it('is found and used', async () => {
    const watched = await startSecured(certificate)
    const tls = { ca: certificate.cert }
    const who = { username: 'ann', password: 'secret' }
    const r = redisSentinel({ sentinels: watched.sentinels, name: NAME, sentinelTls: tls, tls, ...who })
    try {
      assert.equal(await r.command('ACL', 'WHOAMI'), 'ann')
      const strange = redisSentinel({ sentinels: watched.sentinels, name: NAME, tls, ...who, queueTimeoutMs: 500 })
      // Who its sentinels are is as secret as what it is told.
      await assert.rejects(strange.get('k'), { code: 'REDIS_QUEUE_TIMEOUT' })
      await strange.terminate()
    } finally {
      await r.terminate()
      await watched.stop()
    }
  })
})
