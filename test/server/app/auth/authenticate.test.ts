/** Who is let in: APP-120 to APP-126, APP-132, SEC-04 to SEC-07. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { App, type AppOptions, hashPassword, digestSecrets, Skitai, type User, type Was } from '#src/server/index.js'
import { basicCredentials, parseAuthorization } from '#src/server/app/auth/authorization.js'
import { answerDigest, challengesOf } from './digest-client.js'

const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** An app that tells who has come in, and what was reported. */
function gate(options: AppOptions): { app: Skitai; errors: unknown[] } {
  const errors: unknown[] = []
  const app = new App(options)
    .route('/', { methods: ['GET', 'POST', 'OPTIONS'] }, ({ request }) => [request.user ?? null])
    .get('/open', { auth: false }, ({ request }) => [request.user ?? null])
  return { app: new Skitai({ log: false, onError: (error) => void errors.push(error) }).mount('/', app), errors }
}

async function come(app: Skitai, authorization?: string | readonly string[], path = '/'): Promise<number> {
  const fields = [authorization ?? []].flat().map((value): [string, string] => ['authorization', value])
  return (await app.inject({ path, headers: fields })).status
}

async function userOf(app: Skitai, authorization: string): Promise<User | null> {
  const response = await app.inject({ headers: { authorization } })
  assert.equal(response.status, 200, response.headers.get('www-authenticate'))
  return (response.json() as [User | null])[0]
}

describe('Basic', async () => {
  const users = {
    ada: await hashPassword('pass:wörd'),
    plain: 'secret',
    digest: { digest: digestSecrets('digest', 'Shop', 'secret'), info: { level: 3 } },
    old: { digest: { MD5: digestSecrets('old', 'Shop', 'secret').MD5! } },
    none: {},
  }
  const { app, errors } = gate({ auth: 'basic', realm: 'Shop', users })

  it('APP-120: says who it is', async () => {
    assert.deepEqual(await userOf(app, basic('ada', 'pass:wörd')), { name: 'ada', realm: 'Shop', claims: {} })
    assert.deepEqual((await userOf(app, basic('digest', 'secret')))?.info, { level: 3 })
    assert.equal((await userOf(app, basic('old', 'secret')))?.name, 'old')
    assert.equal((await userOf(app, basic('plain', 'secret')))?.name, 'plain')
  })

  it('APP-121: is asked for by 401, before the content is read', async () => {
    const response = await app.inject({ body: 'x'.repeat(10) })
    assert.deepEqual(
      [response.status, response.headers.getAll('www-authenticate')],
      [401, ['Basic realm="Shop", charset="UTF-8"']],
    )
  })

  it('APP-122: a route may be open', async () => {
    assert.equal(await come(app, undefined, '/open'), 200)
    assert.equal((await app.inject('/open')).text(), '[null]')
  })

  it('refuses all that is wrong (SEC-02)', async () => {
    for (const [name, password] of [
      ['ada', 'wrong'],
      ['nobody', 'secret'],
      ['none', ''],
      ['plain', ''],
      ['__proto__', ''],
      ['toString', ''],
      ['digest', 'Secret'],
      ['', ''],
    ])
      assert.equal(await come(app, basic(name!, password!)), 401, `${name} ${password}`)
  })

  it('SEC-07: refuses what is malformed with 401', async () => {
    const malformed = [
      '',
      'Basic',

      'Basic %%%',
      'Basic YQ',
      'Basic /w==',
      'Basic YTpi, YTpi',
      'basic=',
      'Digest x',
      'Bearer x',
      'x'.repeat(20_000).slice(0, 7000),
      `Basic ${Buffer.from('a:\0').toString('base64')}`,
      'Digest username="ada',
      ', ,',
      'Basic realm="x"',
    ]
    for (const value of malformed) assert.equal(await come(app, value), 401, value)
    assert.equal(await come(app, [basic('plain', 'secret'), basic('plain', 'secret')]), 401)
    assert.deepEqual(errors, [])
  })

  it('APP-132: answers a preflight without, and calls no handler', async () => {
    const headers = { origin: 'https://other.example', 'access-control-request-method': 'POST' }
    const answer = await app.inject({ method: 'OPTIONS', headers })
    assert.deepEqual([answer.status, answer.headers.get('allow'), answer.text()], [204, 'GET, POST, OPTIONS', ''])
    assert.equal((await app.inject({ method: 'OPTIONS' })).status, 401)
    assert.equal((await app.inject({ method: 'GET', headers })).status, 401)
  })
})

