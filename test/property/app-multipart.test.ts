/** Forms with files: the same however they are cut, and damaged ones are refused or read, never anything else. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HttpError, UploadedFile } from '#src/server/index.js'
import { readMultipart } from '#src/server/app/form/multipart.js'

const limits = { bytesMax: 100_000, fileBytesMax: 100 }

interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly content: string
}

const word = fc.stringMatching(/^[a-z_]{1,8}$/)
const part: fc.Arbitrary<Part> = fc.record({
  name: fc.oneof(word, fc.constantFrom('__proto__', 'constructor', 'toString')),
  filename: fc.option(word, { nil: undefined }),
  // Much of it looks like the boundary.
  content: fc.string({ unit: fc.constantFrom('-', '\r', '\n', 'x', 'a', '\r\n--', '\r\n--xy'), maxLength: 30 }),
})

function bodyOf(parts: readonly Part[]): Buffer {
  const texts = parts.map(({ name, filename, content }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`
    return `--x\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`
  })
  return Buffer.from(`${texts.join('')}--x--\r\n`, 'latin1')
}

/** A part whose content has the boundary on a line of its own ends there. */
const isWhole = ({ content }: Part): boolean => !/(?:^|\r\n)--x/.test(content)

async function* cut(body: Buffer, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...places.map((place) => place % (body.length + 1)), body.length].sort((a, b) => a - b)
  let from = 0
  for (const end of ends) {
    yield body.subarray(from, end)
    from = end
  }
}

/** Names with what they hold, or the status of the refusal. */
async function outcome(body: Buffer, places: readonly number[]): Promise<unknown> {
  try {
    const fields = await readMultipart('x', cut(body, places), limits)
    const entries = Object.entries(fields).map(async ([name, values]) => {
      const held = values.map(async (value) =>
        value instanceof UploadedFile ? [value.name, Buffer.from(await value.read()).toString('latin1')] : value,
      )
      return [name, await Promise.all(held)]
    })
    return await Promise.all(entries)
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    assert.ok([400, 413].includes(error.status), String(error))
    return error.status
  }
}

const places = fc.array(fc.nat(), { maxLength: 12 })

describe('APP-114: a form with files', () => {
  it('has all that was sent, in order, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part.filter(isWhole), { maxLength: 6 }), places, async (parts, at) => {
        const expected = new Map<string, unknown[]>()
        for (const { name, filename, content } of parts) {
          const values = expected.get(name) ?? []
          expected.set(name, values)
          values.push(filename === undefined ? content : [filename.replace(/^[. ]+/, ''), content])
        }
        const fields = new Map((await outcome(bodyOf(parts), at)) as [string, unknown[]][])
        assert.deepEqual(fields, expected)
      }),
    )
  })

  it('is refused when it is damaged, or read the same however it is cut', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), damage, fc.nat(), places, async (parts, marks, end, at) => {
        const body = bodyOf(parts)
        for (const [place, octet] of marks) body[place % body.length] = octet
        const rest = body.subarray(0, body.length - (end % 20))
        assert.deepEqual(await outcome(rest, at), await outcome(rest, []))
      }),
    )
  })
})
