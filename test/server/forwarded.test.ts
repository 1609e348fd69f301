/** What trusted proxies say decides, and what anybody else says does not (SRV-71, SRV-72, APP-36; SECURITY 35). */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { App, fetchHandler, HttpError, nodeHandler, Skitai, type SkitaiOptions } from '#src/server/index.js'
import { TrustedProxies } from '#src/server/trusted-proxies.js'
import { LogSinkText } from './log-sink.js'
import { quiet, serve, Wire } from './serving.js'

const CLIENT = '203.0.113.7'
const secureKey = 'a secret of thirty-two octets, ok'

type Headers = Readonly<Record<string, string | readonly string[]>>

/** What the server makes of a request. */
interface Seen {
  readonly ip: string
  readonly scheme: string
  readonly host: string
  readonly peer: string
  readonly near: boolean
}

const seen = new App().get('/', ({ request }): Seen => {
  const { realIp, scheme, host, peerAddress, isPrivateIp } = request
  assert.equal(request.remoteAddress, realIp)
  assert.equal(request.getRemoteAddr(), realIp)
  return { ip: realIp, scheme, host, peer: peerAddress, near: isPrivateIp }
})

/** A connection in memory has no IP address, as one of a Unix socket has none. */
const through = (trustedProxies: SkitaiOptions['trustedProxies'] = ['unix', '10.0.0.0/8']): Skitai =>
  quiet({ trustedProxies: trustedProxies! }).engine.mount('/', seen)

const look = async (engine: Skitai, headers: Headers, http2 = false): Promise<Partial<Seen> | number> => {
  const response = await engine.inject({ headers, http2 })
  return response.status === 200 ? (response.json() as Seen) : response.status
}

