/** What is said about a connection, in all the ways that libpq knows, and what comes of it. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { PostgresOptions } from '#src/io/client/postgres/config-options.js'
import { configOf, passwordOf, type PostgresConfig } from '#src/io/client/postgres/config.js'
import { check } from '../../../property/run.js'

let home = ''
const file = (name: string): string => path.join(home, name)

/** Without anything that this machine says. */
function read(source?: string | URL | PostgresOptions, env: NodeJS.ProcessEnv = {}): PostgresConfig {
  return configOf(source, { HOME: home, ...env })
}

/** Who, where and what, as in a shell. */
function short(source?: string | URL | PostgresOptions, env: NodeJS.ProcessEnv = {}): string {
  const { hosts, user, password, database } = read(source, env)
  const places = hosts.map(({ host, address, port }) => `${host}${address === undefined ? '' : `=${address}`} ${port}`)
  return `${user}:${typeof password === 'string' ? password : ''} ${places.join(', ')} ${database}`
}

function refuses(source: string | URL | PostgresOptions, message: RegExp, env: NodeJS.ProcessEnv = {}): void {
  assert.throws(
    () => read(source, env),
    (error: Error & { code?: string }) => {
      assert.match(error.message, message)
      return error.name === 'UsageError' && error.code === 'PG_CONFIG'
    },
  )
}

before(() => (home = mkdtempSync(path.join(tmpdir(), 'skitai-config-'))))
after(() => rmSync(home, { recursive: true }))