describe('APP-123: users', () => {
  it('are found by a Map, or by a function that may take its time', async () => {
    const map = gate({ auth: 'basic', users: new Map([['ada', 'secret']]) })
    assert.equal(await come(map.app, basic('ada', 'secret')), 200)
    assert.equal(await come(map.app, basic('bob', 'secret')), 401)
    const found: string[] = []
    const users = async (was: Was, name: string): Promise<string | null> => {
      found.push(`${was.request.path} ${name}`)
      return name === 'ada' ? 'secret' : null
    }
    const called = gate({ auth: 'basic', users })
    assert.equal(await come(called.app, basic('ada', 'secret')), 200)
    assert.equal(await come(called.app, basic('bob', 'secret')), 401)
    assert.deepEqual(found, ['/ ada', '/ bob'])
  })
})

describe('Digest', () => {
  const users = {
    ada: 'secret',
    'jürgen "j"': 'x',
    only: { digest: digestSecrets('only', 'App', 'y') },
    hashed: '$scrypt$x',
  }
  const make = (options: AppOptions = {}): ReturnType<typeof gate> => gate({ auth: 'digest', users, ...options })
  const challenged = async (app: Skitai): Promise<Map<string, string>[]> =>
    challengesOf((await app.inject('/')).headers.getAll('www-authenticate'))

  it('APP-125: offers SHA-256, and MD5 for old clients', async () => {
    const challenges = await challenged(make().app)
    assert.deepEqual(
      challenges.map((each) => each.get('algorithm')),
      ['SHA-256', 'MD5'],
    )
    for (const each of challenges)
      assert.deepEqual(
        [each.get('realm'), each.get('qop'), each.get('opaque')?.length, each.has('stale')],
        ['App', 'auth', 32, false],
      )
  })

  it('APP-125: lets in who knows the password, in both', async () => {
    const { app } = make()
    for (const at of [0, 1]) {
      const challenge = (await challenged(app))[at]!
      for (const [name, password] of [
        ['ada', 'secret'],
        ['jürgen "j"', 'x'],
        ['only', 'y'],
      ] as const) {
        const fresh = (await challenged(app))[at]!
        assert.equal((await userOf(app, answerDigest(fresh, { name, password })))?.name, name)
      }
      assert.equal(await come(app, answerDigest(challenge, { name: 'ada', password: 'wrong' })), 401)
      assert.equal(await come(app, answerDigest(challenge, { name: 'bob', password: 'secret' })), 401)
    }
  })

  it('SEC-04: takes each count of a nonce once', async () => {
    const { app } = make()
    const challenge = (await challenged(app))[0]!
    const at = (count: number): Promise<number> =>
      come(app, answerDigest(challenge, { name: 'ada', password: 'secret', count }))
    for (const [count, status] of [
      [1, 200],
      [1, 401],
      [2, 200],
      [5, 200],
      [3, 200],
      [3, 401],
      [40, 200],
      [8, 401],
      [9, 200],
      [9, 401],
      [0, 401],
      [1000, 200],
      [999, 200],
    ] as const)
      assert.equal(await at(count), status, `count ${count}`)
  })

  it('SEC-04: a wrong password uses up no count', async () => {
    const { app } = make()
    const challenge = (await challenged(app))[0]!
    assert.equal(await come(app, answerDigest(challenge, { name: 'ada', password: 'wrong' })), 401)
    assert.equal(await come(app, answerDigest(challenge, { name: 'ada', password: 'secret' })), 200)
  })

  it('SEC-04: holds to realm, opaque, uri, qop, method and algorithm', async () => {
    const { app, errors } = make()
    const challenge = (await challenged(app))[0]!
    const right = { name: 'ada', password: 'secret' }
    for (const changed of [
      { realm: 'Other' },
      { opaque: '' },
      { uri: '/other' },
      { qop: 'auth-int' },
      { algorithm: 'SHA-512-256' },
      { algorithm: 'MD5' },
      { cnonce: '' },
      { nc: '1' },
      { response: 'x' },
      { response: 'a'.repeat(64) },
      { method: 'POST' },
    ])
      assert.equal(await come(app, answerDigest(challenge, { ...right, ...changed })), 401, JSON.stringify(changed))
    assert.equal(await come(app, answerDigest(challenge, right)), 200)
    assert.deepEqual(errors, [])
  })

  it('SEC-04: says that a nonce is stale, and takes none of its own making from elsewhere', async () => {
    const first = make()
    const foreign = (await challenged(make({ realm: 'App', users: { ...users } }).app))[0]!
    const response = await first.app.inject({
      headers: { authorization: answerDigest(foreign, { name: 'ada', password: 'secret' }) },
    })
    assert.equal(response.status, 401)
    assert.equal(challengesOf(response.headers.getAll('www-authenticate'))[0]!.get('stale'), 'true')
    const wrong = await first.app.inject({
      headers: { authorization: answerDigest((await challenged(first.app))[0]!, { name: 'ada', password: 'x' }) },
    })
    assert.equal(challengesOf(wrong.headers.getAll('www-authenticate'))[0]!.has('stale'), false)
  })

  it('SEC-04: gives another nonce for a count that has come before, and says that the password is right', async () => {
    const { app } = make()
    const authorization = answerDigest((await challenged(app))[0]!, { name: 'ada', password: 'secret' })
    assert.equal(await come(app, authorization), 200)
    const again = await app.inject({ headers: { authorization } })
    assert.equal(again.status, 401)
    assert.equal(challengesOf(again.headers.getAll('www-authenticate'))[0]!.get('stale'), 'true')
  })

  it('APP-124: cannot use a password that is hashed, and tells the app', async () => {
    const { app, errors } = make()
    const challenge = (await challenged(app))[0]!
    assert.equal(await come(app, answerDigest(challenge, { name: 'hashed', password: 'x' })), 500)
    assert.match(String(errors[0]), /store digestSecrets/)
  })

  it('takes a name in the extended notation', async () => {
    const { app } = make()
    const encoded = `UTF-8''${encodeURIComponent('jürgen "j"')}`
    const challenge = (await challenged(app))[0]!
    assert.equal(
      await come(app, answerDigest(challenge, { name: 'jürgen "j"', password: 'x', extended: encoded })),
      200,
    )
    for (const extended of ["UTF-8''%ff", "latin1''ada", 'ada'])
      assert.equal(
        await come(app, answerDigest((await challenged(app))[0]!, { name: 'ada', password: 'secret', extended })),
        401,
      )
  })

  it('shares its nonces among the routes of an app', async () => {
    const app = new App({ auth: 'digest', users }).get('/a', () => 'a').get('/b', () => 'b')
    const engine = new Skitai({ log: false }).mount('/', app)
    const challenge = challengesOf((await engine.inject('/a')).headers.getAll('www-authenticate'))[0]!
    const ask = (path: string, count: number): Promise<number> =>
      come(engine, answerDigest(challenge, { name: 'ada', password: 'secret', uri: path, count }), path)
    assert.deepEqual([await ask('/a', 1), await ask('/b', 2), await ask('/b', 1)], [200, 200, 401])
  })
})

