/** The files of an app have the careful fields of the app (`securityHeaders`), whatever is answered about them. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { App, Skitai } from '#src/server/index.js'
import { serve } from '../../serving.js'
import { put, temporaryDirectory } from '../../static/site.js'
import { everyVersion } from '../../versions.js'

const home = temporaryDirectory()
put(home, 'static/small.txt', 'a small file', 1_700_000_000)
put(home, 'static/large.bin', Buffer.alloc(300_000), 1_700_000_000)
put(home, 'static/style.css', 'body{}', 1_700_000_000)
put(home, 'static/style.css.br', Buffer.from('compressed'), 1_700_000_100)
put(home, 'static/folder/index.html', '<p>index</p>', 1_700_000_000)

const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
const CAREFUL: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'x-frame-options': 'SAMEORIGIN',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': POLICY,
}
const LATER = { 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }
const EARLIER = { 'if-unmodified-since': 'Thu, 01 Jan 2015 00:00:00 GMT' }

/** Status, path, and how it is asked. */
const replies: readonly [
  status: number,
  path: string,
  asked?: { method?: string; headers?: Record<string, string> },
][] = [
  [200, '/small.txt'],
  [200, '/large.bin'],
  [200, '/small.txt', { method: 'HEAD' }],
  [200, '/style.css', { headers: { 'accept-encoding': 'br' } }],
  [200, '/folder/'],
  [301, '/folder'],
  [304, '/small.txt', { headers: LATER }],
  [304, '/large.bin', { headers: LATER }],
  [412, '/small.txt', { headers: EARLIER }],
  [206, '/small.txt', { headers: { range: 'bytes=0-1' } }],
  [206, '/large.bin', { headers: { range: 'bytes=0-1' } }],
  [206, '/small.txt', { headers: { range: 'bytes=0-1,4-5' } }],
  [416, '/small.txt', { headers: { range: 'bytes=100-' } }],
  [404, '/missing.txt'],
]

describe('files of an app with securityHeaders', { timeout: 60_000 }, async () => {
  const app = new App({ home, static: 'static', securityHeaders: true })
  for (const [version, ask] of await everyVersion((engine) => engine.mount('/app', app)))
    it(`${version}: have its fields, each once`, async () => {
      for (const [status, target, asked] of replies)
        // Twice: the second answer is a ready-made one.
        for (let i = 0; i < 2; i++) {
          const reply = await ask(`/app${target}`, asked)
          assert.equal(reply.status, status, target)
          for (const [name, value] of Object.entries(CAREFUL)) {
            if (name === 'x-content-type-options' && (status === 304 || status === 412 || status === 416)) continue
            const own = String(reply.headers[name])
            const expected = status === 404 ? own.replace(/ 'nonce-[^']*'/g, '') : own
            assert.equal(expected, value, `${status} ${target} ${name}`)
          }
          const secure = version.endsWith('TLS') ? 'max-age=31536000' : undefined
          assert.equal(reply.headers['strict-transport-security'], secure)
        }
    })
})

describe('the fields of files', () => {
  const of = async (app: App, target = '/small.txt'): Promise<(name: string) => string | undefined> => {
    const { headers } = await app.inject(target)
    return (name) => headers.get(name)
  }

  it('are those that the app says', async () => {
    const securityHeaders = {
      frameOptions: false,
      referrerPolicy: 'no-referrer',
      permissionsPolicy: 'camera=()',
      contentSecurityPolicy: {
        'script-src': ["'nonce'"],
        'style-src': ["'nonce'", "'self'"],
        'upgrade-insecure-requests': [],
      },
    } as const
    const field = await of(new App({ home, static: 'static', securityHeaders }))
    assert.equal(field('x-frame-options'), undefined)
    assert.equal(field('referrer-policy'), 'no-referrer')
    assert.equal(field('permissions-policy'), 'camera=()')
    assert.equal(field('content-security-policy'), "script-src 'none'; style-src 'self'; upgrade-insecure-requests")
    const text = await of(
      new App({ home, static: 'static', securityHeaders: { contentSecurityPolicy: "default-src 'self'" } }),
    )
    assert.equal(text('content-security-policy'), "default-src 'self'")
    const none = await of(new App({ home, static: 'static', securityHeaders: { contentSecurityPolicy: false } }))
    assert.equal(none('content-security-policy'), undefined)
  })

  it('are none beyond nosniff without them, nor for a directory beside the app', async () => {
    assert.equal((await of(new App({ home, static: 'static' })))('x-frame-options'), undefined)
    const engine = new Skitai({ log: false }).mount('/files', path.join(home, 'static'))
    engine.mount('/', new App({ securityHeaders: true }))
    const { headers } = await engine.inject('/files/small.txt')
    assert.deepEqual([headers.get('x-frame-options'), headers.get('x-content-type-options')], [undefined, 'nosniff'])
  })

  it('are those that are preferred where it is mounted', async () => {
    const engine = new Skitai({ log: false })
    engine.mount('/', new App({ home, static: 'static' }), { pref: { securityHeaders: { frameOptions: 'DENY' } } })
    assert.equal((await engine.inject('/small.txt')).headers.get('x-frame-options'), 'DENY')
  })

  it('are those of TLS where a trusted proxy ends it, and nobody else says so', async () => {
    for (const [trustedProxies, expected] of [
      [['loopback'], 'max-age=31536000'],
      [undefined, undefined],
    ] as const) {
      const app = new App({ home, static: 'static', securityHeaders: true })
      const { port } = await serve((engine) => engine.mount('/', app), trustedProxies && { trustedProxies })
      const response = await fetch(`http://127.0.0.1:${port}/small.txt`, { headers: { 'x-forwarded-proto': 'https' } })
      await response.text()
      assert.equal(response.headers.get('strict-transport-security') ?? undefined, expected)
    }
  })

  it('follow an app that is loaded anew', async () => {
    const write = (frameOptions: string, modified: number): string =>
      put(
        home,
        'app.mjs',
        `import { App } from ${JSON.stringify(import.meta.resolve('#src/server/index.js'))}
export const app = new App({ home: import.meta.dirname, static: 'static', reload: true, securityHeaders: { frameOptions: '${frameOptions}' } })`,
        modified,
      )
    const engine = new Skitai({ log: false }).mount('/', write('DENY', 1_700_000_000))
    await engine.ready()
    assert.equal((await engine.inject('/small.txt')).headers.get('x-frame-options'), 'DENY')
    write('SAMEORIGIN', 1_700_000_100)
    let now = 'DENY'
    // It is looked at once a second.
    while (now === 'DENY') now = (await engine.inject('/small.txt')).headers.get('x-frame-options')!
    assert.equal(now, 'SAMEORIGIN')
    await engine.close({ timeoutMs: 0 })
  })
})
