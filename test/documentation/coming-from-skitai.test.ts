/** The map from the Python package is whole, and each name that it gives is there. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { App, Skitai, type Was } from '#src/server/index.js'
import * as server from '#src/server/index.js'
import * as testing from '#src/testing/index.js'
import { filesBelow, repoRoot } from '../../tools/repo.js'

const ROWS = 137
/** Where options are declared. */
const OPTION_FILES = [
  'app/app-options.ts',
  'app/route.ts',
  'app/auth/auth-options.ts',
  'app/guards/guard-options.ts',
  'app/state/state-options.ts',
]
const page = readFileSync(path.join(repoRoot, 'docs', 'coming-from-skitai.md'), 'utf8')

/** The code marks of the last column. */
const marks = [...page.matchAll(/^\| APP-\d+ \|.*$/gm)].flatMap(([row]) => {
  const here = row.split(/(?<!\\)\|/).at(-2)!
  return [...here.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
})

/** Asks within a request whether there is what a path of names says; the name where there is not. */
async function missing(paths: readonly string[]): Promise<string[]> {
  const app = new App({ secureKey: 'a secret of the tests' })
  const engine = new Skitai({ log: false }).mount('/', app)
  let absent: string[] = []
  app.get('/', (was: Was) => {
    // What is shared has whatever name it is given.
    const roots: Record<string, unknown> = { was, app, skitai: engine }
    absent = paths.filter((names) => !names.startsWith('was.shared.') && !isThere(roots, names.split('.')))
    return ''
  })
  assert.equal((await engine.inject('/')).status, 200)
  return absent
}

function isThere(roots: Record<string, unknown>, names: readonly string[]): boolean {
  let place: unknown = roots
  for (const name of names) {
    if ((typeof place !== 'object' && typeof place !== 'function') || place === null || !(name in place)) return false
    place = (place as Record<string, unknown>)[name]
  }
  return true
}

/** What stands between the quotes of a test or a group of tests, or in front of another one in a table of them. */
const TITLE = /(?:\b(?:describe|it)\(\s*|^\s*\[)(['`])((?:(?!\1)[^\n])*)\1/gm

/** The rows that a test names, each by its own id. */
function testedRows(): Set<number> {
  const titles = filesBelow('test')
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(path.join(repoRoot, file), 'utf8').matchAll(TITLE)].map((match) => match[2]!))
  return new Set(titles.flatMap((title) => [...title.matchAll(/\bAPP-(\d+)\b/g)].map((match) => Number(match[1]))))
}

describe('the map from Skitai', () => {
  it('has a test that names it for each row but those that are not re-created', () => {
    const rows = [...page.matchAll(/^\| APP-(\d+) \|(.*)$/gm)]
    const wanted = rows.filter(([, , text]) => !text!.includes('*not re-created*')).map(([, id]) => Number(id))
    assert.ok(wanted.length > 100, `${wanted.length}`)
    const tested = testedRows()
    assert.deepEqual(
      wanted.filter((id) => !tested.has(id)).map((id) => `APP-${String(id).padStart(2, '0')}`),
      [],
    )
  })

  it('has each row once, in order', () => {
    const ids = [...page.matchAll(/\bAPP-(\d+)\b/g)].map((match) => Number(match[1]))
    assert.deepEqual(
      ids,
      Array.from({ length: ROWS }, (_, index) => index + 1),
    )
  })

  it('names nothing of the context, the app and the engine that is not there', async () => {
    const paths = marks.flatMap((mark) =>
      [...mark.matchAll(/(?<![\w.'])((?:was|app|skitai)(?:\.\w+)+)/g)].map((match) => match[1]!),
    )
    assert.ok(paths.length > 100, `${paths.length}`)
    assert.deepEqual(await missing(paths), [])
    assert.deepEqual(await missing(['was.request.nothing', 'app.nothing']), ['was.request.nothing', 'app.nothing'])
  })

  it('names no function that the package does not export', () => {
    const exported = new Set([...Object.keys(server), ...Object.keys(testing)])
    const called = marks.flatMap((mark) => [...mark.matchAll(/(?<![\w.])([a-z]\w+)\(/g)].map((match) => match[1]!))
    // Methods of files and of the store, exports of modules, and what is the reader's own.
    const methods = ['read', 'save', 'remove', 'flush', 'set']
    const own = [...methods, 'decorate', 'detach', '__setup__', 'bearerHandler', 'generator']
    assert.deepEqual(
      called.filter((name) => !exported.has(name) && !own.includes(name)),
      [],
    )
  })

  it('names no option that apps and routes do not have', () => {
    const known = new Set(
      OPTION_FILES.flatMap((file) => [
        ...readFileSync(path.join(repoRoot, 'src/server', file), 'utf8').matchAll(/^ {2}readonly (\w+)\??:/gm),
      ]).map((match) => match[1]!),
    )
    const lists = [...page.matchAll(/\boptions? ((?:`[^`]+`(?:, | and | of the app, )?)+)/g)].map((match) => match[1]!)
    const names = lists.flatMap((list) => [...list.matchAll(/`([a-z]\w+)/gi)].map((match) => match[1]!))
    assert.ok(names.length > 30, `${names.length}`)
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
    )
  })
})