describe('APP-122: a route with a scheme of its own', () => {
  it('asks for that, whatever the app asks for, and a part for what it says', async () => {
    const users = { ada: 'secret' }
    const part = new App({ auth: 'bearer', bearerHandler: () => true }).get('/', () => 'part')
    const app = new App({ auth: 'basic', users })
      .get('/', () => 'basic')
      .get('/digest', { auth: 'digest' }, () => 'digest')
      .mount('/part', part)
    const engine = new Skitai({ log: false }).mount('/', app)
    const scheme = async (at: string): Promise<string | undefined> =>
      (await engine.inject(at)).headers.get('www-authenticate')?.split(' ')[0]
    assert.deepEqual(
      [await scheme('/'), await scheme('/digest'), await scheme('/part/')],
      ['Basic', 'Digest', 'Bearer'],
    )
    assert.deepEqual(
      [await come(engine, basic('ada', 'secret')), await come(engine, basic('ada', 'secret'), '/digest')],
      [200, 401],
    )
  })
})

describe('APP-126: Bearer', () => {
  it('asks a function, and lets in only what it says so of', async () => {
    const verdicts: Record<string, unknown> = {
      yes: true,
      user: { name: 'ada', info: 1 },
      no: false,
      why: 'expired "today"\r\nX: y',
    }
    const { app } = gate({ auth: 'bearer', bearerHandler: (_was, token) => verdicts[token] as boolean })
    assert.deepEqual(await userOf(app, 'Bearer yes'), { name: '', realm: '', claims: {} })
    assert.deepEqual(await userOf(app, 'bearer user'), { name: 'ada', realm: '', info: 1, claims: {} })
    const refused = async (value?: string): Promise<string | undefined> => {
      const response = await app.inject(value === undefined ? '/' : { headers: { authorization: value } })
      assert.equal(response.status, 401)
      return response.headers.get('www-authenticate')
    }
    assert.equal(await refused(), 'Bearer realm="App"')
    assert.equal(await refused('Bearer no'), 'Bearer realm="App", error="invalid_token"')
    assert.equal(await refused('Bearer unknown'), 'Bearer realm="App", error="invalid_token"')
    assert.equal(
      await refused('Bearer why'),
      'Bearer realm="App", error="invalid_token", error_description="expired  today   X: y"',
    )
    assert.match((await refused('Bearer a="b"'))!, /malformed/)
  })
})

