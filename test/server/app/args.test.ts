/** Declared parameters: what they let in, what the handler gets, and what a client is told. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type as ark } from 'arktype'
import * as valibot from 'valibot'
import { z } from 'zod'
import {
  App,
  bool,
  float,
  type InjectedRequest,
  int,
  json,
  list,
  oneOf,
  optional,
  type Param,
  str,
} from '#src/server/index.js'

interface Problem {
  readonly title: string
  readonly errors: readonly { readonly in: string; readonly name: string; readonly detail: string }[]
}

async function refusal(app: App, request: InjectedRequest | string): Promise<Problem['errors']> {
  const response = await app.inject(request)
  assert.equal(response.status, 400, response.text())
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  return (response.json() as Problem).errors
}

describe('APP-24: declared parameters of a query', () => {
  const app = new App().route(
    '/hello/<name>',
    { query: { num: int(8), ratio: optional(float()), tags: list(str()), on: bool(false) } },
    (was, args) => {
      const typed: { num: number; ratio: number | undefined; name: string; tags: readonly string[] } = args
      return { ...typed, on: args.on, same: was.request.args === (args as unknown) }
    },
  )

  it('reach the handler as what they are', async () => {
    assert.deepEqual((await app.inject('/hello/ann_lee')).json(), {
      name: 'ann lee',
      num: 8,
      tags: [],
      on: false,
      same: true,
    })
    const full = await app.inject('/hello/x?num=-3&ratio=.5e1&tags=a&on=yes&tags=%C3%BC+b&&')
    assert.deepEqual(full.json(), { name: 'x', num: -3, ratio: 5, tags: ['a', 'ü b'], on: true, same: true })
  })

  it('that are unknown, malformed or doubled are all named at once', async () => {
    const errors = await refusal(app, '/hello/x?num=1.5&num=2&on=maybe&more&__proto__=1')
    assert.deepEqual(errors, [
      { in: 'query', name: 'num', detail: 'the parameter num is given more than once' },
      { in: 'query', name: 'on', detail: 'the parameter on is not true or false' },
      { in: 'query', name: 'more', detail: 'the parameter more is not known here' },
      { in: 'query', name: '__proto__', detail: 'the parameter __proto__ is not known here' },
    ])
    assert.deepEqual(
      await refusal(
        new App().get('/', { query: { a: str() } }, () => ''),
        '/',
      ),
      [{ in: 'query', name: 'a', detail: 'the parameter a is missing' }],
    )
  })

  it('are refused with a page where a browser asks, with nothing of it taken as markup', async () => {
    const response = await app.inject({ path: '/hello/x?%3Cb%3E=1', headers: { accept: 'text/html, */*' } })
    assert.match(response.text(), /the parameter &lt;b&gt; is not known here/)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  })

  it('have to be percent-encoded UTF-8, and no more than 1,000', async () => {
    for (const query of ['num=%', 'num=%ff', '%zz=1', 'tags=1&'.repeat(1001)])
      assert.equal((await app.inject(`/hello/x?${query}`)).status, 400, query.slice(0, 20))
  })

  it('may be let through though they are not declared, without a place of their own being taken', async () => {
    const open = new App().get('/<int:id>', { query: { a: int() }, extra: true }, (_was, args) => args)
    assert.deepEqual((await open.inject('/1?a=2&b=3&b=4&id=9&__proto__=x')).json(), {
      id: 1,
      a: 2,
      b: ['3', '4'],
      ['__proto__']: 'x',
    })
  })

  it('cannot have one name twice', () => {
    const declare = (rule: string, options: object): unknown => new App().route(rule, options, () => '')
    assert.throws(() => declare('/<a>', { query: { a: int() } }), /declared twice/)
    assert.throws(() => declare('/', { query: { a: int() }, body: { a: int() } }), /declared twice/)
  })
})

