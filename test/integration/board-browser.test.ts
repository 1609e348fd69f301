/** The example of a board, as people see it in a browser, and programs without one. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Chromium, type Page } from './chromium-pages.js'
import { runExample, type RunningExample } from './running-example.js'

const chromium = new Chromium()
after(() => chromium.close())

const EVIL = `<img src="x" onerror="globalThis.broken = true"><script>globalThis.broken = true</script> & "so on"`

const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.innerText`
const textsOf = (selector: string): string =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].map((each) => each.innerText)`

/** Fills the fields of a form, and sends it. */
const send = (form: string, fields: Readonly<Record<string, string>>): string => `
  const form = document.querySelector(${JSON.stringify(form)})
  for (const [name, value] of Object.entries(${JSON.stringify(fields)})) form.elements[name].value = value
  form.querySelector('button').click()`

/** Chooses a file as a person does: a picture that the page draws, or a text that says it is one. */
const choose = (kind: 'picture' | 'text'): string => `(async () => {
  const canvas = new OffscreenCanvas(320, 200)
  canvas.getContext('2d').fillRect(20, 20, 280, 160)
  const content = ${kind === 'picture' ? 'await canvas.convertToBlob()' : "'<svg onload=alert(1)>'"}
  const files = new DataTransfer()
  files.items.add(new File([content], 'picture.png', { type: 'image/png' }))
  document.querySelector('[name=picture]').files = files.files
})()`

interface Answer {
  readonly status: number
  readonly type: string
  readonly url: string
  readonly body: string
}

/** Asks for something in a page. */
const ask = async (page: Page, path: string, init: object = {}): Promise<Answer> =>
  (await page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(async (response) => ({
    status: response.status,
    type: response.headers.get('content-type'),
    url: response.url,
    body: await response.text(),
  }))`)) as Answer

const authorization = `Basic ${btoa('grace:nanosecond')}`
const posting = (value: unknown): object => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization },
  body: JSON.stringify(value),
})

for (const [carrier, options] of [
  ['HTTP/1.1', []],
  ['HTTPS and HTTP/2', ['--tls-dev']],
] as const)
  describe(`the example of a board over ${carrier}`, { timeout: 60_000 }, () => {
    let example: RunningExample
    let ada: Page
    /** Never signs in, and never loads the page again. */
    let reader: Page
    /** Does what is refused. */
    let other: Page

    before(async () => {
      example = await runExample('board', options)
      const { url } = example
      ada = await chromium.open(`${url}/sign-in`, { apart: true })
      reader = await chromium.open(url, { apart: true })
      other = await chromium.open(url, { apart: true })
      await ada.until(`document.readyState === 'complete'`)
      await reader.until(`${textOf('#state')} === 'Live'`)
      await other.until(`${textOf('#state')} === 'Live'`)
    })

    it('lets in who has the password, and says so once', async () => {
      const signIn = async (name: string, password: string): Promise<void> =>
        ada.follow(send('form[method=post]', { name, password }))
      await signIn('ada', 'analog engine')
      assert.match((await ada.evaluate(textOf('[role=alert]'))) as string, /do not belong together/)
      await signIn('nobody', 'analytical engine')
      assert.match((await ada.evaluate(textOf('[role=alert]'))) as string, /do not belong together/)
      await signIn('ada', 'analytical engine')
      assert.equal(await ada.evaluate('location.pathname'), '/')
      assert.deepEqual(await ada.evaluate(textsOf('.message')), ['Welcome, ada.'])
      await ada.follow('location.reload()')
      assert.deepEqual(await ada.evaluate(textsOf('.message')), [])
      assert.match((await ada.evaluate(textOf('header'))) as string, /Signed in as ada/)
    })

    it('shows a post with its picture to whoever has the page open, and runs nothing of it', async () => {
      await ada.evaluate(choose('picture'))
      await ada.follow(send('.write', { text: EVIL, alt: 'A "black" box' }))
      assert.deepEqual(await ada.evaluate(textsOf('.message')), ['Everybody can see it now.'])
      for (const page of [ada, reader]) {
        await page.until(`document.querySelector('#pictures img')?.naturalWidth === 320`)
        await page.until(`document.querySelector('.post img')?.naturalWidth === 320`)
        assert.deepEqual(await page.evaluate(textsOf('.post .text')), [EVIL])
        assert.equal(await page.evaluate(`document.querySelector('.post img').alt`), 'A "black" box')
        assert.equal(await page.evaluate('globalThis.broken'), undefined)
      }
      assert.equal(await reader.evaluate(`performance.getEntriesByType('navigation').length`), 1)
    })

    it('takes no file that only says that it is a picture', async () => {
      await ada.evaluate(choose('text'))
      await ada.follow(send('.write', { text: 'see attachment' }))
      assert.match((await ada.evaluate(textOf('[role=alert]'))) as string, /Only pictures/)
      assert.equal(await ada.evaluate(`document.querySelectorAll('.post').length`), 1)
    })

    it('has an interface for programs, which tells what is wrong', async () => {
      const { status, type, body } = await ask(other, '/api/posts', posting({ text: '', title: 'Hello' }))
      assert.deepEqual([status, type], [400, 'application/problem+json'])
      const { errors } = JSON.parse(body) as { errors: readonly { name: string; detail: string }[] }
      assert.deepEqual(
        errors.map(({ name }) => name),
        ['text', 'title'],
      )
      const refused = await ask(other, '/api/posts', { method: 'POST', credentials: 'omit' })
      assert.deepEqual([refused.status, refused.type], [401, 'application/problem+json'])
      const made = await ask(other, '/api/posts', posting({ text: 'From a program' }))
      assert.equal(made.status, 201)
      for (const page of [ada, reader]) await page.until(`${textsOf('.post .text')}[0] === 'From a program'`)
      const listed = JSON.parse((await ask(other, '/api/posts?after=1')).body) as { author: string; text: string }[]
      assert.deepEqual(
        listed.map(({ author, text }) => [author, text]),
        [['grace', 'From a program']],
      )
    })

    it('takes no form without the token, and nothing from who has not signed in', async () => {
      await ada.follow(`document.querySelector('header [name=_csrf_token]').remove()
        document.querySelector('header button').click()`)
      assert.match((await ada.evaluate(textOf('h1'))) as string, /^403/)
      assert.match(ada.complaints.splice(0).join(), /^Failed to load resource[^,]*403[^,]*$/)
      const { url: end } = await ask(other, '/posts', { method: 'POST' })
      assert.match(end, /\/sign-in$/)
      const missing = await ask(other, '/nothing', { headers: { accept: 'text/html' } })
      assert.equal(missing.status, 404)
      assert.match(missing.body, /Back to the board/)
    })

    it('lets go of who signs out', async () => {
      await ada.follow(`document.querySelector('header button').click()`)
      assert.deepEqual(await ada.evaluate(textsOf('.message')), ['You have signed out.'])
      assert.equal(await ada.evaluate(`document.querySelector('.write')`), null)
    })

    it('is nothing that the browser complains of', () => {
      assert.deepEqual([...ada.complaints, ...reader.complaints], [])
    })

    it('ends at once, though pages wait for news', async () => {
      assert.equal(await example.stop(), 0)
    })
  })
