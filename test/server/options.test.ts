/** Options that there are not, or that cannot be, are said where they are given (APP-01, APP-17, SRV-04). */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { App, bool, fetchHandler, file, int, list, MemoryStore, oneOf, optional, Skitai, str, websocket } from 'skitai'
import { nearestName } from '#src/protocols/core/nearest-name.js'

/** Options as JavaScript gives them: of any kind. */
const untyped = (value: unknown): never => value as never
const nothing = (): string => ''
const secureKey = 'a secret of thirty-two octets, ok'

const app = (options: unknown) => (): App => new App(untyped(options))
const route = (options: unknown) => (): unknown => new App().route('/x', untyped(options), nothing)
const engine = (options: unknown) => (): Skitai => new Skitai(untyped(options))
const mount = (options: unknown) => (): Skitai => new Skitai().mount('/', nothing, untyped(options))
const socket = (options: unknown) => (): unknown => new App().websocket('/x', untyped(options), untyped(nothing))

describe('options that cannot be', () => {
  const cases: (readonly [why: string, make: () => unknown, said: RegExp])[] = [
    [
      'a misspelt one of an app',
      app({ securKey: secureKey }),
      /^new App: .*no option securKey; did you mean secureKey\?/,
    ],
    ['another case', app({ bodyBytesmax: 5 }), /no option bodyBytesmax; did you mean bodyBytesMax \(a whole number/],
    ['with underscores', app({ body_bytes_max: 5 }), /did you mean bodyBytesMax/],
    ['letters turned around', app({ debgu: true }), /did you mean debug/],
    ['the beginning of one', app({ secureKey, session: { timeout: 5 } }), /did you mean session\.timeoutSeconds/],
    ['none that is near', app({ zzz: 1 }), /no option zzz; there are secureKey, session, /],
    ['below zero', app({ bodyBytesMax: -1 }), /bodyBytesMax is a whole number from 0 up, or Infinity, not -1/],
    ['not a number', app({ fileBytesMax: Number.NaN }), /fileBytesMax is a whole number .*, not NaN/],
    ['half an octet', app({ multipartBytesMax: 1.5 }), /multipartBytesMax is a whole number .*, not 1\.5/],
    ['a text for a number', app({ bodyBytesMax: '5' }), /bodyBytesMax .*, not "5"/],
    ['an empty secret', app({ secureKey: '' }), /secureKey has 0 octets/],
    ['no secret at all', app({ secureKey: null }), /secureKey is/],
    ['a number for true', app({ debug: 1 }), /debug is true or false, not 1/],
    [
      'an empty folder',
      app({ templates: '' }),
      /templates is a string that is not empty, or a list of strings, not ""/,
    ],
    ['within options', app({ cors: { origin: '*' } }), /no option cors\.origin; did you mean cors\.origins/],
    ['deep within', app({ securityHeaders: { hsts: { maxAge: 1 } } }), /securityHeaders\.hsts\.maxAgeSeconds/],
    [
      'of a named session',
      app({ secureKey, session: { named: { cart: { cokie: 'c' } } } }),
      /session\.named\.cart\.cookie/,
    ],
    ['a named session that is none', app({ secureKey, session: { named: { cart: 5 } } }), /session\.named\.cart is an/],
    ['a rate in words', app({ rateLimit: { limit: '5', windowSeconds: 1 } }), /rateLimit\.limit is a number above 0/],
    [
      'delimiters',
      app({ delimiters: { block: ['<%'] } }),
      /delimiters\.block is two strings that are not empty, not a list/,
    ],
    ['null for an app', app(null), /new App: options are an object, not null/],
    ['a text for all options of an app', app('shop'), /options are an object, not "shop"/],
    ['a list', app([]), /options are an object, not a list/],
    [
      'a misspelt one of a route',
      route({ method: ['GET'] }),
      /^the route \/x: .*did you mean methods \(a list of strings\)/,
    ],
    ['a method for a list', route({ methods: 'GET' }), /methods is a list of strings, not "GET"/],
    ['media types', route({ contentTypes: 'text/plain' }), /contentTypes is a list of strings/],
    ['a parameter that is none', route({ query: { n: 5 } }), /query\.n is what int\(\), str\(\) and the like make/],
    ['parameters that are none', route({ body: 5 }), /body is parameters by name.*, not 5/],
    ['functions that are none', route({ runBefore: [5] }), /runBefore is a list of functions, not a list/],
    [
      'methods where there is one',
      () => new App().get('/x', untyped({ methods: ['PUT'] }), nothing),
      /no option methods/,
    ],
    ['of an app within an app', () => new App().mount('/x', new App(), untyped({ namespac: 'a' })), /mean namespace/],
    ['no app within an app', () => new App().mount('/x', untyped(nothing)), /an app is wanted at \/x/],
    ['a misspelt one of a WebSocket', socket({ orgin: '*' }), /^the WebSocket \/x: .*did you mean origin/],
    ['compression of a WebSocket', socket({ deflate: { threshold: 5 } }), /deflate\.thresholdBytes/],
    ['of a WebSocket that is mounted', () => websocket(untyped({ encodin: 'json' }), untyped(nothing)), /encoding/],
    ['a misspelt one of an engine', engine({ limit: {} }), /^new Skitai: .*did you mean limits/],
    ['a log that is none', engine({ log: true }), /log is false, or a stream to write to, not true/],
    ['a misspelt one of a mount', mount({ dotfiles: true }), /^mount \/: .*did you mean dotFiles \(true or false\)/],
    ['of what is preferred', mount({ pref: { bodyBytesMax: -5 } }), /mount \/: pref\.bodyBytesMax is a whole number/],
    ['a cache without room', mount({ cacheBytesMax: 0 }), /cacheBytesMax is a whole number from 1 up, not 0/],
  ]
  cases.push(
    [
      'a number of a query',
      () => int(untyped({ minimum: 1 })),
      /whole number: there is no option minimum; .*min \(a num/,
    ],
    ['a bare text for a number', () => int(untyped('5')), /options are an object, not "5"/],
    ['a pattern in words', () => str(untyped({ pattern: 'a+' })), /pattern is a RegExp, not "a\+"/],
    ['a file of a form', () => file(untyped({ type: 'image/png' })), /did you mean types \(a list of strings\)/],
    ['a list of nothing', () => list(untyped(5)), /what int\(\), str\(\) and the like make is wanted/],
    ['a list with a misspelt option', () => list(int(), untyped({ maximum: 5 })), /did you mean max/],
    ['nothing that is optional', () => optional(untyped('x')), /what int\(\), str\(\) and the like make is wanted/],
    ['a text for choices', () => oneOf(untyped('abc')), /a list of one text or more/],
    ['no choice', () => oneOf([]), /a list of one text or more/],
    ['a default that is no choice', () => oneOf(['a'], untyped('b')), /the default b is none of a/],
    ['a default in words', () => bool(untyped('yes')), /the default yes is not true or false/],
    [
      'options behind the handler',
      () => new App().get('/x', untyped(nothing), untyped({})),
      /the handler is the last one/,
    ],
    ['two handlers', () => new App().get('/x', untyped(nothing), nothing), /the handler is the last one/],
    ['two handlers of a route', () => new App().route('/x', untyped(nothing), nothing), /the last one/],
    ['no handler', () => new App().get('/x', untyped(undefined)), /the route \/x has no handler/],
    ['a text for a handler', () => new App().get('/x', untyped('hello')), /the route \/x has no handler/],
    ['no methods', route({ methods: [] }), /has no methods: leave them out for all/],
    [
      'a moment that there is not',
      () => new App().onLifecycle(untyped('mount'), nothing),
      /not a moment: mount; .*mounted/,
    ],
    ['a hook that is none', () => new App().beforeRequest(untyped(5)), /beforeRequest takes a function/],
    ['a task that is none', () => new App().maintain(5, untyped(undefined)), /maintain takes a function/],
    ['an interval in words', () => new App().maintain(untyped('5'), nothing), /not an interval: 5/],
    ['a class for an app', () => new Skitai().mount('/', untyped(App)), /cannot mount a class at \/: what new App\(\)/],
    ['a class of an app of one’s own', () => new Skitai().mount('/', untyped(class extends App {})), /a class at \//],
    [
      'a file that is not there',
      () => new Skitai().mount('/', 'no-such.js'),
      /there is no file or directory .*no-such\.js$/,
    ],
    ['a file that is no module', () => new Skitai().mount('/', process.execPath), /not a directory, and no module/],
    ['a filter that is none', () => new App().templateFilter('up', untyped(5)), /the filter up is no function/],
    ['of a filter', () => new App().templateFilter('up', (v) => v, untyped({ asyn: true })), /did you mean async/],
    ['a global that is none', () => new App().templateGlobal('up', untyped(5)), /the global up is no function/],
    ['an engine that is none', () => new App().templateEngine('.pug', untyped({})), /engine for \.pug is no function/],
    ['a default of nothing', route({ defaults: { n: 1 } }), /the route \/x has no parameter n/],
    ['fetchHandler', () => fetchHandler(nothing, untyped({ light: true })), /did you mean lightResponse/],
    ['a store in memory', () => new MemoryStore(untyped({ session: 5 })), /did you mean sessionsMax/],
  )
  for (const [why, make, said] of cases)
    test(why, () => {
      assert.throws(make, (error: Error) => error instanceof TypeError && said.test(error.message))
    })

  test('where to run, and how to end', async () => {
    const skitai = new Skitai({ log: false }).mount('/', nothing)
    const refused: readonly (readonly [unknown, RegExp])[] = [
      [{ port: '5080' }, /^run: port is a whole number from 0 to 65535, not "5080"$/],
      [{ port: 70_000 }, /port .*, not 70000/],
      [{ port: -1 }, /port .*, not -1/],
      [{ addres: '::1' }, /no option addres; did you mean address/],
      [{ address: '' }, /address is a string that is not empty/],
      [{ http2: 'no' }, /http2 is true or false, not "no"/],
      [{ handshakeMs: Number.NaN }, /handshakeMs is a number from 0 up, not NaN/],
    ]
    for (const [options, message] of refused)
      await assert.rejects(skitai.run(untyped(options)), { name: 'TypeError', message })
    await assert.rejects(skitai.close(untyped({ timeout: 5 })), {
      name: 'TypeError',
      message: /did you mean timeoutMs/,
    })
    // It goes on, and can be closed.
    const { port } = await skitai.run({ address: '127.0.0.1', port: 0, signals: false })
    assert.ok(port > 0)
    await skitai.close()
  })

  test('what is asked without a socket', async () => {
    const one = new App().get('/', nothing)
    await assert.rejects(one.inject(untyped({ mehtod: 'POST' })), { name: 'TypeError', message: /did you mean method/ })
    await assert.rejects(one.inject(untyped(undefined)), { name: 'TypeError', message: /options are an object/ })
  })

  test('a module that is none', async () => {
    for (const module of [undefined, null, {}, 5])
      await assert.rejects(new App().decorate(untyped(module)), { name: 'TypeError', message: /called decorate/ })
  })

  test('limits keep their own error, and tell what was meant', () => {
    assert.throws(engine({ limits: { headMS: 5 } }), {
      name: 'UsageError',
      message: /no limit headMS; did you mean headMs\?/,
    })
    assert.throws(engine({ http2: { zzz: 5 } }), { name: 'UsageError', message: 'there is no limit zzz' })
  })

  test('a secret is not told', () => {
    const secret = 'correct horse battery staple, and more of it'
    for (const make of [app({ realm: { secret } }), app({ bodyBytesMax: secret }), app({ secureKey: [secret, 5] })])
      assert.throws(make, (error: Error) => !error.message.includes(secret))
  })
})

describe('options that are undefined', () => {
  test('count as not given', async () => {
    const one = new App({
      name: undefined,
      bodyBytesMax: undefined,
      session: undefined,
      zzz: undefined,
      cors: { origins: '*', credentials: undefined },
    } as unknown as Record<string, never>)
    one.route('/', untyped({ methods: undefined, query: undefined, auth: undefined }), () => 'here')
    const skitai = new Skitai(untyped({ log: false, limits: { headMs: undefined }, http2: undefined }))
    skitai.mount('/', one, untyped({ host: undefined, push: undefined, pref: undefined }))
    assert.equal((await skitai.inject('/')).text(), 'here')
    await skitai.close(untyped({ timeoutMs: undefined }))
  })

  test('stand for no preference', async () => {
    const one = new App({ prettyJson: true }).get('/', () => ({ a: 1 }))
    const skitai = new Skitai({ log: false }).mount(
      '/',
      one,
      untyped({ pref: { prettyJson: undefined, name: undefined } }),
    )
    assert.equal((await skitai.inject('/')).text(), '{\n  "a": 1\n}')
    await skitai.close()
  })
})

describe('what was meant', () => {
  const known = ['bodyBytesMax', 'secureKey', 'session', 'name']
  test('is the nearest', () => {
    assert.equal(nearestName('securKey', known), 'secureKey')
    assert.equal(nearestName('BODY-BYTES-MAX', known), 'bodyBytesMax')
    assert.equal(nearestName('sesion', known), 'session')
    assert.equal(nearestName('nmae', known), 'name')
  })
  test('is nothing that is far', () => {
    assert.equal(nearestName('port', known), undefined)
    assert.equal(nearestName('', known), undefined)
    assert.equal(nearestName('x', known), undefined)
    assert.equal(nearestName('x'.repeat(100_000), known), undefined)
  })
})

test('what can be is let through', () => {
  const csp = "default-src 'self'"
  const made = [
    app({ bodyBytesMax: Infinity, multipartBytesMax: 0, templates: ['a', 'b'], cors: false, csrf: { token: false } }),
    app({ securityHeaders: { hsts: false, frameOptions: 'DENY', contentSecurityPolicy: csp } }),
    app({ users: new Map(), rateLimit: { limit: 0.5, windowSeconds: 1, burst: 1, key: (): string => '' } }),
    route({ query: { n: int(1) }, methods: ['GET'], bodyBytesMax: 5 }),
    engine({ log: process.stdout, onError: nothing, collectWhenIdle: false }),
  ]
  for (const make of made) assert.doesNotThrow(make)
})
