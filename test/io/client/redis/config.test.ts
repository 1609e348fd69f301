/** URLs and options of the Redis client: what they come to, and what is refused by its name. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configOf, type RedisOptions } from '#src/io/client/redis/config.js'
import { UsageError } from '#src/io/client/index.js'

describe('the options of a Redis client', () => {
  it('have defaults', () => {
    const { place, tls, database, protocol, inFlight, cache } = configOf()
    assert.deepEqual(
      { place, tls, database, protocol, inFlight, cache },
      {
        place: { host: '127.0.0.1', port: 6379 },
        tls: false,
        database: 0,
        protocol: 3,
        inFlight: 'retry',
        cache: undefined,
      },
    )
  })

  it('are read from a URL', () => {
    const cases: readonly (readonly [string, object])[] = [
      ['redis://', { place: { host: '127.0.0.1', port: 6379 } }],
      ['redis://h', { place: { host: 'h', port: 6379 } }],
      ['redis://h:1/', { place: { host: 'h', port: 1 }, database: 0 }],
      ['redis://[::1]:2/3', { place: { host: '::1', port: 2 }, database: 3 }],
      ['redis://u:p%40@h', { username: 'u', password: 'p@' }],
      ['redis://:p@h', { username: undefined, password: 'p' }],
      ['rediss://h', { tls: true }],
      ['unix:///run/r.sock', { place: { path: '/run/r.sock' } }],
      ['unix:/run/a%20b?db=2', { place: { path: '/run/a b' }, database: 2 }],
      ['unix://u:p%3A@/r?db=2', { place: { path: '/r' }, database: 2, username: 'u', password: 'p:' }],
      ['unix://:p@/r', { username: undefined, password: 'p' }],
    ]
    for (const [url, expected] of cases) {
      const config = configOf(url)
      for (const [name, value] of Object.entries(expected))
        assert.deepEqual(config[name as keyof typeof config], value, `${url} ${name}`)
    }
  })

  it('win over the URL', () => {
    const { place, database, tls } = configOf({
      url: 'rediss://h:1/2',
      port: 5,
      database: undefined,
      tls: { servername: 'n' },
    })
    assert.deepEqual([place, database, tls], [{ host: 'h', port: 5 }, 2, { servername: 'n' }])
  })

  it('are refused by name', () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [5, /^options/],
      [null, /^options/],
      [{ hots: 'x' }, /no option hots/],
      [{ url: 5 }, /^url cannot be read/],
      ['', /^url cannot be read/],
      ['http://h', /^url begins/],
      ['unix://h/path', /^url begins/],
      ['unix:path', /^url begins/],
      ['redis://h?x=1', /^url has no parameter x/],
      ['unix:///p?x=1', /^url has no parameter x/],
      ['redis://h#f', /^url has no fragment/],
      ['redis://h/x', /^url has the number/],
      ['redis://u:%zz@h', /^url has a wrong escape/],
      [{ host: '' }, /^host/],
      [{ path: '' }, /^path/],
      [{ port: 0 }, /^port/],
      [{ port: 65_536 }, /^port/],
      [{ tls: 'yes' }, /^tls/],
      [{ tls: null }, /^tls/],
      [{ username: 5 }, /^username/],
      [{ username: 'u' }, /^username needs/],
      [{ password: 5 }, /^password is/],
      [{ name: 'a b' }, /^name/],
      [{ database: -1 }, /^database/],
      [{ protocol: 4 }, /^protocol/],
      [{ inFlight: 'maybe' }, /^inFlight/],
      [{ queueMax: -1 }, /^queueMax/],
      [{ commandTimeoutMs: NaN }, /^commandTimeoutMs/],
      [{ linksMax: 0 }, /^linksMax/],
      [{ onConnect: 5 }, /^onConnect/],
      [{ cache: true }, /^cache is/],
      [{ cache: { size: 1 } }, /^cache has no size/],
      [{ cache: { max: 0 } }, /^cache\.max/],
      [{ cache: { mode: 'x' } }, /^cache\.mode/],
      [{ cache: { ttlMs: 0 } }, /^cache\.ttlMs/],
      [{ cache: { prefixes: 'x' } }, /^cache\.prefixes are strings/],
      [{ cache: { prefixes: ['x'] } }, /^cache\.prefixes are for/],
      [{ cache: {}, protocol: 2 }, /^cache needs/],
    ]
    for (const [options, message] of cases)
      assert.throws(
        () => configOf(options as RedisOptions),
        (error) => {
          assert.ok(error instanceof UsageError)
          assert.equal(error.code, 'REDIS_OPTION')
          assert.match(error.message, message)
          return true
        },
      )
  })

  it('keep secrets out of messages', () => {
    for (const options of [
      { password: ['geheim'] },
      'redis://u:geheim@h/x',
      { tls: { toString: () => 'geheim' }, port: 0 },
    ])
      assert.throws(
        () => configOf(options as RedisOptions),
        (error: Error) => !error.message.includes('geheim'),
      )
  })
})
