/** Servers that do not know HELLO. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RedisClient } from '#src/protocols/redis/index.js'

describe('a client whose server does not know HELLO', () => {
  it('is ready at once where nothing else is to be said', () => {
    const client = new RedisClient()
    client.start(0)
    client.receive(new TextEncoder().encode("-ERR unknown command 'HELLO', with args beginning with: '3' \r\n"), 0)
    assert.deepEqual(client.poll(), { type: 'ready', protocol: 2, server: undefined })
    assert.equal(client.poll(), undefined)
    assert.equal(client.ready, true)
  })
})
