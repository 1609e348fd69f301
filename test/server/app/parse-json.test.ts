/** JSON of a peer, and how deep it may nest. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonDepthMax, parseJson } from '#src/server/app/args/parse-json.js'
import { App, json } from '#src/server/index.js'

const nested = (levels: number, open = '[', close = ']', inside = ''): string =>
  open.repeat(levels) + inside + close.repeat(levels)

describe('SECURITY 41: JSON that nests', () => {
  it('has so many levels at the most, of arrays and of objects', () => {
    for (const [open, close, inside] of [['[', ']', ''] as const, ['{"a":', '}', '1'] as const]) {
      assert.doesNotThrow(() => parseJson(nested(jsonDepthMax, open, close, inside)))
      assert.throws(() => parseJson(nested(jsonDepthMax + 1, open, close, inside)), SyntaxError)
      assert.throws(() => parseJson(nested(100_000, open, close, inside)), /1000 levels/)
    }
    assert.throws(() => parseJson('['.repeat(100_000)), SyntaxError)
  })

  it('may have as many brackets as it likes beside each other and in texts', () => {
    const wide = `[${'[],{},'.repeat(5000)}"${'[{'.repeat(5000)}\\\\\\"[[", "\\\\"]`
    assert.deepEqual(parseJson(wide), JSON.parse(wide))
  })

  it('is what JSON.parse says that it is', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (text, filling) => {
        const long = `[${JSON.stringify(filling + '"\\['.repeat(2 * jsonDepthMax))},${text}]`
        assert.deepEqual(parseJson(long), JSON.parse(long))
      }),
      { numRuns: 50 },
    )
  })

  it('is 400 where it is deeper: a server that shows it again would run out of stack', async () => {
    const app = new App()
    app.post('/read', async ({ request }) => (await request.json()) as object)
    app.post('/declared', { body: { tree: json() } }, (_was, { tree }) => tree)
    const headers = { 'content-type': 'application/json' }
    const send = (path: string, body: string) => app.inject({ path, method: 'POST', headers, body })
    assert.equal((await send('/read', nested(100_000))).status, 400)
    assert.equal((await send('/declared', `{"tree":${nested(100_000)}}`)).status, 400)
    assert.equal((await send('/read', nested(jsonDepthMax))).status, 200)
  })
})
