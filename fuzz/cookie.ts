/** The Cookie field: whatever a client sends is read, and what is read can be set again and read back. */

import { latin1Of } from 'skitai/testing'
import { CookieJar } from '#src/server/app/state/cookie-jar.js'
import { isCookieName } from '#src/server/app/state/cookie-text.js'

const jarOf = (header: string): CookieJar => new CookieJar({ header, path: '/', nowMs: () => 0, onChange: () => {} })

/** A set of cookies as a client sends them. */
export function fuzz(data: Uint8Array): void {
  const jar = jarOf(latin1Of(data))
  const cookies = [...jar]
  ensure(cookies.length === jar.size && jar.size <= data.length, 'more cookies than there can be')
  for (const [name, value] of cookies) {
    ensure(jar.has(name) && jar.get(name) === value, 'a cookie that is not there')
    if (isCookieName(name)) setAgain(name, value)
  }
  jar.clear()
  ensure(
    Array.from(jar.keys()).every((name) => !isCookieName(name)),
    'a cookie that stays',
  )
}

function setAgain(name: string, value: string): void {
  const jar = jarOf('')
  try {
    jar.set(name, value, { secure: true })
  } catch (error) {
    ensure(error instanceof RangeError || error instanceof URIError, `set: ${String(error)}`)
    return
  }
  const [line = ''] = jar.takeLines()
  ensure(/^[!-:<-~]+(?:; (?:Path=\/|Secure))+$/.test(line), `a line that says more: ${line}`)
  ensure(jarOf(line.slice(0, line.indexOf(';'))).get(name) === value, 'another value than was set')
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
