/** The examples of HTTP/2 are run together: the client against the server that pushes. */

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { repoRoot } from '../../tools/repo.js'

const run = promisify(execFile)
const client = path.join(repoRoot, 'examples/http2-client.js')

for (const [name, options, insecure] of [
  ['over TLS', ['--tls-dev'], ['--insecure']],
  ['without TLS', [], []],
] as const)
  describe(`the example of a push, ${name}`, () => {
    const server = spawn(
      process.execPath,
      [path.join(repoRoot, 'dist/server/cli.js'), path.join(repoRoot, 'examples/push.js'), '--port', '0', ...options],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let url = ''

    before(async () => {
      let out = ''
      for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
        out += String(chunk)
        url = /Open (https?:\/\/\S+)\n/.exec(out)?.[1] ?? ''
        if (url !== '') return
      }
      assert.fail(`it ended: ${out}`)
    })

    after(async () => {
      const gone = once(server, 'exit')
      server.kill('SIGTERM')
      await gone
    })

    it('is shown by the example of a client', async () => {
      const { stdout, stderr } = await run(process.execPath, [client, `${url}/`, ...insecure])
      assert.equal(stderr, '')
      assert.match(stdout, /^stream 2 is promised: \/style\.css\n/)
      assert.match(stdout, /stream 1: 200\n[^]*<p>Hello over HTTP\/2\.0\.<\/p>/)
      assert.match(stdout, /stream 2: 200\n[^]*p \{ color: teal \}\n/)
    })

    it('has an answer for what is not there', async () => {
      const { stdout } = await run(process.execPath, [client, `${url}/none`, ...insecure])
      assert.match(stdout, /^stream 1: 404\n/)
    })

    it('is told when it trusts nobody, or the server is not there', async () => {
      const { stdout, stderr } = await run(process.execPath, [client, options.length > 0 ? url : 'http://127.0.0.1:1/'])
      assert.equal(stdout, '')
      assert.match(stderr, options.length > 0 ? /^self-signed certificate\n$/ : /^connect ECONNREFUSED/)
    })
  })
