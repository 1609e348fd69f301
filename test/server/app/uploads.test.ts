/** Forms with files. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { App, file, int, list, optional, Skitai, type Was, UploadedFile } from '#src/server/index.js'
import { readMultipart } from '#src/server/app/form/multipart.js'
import { temporaryPath } from '#src/server/app/form/temporary-folder.js'
import { safeName } from '#src/server/app/form/uploaded-file.js'
import { serve, Wire } from '../serving.js'

const folder = mkdtempSync(path.join(tmpdir(), 'skitai-uploads-'))
after(() => rmSync(folder, { recursive: true }))

function form(...entries: readonly (readonly [name: string, value: string | Blob, filename?: string])[]): FormData {
  const data = new FormData()
  for (const [name, value, filename] of entries)
    if (typeof value === 'string') data.append(name, value)
    else data.append(name, value, filename)
  return data
}

const MULTIPART = { 'content-type': 'multipart/form-data; boundary=x' }
const part = (disposition: string, content: string): string =>
  `--x\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`

describe('APP-114: a form with files', () => {
  it('has text and files by name, in order, in memory or on the disk', async () => {
    let paths: string[] = []
    const app = new App().post('/', async (was) => {
      const sent = await was.request.form()
      const files = sent.getAll('f') as UploadedFile[]
      assert.equal(await was.request.form(), sent)
      paths = [files[0]!.path, await files[0]!.flush(), files[1]!.path]
      assert.equal(statSync(paths[2]!).mode & 0o777, 0o600)
      return {
        texts: sent.getAll('t'),
        files: files.map(({ name, mimetype, size }) => ({ name, mimetype, size })),
        same: Buffer.from(await files[1]!.read()).equals(Buffer.alloc(1_500_000, 'y')),
        first: sent.file('f')!.name,
      }
    })
    const body = form(
      ['t', 'one'],
      ['f', new Blob(['small'], { type: 'text/plain' }), 'a b.txt'],
      ['t', 'zwei ü'],
      ['f', new Blob([Buffer.alloc(1_500_000, 'y')], { type: 'image/png' }), 'large.png'],
    )
    assert.deepEqual((await app.inject({ body })).json(), {
      texts: ['one', 'zwei ü'],
      files: [
        { name: 'a b.txt', mimetype: 'text/plain', size: 5 },
        { name: 'large.png', mimetype: 'image/png', size: 1_500_000 },
      ],
      same: true,
      first: 'a b.txt',
    })
    assert.equal(paths[0], '')
    // SEC-27: gone with the request.
    while (paths.slice(1).some((one) => existsSync(one))) await new Promise((resolve) => setImmediate(resolve))
  })

  it('keeps large files and small ones apart, in memory that all of them use in turn', async () => {
    const app = new App().post('/', async (was) => {
      const files = (await was.request.form()).getAll('f') as UploadedFile[]
      const kept = await Promise.all(files.map((one) => one.read()))
      // Others come and go meanwhile.
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
      return kept.map((content) => createHash('sha256').update(content).digest('hex'))
    })
    const contents = [0, 1, 70_000, 65_536, 1_048_576, 1_048_577, 3_000_001, 200_000].map((size, seed) =>
      Buffer.from(
        Uint32Array.from({ length: Math.ceil(size / 4) }, (_, i) => (i + 1) * (seed + 1) * 2_654_435_761).buffer,
      ).subarray(0, size),
    )
    const hash = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
    const upload = async (chosen: readonly Buffer[]): Promise<void> => {
      const body = form(...chosen.map((content, i) => ['f', new Blob([content]), `${i}`] as const))
      assert.deepEqual((await app.inject({ body })).json(), chosen.map(hash))
    }
    await Promise.all(Array.from({ length: 6 }, (_, i) => upload([...contents.slice(i), ...contents.slice(0, i)])))
  })

  it('is what a route can declare', async () => {
    const app = new App().post(
      '/',
      {
        body: {
          n: int(),
          picture: file({ max: 10, types: ['image/png'] }),
          more: list(file()),
          maybe: optional(file()),
        },
      },
      async (_was, { n, picture, more, maybe }) => [n, picture.name, more.length, maybe?.name ?? 'none'],
    )
    const png = new Blob(['png'], { type: 'image/png' })
    const sent = form(
      ['n', '3'],
      ['picture', png, 'p.png'],
      ['more', png, '1'],
      ['more', png, '2'],
      ['maybe', new Blob([]), ''],
    )
    assert.deepEqual((await app.inject({ body: sent })).json(), [3, 'p.png', 2, 'none'])
    const wrong = await app.inject({ body: form(['n', '3'], ['picture', new Blob(['much too large']), 'p.png']) })
    assert.match(wrong.text(), /picture is not a file of 10 octets at most of type image\/png/)
    assert.match((await app.inject({ body: form(['n', '3'], ['picture', 'text']) })).text(), /picture is not a file/)
  })

  it('is read by dict, too', async () => {
    const app = new App().post('/', async (was) => Object.keys((await was.request.dict()) as object))
    assert.deepEqual((await app.inject({ body: form(['__proto__', 'a'], ['b', 'c']) })).json(), ['__proto__', 'b'])
  })
})

describe('APP-115: a file of a form', () => {
  const saving = (save: (sent: UploadedFile) => Promise<string>): App =>
    new App().post('/', async (was) => path.basename(await save((await was.request.form()).file('f')!)))
  const send = async (app: App, size: number, name = 'shoe.tar.gz'): Promise<string> =>
    (await app.inject({ body: form(['f', new Blob([Buffer.alloc(size, String(size % 10))]), name]) })).text()

  for (const [kind, size] of [
    ['in memory', 11],
    ['on the disk', 1_200_001],
  ] as const)
    it(`is kept under a name of its own, ${kind}`, async () => {
      const place = path.join(folder, kind)
      const app = saving((sent) => sent.save(place, { mkdir: true }))
      assert.deepEqual(
        [await send(app, size), await send(app, size), await send(app, size + 1)],
        ['shoe.tar.gz', 'shoe.tar.1.gz', 'shoe.tar.2.gz'],
      )
      assert.equal(readFileSync(path.join(place, 'shoe.tar.2.gz')).length, size + 1)
      const over = saving((sent) => sent.save(place, { dup: 'overwrite', name: 'shoe.tar.gz' }))
      assert.equal(await send(over, size + 2, 'other'), 'shoe.tar.gz')
      assert.equal(statSync(path.join(place, 'shoe.tar.gz')).size, size + 2)
      assert.equal(readdirSync(place).length, 3)
    })

  it('can be removed, and is an error then', async () => {
    const app = saving(async (sent) => {
      await sent.flush()
      await sent.remove()
      await assert.rejects(sent.read(), /was removed/)
      await assert.rejects(sent.save(folder), /was removed/)
      await assert.rejects(new UploadedFile('x', '', 1, new Uint8Array(1)).save(path.join(folder, 'none')), /ENOENT/)
      return 'done'
    })
    assert.equal(await send(app, 5), 'done')
  })

  it('has a name that no file system misunderstands', () => {
    for (const [given, name] of [
      ['../../etc/passwd', 'passwd'],
      ['C:\\x\\y.txt', 'y.txt'],
      ['.htaccess', 'htaccess'],
      ['..', 'noname'],
      ['', 'noname'],
      ['a\0b<c>:"|?*.txt', 'a_b_c______.txt'],
      ['grüße.txt', 'grüße.txt'],
    ] as const)
      assert.equal(safeName(given), name)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
        const name = safeName(given)
        assert.match(name, /^[^./\\\p{Cc}][^/\\\p{Cc}]{0,200}$/u)
        assert.equal(safeName(name), name)
      }),
    )
  })
})

describe('SEC-27: limits of a form', () => {
  const send = async (was: Was): Promise<string> => {
    await was.request.form()
    return 'ok'
  }
  const app = new App({ multipartBytesMax: 3_000_000, fileBytesMax: 1_200_000 }).post('/', send)
  const many = (count: number, disposition: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => part(disposition(n), 'v')).join('') + '--x--\r\n'

  for (const [what, body, status] of [
    ['a file that is too large', part('name=f; filename=f', 'x'.repeat(1_200_001)) + '--x--', 413],
    ['a form that is too large', part('name=a', 'x'.repeat(900_000)).repeat(4) + '--x--', 413],
    ['a field that is too large', part('name=a', 'x'.repeat(1_048_577)) + '--x--', 413],
    ['too many fields', many(1001, (n) => `name=n${n}`), 413],
    ['too many files', many(101, (n) => `name=n${n}; filename=f`), 413],
    ['an end that is missing', part('name=f; filename=f', 'x'.repeat(2000)), 400],
    ['an end in the head of a part', '--x\r\ncontent-disposition: form-da', 400],
    ['nothing', '', 400],
  ] as const)
    it(`refuses ${what}`, async () => {
      const response = await app.inject({ method: 'POST', headers: MULTIPART, body })
      assert.equal(response.status, status, response.text())
    })

  it('refuses a form without a boundary', async () => {
    const response = await app.inject({ body: 'x', headers: { 'content-type': 'multipart/form-data' } })
    assert.equal(response.status, 400)
  })

  it('comes to an end with a part that nobody wants, however it is cut', async () => {
    const unwanted = `--x\r\nx-part: 1\r\n\r\n${'x'.repeat(100_000)}\r\n`
    const content = Buffer.from(`${unwanted}${part('name=a', 'v')}${unwanted}--x--\r\n`)
    const limits = { bytesMax: 1_000_000, fileBytesMax: 1000 }
    for (const size of [1000, 16_384, 60_000, content.length]) {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
      }
      const fields = await readMultipart('x', pieces(), limits)
      assert.deepEqual({ ...fields }, { a: ['v'] })
    }
  })

  it('keeps no octets on the disk that have no name of a file', async () => {
    const nameless = new App().post('/', async (was: Was) => {
      const sent = (await was.request.form()).file('f')!
      return [sent.name, sent.size, sent.path]
    })
    const head = '--x\r\ncontent-disposition: form-data; name=f\r\ncontent-type: application/octet-stream\r\n\r\n'
    const body = `${head}${'x'.repeat(1_500_000)}\r\n--x--`
    const response = await nameless.inject({ method: 'POST', headers: MULTIPART, body })
    const [name, size, place] = response.json() as [string, number, string]
    assert.deepEqual([name, size], ['noname', 1_500_000])
    while (existsSync(place)) await new Promise((resolve) => setTimeout(resolve, 5))
  })

  it('does not blame the client for a disk that takes nothing', async () => {
    const place = path.dirname(await temporaryPath())
    const errors: unknown[] = []
    const engine = new Skitai({ log: false, onError: (error) => errors.push(error) }).mount(
      '/',
      new App().post('/', send),
    )
    const body = part('name=f; filename=f', 'x'.repeat(1_500_000)) + '--x--'
    renameSync(place, `${place}-away`)
    try {
      assert.equal((await engine.inject({ method: 'POST', headers: MULTIPART, body })).status, 500)
      assert.deepEqual(
        errors.map((error) => (error as NodeJS.ErrnoException).code),
        ['ENOENT'],
      )
    } finally {
      renameSync(`${place}-away`, place)
    }
  })

  it('lets through what is within them', async () => {
    const body = many(1000, (n) => `name=n${n}`)
    assert.equal((await app.inject({ method: 'POST', headers: MULTIPART, body })).text(), 'ok')
  })

  it('leaves nothing behind when the client leaves in between', async () => {
    let rejected: (error: unknown) => void = () => {}
    const error = new Promise((resolve) => (rejected = resolve))
    const leaving = new App().post('/', async (was) => {
      await was.request.form().catch((reason: unknown) => {
        rejected(reason)
        throw reason
      })
      return ''
    })
    const { port } = await serve((engine) => engine.mount('/', leaving))
    const wire = await Wire.to(port)
    wire.send(
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\ncontent-type: multipart/form-data; boundary=x\r\n\r\n',
    )
    wire.send(part('name=f; filename=f', 'x'.repeat(2_000_000)).slice(0, -10))
    const own = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`skitai-${process.pid}-`))
    const files = (): string[] => own().flatMap((name) => readdirSync(path.join(tmpdir(), name)))
    while (files().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    wire.reset()
    await error
    assert.deepEqual(files(), [])
  })
})

describe('a part without a name', () => {
  it('is a value without a name, file or not', async () => {
    const app = new App().post('/', async (was) => {
      const sent = await was.request.form()
      return Object.entries(sent.fields).map(([name, values]) => [name, values.length])
    })
    const body = `${part('x="y"', '1')}${part('filename="a.txt"', '2')}--x--\r\n`
    assert.deepEqual((await app.inject({ path: '/', method: 'POST', headers: MULTIPART, body })).json(), [['', 2]])
  })
})
