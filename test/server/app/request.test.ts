/** What a request tells of where it comes from and what it asks for. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App } from '#src/server/index.js'
import { isPrivateAddress } from '#src/server/app/private-address.js'

describe('APP-33: the parts of a request target', () => {
  const app = new App().get('/<path:rest>', ({ request }) => request.splitUri())
  const parts = async (path: string): Promise<unknown> => (await app.inject(path)).json()

  it('are cut where each begins, and not decoded', async () => {
    assert.deepEqual(await parts('/a%20b;v=1;w?x=1;y?z'), { script: '/a%20b', params: ';v=1;w', query: '?x=1;y?z' })
    assert.deepEqual(await parts('/a?'), { script: '/a', params: '', query: '?' })
  })

  it('are empty where they are missing', async () => {
    assert.deepEqual(await parts('/a'), { script: '/a', params: '', query: '' })
  })
})

describe('APP-36: who asks', () => {
  it('is the peer, whatever X-Forwarded-For says', async () => {
    const app = new App().get('/', ({ request }) => [request.realIp === request.remoteAddress, request.isPrivateIp])
    const [same, isPrivate] = (await app.inject({ headers: { 'x-forwarded-for': '10.0.0.1' } })).json() as boolean[]
    // The link in memory has no address.
    assert.deepEqual([same, isPrivate], [true, false])
  })

  it('is private where no one on the Internet is', () => {
    const ipv4 = ['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.1.1']
    const ipv6 = ['::1', 'fd00::1', 'fe80::1', 'fe80::1%eth0', '::ffff:10.1.2.3']
    for (const address of [...ipv4, ...ipv6]) assert.equal(isPrivateAddress(address), true, address)
    for (const address of ['8.8.8.8', '172.15.0.1', '172.32.0.1', '2001:db8::1', '::ffff:8.8.8.8', '', '/tmp/socket'])
      assert.equal(isPrivateAddress(address), false, address)
  })
})
