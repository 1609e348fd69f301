/** JSON Web Tokens: APP-119, SEC-05, SECURITY 39. */

import assert from 'node:assert/strict'
import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { App, type AppOptions, type JwtAlgorithm, type JwtSettings, Skitai } from '#src/server/index.js'
import { jwtKeysOf, signJwt, verifyJwt } from '#src/server/app/auth/jwt.js'

const SECRET = 'a secret for tokens of more than 64 octets, because HS512 needs so many'
const keys = (jwt: JwtSettings): ReturnType<typeof jwtKeysOf> => jwtKeysOf({ jwt })
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600

/** A token with any header, signed with HMAC. */
function forge(header: object, claims: object, secret: string | KeyObject = SECRET, hash = 'sha256'): string {
  const content = `${part(header)}.${part(claims)}`
  return `${content}.${createHmac(hash, secret).update(content).digest('base64url')}`
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pairs = {
  rsa,
  weak: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed: generateKeyPairSync('ed25519'),
}
const FITS: Readonly<Record<JwtAlgorithm, string>> = {
  HS256: 'secret',
  HS384: 'secret',
  HS512: 'secret',
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'p256',
  ES384: 'p384',
  ES512: 'p521',
  EdDSA: 'ed',
}

describe('SECURITY 39: each algorithm', () => {
  const all = {
    secret: createSecretKey(Buffer.from(SECRET)),
    ...Object.fromEntries(Object.entries(pairs).map(([name, { privateKey }]) => [name, privateKey])),
  }
  for (const [alg, fitting] of Object.entries(FITS) as [JwtAlgorithm, string][])
    it(`${alg} takes a key of its type only`, async () => {
      for (const [name, key] of Object.entries(all)) {
        const make = (): unknown => keys({ algorithms: [alg], key })
        if (name !== fitting) assert.throws(make, TypeError, `${alg} ${name}`)
        else {
          const made = make() as ReturnType<typeof keys>
          const token = await signJwt(made, { username: 'ada' })
          assert.ok('claims' in (await verifyJwt(made, token)))
        }
      }
    })

  it('is the app’s, whatever a token says', async () => {
    const made = keys({ key: SECRET })
    const claims = { exp: inAnHour() }
    assert.ok('claims' in (await verifyJwt(made, forge({ alg: 'HS256' }, claims))))
    for (const [header, hash] of [
      [{ alg: 'HS384' }, 'sha384'],
      [{ alg: 'HS512' }, 'sha512'],
      [{ alg: 'HS1' }, 'sha1'],
      [{ alg: 'none' }, 'sha256'],
      [{ alg: 'hs256' }, 'sha256'],
      [{}, 'sha256'],
      [{ alg: 'HS256', crit: ['exp'], exp: 1 }, 'sha256'],
      [{ alg: 'HS256', b64: false, crit: ['b64'] }, 'sha256'],
    ] as const)
      assert.ok('error' in (await verifyJwt(made, forge(header, claims, SECRET, hash))), JSON.stringify(header))
    const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`
    assert.ok('error' in (await verifyJwt(made, unsigned)))
  })

  it('no key comes out of a token, and a public key is no secret', async () => {
    const own = 'the key of somebody else, long enough'
    const jwk = { kty: 'oct', k: Buffer.from(own).toString('base64url') }
    for (const header of [
      { alg: 'HS256', jwk },
      { alg: 'HS256', jku: 'http://127.0.0.1:9/keys' },
      { alg: 'HS256', kid: '../../dev/null' },
    ])
      assert.ok('error' in (await verifyJwt(keys({ key: SECRET }), forge(header, { exp: inAnHour() }, own))))
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
    const verifier = keys({ algorithms: ['RS256'], key: pem })
    assert.ok('error' in (await verifyJwt(verifier, forge({ alg: 'HS256' }, { exp: inAnHour() }, pem))))
    assert.throws(() => keys({ key: pem }), /needs a secret, and this is a key or certificate in PEM/)
    assert.throws(() => keys({ algorithms: ['RS256', 'HS256'], key: pem }), TypeError)
    assert.throws(() => keys({ algorithms: ['RS256'], key: SECRET }), /needs a key in PEM/)
    assert.throws(() => keys({ algorithms: ['none' as 'HS256'], key: SECRET }), TypeError)
    assert.throws(() => keys({ algorithms: [], key: SECRET }), /is empty/)
    assert.throws(() => keys({ algorithms: ['HS512'], key: 'x'.repeat(63) }), /64 octets or more/)
  })

  it('with a public key verifies, and makes none', async () => {
    const signer = keys({
      algorithms: ['PS256'],
      key: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    })
    const verifier = keys({ algorithms: ['PS256'], key: rsa.publicKey })
    const token = await signJwt(signer, { sub: 'ada' })
    assert.ok('claims' in (await verifyJwt(verifier, token)))
    await assert.rejects(signJwt(verifier, {}), /this one is public/)
    await assert.rejects(signJwt(signer, {}, { alg: 'RS256' }), /none of the algorithms/)
  })
})

describe('SEC-05: the time of a token', () => {
  it('is over when it says, and must be said', async () => {
    const made = keys({ key: SECRET })
    const now = Math.floor(Date.now() / 1000)
    const error = async (claims: object, jwt: JwtSettings = {}): Promise<unknown> => {
      const result = await verifyJwt(
        Object.keys(jwt).length === 0 ? made : keys({ key: SECRET, ...jwt }),
        forge({ alg: 'HS256' }, claims),
      )
      return 'error' in result ? result.error : undefined
    }
    assert.equal(await error({ exp: now - 1 }), 'expired')
    assert.equal(await error({ exp: now - 5 }, { toleranceSeconds: 60 }), undefined)
    assert.equal(await error({}), 'invalid')
    assert.equal(await error({}, { requireExp: false }), undefined)
    assert.equal(await error({ exp: now + 60, nbf: now + 30 }), 'invalid')
    assert.ok(await error({ exp: 'soon' }))
    assert.equal(await error({ exp: now + 60, iss: 'x' }, { issuer: 'y' }), 'invalid')
    assert.equal(await error({ exp: now + 60, iss: 'y', aud: ['a', 'b'] }, { issuer: 'y', audience: 'b' }), undefined)
  })

  it('malformed ones are nothing', async () => {
    const made = keys({ key: SECRET })
    for (const token of [
      '',
      'x',
      'a.b',
      'a.b.c',
      '..',
      `${'x'.repeat(20_000)}`,
      forge({ alg: 'HS256' }, [1] as object),
      forge({ alg: 'HS256' }, { exp: inAnHour() }).slice(0, -2),
      `${forge({ alg: 'HS256' }, { exp: inAnHour() })}.`,
    ])
      assert.ok('error' in (await verifyJwt(made, token)), token)
  })
})

describe('APP-119: was.mkjwt and was.dejwt', () => {
  const serve = (options: AppOptions): Skitai => {
    const app = new App({ auth: 'jwt', ...options })
      .get('/token', { auth: false }, (was) => was.mkjwt({ username: 'ada', level: 3 }))
      .get('/', ({ request }) => [request.user])
      .get('/claims', { auth: false }, async (was) => [(await was.dejwt(was.request.query.get('t'))) ?? null])
      .get('/claims/<token>', { auth: false }, async (was, { token }) => [
        (await was.dejwt(token.replaceAll(' ', '_'))) ?? null,
      ])
    return new Skitai({ log: false, onError: () => {} }).mount('/', app)
  }

  it('make and read them with the secret of the app; a username is a user', async () => {
    const app = serve({ secureKey: 'a secret of the app' })
    const token = (await app.inject('/token')).text()
    const response = await app.inject({ headers: { authorization: `Bearer ${token}` } })
    const [user] = response.json() as [{ name: string; claims: Record<string, unknown> }]
    assert.equal(user.name, 'ada')
    assert.equal(user.claims['level'], 3)
    assert.ok(Number(user.claims['exp']) > Date.now() / 1000 + 1100)
    const [claims] = (await app.inject(`/claims/${token}`)).json() as [{ level: number }]
    assert.equal(claims.level, 3)
    assert.equal((await app.inject('/claims/a.b.c')).text(), '[null]')
    assert.equal((await app.inject('/claims')).text(), '[null]')
  })

  it('say why one is refused', async () => {
    const app = serve({ jwt: { key: SECRET } })
    const response = await app.inject({ headers: { authorization: `Bearer ${forge({ alg: 'HS256' }, { exp: 1 })}` } })
    assert.deepEqual(
      [response.status, response.headers.get('www-authenticate')],
      [401, 'Bearer realm="App", error="invalid_token", error_description="the token is expired"'],
    )
    const byName = await app.inject({
      headers: { authorization: `Bearer ${forge({ alg: 'HS256' }, { exp: inAnHour(), sub: 'bob' })}` },
    })
    assert.equal((byName.json() as [{ name: string }])[0].name, 'bob')
  })

  it('follow the secret as it changes', async () => {
    const old = (await serve({ secureKey: 'the old secret of the app' }).inject('/token')).text()
    const both = serve({ secureKey: ['the new secret of the app', 'the old secret of the app'] })
    assert.equal((await both.inject({ headers: { authorization: `Bearer ${old}` } })).status, 200)
    const fresh = serve({ secureKey: 'the new secret of the app' })
    assert.equal((await fresh.inject({ headers: { authorization: `Bearer ${old}` } })).status, 401)
  })
})
