/**
 * The types of path parameters. What is wrong here does not compile; that it runs, too, shows that the types tell the
 * truth.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { App, type PathParams } from '#src/server/index.js'
import { ask } from '../server/asking.js'
import { quiet } from '../server/serving.js'

/** Whether two types are the same, and not only assignable. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false

/** Compiles for `true` only. */
const holds = (..._facts: true[]): void => {}

holds(
  true satisfies Same<PathParams<'/episode/<int:id>'>, { readonly id: number }>,
  true satisfies Same<PathParams<'/hello/<name>'>, { readonly name: string }>,
  true satisfies Same<PathParams<'/half/<float:x>'>, { readonly x: number }>,
  true satisfies Same<PathParams<'/files/<path:rest>'>, { readonly rest: string }>,
  true satisfies Same<PathParams<'/raw/<string:s>'>, { readonly s: string }>,
  true satisfies Same<PathParams<'/<int:y>-<m>/x/<float:d>.<path:p>'>['y'], number>,
  true satisfies Same<
    PathParams<'/<int:a>/<b>/<float:c>/<path:d>'>,
    { readonly a: number; readonly b: string; readonly c: number; readonly d: string }
  >,
  true satisfies Same<keyof PathParams<'/none'>, never>,
  true satisfies Same<PathParams<'/u/<uuid:id>'>, { readonly id: never }>,
  true satisfies Same<PathParams<string>, Readonly<Record<string, string | number>>>,
  // @ts-expect-error: the number of an `int` is no string.
  true satisfies Same<PathParams<'/episode/<int:id>'>, { readonly id: string }>,
)

const takesNumber = (value: number): number => value
const takesString = (value: string): string => value

/** All ways to add a route infer the same. */
const app = new App()
  .get('/get/<int:id>', (_was, { id }) => takesNumber(id))
  .post('/post/<name>', (_was, { name }) => takesString(name))
  .put('/put/<float:x>', (_was, { x }) => takesNumber(x))
  .patch('/patch/<path:rest>', (_was, { rest }) => takesString(rest))
  .delete('/delete/<int:a>/<b>', (_was, { a, b }) => [takesNumber(a), takesString(b)])
  .route('/route/<int:id>', (_was, { id }) => takesNumber(id))
  .route('/opt/<int:id>', { methods: ['GET'], defaults: { id: 1 } }, (_was, { id }) => takesNumber(id))
  .get('/none', (_was, params) => Object.keys(params))

/** Each statement holds a mistake that must not compile; the last one is refused at run time, too. */
const mistakes = (): void => {
  // @ts-expect-error: `id` is a number.
  app.get('/a/<int:id>', (_was, { id }) => takesString(id))
  // @ts-expect-error: `name` is a string.
  app.get('/b/<name>', (_was, { name }) => takesNumber(name))
  // @ts-expect-error: there is no such parameter.
  app.get('/c/<name>', (_was, { other }) => other as string)
  // @ts-expect-error: there are none at all.
  app.get('/d', (_was, { id }) => id as string)
  // @ts-expect-error: parameters are read-only.
  app.get('/e/<name>', (_was, params) => (params.name = 'x'))
  // @ts-expect-error: the default of a number is a number.
  app.route('/f/<int:id>', { defaults: { id: '1' } }, () => 'x')
  // @ts-expect-error: an unknown converter gives no value that could be used.
  app.get('/h/<uuid:id>', (_was, { id }) => id.toString())
}

const strayDefault = (): void => {
  // @ts-expect-error: a default needs its parameter.
  app.route('/g/<int:id>', { defaults: { other: 1 } }, () => 'x')
}

describe('path parameters', () => {
  it('have at run time the types that they have in the editor', async () => {
    const { engine } = quiet()
    engine.mount('/', app)
    const table: [string, string, unknown][] = [
      ['GET', '/get/1', 1],
      ['POST', '/post/a', 'a'],
      ['PUT', '/put/1.5', 1.5],
      ['PATCH', '/patch/a/b', 'a/b'],
      ['DELETE', '/delete/1/b', [1, 'b']],
      ['GET', '/route/2', 2],
      ['GET', '/opt', 1],
      ['GET', '/none', []],
    ]
    for (const [method, target, expected] of table) {
      const { text, headers } = await ask(engine, target, { method })
      const value: unknown = headers['content-type'] === 'application/json' ? JSON.parse(text) : text
      assert.deepEqual(value, expected)
    }
  })

  it('have converters that the compiler and the router know alike', () => {
    assert.throws(mistakes, /not a parameter: <uuid:id>/)
    assert.throws(strayDefault, /has no parameter other/)
  })
})