describe('a trusted proxy', () => {
  for (const http2 of [false, true])
    it(`tells of the client over HTTP/${http2 ? 2 : 1.1}`, async () => {
      const forwarded = `for="[2001:db8::7]:4711";proto=https;host=shop.example`
      const old = { 'x-forwarded-for': CLIENT, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
      const said = { scheme: 'https', host: 'shop.example', peer: 'memory', near: false }
      assert.deepEqual(await look(through(), old, http2), { ip: CLIENT, ...said })
      assert.deepEqual(await look(through(), { forwarded }, http2), { ip: '2001:db8::7', ...said })
    })

  it('is believed as far as the proxies are ours, and no further', async () => {
    const list: readonly (readonly [said: string | readonly string[], ip: string])[] = [
      [`6.6.6.6, ${CLIENT}`, CLIENT],
      [`6.6.6.6, ${CLIENT}, 10.0.0.1, 10.255.0.2`, CLIENT],
      [['6.6.6.6', `${CLIENT},10.0.0.1`], CLIENT],
      [`${CLIENT}:8080`, CLIENT],
      ['[2001:DB8::1]:8080', '2001:db8::1'],
      ['::ffff:203.0.113.7, ::ffff:10.0.0.1', CLIENT],
      ['10.0.0.9', '10.0.0.9'],
      ['unknown, 10.0.0.9', '10.0.0.9'],
      ['6.6.6.6, what is this?, 10.0.0.9', '10.0.0.9'],
      ['what is this?', 'memory'],
      ['', 'memory'],
      [`6.6.6.6${', 10.0.0.1'.repeat(100)}`, '10.0.0.1'],
    ]
    for (const [said, ip] of list) {
      const found = await look(through(), { 'x-forwarded-for': said })
      assert.equal((found as Seen).ip, ip, String(said))
    }
  })

  it('has the last word about scheme and host', async () => {
    const found = await look(through(), {
      'x-forwarded-proto': 'http, wss',
      'x-forwarded-host': 'evil.example, a.example:81',
    })
    assert.deepEqual(found, { ip: 'memory', scheme: 'https', host: 'a.example:81', peer: 'memory', near: false })
  })

  it('is refused what nobody can mean', async () => {
    for (const headers of [
      { forwarded: 'for="1.2.3.4' },
      { forwarded: `for="6.6.6.6, for=${CLIENT}` },
      { forwarded: 'for=1.2.3.4;for=1.2.3.5' },
      { forwarded: 'for' },
      { forwarded: 'proto=gopher' },
      { 'x-forwarded-proto': 'gopher' },
      { 'x-forwarded-proto': '' },
      { 'x-forwarded-host': 'a.example/path' },
      { 'x-forwarded-host': '[:::]' },
      { 'x-forwarded-host': 'user@a.example' },
    ] as const)
      assert.equal(await look(through(), headers), 400, JSON.stringify(headers))
  })

  it('is refused where two ways of saying it differ: one of them is a client’s', async () => {
    const agreeing = { forwarded: `for=${CLIENT};proto=https`, 'x-forwarded-for': `6.6.6.6, ${CLIENT}` }
    assert.equal(((await look(through(), agreeing)) as Seen).ip, CLIENT)
    for (const headers of [
      { forwarded: 'for=6.6.6.6', 'x-forwarded-for': CLIENT },
      { forwarded: 'proto=https', 'x-forwarded-proto': 'http' },
      { forwarded: 'host=evil.example', 'x-forwarded-host': 'a.example' },
    ])
      assert.equal(await look(through(), headers), 400, JSON.stringify(headers))
  })

  it('is asked only for the fields that it writes', async () => {
    const engine = through({ addresses: ['unix'], fields: ['x-forwarded-for'] })
    const headers = {
      forwarded: 'for=6.6.6.6;proto=https',
      'x-forwarded-for': CLIENT,
      'x-forwarded-host': 'evil.example',
    }
    const found = { ip: CLIENT, scheme: 'http', host: 'localhost', peer: 'memory', near: false }
    assert.deepEqual(await look(engine, headers), found)
  })

  it('is not looked at by a request that does not ask', async () => {
    const engine = quiet({ trustedProxies: ['unix'] }).engine.mount('/', () => 'here')
    const response = await engine.inject({ headers: { forwarded: 'for="' } })
    assert.equal(response.text(), 'here')
  })
})

describe('anybody else', () => {
  const said = {
    forwarded: `for=${CLIENT};proto=https;host=shop.example`,
    'x-forwarded-for': CLIENT,
    'x-forwarded-proto': 'gopher',
    'x-forwarded-host': 'shop.example',
  }
  it('is not believed', async () => {
    for (const engine of [quiet().engine.mount('/', seen), through([]), through(['10.0.0.0/8', 'loopback'])])
      assert.deepEqual(await look(engine, said), {
        ip: 'memory',
        scheme: 'http',
        host: 'localhost',
        peer: 'memory',
        near: false,
      })
  })

  it('is told from the proxy, one behind the other', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8', 'unix'])
    const all = ['10.0.0.1', '10.0.0.1', '11.0.0.1', '10.0.0.1', '', 'memory', '::ffff:10.0.0.1', 'fe80::1%eth0', '::1']
    assert.deepEqual(
      all.map((address) => proxies.trusts(address)),
      [true, true, false, true, true, true, true, false, false],
    )
  })

  it('is the proxy whose address is not listed', async () => {
    const { port } = await serve((engine) => engine.mount('/', seen), { trustedProxies: ['10.0.0.0/8', '127.0.0.2'] })
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: said })
    const { ip, near } = (await response.json()) as Seen
    assert.deepEqual([ip, near], ['127.0.0.1', true])
  })
})

describe('the option', () => {
  it('names addresses, ranges and what is known', () => {
    for (const trustedProxies of [[], ['loopback', 'private', 'unix', '10.0.0.5', 'fd00::/8', '::ffff:10.0.0.0/104']])
      assert.doesNotThrow(() => new Skitai({ trustedProxies }))
    for (const trustedProxies of [
      true,
      'loopback',
      ['proxy.example'],
      ['10.0.0.0/33'],
      ['::/129'],
      ['10.0.0.0/'],
      ['10.0.0.0/-1'],
      ['010.0.0.1'],
      ['::ffff:10.0.0.0/90'],
      [''],
      [5],
      { fields: [] },
      { addresses: ['loopback'], fields: ['x-real-ip'] },
      { adresses: [] },
    ] as unknown as never[])
      assert.throws(() => new Skitai({ trustedProxies }), TypeError, JSON.stringify(trustedProxies))
  })
})

