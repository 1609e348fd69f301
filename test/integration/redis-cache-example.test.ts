/** The example of a cache, as the tools of Redis use it. */

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { ensurePrograms, redisServer } from '../../tools/ensure-system.js'
import { repoRoot } from '../../tools/repo.js'

const run = promisify(execFile)

describe('the example of a cache', { timeout: 120_000 }, () => {
  const child = spawn(process.execPath, [path.join(repoRoot, 'examples/redis-cache.js'), '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let port = 0
  const cli = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('redis-cli', ['-p', String(port), '--no-raw', ...args])
    return stdout.trimEnd()
  }

  before(async () => {
    // Where it is, redis-cli and redis-benchmark are, too.
    ensurePrograms([redisServer])
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    port = Number(/port: (\d+)/.exec(line)?.[1])
    assert.ok(port > 0, `a port in ${line}`)
  })
  after(async () => {
    child.kill()
    await once(child, 'exit')
  })

  for (const version of ['-2', '-3'])
    it(`answers redis-cli ${version}`, async () => {
      assert.equal(await cli(version, 'ping'), 'PONG')
      assert.equal(await cli(version, 'set', 'a', 'two words\r\nin lines'), 'OK')
      assert.equal(await cli(version, 'get', 'a'), '"two words\\r\\nin lines"')
      assert.equal(await cli(version, 'incr', 'a'), '(error) ERR value is not an integer or out of range')
      assert.equal(await cli(version, 'incr', `n${version}`), '(integer) 1')
      assert.equal(await cli(version, 'del', 'a'), '(integer) 1')
      assert.equal(await cli(version, 'del', 'a'), '(integer) 0')
      assert.equal(await cli(version, 'get', 'nothing'), '(nil)')
      assert.equal(await cli(version, 'nonsense'), "(error) ERR unknown command 'NONSENSE'")
    })

  it('answers redis-benchmark, whose first test is inline, with 20 commands under way on each connection', async () => {
    const args = ['-p', String(port), '-t', 'ping,set,get,incr', '-n', '20000', '-P', '20', '--csv']
    const { stdout } = await run('redis-benchmark', args)
    const names = stdout.split('\n').flatMap((line) => /^"([A-Z_]+)","[\d.]+"/.exec(line)?.[1] ?? [])
    assert.deepEqual(names, ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR'])
  })
})
