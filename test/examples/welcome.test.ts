import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { repoRoot } from '../../tools/repo.js'

describe('the welcome example', () => {
  const command = spawn(
    process.execPath,
    [path.join(repoRoot, 'dist/server/cli.js'), path.join(repoRoot, 'examples/welcome/main.js'), '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let origin = ''

  before(async () => {
    let out = ''
    for await (const chunk of command.stdout.iterator({ destroyOnReturn: false })) {
      out += String(chunk)
      origin = /Welcome to skitai: (http:\/\/\S+)\n/.exec(out)?.[1] ?? ''
      if (origin !== '') return
    }
    assert.fail(`it ended: ${out}`)
  })

  after(async () => {
    const gone = once(command, 'exit')
    command.kill('SIGTERM')
    await gone
  })

  it('links to nothing that is not there, nor to another host', async () => {
    const seen = new Set<string>()
    const waiting = ['/']
    for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
      if (seen.has(target)) continue
      seen.add(target)
      const response = await fetch(origin + target)
      assert.equal(response.status, 200, target)
      if (!response.headers.get('content-type')?.startsWith('text/html')) {
        await response.body?.cancel()
        continue
      }
      const body = await response.text()
      const ids = new Set([...body.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]))
      for (const [, link = ''] of body.matchAll(/ (?:href|src|action)="([^"]*)"/g)) {
        if (link.startsWith('#')) assert.ok(ids.has(link.slice(1)), `${target} has no ${link}`)
        else if (/^https?:/.test(link)) assert.ok(target.startsWith('/docs/'), `${target} leads to ${link}`)
        else waiting.push(new URL(link, origin + target).pathname)
      }
    }
    for (const target of [
      '/docs/',
      '/docs/request-log.md',
      '/static/welcome.css',
      '/static/welcome.js',
      '/episode/12',
      '/ticks',
    ])
      assert.ok(seen.has(target), `nothing leads to ${target}`)
  })

  it('shows the fields of the request, escaped', async () => {
    const [response] = (await once(get(origin, { headers: { 'x-own': '<script>&"' } }), 'response')) as [
      IncomingMessage,
    ]
    const body = await text(response)
    assert.ok(body.includes('x-own') && body.includes('&lt;script&gt;&amp;&quot;'))
    assert.ok(!body.includes('<script>&'))
  })

  it('answers a route with a number, JSON, and what it does not have', async () => {
    assert.equal(await (await fetch(`${origin}/episode/41`)).text(), 'Episode 41, and the next one is 42.\n')
    assert.equal((await fetch(`${origin}/episode/x`)).status, 404)
    assert.equal((await fetch(`${origin}/docs/none.md`)).status, 404)
    assert.equal(((await (await fetch(`${origin}/api/server`)).json()) as { server: string }).server, 'skitai')
  })

  it('streams tick by tick', async () => {
    const response = await fetch(`${origin}/ticks`)
    const reader = response.body?.getReader()
    const first = await reader?.read()
    const piece = Buffer.from(first?.value ?? []).toString()
    assert.match(piece, /^tick 1 of 10 at [\d:.]+\n$/)
    await reader?.cancel()
  })
})
