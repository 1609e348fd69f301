import assert from 'node:assert/strict'
import { appendFileSync, fstatSync, openSync, truncateSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { FileContent, type FilePiece } from '#src/server/static/file-content.js'
import { put, temporaryDirectory } from './site.js'

const root = temporaryDirectory()
const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff))

const open = (name: string): { file: string; descriptor: number } => {
  const file = put(root, name, bytes)
  return { file, descriptor: openSync(file, 'r') }
}

/** The descriptor numbers of this process are used again at once, so the inode tells whether it is still ours. */
const isOpen = (descriptor: number, inode: number): boolean => {
  try {
    return fstatSync(descriptor).ino === inode
  } catch {
    return false
  }
}

const take = async (content: FileContent): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('FileContent', () => {
  it('gives owned chunks of at most 64 KiB and closes at the end', async () => {
    const { descriptor } = open('a')
    const inode = fstatSync(descriptor).ino
    const chunks: Uint8Array[] = []
    for await (const chunk of new FileContent(descriptor, [{ start: 0, end: bytes.length }])) {
      assert.ok(chunk.length <= 65_536)
      chunks.push(chunk)
    }
    assert.equal(new Set(chunks.map((chunk) => chunk.buffer)).size, chunks.length)
    assert.ok(Buffer.concat(chunks).equals(bytes))
    assert.equal(isOpen(descriptor, inode), false)
  })

  it('gives any pieces in order', async () => {
    const range = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 100_000 }))
    const piece = fc.oneof(
      range.map(([start, length]): FilePiece => ({ start, end: Math.min(start + length, bytes.length) })),
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 4 }), async (pieces) => {
        const wanted = pieces.map((each) => (each instanceof Uint8Array ? each : bytes.subarray(each.start, each.end)))
        const { descriptor } = open('b')
        assert.ok((await take(new FileContent(descriptor, pieces))).equals(Buffer.concat(wanted)))
      }),
      { numRuns: 30 },
    )
  })

  it('closes when the taker stops, at any time', async () => {
    for (let taken = 0; taken < 5; taken++) {
      const { descriptor } = open('c')
      const inode = fstatSync(descriptor).ino
      const content = new FileContent(descriptor, [{ start: 0, end: bytes.length }])
      for (let count = 0; count < taken; count++) await content.next()
      await content.return()
      assert.equal(isOpen(descriptor, inode), false)
      assert.deepEqual(await content.next(), { done: true, value: undefined })
      await content.return()
    }
  })

  it('does not close under a read', async () => {
    const { descriptor } = open('d')
    const inode = fstatSync(descriptor).ino
    const content = new FileContent(descriptor, [{ start: 0, end: bytes.length }])
    const pending = content.next()
    const returned = content.return()
    assert.equal(isOpen(descriptor, inode), true)
    assert.deepEqual(await pending, { done: true, value: undefined })
    assert.deepEqual(await returned, { done: true, value: undefined })
    assert.equal(isOpen(descriptor, inode), false)
  })

  it('takes one call at a time', async () => {
    const { descriptor } = open('e')
    const content = new FileContent(descriptor, [{ start: 0, end: bytes.length }])
    const first = content.next()
    await assert.rejects(content.next(), /before the last one had come/)
    assert.equal((await first).value?.length, 65_536)
    await content.return()
  })

  it('ends with an error when the file has become shorter', async () => {
    const { file, descriptor } = open('f')
    const inode = fstatSync(descriptor).ino
    const content = new FileContent(descriptor, [{ start: 0, end: bytes.length }])
    await content.next()
    truncateSync(file, 70_000)
    const second = await content.next()
    assert.equal(second.value?.length, 70_000 - 65_536)
    await assert.rejects(content.next(), /the file ended at 70000 while octets up to 200000 were being sent/)
    assert.equal(isOpen(descriptor, inode), false)
    assert.deepEqual(await content.next(), { done: true, value: undefined })
  })

  it('cuts a file that has grown', async () => {
    const { file, descriptor } = open('g')
    const content = new FileContent(descriptor, [{ start: 0, end: bytes.length }])
    await content.next()
    appendFileSync(file, 'more')
    assert.equal((await take(content)).length, bytes.length - 65_536)
  })

  it('passes an error of the file system on', async () => {
    const descriptor = openSync(root, 'r')
    await assert.rejects(new FileContent(descriptor, [{ start: 0, end: 1 }]).next(), { code: 'EISDIR' })
  })
})