describe('APP-25: declared parameters of content', () => {
  const app = new App().post(
    '/<int:id>',
    { query: { dry: bool(false) }, body: { name: str({ min: 1, max: 5 }), age: int({ min: 0 }), tags: list(str()) } },
    (_was, { id, dry, name, age, tags }) => ({ id, dry, name, age, tags }),
  )
  const answer = { id: 1, dry: true, name: 'ann', age: 7, tags: ['a', 'b'] }

  it('are those of JSON or of a form, as Content-Type says', async () => {
    for (const body of [{ name: 'ann', age: 7, tags: ['a', 'b'] }, new URLSearchParams('name=ann&age=7&tags=a&tags=b')])
      assert.deepEqual((await app.inject({ path: '/1?dry=1', body })).json(), answer)
    const suffixed = { path: '/1?dry=1', body: '{"name":"ann","age":7,"tags":["a","b"]}' }
    for (const type of ['application/vnd.x+json', 'Application/JSON ; charset="utf-8"', 'application/json;'])
      assert.deepEqual((await app.inject({ ...suffixed, headers: { 'content-type': type } })).json(), answer, type)
  })

  it('that are wrong are named', async () => {
    const names = async (body: object): Promise<string[]> =>
      (await refusal(app, { path: '/1', body })).map(({ name, detail }) => `${name}: ${detail}`)
    assert.deepEqual(await names({ name: '', age: -1, tags: 'a', more: 1 }), [
      'name: the parameter name is not text from 1 to 5 characters',
      'age: the parameter age is not a whole number of 0 at least',
      'tags: the parameter tags is not a list of text',
      'more: the parameter more is not known here',
    ])
    assert.deepEqual(
      await names({ name: null, age: '7' }),
      ['name: the parameter name is missing', 'age: the parameter age is not a whole number'].map((text) =>
        text.endsWith('number') ? `${text} of 0 at least` : text,
      ),
    )
    assert.deepEqual(await names([1]), [': the content is not a JSON object'])
    assert.deepEqual(await names(new URLSearchParams('age=7')), ['name: the parameter name is missing'])
    assert.equal((await refusal(app, { path: '/1', method: 'POST' })).length, 2)
  })

  it('SECURITY 31: come from one reading of Content-Type, or with 415', async () => {
    const body = '{"name":"ann","age":7}'
    for (const type of [
      'text/plain',
      'application/json\t x',
      'application/json, text/plain',
      'application/json; a=1; A=2',
      'application/jsonx',
      'json',
      '/',
      'application/',
      'application/json; =',
      'application/json; a="',
      'a b/json',
    ]) {
      const response = await app.inject({ path: '/1', body, headers: { 'content-type': type } })
      assert.equal(response.status, 415, type)
    }
    const malformed = await app.inject({ path: '/1', body: '{', headers: { 'content-type': 'application/json' } })
    assert.equal(malformed.status, 400)
  })

  it('SECURITY 17: have harmless names', async () => {
    const open = new App().post('/', { body: {}, extra: true }, (was, args) => [
      Object.keys(args),
      Object.keys(was.request.args),
      Object.getPrototypeOf(args) === null,
      'polluted' in {},
    ])
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const text = `{${names.map((name) => `"${name}":{"polluted":1}`).join(',')}}`
    for (const [body, type] of [
      [text, 'application/json'],
      [names.map((name) => `${name}=1`).join('&'), 'application/x-www-form-urlencoded'],
    ] as const) {
      const response = await open.inject({ body, headers: { 'content-type': type } })
      assert.deepEqual(response.json(), [names, names, true, false])
    }
  })

  it('have no more octets than the app or the route allows', async () => {
    const small = new App({ bodyBytesMax: 20 }).post('/', { body: { a: str() } }, () => 'ok')
    small.post('/large', { body: { a: str() }, bodyBytesMax: 100 }, () => 'ok')
    const body = { a: 'x'.repeat(30) }
    assert.equal((await small.inject({ body })).status, 413)
    assert.equal((await small.inject({ path: '/large', body })).status, 200)
  })
})

