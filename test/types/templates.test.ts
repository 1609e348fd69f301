/** The types of what templates call. What is wrong here does not compile. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { App, type TemplateFilter } from '#src/server/index.js'

it('filters have the types that they say', () => {
  const upper: TemplateFilter<string> = (text) => text.toUpperCase()
  const app = new App()
    .templateFilter('money', (value: number) => value.toFixed(2))
    .templateFilter('pad', (value: string, width: number, fill?: string) => value.padEnd(width, fill))
    .templateFilter('join', (list: readonly string[], ...others: string[]) => [...list, ...others].join())
    .templateFilter('text', (value) => {
      const known: unknown = value
      // @ts-expect-error: nobody has said what it is.
      void value.length
      return String(known)
    })
    .templateFilter('more', (value, other) => `${String(value)} ${String(other)}`)
    .templateFilter('upper', upper)
    .templateFilter('later', async (value: number) => value, { async: true })
    .templateGlobal('path', (was, ...names) => was.request.path + names.join(''))
  // @ts-expect-error: a filter is a function.
  assert.throws(() => app.templateFilter('none', 'text'), TypeError)
})
