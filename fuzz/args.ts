/**
 * Parameters of path, query and content together: what is declared has its type, and nothing takes its place. Input: an
 * octet for the kind of content, and whether more is let through; the query up to a line feed; the content.
 */

import { latin1Of } from 'skitai/testing'
import { type Args, ArgsReader, type Content, emptyArgs } from '#src/server/app/args/reader.js'
import { readPairs } from '#src/server/app/args/pairs.js'
import { bool, float, int, list, oneOf, optional, str } from '#src/server/app/args/param.js'
import { HttpError } from '#src/server/http-error.js'

const RULE = '/shoes/<int:id>'
const query = { page: int(1), tags: list(str(), { max: 5 }), ratio: optional(float({ min: 0 })) }
const body = { name: str('none'), size: oneOf(['S', 'M'], 'S'), sold: bool(false) }
const strict = new ArgsReader(RULE, ['id'], { query, body, extra: false })
const lax = new ArgsReader(RULE, ['id'], { query, body, extra: true })
const NAMES = ['id', ...Object.keys(query), ...Object.keys(body)]
const EXTRA = 1
const JSON_CONTENT = 2

/** A request. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const flags = data[0] ?? 0
  const extra = (flags & EXTRA) !== 0
  const text = latin1Of(data.subarray(1))
  const end = text.indexOf('\n')
  const queryString = end < 0 ? text : text.slice(0, end)
  const path = Object.assign(emptyArgs(), { id: 7 })
  let args: Args
  try {
    const content = contentOf(end < 0 ? '' : text.slice(end + 1), (flags & JSON_CONTENT) !== 0)
    args = await (extra ? lax : strict).read(path, queryString, async () => content)
  } catch (error) {
    ensure(error instanceof HttpError && error.status === 400, `not refused but failed: ${String(error)}`)
    return
  }
  check(args, extra)
}

function check(args: Args, extra: boolean): void {
  const { id, page, tags, ratio, name, size, sold } = args
  ensure(Object.getPrototypeOf(args) === null, 'a prototype')
  ensure(id === 7, 'another id than that of the path')
  ensure(Number.isSafeInteger(page) && !Object.is(page, -0), 'page')
  ensure(Array.isArray(tags) && tags.length <= 5 && tags.every((tag) => typeof tag === 'string'), 'tags')
  ensure(ratio === undefined || (typeof ratio === 'number' && ratio >= 0), 'ratio')
  ensure(typeof name === 'string' && (size === 'S' || size === 'M') && typeof sold === 'boolean', 'content')
  ensure(extra || Object.keys(args).every((each) => NAMES.includes(each)), 'more than is declared')
  ensure(({} as Record<string, unknown>)['polluted'] === undefined, 'a prototype was written to')
}

function contentOf(text: string, isJson: boolean): Content {
  if (isJson) {
    try {
      return { json: JSON.parse(text) as unknown }
    } catch {
      // As the request says it: this is not the parser of JSON that is looked at.
      throw new HttpError(400)
    }
  }
  const form = Object.create(null) as Record<string, string[]>
  const pairs = readPairs(text)
  for (let i = 0; i < pairs.length; i += 2) (form[pairs[i]!] ??= []).push(pairs[i + 1]!)
  return { form }
}

function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