describe('APP-27: parameters of several places', () => {
  it('never take the place of what another place declares, even where that is missing', async () => {
    const app = new App().post(
      '/<int:id>',
      { query: { ratio: optional(float()) }, body: { name: optional(str()) }, extra: true },
      (_was, args) => args,
    )
    const body = { id: 'x', ratio: 'x', more: true }
    assert.deepEqual((await app.inject({ path: '/7?name=x&id=8', body })).json(), { id: 7, more: true })
  })
})

describe('what a client is told about its parameters', () => {
  it('is short, however long the names and texts are that it has sent', async () => {
    const app = new App().post('/', { body: { a: int() } }, () => 'ok')
    app.post('/v', { body: valibot.object({ n: valibot.number() }) }, () => 'ok')
    const long = 'x'.repeat(100_000)
    for (const request of [{ body: { [long]: 1 } }, { path: '/v', body: { n: long } }]) {
      const response = await app.inject(request)
      assert.deepEqual([response.status, response.bytes.length < 2000], [400, true])
    }
  })

  it('is a refusal where a validator names no issue in its list', async () => {
    const validator = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [] }) } } as const
    const app = new App().post('/', { body: validator }, () => 'ok')
    assert.deepEqual(await refusal(app, { body: {} }), [{ in: 'body', name: '', detail: 'the body is not valid' }])
  })
})

describe('APP-27: what a validator lets through', () => {
  it('never takes the place of what the path or another place declares', async () => {
    const loose = z.looseObject({ title: z.string() })
    const app = new App()
    app.post('/notes/<int:id>', { body: loose }, (_was, { id, title }) => ({ id, title }))
    const content = { title: 't', id: 'another one' }
    assert.deepEqual((await app.inject({ path: '/notes/7', body: content })).json(), { id: 7, title: 't' })
    app.post('/both', { query: z.looseObject({}), body: { owner: optional(str()) } }, (_was, { owner }) => ({ owner }))
    assert.deepEqual((await app.inject({ path: '/both?owner=me', body: {} })).json(), {})
  })
})

describe('what parameters are not', () => {
  const app = new App().post(
    '/<int:id>',
    { query: { page: int(1), q: str('') }, body: { name: str(), tags: list(str()) } },
    // Those of the query are left out.
    (_was, { tags, name, id }) => [name, tags, id],
  )

  it('APP-26: an order: path, query and content come by name, in one object', async () => {
    const body = { tags: ['a'], name: 'ann' }
    assert.deepEqual((await app.inject({ path: '/7?q=x', body })).json(), ['ann', ['a'], 7])
    assert.deepEqual((await app.inject({ path: '/7?page=2&q=x', body })).json(), ['ann', ['a'], 7])
  })

  it('APP-28: typed by the client: a name with a colon is a name like any other', async () => {
    assert.deepEqual(await refusal(app, { path: '/7?int:page=2', body: { name: 'ann' } }), [
      { in: 'query', name: 'int:page', detail: 'the parameter int:page is not known here' },
    ])
    const typed = { ids: list(int()), on: bool(), data: json(), ratio: float() }
    const declared = new App().get('/', { query: typed }, (_was, { ids, on, data, ratio }) => [ids, on, data, ratio])
    const query = 'ids=1&ids=2&on=1&data=%7B%22a%22%3A3%7D&ratio=0.5'
    assert.deepEqual((await declared.inject(`/?${query}`)).json(), [[1, 2], true, { a: 3 }, 0.5])
  })

  it('APP-29: a list of arguments: a handler gets two', async () => {
    const all = new App().get('/<a>/<b>', (...given) => [given.length, given[1]])
    assert.deepEqual((await all.inject('/1/2')).json(), [2, { a: '1', b: '2' }])
  })
})