describe('over sockets', () => {
  it('the peer is looked at, in IPv6 as well', async () => {
    const { port } = await serve(
      (engine) => engine.mount('/', seen),
      { trustedProxies: ['127.0.0.1'] },
      { address: '::' },
    )
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-forwarded-for': CLIENT } })
    const found = (await response.json()) as Seen
    assert.deepEqual([found.ip, found.peer, found.near], [CLIENT, '::ffff:127.0.0.1', false])
  })

  it('a Unix socket is that of a proxy where it is said', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skitai-unix-'))
    after(() => rmSync(folder, { recursive: true }))
    const place = path.join(folder, 'socket')
    await serve(
      (engine) => engine.mount('/', seen),
      { trustedProxies: ['unix'] },
      { path: place, address: undefined as never },
    )
    const wire = await Wire.to({ path: place })
    wire.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${CLIENT}\r\nConnection: close\r\n\r\n`)
    assert.match(await wire.rest(), /"ip":"203\.0\.113\.7"/)
  })

  it('the peer is the one that a PROXY header names', async () => {
    const { port } = await serve(
      (engine) => engine.mount('/', seen),
      { trustedProxies: ['10.0.0.0/8'] },
      { proxyProtocol: true },
    )
    const ask = async (peer: string): Promise<string> => {
      const wire = await Wire.to(port)
      wire.send(`PROXY TCP4 ${peer} 10.9.9.9 1234 80\r\n`)
      wire.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${CLIENT}\r\nConnection: close\r\n\r\n`)
      return /"ip":"([^"]*)"/.exec(await wire.rest())![1]!
    }
    assert.equal(await ask('10.0.0.1'), CLIENT)
    assert.equal(await ask('198.51.100.9'), '198.51.100.9')
  })

  it('the log has the address of the client', async () => {
    const log = new LogSinkText()
    const { port } = await serve((engine) => engine.mount('/', () => 'x'), { trustedProxies: ['loopback'], log })
    const ask = (forwarded: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/${forwarded.length}`, { headers: { forwarded } })
    await ask(`for=${CLIENT}`)
    assert.match(await log.line(/GET \/15 /), /^\S+ \S+ 127\.0\.0\.1 .* 203\.0\.113\.7 M /)
    await ask('for="')
    assert.match(await log.line(/GET \/5 /), / 200 /)
  })
})

describe('what depends on who has asked, and how', () => {
  const proxied = { 'x-forwarded-for': CLIENT, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
  const app = new App({ secureKey, securityHeaders: true, csrf: { token: false } })
    .get('/session', (was) => {
      was.session.set('a', 1)
      return ''
    })
    .post('/form', () => 'sent')
    .get('/limited', { rateLimit: { limit: 1, windowSeconds: 100 } }, () => 'once')
  const engine = (): Skitai => quiet({ trustedProxies: ['unix'] }).engine.mount('/', app)

  it('cookies are secure, and browsers are told to come by TLS', async () => {
    const secure = await engine().inject({ path: '/session', headers: proxied })
    assert.match(secure.headers.get('set-cookie')!, /; Secure/i)
    assert.match(secure.headers.get('strict-transport-security')!, /max-age=/)
    const plain = await engine().inject('/session')
    assert.doesNotMatch(plain.headers.get('set-cookie')!, /; Secure/i)
    assert.equal(plain.headers.get('strict-transport-security'), undefined)
  })

  it('pages of the host that the client has asked are its own', async () => {
    const send = async (origin: string, headers: Headers): Promise<number> =>
      (await engine().inject({ method: 'POST', path: '/form', headers: { origin, ...headers } })).status
    assert.equal(await send('https://shop.example', proxied), 200)
    assert.equal(await send('https://localhost', proxied), 403)
    assert.equal(await send('http://shop.example', proxied), 403)
    assert.equal(await send('https://shop.example', {}), 403)
  })

  it('each client has a rate of its own', async () => {
    const one = engine()
    const ask = async (client: string): Promise<number> =>
      (await one.inject({ path: '/limited', headers: { 'x-forwarded-for': client } })).status
    assert.deepEqual([await ask('1.1.1.1'), await ask('1.1.1.1'), await ask('2.2.2.2')], [200, 429, 200])
  })

  it('hosts are found by the name that the client has asked for', async () => {
    const { engine: hosts } = quiet({ trustedProxies: ['unix'] })
    hosts.mount('/', () => 'the shop', { host: 'shop.example' }).mount('/', () => 'another', { host: 'default' })
    const ask = async (headers: Headers): Promise<string> => (await hosts.inject({ headers })).text()
    assert.equal(await ask(proxied), 'the shop')
    assert.equal(await ask({}), 'another')
    assert.equal((await hosts.inject({ headers: { 'x-forwarded-host': '?' } })).status, 400)
  })

  it('other hosts are sent to the domain with the scheme that the client has', async () => {
    const { engine: one } = quiet({ trustedProxies: ['unix'] })
    one.mount('/', () => 'x').enableForward(0, 443, 'www.example')
    const ask = (headers: Headers): ReturnType<Skitai['inject']> => one.inject({ path: '/a', headers })
    assert.equal((await ask(proxied)).headers.get('location'), 'https://www.example/a')
    assert.equal((await ask({ ...proxied, 'x-forwarded-host': 'www.example' })).status, 200)
    assert.equal((await ask({ ...proxied, 'x-forwarded-host': '?' })).status, 400)
  })

  it('a WebSocket is opened by pages of that host', async () => {
    const sockets = new App().websocket('/ws', (was) => `${was.request.scheme} ${was.request.realIp}`)
    const { port } = await serve((one) => one.mount('/', sockets), { trustedProxies: ['loopback'] })
    const ask = async (origin: string): Promise<string> => {
      const wire = await Wire.to(port)
      const fields = Object.entries({ ...proxied, origin }).map(([name, value]) => `${name}: ${value}\r\n`)
      wire.send(`GET /ws HTTP/1.1\r\nHost: inner\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields.join('')}`)
      wire.send('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
      const head = await wire.until(/\r\n\r\n/)
      wire.reset()
      return head.slice(9, 12)
    }
    assert.equal(await ask('https://shop.example'), '101')
    assert.equal(await ask('https://inner'), '403')
  })
})

describe('apps of other frameworks', () => {
  it('see the peer as the socket, and the URL that the client has asked for', async () => {
    const headers = { 'x-forwarded-for': CLIENT, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
    const node = nodeHandler((req, res) => void res.end(`${req.socket.remoteAddress} ${req.headers.host}`))
    const { port } = await serve(
      (engine) =>
        engine.mount('/node', node).mount(
          '/fetch',
          fetchHandler((request) => new Response(request.url)),
        ),
      { trustedProxies: ['loopback'] },
    )
    const ask = async (target: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${target}`, { headers })).text()
    assert.equal(await ask('/node/'), `127.0.0.1 127.0.0.1:${port}`)
    assert.equal(await ask('/fetch/a?b'), 'https://shop.example/fetch/a?b')
  })
})

it('an app that catches the refusal has it as an HttpError', async () => {
  const { engine } = quiet({ trustedProxies: ['unix'] })
  engine.mount('/', ({ request }) => {
    try {
      return request.realIp
    } catch (error) {
      assert.ok(error instanceof HttpError)
      return String(error.status)
    }
  })
  assert.equal((await engine.inject({ headers: { forwarded: 'for="' } })).text(), '400')
})
