/** Parameters of several places against a model, and content types against their grammar. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from 'skitai/testing'
import { type Args, ArgsReader, emptyArgs } from '#src/server/app/args/reader.js'
import { optional, type Param, str } from '#src/server/app/args/param.js'
import { fuzz as checkContentType } from '../../fuzz/content-type.js'
import { check } from './run.js'

const NAMES = ['a', 'b', 'c', 'd', 'e', '__proto__', 'constructor', 'toString']
const PLACES = ['path', 'query', 'body', 'nowhere'] as const
type Given = Readonly<Record<string, string>>

const places = fc.array(fc.constantFrom(...PLACES), { minLength: NAMES.length, maxLength: NAMES.length })
const given = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.string({ maxLength: 3 })), { selector: ([name]) => name })
  .map((pairs) => Object.fromEntries(pairs) as Given)

function specsOf(names: readonly string[]): Record<string, Param<string | undefined>> {
  return Object.fromEntries(names.map((name) => [name, optional(str())]))
}

/**
 * A name has the value of the place where it is declared; what is declared nowhere comes from the content, if it is
 * there, else from the query.
 */
function model(where: ReadonlyMap<string, string>, path: Given, query: Given, body: Given): [string, string][] {
  const values = new Map<string, string>()
  const sources: readonly (readonly [string, Given])[] = [
    ['path', path],
    ['query', query],
    ['body', body],
  ]
  for (const [place, source] of sources)
    for (const [name, value] of Object.entries(source)) {
      const declared = where.get(name)
      if (declared === place || declared === 'nowhere') values.set(name, value)
    }
  return [...values].sort()
}

describe('parameters of path, query and content', () => {
  it('never come from elsewhere than where they are declared', async () => {
    const property = fc.asyncProperty(places, given, given, fc.boolean(), async (chosen, query, body, isJson) => {
      const where = new Map(NAMES.map((name, index) => [name, chosen[index]!]))
      const at = (place: string): string[] => NAMES.filter((name) => where.get(name) === place)
      const path = Object.fromEntries(at('path').map((name) => [name, `${name} of the path`]))
      const declaration = { query: specsOf(at('query')), body: specsOf(at('body')), extra: true }
      const reader = new ArgsReader('/', at('path'), declaration)
      const form = Object.assign(emptyArgs(), Object.fromEntries(Object.entries(body).map(([n, v]) => [n, [v]])))
      const content = isJson ? { json: body } : { form: form as Record<string, string[]> }
      const queryString = new URLSearchParams(Object.entries(query)).toString()
      const args: Args = await reader.read(Object.assign(emptyArgs(), path), queryString, async () => content)
      assert.equal(Object.getPrototypeOf(args), null)
      assert.deepEqual(Object.entries(args).sort(), model(where, path, query, body))
    })
    await fc.assert(property, { numRuns: 2000, seed: Number(process.env['SKITAI_SEED'] ?? 1) })
  })
})

describe('the content type of a request', () => {
  it('is read as its grammar says', () => {
    const pieces = [
      'a',
      'B/',
      '/',
      ';',
      '=',
      '"',
      '\\',
      ' ',
      '\t',
      'charset',
      'utf-8',
      ',',
      '\x7f',
      '\xe4',
      'x/y',
      ';a=b',
    ]
    check(
      20_000,
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), (parts) => {
        checkContentType(bytesOf(parts.join('')))
        checkContentType(bytesOf(`a/b;${parts.join('')}`))
      }),
    )
  })
})