describe('validators that speak Standard Schema', () => {
  const user = z.object({ name: z.string().min(2), age: z.coerce.number().int() })

  it('check the query and the content, and give the handler their output', async () => {
    const app = new App().post('/<int:id>', { body: user }, (_was, { id, name, age }) => ({ id, name, age: age + 1 }))
    app.get('/', { query: valibot.object({ q: valibot.string() }) }, (_was, { q }) => q.toUpperCase())
    assert.deepEqual((await app.inject({ path: '/3', body: { name: 'ann', age: 7, more: 1 } })).json(), {
      id: 3,
      name: 'ann',
      age: 8,
    })
    assert.deepEqual((await app.inject({ path: '/3', body: new URLSearchParams('name=bob&age=1') })).json(), {
      id: 3,
      name: 'bob',
      age: 2,
    })
    assert.equal((await app.inject('/?q=abc')).text(), 'ABC')
    assert.deepEqual(
      (await refusal(app, '/')).map(({ in: place, name }) => [place, name]),
      [['query', 'q']],
    )
    const errors = await refusal(app, { path: '/3', body: { name: 'a' } })
    assert.deepEqual(
      errors.map(({ name }) => name),
      ['name', 'age'],
    )
  })

  it('may be functions as well, as those of arktype are', async () => {
    const shoe = ark({ name: 'string > 1', 'size?': 'number.integer', '+': 'delete' })
    const app = new App().post('/', { body: shoe, query: ark({ q: 'string.integer.parse' }) }, (_was, args) => args)
    assert.deepEqual((await app.inject({ path: '/?q=7', body: { name: 'boot', size: 42, odd: 1 } })).json(), {
      name: 'boot',
      size: 42,
      q: 7,
    })
    const errors = await refusal(app, { path: '/?q=x', body: { name: 'b', size: 'large' } })
    assert.deepEqual(
      errors.map(({ in: place, name }) => `${place} ${name}`),
      ['query q', 'body name', 'body size'],
    )
  })

  it('may take their time, and give what is no object under the name of its place', async () => {
    const later = z.array(z.number()).refine(async (numbers) => Promise.resolve(numbers.length > 1), 'too few')
    const app = new App().post('/', { body: later }, (_was, { body }) => body.length)
    assert.equal((await app.inject({ body: [1, 2, 3] })).text(), '3')
    assert.deepEqual(await refusal(app, { body: [1] }), [{ in: 'body', name: '', detail: 'too few' }])
  })
})

describe('the kinds of parameters', () => {
  const table: readonly [string, Param<unknown>, readonly [string, unknown][], readonly string[]][] = [
    [
      'int',
      int(),
      [
        ['1', 1],
        ['-0', 0],
        ['+7', 7],
        ['9007199254740991', 2 ** 53 - 1],
      ],
      ['', '1.0', '0x1', '1e3', ' 1', '9007199254740993', '٣'],
    ],
    [
      'int in a range',
      int({ min: 1, max: 3 }),
      [
        ['1', 1],
        ['3', 3],
      ],
      ['0', '4'],
    ],
    [
      'float',
      float(),
      [
        ['1.5', 1.5],
        ['-.5', -0.5],
        ['1e-3', 0.001],
        ['2.', 2],
      ],
      ['', '.', 'NaN', 'Infinity', '1e999', '0x1', '1,5'],
    ],
    [
      'str',
      str({ pattern: /[a-c]+/g }),
      [
        ['abc', 'abc'],
        ['a', 'a'],
      ],
      ['', 'abcd', 'xabc'],
    ],
    [
      'bool',
      bool(),
      [
        ['on', true],
        ['0', false],
      ],
      ['', 'TRUE', '2'],
    ],
    ['oneOf', oneOf(['red', 'blue']), [['red', 'red']], ['', 'Red', 'toString']],
    [
      'json',
      json(),
      [
        ['[1]', [1]],
        ['"a"', 'a'],
      ],
      ['', '{', 'null'],
    ],
    ['list', list(int(), { max: 2 }), [['1', [1]]], ['', 'a']],
  ]
  for (const [name, param, good, bad] of table)
    it(`${name}: text`, () => {
      for (const [text, value] of good) assert.deepEqual(param.fromText(text), value, text)
      for (const text of bad) assert.equal(param.fromText(text), undefined, JSON.stringify(text))
      // A pattern keeps no place between two calls.
      for (const [text, value] of good) assert.deepEqual(param.fromText(text), value, text)
    })

  it('take JSON for what it is', () => {
    assert.deepEqual(
      [int().fromJson(1), int().fromJson('1'), int().fromJson(1.5), float().fromJson(1.5)],
      [1, undefined, undefined, 1.5],
    )
    assert.deepEqual(
      [bool().fromJson(false), bool().fromJson('true'), str().fromJson(1)],
      [false, undefined, undefined],
    )
    assert.deepEqual([json().fromJson([null]), json().fromJson(null)], [[null], undefined])
    assert.deepEqual(
      [list(int(), { max: 2 }).fromJson([1, 2]), list(int(), { max: 2 }).fromJson([1, 2, 3])],
      [[1, 2], undefined],
    )
    assert.deepEqual(list(int()).fromTexts?.(['1', 'x']), undefined)
  })

  it('refuse rules that fit nothing', () => {
    assert.throws(() => int(1.5), /default/)
    assert.throws(() => int({ min: 2, max: 1 }), /no number/)
    assert.throws(() => str({ min: 2, max: 1 }), /no text/)
    assert.throws(() => list(list(int())), /list of lists/)
  })
})