describe('several schemes', () => {
  it('are offered at once, and the client chooses', async () => {
    const { app } = gate({ auth: ['basic', 'digest', 'bearer'], users: { ada: 'secret' }, bearerHandler: () => true })
    const response = await app.inject('/')
    const offered = response.headers.getAll('www-authenticate')
    assert.deepEqual(
      offered.map((each) => each.split(' ')[0]),
      ['Basic', 'Digest', 'Digest', 'Bearer'],
    )
    const digest = challengesOf(offered.slice(1, 2))[0]!
    for (const value of [basic('ada', 'secret'), answerDigest(digest, { name: 'ada', password: 'secret' }), 'Bearer x'])
      assert.equal(await come(app, value), 200)
  })
})

describe('SEC-06, SEC-07: what is missing', () => {
  it('is said when the app is mounted, or a route is added behind that', async () => {
    const mount = (app: App) => () => new Skitai().mount('/', app)
    const fill = (options: AppOptions): App => new App(options).get('/', () => '')
    assert.throws(mount(fill({ auth: 'basic' })), /needs users/)
    assert.throws(mount(fill({ auth: 'digest' })), /needs users/)
    assert.throws(mount(fill({ auth: 'bearer' })), /needs bearerHandler/)
    assert.throws(mount(fill({ auth: 'jwt' })), /needs jwt or secureKey/)
    assert.throws(mount(new App().get('/x', { auth: 'basic' }, () => '')), /auth: 'basic' needs users .* app: \/x/)
    assert.throws(mount(new App().mount('/in', fill({ auth: 'basic' }))), /needs users .* app: \/in\//)
    await assert.rejects(fill({ auth: 'basic' }).inject('/'), /needs users/)
    const mounted = new App()
    mount(mounted)()
    assert.throws(() => mounted.get('/', { auth: 'basic' }, () => ''), /needs users/)
    assert.equal((await mounted.inject('/')).status, 404)
  })

  it('may come with a preference, or with the app around', async () => {
    const closed = (): App => new App().get('/', { auth: 'basic' }, ({ request }) => request.user?.name)
    const headers = { authorization: basic('ada', 'secret') }
    const preferred = new Skitai({ log: false }).mount('/', closed(), { pref: { users: { ada: 'secret' } } })
    const within = new App({ users: { ada: 'secret' } }).mount('/', closed())
    for (const app of [preferred, within]) {
      assert.equal((await app.inject('/')).status, 401)
      assert.equal((await app.inject({ headers })).text(), 'ada')
    }
  })

  it('what cannot be is said when a route is registered', () => {
    const make = (options: AppOptions) => () => new App(options).get('/', () => '')
    assert.throws(make({ auth: 'ntlm' as 'basic', users: {} }), /not a scheme/)
    assert.throws(make({ auth: [] }), /names no scheme/)
    assert.throws(make({ auth: ['bearer', 'jwt'], bearerHandler: () => true, secureKey: 'x'.repeat(16) }), /twice/)
    assert.throws(make({ auth: 'basic', users: {}, realm: 'a\r\nb' }), /printable ASCII/)
  })

  it('is asked of the app around, too', async () => {
    const inner = new App({ realm: 'Inner' }).get('/x', ({ request }) => request.user?.realm)
    const outer = new App({ auth: 'basic', users: { ada: 'secret' } }).mount('/in', inner)
    assert.equal((await outer.inject('/in/x')).status, 401)
    const response = await outer.inject({ path: '/in/x', headers: { authorization: basic('ada', 'secret') } })
    assert.equal(response.text(), 'Inner')
  })
})

describe('the Authorization field', () => {
  it('is read as the standard says', () => {
    const read = (value: string): unknown => {
      const parsed = parseAuthorization(value)
      return parsed && [parsed.scheme, parsed.token, [...parsed.params]]
    }
    assert.deepEqual(read('Basic YTpi'), ['basic', 'YTpi', []])
    assert.deepEqual(read('X a=1 , B="c\\"d",e=f'), [
      'x',
      '',
      [
        ['a', '1'],
        ['b', 'c"d'],
        ['e', 'f'],
      ],
    ])
    for (const value of ['X', ' X a', 'X a=1,', 'X a=1 b=2', 'X a=1,a=2', 'X a="b', 'X =1', `X ${'a'.repeat(20_000)}`])
      assert.equal(read(value), undefined, value)
    assert.equal(read(`X ${Array.from({ length: 40 }, (_, i) => `a${i}=1`).join()}`), undefined)
  })

  it('whatever stands in it, is read or refused', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (scheme, rest) => {
        parseAuthorization(`${scheme} ${rest}`)
        basicCredentials(rest)
      }),
    )
  })
})
