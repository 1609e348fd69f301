/** The parameters of path, query and content, merged (APP-24 to APP-27). */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { App, str, list, type Was } from '#src/server/index.js'

const name = fc.constantFrom('a', 'b', 'id', '__proto__', 'constructor', 'toString', 'ü=&')
const pairs = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme', maxLength: 5 })), { maxLength: 8 })

/** Names with their values: one, or a list. */
function grouped(given: readonly (readonly [string, string])[]): Map<string, string | string[]> {
  const values = new Map<string, string | string[]>()
  for (const [key, value] of given) {
    const before = values.get(key)
    values.set(key, before === undefined ? value : [before, value].flat())
  }
  return values
}

const entries = (was: Was): unknown => Object.entries(was.request.args)

describe('APP-27: was.request.args', () => {
  it('has all of the query, which wins over the path', async () => {
    const app = new App().get('/<string:id>', (was) => JSON.stringify(entries(was)))
    await fc.assert(
      fc.asyncProperty(pairs, async (given) => {
        const response = await app.inject(`/path?${String(new URLSearchParams(given as [string, string][]))}`)
        const expected = new Map<string, unknown>([['id', 'path'], ...grouped(given)])
        assert.deepEqual(new Map(response.json() as [string, unknown][]), expected)
      }),
    )
  })

  it('has what is declared in its place, and all else where that is let through', async () => {
    const declared = { query: { b: list(str()) }, body: { a: list(str()) }, extra: true }
    const app = new App().post('/<string:id>', declared, (was, params) => {
      assert.equal(params, was.request.args as unknown)
      return JSON.stringify(entries(was))
    })
    await fc.assert(
      fc.asyncProperty(pairs, pairs, async (query, content) => {
        const target = `/path?${String(new URLSearchParams(query as [string, string][]))}`
        const form = new URLSearchParams(content as [string, string][])
        const response = await app.inject({ path: target, method: 'POST', body: form })
        const args = new Map(response.json() as [string, unknown][])
        assert.deepEqual(args.get('id'), 'path')
        assert.deepEqual(args.get('a'), [grouped(content).get('a') ?? []].flat())
        assert.deepEqual(args.get('b'), [grouped(query).get('b') ?? []].flat())
        const known = [...grouped(content).keys(), ...grouped(query).keys(), 'id', 'a', 'b']
        assert.deepEqual(new Set(args.keys()), new Set(known))
      }),
    )
  })
})