describe('a connection string', () => {
  const me = userInfo().username
  const uris: readonly (readonly [string, string])[] = [
    ['postgres://', `${me}: localhost 5432 ${me}`],
    ['postgresql://u@', 'u: localhost 5432 u'],
    ['postgresql://u:p@h:5433/d', 'u:p h 5433 d'],
    ['postgresql://u:p%40%3A%2f@h/d%20e', 'u:p@:/ h 5432 d e'],
    ['postgresql://u:p:q@h/d', 'u:p:q h 5432 d'],
    ['postgresql://:p@h', `${me}:p h 5432 ${me}`],
    ['postgresql://h1:1,h2:2/d?user=u', 'u: h1 1, h2 2 d'],
    ['postgresql://u@h1,h2/d?port=6', 'u: h1 6, h2 6 d'],
    ['postgresql://u@h1:1,h2/d', 'u: h1 1, h2 5432 d'],
    ['postgresql://u@,h2:3/d', 'u: localhost 5432, h2 3 d'],
    ['postgresql://u@[::1]:7/d', 'u: ::1 7 d'],
    ['postgresql://u@[2001:db8::1],[::2]/d', 'u: 2001:db8::1 5432, ::2 5432 d'],
    ['postgresql://u@%2Fvar%2Frun:7/d', 'u: /var/run 7 d'],
    ['postgresql:///d?host=/tmp&port=7&user=u', 'u: /tmp 7 d'],
    ['postgresql://u@h?host=other', 'u: other 5432 u'],
    ['postgresql://u@h/d?hostaddr=10.0.0.1', 'u: h=10.0.0.1 5432 d'],
    ['postgresql://u@/d?hostaddr=10.0.0.1', 'u: 10.0.0.1=10.0.0.1 5432 d'],
    ['postgresql://u@h/d?dbname=e&user=v%26', 'v&: h 5432 e'],
    ['postgresql://u@h/d?', 'u: h 5432 d'],
  ]
  for (const [uri, expected] of uris) it(`reads ${uri}`, () => assert.equal(short(uri), expected))

  const pairs: readonly (readonly [string, string])[] = [
    ['', `${me}: localhost 5432 ${me}`],
    ['host=h port=1 user=u dbname=d', 'u: h 1 d'],
    [`  host = h  user='u v' password='it\\'s \\\\' dbname=d\\ e `, `u v:it's \\ h 5432 d e`],
    [`user=u password='' host=''`, 'u: localhost 5432 u'],
    ['user=u password= host=h', 'u:host=h localhost 5432 u'],
    ['user=u host=h password=', 'u: h 5432 u'],
    ['host=a,b port=1,2 user=u', 'u: a 1, b 2 u'],
    [`user=u host=/tmp\nport=9`, 'u: /tmp 9 u'],
    [`user=u password=a'b host=h`, `u:a'b h 5432 u`],
  ]
  for (const [text, expected] of pairs) it(`reads ${JSON.stringify(text)}`, () => assert.equal(short(text), expected))

  it('is taken as a URL, and as an option', () => {
    assert.equal(short(new URL('postgresql://u:p@h/d')), 'u:p h 5432 d')
    assert.equal(short({ url: new URL('postgresql://u:p@h/d'), password: 'q' }), 'u:q h 5432 d')
  })

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['localhost', /neither a URI .* nor pairs/],
    ['postgresql://u@h:1:2/d', /malformed host/],
    ['postgresql://u@[::1/d', /malformed host/],
    ['postgresql://u@[::1]x/d', /malformed host/],
    ['postgresql://u@[]/d', /empty IPv6/],
    ['postgresql://u@h/d?x', /not keyword=value/],
    ['postgresql://u@h/d?user=a=b', /not keyword=value/],
    ['postgresql://u@h/d?search_path=x', /the connection string: unknown keyword "search_path"/],
    ['postgresql://u@h/d?replication=database', /replication is not supported/],
    ['postgresql://u@h/%zz', /percent-encoding/],
    ['postgresql://u@h/%00', /%00/],
    ['postgresql://u@h:0/d', /port is a whole number from 1 to 65535, not "0"/],
    ['postgresql://u@h:x/d', /port is a whole number/],
    ['postgresql://u@h/d?connect_timeout=soon', /connect_timeout is a whole number/],
    ['postgresql://u@h/d?sslmode=on', /sslmode is one of disable, .*, not "on"/],
    ['host', /neither a URI/],
    ['host user=u', /"=" is missing after "host"/],
    ['=x', /a value without a keyword/],
    ["user='u", /a quote without its end/],
    ['users=u', /unknown keyword "users"/],
    ['host=a,b port=1,2,3', /3 ports do not fit 2 hosts/],
    ['host=a,b hostaddr=1.1.1.1', /2 hosts do not fit 1 of hostaddr/],
  ]
  for (const [text, message] of wrong) it(`refuses ${text}`, () => refuses(text, message))

  it('is read or refused, whatever it is', () => {
    const piece = fc.oneof(
      fc.constantFrom(..."@:/?&=,[]%\\' ".split(''), '%41', '%ff', 'host', 'port', 'user', 'dbname', 'x', '1', '\n'),
      fc.string({ maxLength: 3 }),
    )
    const text = fc.tuple(fc.constantFrom('postgres://', 'postgresql://', 'host=', ''), fc.array(piece))
    check(
      2000,
      fc.property(text, ([scheme, pieces]) => {
        try {
          assert.ok(read(scheme + pieces.join('')).hosts.length > 0)
        } catch (error) {
          assert.equal((error as { readonly code?: unknown }).code, 'PG_CONFIG', String(error))
        }
      }),
    )
  })

  it('never stands in a message', () => {
    assert.throws(
      () => read('postgresql://u:secret@h:x:y/d'),
      (error: Error) => !error.message.includes('secret'),
    )
  })
})

describe('the environment', () => {
  it('says what nothing else does', () => {
    const env = { PGHOST: 'e1,e2', PGPORT: '1,2', PGUSER: 'eu', PGPASSWORD: 'ep', PGDATABASE: 'ed', PGAPPNAME: 'app' }
    assert.equal(short({}, env), 'eu:ep e1 1, e2 2 ed')
    assert.equal(short('host=h user=u port=7', env), 'u:ep h 7 ed')
    assert.equal(read({}, env).parameters['application_name'], 'app')
    assert.equal(short({}, { PGHOST: '', PGUSER: 'u' }), 'u: localhost 5432 u')
  })

  it('has parameters of the session', () => {
    const env = { PGTZ: 'UTC', PGDATESTYLE: 'ISO, DMY', PGGEQO: 'off', PGOPTIONS: '-c a.b=c' }
    assert.deepEqual(read({ parameters: { TimeZone: 'CET' } }, env).parameters, {
      client_encoding: 'UTF8',
      DateStyle: 'ISO, DMY',
      options: '-c a.b=c',
      timezone: 'CET',
      geqo: 'off',
    })
    refuses({}, /DateStyle must begin with ISO/, { PGDATESTYLE: 'German' })
  })

  it('is heeded, or refused by name', () => {
    assert.equal(read({}, { PGREQUIRESSL: '1' }).sslmode, 'require')
    assert.equal(read({}, { PGREQUIRESSL: '1', PGSSLMODE: 'verify-full' }).sslmode, 'verify-full')
    refuses({}, /PGREQUIREPEER: requirepeer is not supported/, { PGREQUIREPEER: 'postgres' })
    refuses({}, /gssencmode is one of prefer, disable/, { PGGSSENCMODE: 'require' })
    assert.equal(short({}, { PGKRBSRVNAME: 'x', PGUSER: 'u' }), 'u: localhost 5432 u')
  })
})

