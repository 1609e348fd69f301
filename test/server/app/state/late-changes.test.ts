/** What others have changed in a session, and what was changed here, are both there behind a late change. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { changedNames, mergeValues } from '#src/server/app/state/late-changes.js'
import { valuesText } from '#src/server/app/state/session-data.js'

const values = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.constantFrom<unknown>(1, 'x', null, [1], { y: [2] }))
  .map((object) => new Map(Object.entries(object)))
const text = (value: unknown): string => JSON.stringify(value) ?? 'none'

it('names that were changed here are as they are here, all others as they were kept', () => {
  fc.assert(
    fc.property(values, values, values, (before, here, kept) => {
      const names = new Set(changedNames(valuesText(before), here))
      const merged = new Map(here)
      mergeValues(merged, kept, names)
      for (const name of new Set([...before.keys(), ...here.keys(), ...kept.keys(), ...merged.keys()])) {
        const changed = text(before.get(name)) !== text(here.get(name))
        assert.equal(names.has(name), changed, name)
        assert.equal(text(merged.get(name)), text((changed ? here : kept).get(name)), name)
      }
    }),
  )
})

it('objects that are alike stay the same: somebody may hold them', () => {
  const mine = new Map<string, unknown>([
    ['list', [1]],
    ['other', [1]],
  ])
  const list = mine.get('list')
  mergeValues(mine, new Map<string, unknown>(Object.entries({ list: [1], other: [2] })), new Set())
  assert.equal(mine.get('list'), list)
  assert.deepEqual(mine.get('other'), [2])
})
