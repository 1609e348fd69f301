/** The router against one that tries every rule in turn. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileRule, convertParam } from '#src/server/app/path-params.js'
import { Router } from '#src/server/app/router.js'

interface Rule {
  readonly rule: string
  readonly methods: readonly string[] | undefined
  readonly defaults: undefined
}

interface Answer {
  readonly rule: string
  readonly params: Readonly<Record<string, unknown>>
}

/** What the documentation says, word by word. */
function naive(rules: readonly Rule[], method: string, path: string): Answer | undefined {
  const compiled = rules.map((route) => ({ route, ...compileRule(route.rule) }))
  const exact = compiled.filter(({ params, route }) => params.length === 0 && route.rule === path)
  const others = compiled.filter(({ params }) => params.length > 0)
  others.sort((a, b) => b.literal.length - a.literal.length)
  const seen = new Set<string>()
  for (const { route, params, pattern } of [...exact, ...others]) {
    // Rules that are written alike stand at the place of the first one.
    if (seen.has(route.rule)) continue
    const groups = pattern === undefined ? [path] : pattern.exec(path)
    if (groups === null) continue
    const values = params.map(({ kind }, index) => convertParam(kind, groups[index + 1]!))
    if (values.includes(undefined)) continue
    const takers = rules.filter(({ rule }) => rule === route.rule)
    const taker = takers.find(({ methods }) => methods?.includes(method)) ?? takers.find(({ methods }) => !methods)
    seen.add(route.rule)
    if (taker === undefined) continue
    return { rule: taker.rule, params: Object.fromEntries(params.map(({ name }, index) => [name, values[index]])) }
  }
  return undefined
}

const kinds = fc.constantFrom('', 'int:', 'float:', 'string:')
const literal = fc.constantFrom('a', 'b', 'ab', 'abc', '1', 'x.y', 'a_b')
const segment = fc.oneof(
  { weight: 3, arbitrary: literal.map((text) => () => text) },
  { weight: 3, arbitrary: kinds.map((kind) => (name: string) => `<${kind}${name}>`) },
  fc.tuple(literal, kinds).map(
    ([text, kind]) =>
      (name: string) =>
        `${text}<${kind}${name}>`,
  ),
  fc.tuple(kinds, literal).map(
    ([kind, text]) =>
      (name: string) =>
        `<${kind}${name}>${text}`,
  ),
  fc.tuple(kinds, kinds).map(
    ([one, two]) =>
      (name: string) =>
        `<${one}${name}>-<${two}${name}2>`,
  ),
)
const rule = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '/', '/<path:rest>', '/<p>'))
  .map(([segments, end]) => segments.map((make, index) => `/${make(`n${index}`)}`).join('') + end || '/')
const route = fc.record({
  rule,
  methods: fc.constantFrom(undefined, ['GET'], ['POST'], ['GET', 'POST']),
  defaults: fc.constant(undefined),
})
const part = fc.constantFrom(
  'a',
  'b',
  'ab',
  'abc',
  'abcd',
  '1',
  '12',
  '1.5',
  'x.y',
  'a-b',
  '1-2',
  'a_b',
  '9'.repeat(20),
)
const path = fc
  .tuple(fc.array(part, { maxLength: 5 }), fc.boolean())
  .map(([parts, slash]) => `/${parts.join('/')}${slash && parts.length > 0 ? '/' : ''}`)

describe('the router', () => {
  it('finds what trying every rule finds, with the same parameters', () => {
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 12 }),
        fc.array(path, { minLength: 1, maxLength: 8 }),
        (routes, paths) => {
          const router = new Router<Rule>()
          const added: Rule[] = []
          for (const one of routes)
            try {
              router.add(one)
              added.push(one)
            } catch (error) {
              assert.match(String(error), /twice/)
            }
          for (const asked of paths)
            for (const method of ['GET', 'POST']) {
              const match = router.find(method, asked)
              const found =
                match.found === 'route' ? { rule: match.route.rule, params: { ...match.params } } : undefined
              assert.deepEqual(found, naive(added, method, asked), `${method} ${asked}`)
            }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
