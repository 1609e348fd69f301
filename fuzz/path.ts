/** The target of a request: refused, or one path that guards, router and files understand alike (SECURITY 34). */

import { latin1Of } from 'skitai/testing'
import { canonicalTarget, encodePath } from '#src/server/path.js'
import { type Routable, Router } from '#src/server/app/router.js'

const rules = ['/', '/a', '/a/', '/<name>', '/a/<int:n>', '/a/<float:x>/b', '/<a>/<b>', '/f/<path:rest>']
const router = new Router<Routable>()
for (const rule of rules) router.add({ rule, methods: undefined, defaults: undefined })

/** A request target. */
export function fuzz(data: Uint8Array): void {
  const target = canonicalTarget(latin1Of(data))
  if (typeof target === 'string') return
  const { path, query } = target
  ensure(/^\/[^\\\p{Cc}]*$/u.test(path.replace(/[\x80-\x9f]/g, '')), `not a path: ${JSON.stringify(path)}`)
  const segments = path.split('/').slice(1)
  ensure(!segments.some((segment) => segment === '.' || segment === '..'), 'a dot segment')
  ensure(!segments.slice(0, -1).includes(''), 'an empty segment')
  ensure(!/[^!-~]|#/.test(query), 'a query that no field can have')
  const again = canonicalTarget(encodePath(path) + (query && `?${query}`))
  ensure(typeof again !== 'string' && again.path === path && again.query === query, 'another path when it is encoded')
  const match = router.find('GET', path)
  if (match.found !== 'route') return
  for (const value of Object.values(match.params))
    ensure(typeof value !== 'number' || Number.isFinite(value), 'a parameter that is no number')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