describe('a service', () => {
  before(() => {
    writeFileSync(
      file('services'),
      '# comment\n[other]\nhost=o\nnonsense=1\n\n[mine]\n  host=sh\nhost=second\nport=9\nuser=su\ndbname=s d\n[last]\nhost=l\n',
    )
    writeFileSync(file('.pg_service.conf'), '[home]\nhost=hh\n[bad]\nhost\n[nested]\nservice=home\n[odd]\nfoo=1\n')
    writeFileSync(file('pg_service.conf'), '[system]\nhost=sys\nuser=u\n')
  })

  it('goes between what is said and the environment', () => {
    const env = { PGSERVICEFILE: file('services'), PGUSER: 'eu', PGPASSWORD: 'ep' }
    assert.equal(short('service=mine', env), 'su:ep sh 9 s d')
    assert.equal(short('postgresql://u@h/?service=mine', env), 'u:ep h 9 s d')
    assert.equal(short({ service: 'mine', port: 1 }, env), 'su:ep sh 1 s d')
    assert.equal(short({}, { PGSERVICE: 'home', PGUSER: 'u' }), 'u: hh 5432 u')
    assert.equal(short({ service: 'system' }, { PGSYSCONFDIR: home }), 'u: sys 5432 u')
    assert.equal(short({ service: 'last', servicefile: file('services'), user: 'u' }), 'u: l 5432 u')
  })

  it('must be there, and well formed', () => {
    refuses({ service: 'none' }, /the service "none" is in none of .*\.pg_service\.conf/)
    refuses({ service: 'x', servicefile: file('nowhere') }, /cannot read the service file .*ENOENT/)
    refuses({ service: 'x', servicefile: home }, /EISDIR/)
    refuses({ service: 'bad' }, /line 4: not keyword=value/)
    refuses({ service: 'nested' }, /line 6: a service cannot name another one/)
    refuses({ service: 'odd' }, /line 8: unknown keyword "foo"/)
  })
})

