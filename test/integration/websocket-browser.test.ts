/** WebSockets of a browser, over HTTP/1.1 and HTTP/2, and the example of a chat as two people see it. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { App, type RunOptions } from '#src/server/index.js'
import { serve } from '../server/serving.js'
import { Chromium } from './chromium-pages.js'
import { runExample, type RunningExample } from './running-example.js'

const chromium = new Chromium()
after(() => chromium.close())

/** What a page tells of the messages that it got back. */
interface Report {
  readonly texts: readonly string[]
  readonly octets: readonly number[]
  readonly largeTexts: readonly number[]
  readonly protocol: string
  readonly extensions: string
  readonly code: number
  readonly reason: string
  readonly clean: boolean
}

/** Sends text, octets, what is large, and what is empty; then closes. */
const TALK = `new Promise((resolve, reject) => {
  const socket = new WebSocket(new URL('/echo?name=Ada', location.href.replace(/^http/, 'ws')), ['none', 'echo'])
  socket.binaryType = 'arraybuffer'
  const texts = [], octets = [], largeTexts = []
  socket.onerror = () => reject(new Error('the WebSocket failed'))
  socket.onopen = () => {
    for (const text of ['Hello', '', 'h\\u00e9llo \\u20ac \\u{1f600}']) socket.send(text)
    socket.send(new Uint8Array([0, 1, 127, 128, 255]))
    socket.send('x'.repeat(300000))
    socket.send(new Uint8Array(300000).fill(7))
  }
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string') octets.push(data.byteLength, new Uint8Array(data).at(-1))
    else if (data.length > 1000) largeTexts.push(data.length)
    else texts.push(data)
    if (octets.length === 4) socket.close(4321, 'enough')
  }
  socket.onclose = ({ code, reason, wasClean }) => {
    const { protocol, extensions } = socket
    resolve({ texts, octets, largeTexts, protocol, extensions, code, reason, clean: wasClean })
  }
})`

const CARRIERS: readonly (readonly [name: string, run: RunOptions, version: string])[] = [
  ['HTTP/1.1', {}, '1.1'],
  ['TLS and HTTP/1.1', { tls: { dev: true }, http2: false }, '1.1'],
  ['HTTP/2', { tls: { dev: true } }, '2.0'],
]

for (const [name, run, version] of CARRIERS)
  for (const deflate of [false, true])
    describe(`the WebSocket of a browser over ${name}${deflate ? ', compressed' : ''}`, () => {
      it('echoes messages and closes in order', async () => {
        const versions: string[] = []
        const closed: { code: number; reason: string }[] = []
        const app = new App()
          .get('/', () => '<!doctype html><title>echo</title>')
          .websocket(
            '/echo?<name>',
            {
              protocols: ['echo'],
              deflate,
              onOpen: (was) => `welcome ${was.websocket.params.name}`,
              onClose: (was, { code, reason }) => {
                versions.push(was.request.version)
                closed.push({ code, reason })
              },
            },
            (_was, message) => message,
          )
        const { url, engine, errors } = await serve((skitai) => skitai.mount('/', app), {}, run)
        try {
          const page = await chromium.open(url)
          await page.until(`document.title === 'echo'`)
          const report = (await page.evaluate(TALK)) as Report
          await page.close()
          assert.deepEqual(report, {
            texts: ['welcome Ada', 'Hello', '', 'héllo € 😀'],
            octets: [5, 255, 300_000, 7],
            largeTexts: [300_000],
            protocol: 'echo',
            extensions: deflate ? report.extensions : '',
            code: 4321,
            reason: '',
            clean: true,
          })
          if (deflate) assert.match(report.extensions, /^permessage-deflate/)
        } finally {
          await engine.close()
        }
        assert.deepEqual([versions, closed, errors], [[version], [{ code: 4321, reason: 'enough' }], []])
      })
    })

describe('the example of a chat', () => {
  let example: RunningExample
  let url = ''

  before(async () => {
    example = await runExample('chat')
    url = example.url
  })
  after(() => example.stop())

  const SAID = `[...document.querySelectorAll('#log .said')].map((item) => item.innerText)`

  it('lets two people talk, and nobody else hear', { timeout: 60_000 }, async () => {
    const ada = await chromium.open(`${url}/?room=tea`)
    // As a person does: the name, then the room.
    await ada.until(`document.getElementById('welcome')?.open`)
    await ada.evaluate(`document.getElementById('name').value = 'Ada'; document.querySelector('#enter button').click()`)
    await ada.until(`document.getElementById('state')?.innerText === 'only you are here'`)
    const bob = await chromium.open(`${url}/?room=tea&name=Bob`)
    const eve = await chromium.open(`${url}/?room=coffee&name=Eve`)
    await ada.until(`document.getElementById('state')?.innerText === '2 people are here'`)
    await eve.until(`document.getElementById('state')?.innerText === 'only you are here'`)
    const say = (text: string): string =>
      `document.getElementById('text').value = ${JSON.stringify(text)}; document.querySelector('#say button').click()`
    await bob.until(`!document.getElementById('text').disabled`)
    await bob.evaluate(say('Is there any tea left?'))
    await ada.until(`${SAID}.length === 1`)
    await ada.evaluate(say('A whole pot <b>of it</b> 🫖'))
    await bob.until(`${SAID}.length === 2`)
    for (const page of [ada, bob]) {
      const said = (await page.evaluate(SAID)) as string[]
      assert.match(said[0]!, /Bob[^]*Is there any tea left\?/)
      assert.match(said[1]!, /Ada[^]*A whole pot <b>of it<\/b> 🫖/)
    }
    assert.deepEqual(await eve.evaluate(SAID), [])
    const picture = await ada.screenshot(900, 640)
    assert.deepEqual([...picture.subarray(1, 4)], [...Buffer.from('PNG')])
    assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [900, 640])
    assert.ok(picture.length > 8000, `a picture of ${picture.length} octets shows next to nothing`)
    await bob.close()
    await ada.until(`[...document.querySelectorAll('#log .note')].at(-1).innerText === 'Bob left'`)
    await Promise.all([ada.close(), eve.close()])
  })
})
