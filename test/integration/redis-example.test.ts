/** The example of the client, run against a real server. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { repoRoot } from '../../tools/repo.js'
import { type RealRedis, startRedis } from '../redis/server.js'

const run = promisify(execFile)

describe('examples/redis-client.js', { timeout: 60_000 }, () => {
  let server: RealRedis
  before(async () => void (server = await startRedis()))
  after(() => server.stop())

  it('prints what it has got, and ends', async () => {
    const env = { ...process.env, REDIS_URL: `redis://${server.host}:${server.port}` }
    const { stdout, stderr } = await run(process.execPath, [path.join(repoRoot, 'examples/redis-client.js')], { env })
    assert.equal(stderr, '')
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      "[ 'OK', 'Ada', 1 ]",
      "{ name: 'Ada', born: '1815' }",
      "[ [ 'one', 1 ], [ 'two', 2.5 ] ]",
      '3 RedisError: ERR value is not an integer or out of range',
      "[ 'OK', '2' ]",
      '1',
      'example:news hello',
      "{ what: 'started' } true",
    ])
  })
})
