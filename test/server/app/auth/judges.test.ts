/** Functions that judge: APP-127 to APP-130, SEC-06. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type Judge, type RouteOptions, Skitai } from '#src/server/index.js'

const serve = (app: App): Skitai => new Skitai({ log: false, onError: () => {} }).mount('/', app)
const verdicts: readonly [unknown, number, string][] = [
  [undefined, 200, 'done'],
  [null, 200, 'done'],
  [true, 200, 'done'],
  [false, 403, ''],
  ['', 200, ''],
  ['sign in', 200, 'sign in'],
]

/** Each kind of judge, and the route that asks it. */
const kinds: readonly [string, (judge: Judge) => App][] = [
  ['APP-127: login', (judge) => new App({ loginHandler: judge }).get('/', { login: true }, () => 'done')],
  ['APP-128: permission', (judge) => new App({ permissionHandler: judge }).get('/', { permission: 'x' }, () => 'done')],
  ['APP-129: staff', (judge) => new App({ staffHandler: judge }).get('/', { staff: true }, () => 'done')],
  ['APP-130: testpass', (judge) => new App().get('/', { testpass: judge }, () => 'done')],
]

for (const [name, make] of kinds)
  describe(name, () => {
    for (const [verdict, status, text] of verdicts)
      for (const later of [false, true])
        it(`${JSON.stringify(verdict) ?? 'nothing'}${later ? ', by promise,' : ''} gives ${status}`, async () => {
          const response = await serve(make(() => (later ? Promise.resolve(verdict) : verdict) as string)).inject('/')
          assert.equal(response.status, status)
          if (status === 200) assert.equal(response.text(), text)
        })
  })

describe('SEC-06: a route that asks a function which the app has not', () => {
  const options: readonly [RouteOptions, RegExp][] = [
    [{ login: true }, /loginHandler/],
    [{ permission: [] }, /permissionHandler/],
    [{ staff: true }, /staffHandler/],
    [{ testpass: 'x' as unknown as Judge }, /testpass is a function/],
  ]
  for (const [option, message] of options)
    it(`is refused: ${JSON.stringify(option)}`, () => {
      assert.throws(() => serve(new App().get('/', option as object, () => '')), message)
    })

  it('lets an app be asked that is around it', async () => {
    const inner = new App().get('/', { login: true }, () => 'done')
    const outer = new App({ loginHandler: ({ request }) => request.query.has('in') }).mount('/inner', inner)
    assert.equal((await serve(outer).inject('/inner/')).status, 403)
    assert.equal((await serve(outer).inject('/inner/?in')).text(), 'done')
  })
})

describe('judges', () => {
  it('know the user and the permissions, and are asked in order', async () => {
    const asked: unknown[] = []
    const app = new App({
      auth: 'bearer',
      bearerHandler: (_was, token) => ({ name: token }),
      loginHandler: () => void asked.push('login'),
      permissionHandler: (was, permissions) => (asked.push(permissions), permissions.includes(was.request.user!.name)),
      staffHandler: () => void asked.push('staff'),
    }).get(
      '/',
      { permission: ['admin', 'root'], login: true, staff: true, testpass: () => asked.push('test') < 0 },
      () => 'done',
    )
    const ask = async (name: string): Promise<number> =>
      (await serve(app).inject({ headers: { authorization: `Bearer ${name}` } })).status
    assert.equal(await ask('ada'), 403)
    assert.deepEqual(asked.splice(0), ['login', ['admin', 'root']])
    assert.equal(await ask('root'), 403)
    assert.deepEqual(asked, ['login', ['admin', 'root'], 'staff', 'test'])
  })

  it('come in front of parameters, content and handler', async () => {
    const app = new App({ loginHandler: () => 'sign in' }).post(
      '/',
      { login: true, body: {}, csrf: false },
      () => 'done',
    )
    assert.equal(
      (await serve(app).inject({ body: '{', headers: { 'content-type': 'application/json' } })).text(),
      'sign in',
    )
  })
})