describe('options', () => {
  it('go before everything else', () => {
    const env = { PGHOST: 'e', PGSSLMODE: 'disable' }
    const config = read(
      {
        url: 'postgresql://u:p@h:1/d?application_name=url&sslmode=allow',
        host: ['a', 'b'],
        port: [5, '6'],
        applicationName: 'mine',
        sslmode: 'require',
        parameters: { search_path: 'app' },
        connectTimeoutMs: 5,
        statementCacheMax: 0,
        pool: { max: 3 },
      },
      env,
    )
    assert.deepEqual(
      config.hosts.map(({ host, port }) => [host, port]),
      [
        ['a', 5],
        ['b', 6],
      ],
    )
    assert.deepEqual(
      [config.sslmode, config.connectTimeoutMs, config.statementCacheMax, config.pipelineMax, config.pool.max],
      ['require', 5, 0, 1000, 3],
    )
    assert.deepEqual(config.parameters, {
      client_encoding: 'UTF8',
      DateStyle: 'ISO',
      application_name: 'mine',
      search_path: 'app',
    })
  })

  it('have the defaults of libpq, or safer ones', () => {
    const { sslmode, sslnegotiation, targetSessionAttrs, loadBalanceHosts, channelBinding, version, ...rest } = read()
    assert.deepEqual(
      [sslmode, sslnegotiation, targetSessionAttrs, loadBalanceHosts, channelBinding, version],
      ['prefer', 'postgres', 'any', 'disable', 'prefer', '3.0'],
    )
    assert.deepEqual(
      [rest.connectTimeoutMs, rest.keepAliveMs, rest.requireAuth, rest.leastMinor],
      [10_000, 60_000, undefined, 0],
    )
  })

  it('are read as numbers, words and lists', () => {
    assert.equal(read('connect_timeout=3').connectTimeoutMs, 3000)
    assert.equal(read('connect_timeout=0').connectTimeoutMs, Infinity)
    assert.equal(read('keepalives=0').keepAliveMs, Infinity)
    assert.equal(read({ keepalives: false }).keepAliveMs, Infinity)
    assert.equal(read({ keepalivesIdle: 5 }).keepAliveMs, 5000)
    assert.equal(read({ fallbackApplicationName: 'x' }).parameters['application_name'], 'x')
    const versions = (text: string): unknown => {
      const { version, leastMinor } = read(text)
      return [version, leastMinor]
    }
    assert.deepEqual(versions('max_protocol_version=latest'), ['3.2', 0])
    assert.deepEqual(versions('min_protocol_version=3.2'), ['3.2', 2])
    refuses('min_protocol_version=3.2 max_protocol_version=3.0', /min_protocol_version is above/)
  })

  it('list the ways to authenticate', () => {
    assert.deepEqual(read('require_auth=scram-sha-256').requireAuth, ['scram-sha-256', 'scram-sha-256-plus'])
    assert.deepEqual(read({ requireAuth: ['md5', 'none'] }).requireAuth, ['none', 'md5'])
    assert.deepEqual(read('require_auth=!password,!gss,!none').requireAuth, [
      'md5',
      'scram-sha-256',
      'scram-sha-256-plus',
    ])
    refuses('require_auth=md5,!none', /mixes/)
    refuses('require_auth=gss', /"gss"/)
  })

  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /options are an object .* not null/],
    [7, /options are an object/],
    [{ hots: 'x' }, /unknown keyword "hots"/],
    [{ host: null }, /host is a text, not null/],
    [{ password: 7 }, /password is a text or a function, not number/],
    [{ password: null }, /not null/],
    [{ url: 7 }, /url is a connection string, not number/],
    [{ connectTimeoutMs: 0 }, /connectTimeoutMs is a number above 0/],
    [{ parameters: { 'a b': 'x' } }, /not a parameter of a session: "a b"/],
    [{ parameters: { user: 'x' } }, /not a parameter of a session: "user"/],
    [{ parameters: { _pq_x: 'x', '_pq_.y': 'x' } }, /"_pq_\.y"/],
    [{ parameters: { work_mem: 5 } }, /work_mem is a text, not number/],
    [{ parameters: { work_mem: 'a\0b' } }, /work_mem has an octet of zero/],
    [{ parameters: { client_encoding: 'LATIN1' } }, /client_encoding is always UTF8/],
    [{ clientEncoding: 'LATIN1' }, /client_encoding is always UTF8/],
    [{ tls: { rejectUnauthorized: false } }, /unknown option of tls: rejectUnauthorized/],
    [{ statementCacheMax: -1 }, /statementCacheMax/],
    [{ pipelineMax: 0 }, /pipelineMax/],
    [{ cancelTimeoutMs: NaN }, /cancelTimeoutMs/],
    [{ uniqueStatementNames: 'yes' }, /uniqueStatementNames/],
  ]
  for (const [options, message] of wrong)
    it(`refuse ${JSON.stringify(options)}`, () => refuses(options as PostgresOptions, message))

  it('refuse limits that do not exist', () => {
    assert.throws(() => read({ limits: { foo: 1 } as object }), { code: 'PG_LIMIT' })
    assert.throws(() => read({ pool: { foo: 1 } as object }), { code: 'POOL_OPTION' })
  })
})