describe('APP-27: was.request.args', () => {
  it('has path, query, content and defaults; content wins over query, and query over path', async () => {
    const app = new App().route(
      '/<int:id>/<int:n>',
      { methods: ['POST'], defaults: { n: 9 }, query: { size: int(3) }, body: { name: str('nobody') }, extra: true },
      (was) => was.request.args,
    )
    const to = async (at: string, body: object): Promise<unknown> => (await app.inject({ path: at, body })).json()
    assert.deepEqual(await to('/1/2', {}), { id: 1, n: 2, size: 3, name: 'nobody' })
    assert.deepEqual(await to('/1/2?size=4&x=query&y=query', { name: 'ann', x: 'content', z: [1] }), {
      id: 1,
      n: 2,
      size: 4,
      name: 'ann',
      x: 'content',
      y: 'query',
      z: [1],
    })
    const short = new App().get('/<name>/<int:n>', { name: 'x' }, (was) => was.request.args)
    short.get('/p/<int:n>', { defaults: { n: 9 } }, (was) => was.request.args)
    assert.deepEqual((await short.inject('/p')).json(), { n: 9 })
    assert.deepEqual((await short.inject('/p/8?n=7')).json(), { n: '7' })
  })

  it('has path and query where nothing is declared; names that stand twice have lists', async () => {
    const app = new App().route('/<int:id>', (was) => was.request.args)
    assert.deepEqual((await app.inject('/1?a=2&a=3&b=&id=5')).json(), { id: '5', a: ['2', '3'], b: '' })
    assert.equal((await app.inject('/1?a=%')).status, 400)
  })
})

describe('APP-34: forms and JSON that a handler reads itself', () => {
  it('are given as Content-Type says', async () => {
    const app = new App().post('/', async (was) => ({ dict: (await was.request.dict()) ?? 'nothing' }))
    assert.deepEqual((await app.inject({ body: { a: 1 } })).json(), { dict: { a: 1 } })
    assert.deepEqual((await app.inject({ body: new URLSearchParams('a=1&a=2&b=3') })).json(), {
      dict: { a: ['1', '2'], b: '3' },
    })
    assert.deepEqual((await app.inject({ body: 'text' })).json(), { dict: 'nothing' })
    app.post('/form', async (was) => {
      const form = await was.request.form()
      return [form.get('a'), form.getAll('a'), form.get('b'), form.getAll('b')]
    })
    const response = await app.inject({ path: '/form', body: new URLSearchParams('a=1&a=2') })
    assert.deepEqual(response.json(), ['1', ['1', '2'], null, []])
    assert.equal((await app.inject({ path: '/form', body: { a: 1 } })).status, 415)
  })
})
