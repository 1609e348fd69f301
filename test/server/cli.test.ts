import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { repoRoot } from '../../tools/repo.js'
import { askHttps } from './https.js'
import { put, temporaryDirectory } from './static/site.js'

const cli = path.join(repoRoot, 'dist/server/cli.js')
const root = temporaryDirectory()
put(root, 'index.html', '<p>served')
const skitai = pathToFileURL(path.join(repoRoot, 'dist/server/index.js')).href

/** A script that the command runs; `body` is what it does. */
const script = (name: string, body: string): string =>
  put(root, name, `import skitai, { App } from '${skitai}'\n${body}`)

type Command = ChildProcessByStdio<null, Readable, Readable>

const start = (...args: readonly string[]): Command =>
  spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: root })

/** Runs a command to its end. */
const run = async (...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> => {
  const command = start(...args)
  const [[code], out, err] = await Promise.all([once(command, 'exit'), text(command.stdout), text(command.stderr)])
  return { code, out, err }
}

/** Waits until the output matches. */
const said = async (command: Command, pattern: RegExp): Promise<RegExpExecArray> => {
  let out = ''
  for await (const chunk of command.stdout.iterator({ destroyOnReturn: false })) {
    out += String(chunk)
    const found = pattern.exec(out)
    if (found !== null) return found
  }
  throw new Error(`the command ended: ${out}`)
}

/** Waits for the line that tells the address, and gives the address. */
const listening = async (command: Command): Promise<string> => (await said(command, / (http:\/\/\S+)\n/))[1]!

const stop = async (command: Command): Promise<void> => {
  const gone = once(command, 'exit')
  command.kill('SIGTERM')
  assert.deepEqual(await gone, [0, null])
}

describe('skitai', () => {
  it('tells how it is used and which one it is', async () => {
    const help = await run('--help')
    assert.equal(help.code, 0)
    assert.match(help.out, /^Usage: skitai <directory \| script>/)
    const { version } = JSON.parse(readFileSync(`${repoRoot}/package.json`, 'utf8')) as { version: string }
    assert.deepEqual(await run('--version'), { code: 0, out: `${version}\n`, err: '' })
  })

  it('serves a directory', async () => {
    const command = start('.', '--port', '0')
    const url = await listening(command)
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(await (await fetch(url)).text(), '<p>served')
    await stop(command)
  })

  it('serves over TLS with a certificate of its own, and says which one that is', async () => {
    script('plain.js', `skitai.mount('/', ({ request }) => request.scheme)\nawait skitai.run({ path: '/nowhere' })`)
    for (const [target, content] of [
      ['.', '<p>served'],
      ['plain.js', 'https'],
    ] as const) {
      const command = start(target, '--tls-dev', '--port', '0', '--address', '127.0.0.1')
      const [, url, expected] = await said(
        command,
        / (https:\/\/\S+)\n.* SHA-256 fingerprint ((?:[0-9A-F]{2}:){31}..)\n/,
      )
      const { text: got, fingerprint256 } = await askHttps(url!)
      assert.deepEqual([got, fingerprint256], [content, expected])
      await stop(command)
    }
  })

  it('runs a script, whose options it beats', async () => {
    const file = script(
      'app.js',
      `skitai.mount('/', new App().get('/', () => JSON.stringify(process.argv.slice(1))))
       await skitai.run({ address: '127.0.0.2', port: 1 })`,
    )
    const command = start('app.js', '--port', '0', '--address', '127.0.0.1', '--', '--own', 'x')
    const url = await listening(command)
    assert.match(url, /^http:\/\/127\.0\.0\.1:/)
    assert.deepEqual(JSON.parse(await (await fetch(url)).text()), [file, '--own', 'x'])
    await stop(command)
  })

  it('takes a relative directory from the place of the script', async () => {
    put(root, 'site/files/x.txt', 'from the script')
    script('site/main.js', `skitai.mount('/files', 'files')\nawait skitai.run({ address: '127.0.0.1', port: 0 })`)
    const command = start('site/main.js')
    assert.equal(await (await fetch(`${await listening(command)}/files/x.txt`)).text(), 'from the script')
    await stop(command)
  })

  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, out, err } = await run(...args)
    assert.deepEqual([code, out], [2, ''], err)
    assert.match(err, /^skitai: [^\n]+\n$/)
    assert.match(err, message)
  }

  it('refuses wrong arguments in one line', async () => {
    await refused([], /a directory or a script is missing/)
    await refused(['.', '--prot', '1'], /--prot/)
    await refused(['.', '--port', '70000'], /--port is a number from 0 to 65535, not "70000"/)
    await refused(['.', 'more'], /a directory takes no arguments, but there is "more"/)
    await refused(['missing.js'], /there is no file or directory .*missing\.js/)
    await refused(['.', '--port', '0', '--address', 'name.invalid'], /cannot listen on name\.invalid/)
    await refused(['.', '--port', '0', '--address', '192.0.2.1'], /cannot listen on 192\.0\.2\.1.*no such address/)
  })

  it('refuses a port that is taken, awaited or not', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const message = new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${port}: something else listens there`)
    await refused(['.', '--port', String(port)], message)
    for (const how of ['await', 'void']) {
      script(`${how}.js`, `skitai.mount('/', () => 'x')\n${how} skitai.run({ address: '127.0.0.1' })`)
      await refused([`${how}.js`, '--port', String(port)], message)
    }
    other.close()
    await once(other, 'close')
  })

  it('refuses a script that runs nothing', async () => {
    script('idle.js', `skitai.mount('/', new App())`)
    await refused(['idle.js'], /idle\.js has ended and did not call skitai\.run\(\)/)
  })

  it('refuses a certificate that cannot be used', async () => {
    script('tls.js', `skitai.mount('/', () => 'x').enableSsl({ cert: 'missing.pem' })\nawait skitai.run({ port: 0 })`)
    await refused(['tls.js'], /cannot read the certificate .*missing\.pem: ENOENT/)
  })

  it('shows where a script failed', async () => {
    put(root, 'bad.js', `throw new Error('of the script')`)
    const { code, err } = await run('bad.js')
    assert.equal(code, 1)
    assert.match(err, /^Error: of the script\n +at .*bad\.js:1/)
  })
})