describe('TLS of a configuration', () => {
  it('verifies as much as the mode says', () => {
    const verify = (source: string | PostgresOptions): string => read(source).tls.verify
    assert.equal(verify('sslmode=require'), 'nothing')
    assert.equal(verify('sslmode=require sslrootcert=/ca'), 'authority')
    assert.equal(verify('sslmode=verify-ca sslrootcert=/ca'), 'authority')
    assert.equal(verify('sslmode=verify-full'), 'name')
    assert.equal(verify('sslrootcert=system'), 'name')
    assert.equal(read('sslrootcert=system').tls.ca, undefined)
    assert.equal(read('postgresql://h/?ssl=true').sslmode, 'require')
    assert.equal(read({ tls: { ca: 'PEM' } }).tls.ca, 'PEM')
  })

  it('takes the files that libpq does', () => {
    const own = file('somebody/.postgresql')
    mkdirSync(own, { recursive: true })
    for (const name of ['root.crt', 'postgresql.crt', 'root.crl']) writeFileSync(path.join(own, name), 'not PEM yet')
    const { ca, cert, key, crl, verify } = configOf('sslmode=require', { HOME: file('somebody') }).tls
    assert.deepEqual(
      [ca, cert, key, crl, verify],
      [
        ...['root.crt', 'postgresql.crt', 'postgresql.key', 'root.crl'].map((name) => path.join(own, name)),
        'authority',
      ],
    )
    assert.equal(read('sslmode=require').tls.cert, undefined)
    const given = read('sslcert=/c sslkey=/k sslpassword=p sslcrl=/r').tls
    assert.deepEqual([given.cert, given.key, given.passphrase, given.crl], ['/c', '/k', 'p', '/r'])
    assert.equal(read('sslcert=/c sslcertmode=disable').tls.cert, undefined)
    assert.equal(read({ tls: { cert: 'C', key: 'K' }, sslcert: '/c' }).tls.cert, 'C')
    assert.equal(read('sslcert=/c').tls.key, path.join(home, '.postgresql', 'postgresql.key'))
    assert.equal(read('sslsni=0').tls.sni, false)
    assert.equal(read('ssl_min_protocol_version=TLSv1.3').tls.minVersion, 'TLSv1.3')
  })

  it('refuses what is too weak for what is asked', () => {
    refuses('sslnegotiation=direct', /sslmode prefer is too weak for direct TLS/)
    refuses('sslrootcert=system sslmode=require', /too weak for the authorities of the system/)
    refuses('sslmode=verify-ca', /verify-ca wants the authority/)
    refuses('ssl_min_protocol_version=TLSv1', /ssl_min_protocol_version is one of/)
    refuses('ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2', /is above/)
    assert.equal(read('sslnegotiation=direct sslmode=require').sslnegotiation, 'direct')
  })
})

describe('the password', () => {
  const passwordFor = async (source: PostgresOptions, at = 0): Promise<string | undefined> => {
    const config = read(source)
    return passwordOf(config, config.hosts[at]!)
  }

  before(() =>
    writeFileSync(
      file('.pgpass'),
      [
        '# comment',
        'incomplete:1',
        'h1:5432:d:u:one',
        'h2:*:*:u:two:and more\r',
        'a\\:b:5432:d:u:\\\\three\\:',
        'localhost:*:*:*:socket',
        '/own:*:*:*:own',
        '*:7:*:*:any',
      ].join('\n'),
      { mode: 0o600 },
    ),
  )

  it('is given, made, or looked up', async () => {
    assert.equal(await passwordFor({ password: 'x' }), 'x')
    assert.equal(await passwordFor({ password: () => 'made' }), 'made')
    assert.equal(await passwordFor({ password: async () => 'later' }), 'later')
    const at = { user: 'u', database: 'd' }
    assert.equal(await passwordFor({ ...at, host: 'h1' }), 'one')
    assert.equal(await passwordFor({ ...at, host: 'h1,h2' }, 1), 'two:and more')
    assert.equal(await passwordFor({ ...at, host: 'a:b' }), '\\three:')
    assert.equal(await passwordFor({ ...at, host: '/tmp' }), 'socket')
    assert.equal(await passwordFor({ ...at, host: '/own' }), 'own')
    assert.equal(await passwordFor({ ...at, host: 'other', port: 7 }), 'any')
    assert.equal(await passwordFor({ ...at, host: 'other' }), undefined)
    assert.equal(await passwordFor({ ...at, passfile: file('nowhere') }), undefined)
  })

  it('is not taken from a file that others may read, and that is said', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', onWarning)
    writeFileSync(file('open'), '*:*:*:*:seen', { mode: 0o644 })
    assert.equal(await passwordFor({ passfile: file('open') }), undefined)
    assert.equal(await passwordFor({ passfile: home }), undefined)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    assert.match(warnings.join('\n'), /open is ignored, because others may read it.*\n.*no plain file/)
  })
})
