/** Pages of headless Chromium that a test looks at and acts on, over its debugging pipe. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { findProgram } from '../../tools/ensure-system.js'
import { plainEnvironment } from '../../tools/repo.js'
import { CHROMIUM_OPTIONS } from './chromium.js'

/** Messages of the debugging protocol end with it. */
const END = '\0'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

interface Asked {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** One running browser. */
export class Chromium {
  readonly #child: ChildProcess
  readonly #profile: string
  readonly #asked: Map<number, Asked> = new Map()
  readonly #ended: Promise<unknown>
  #count = 0

  /** Starts a browser that does not check the certificates of servers. */
  constructor() {
    const program = findProgram('chromium')
    if (program === undefined) throw new Error('chromium is not installed')
    this.#profile = mkdtempSync(path.join(tmpdir(), 'skitai-chromium-'))
    const options = ['--ignore-certificate-errors', '--remote-debugging-pipe', `--user-data-dir=${this.#profile}`]
    this.#child = spawn(program, [...CHROMIUM_OPTIONS, ...options], {
      env: plainEnvironment(),
      // The output stays open until the last process has ended: they write to the profile up to then.
      stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'close')
    void this.#ended.then(() => this.#fail(new Error('Chromium has ended')))
    this.#child.stdout?.resume()
    let rest = ''
    const messages = this.#child.stdio[4] as Readable
    messages.setEncoding('utf8')
    messages.on('data', (text: string) => {
      const parts = (rest + text).split(END)
      rest = parts.pop()!
      for (const part of parts) this.#onMessage(JSON.parse(part) as Answer)
    })
  }

  /** Opens a page in a window of its own. */
  async open(url: string): Promise<Page> {
    const { targetId } = (await this.ask('Target.createTarget', { url: 'about:blank' })) as { targetId: string }
    const session = (await this.ask('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string }
    const page = new Page(this, session.sessionId)
    await page.ask('Page.navigate', { url })
    return page
  }

  /** Asks for something, of the browser or of a page. Rejects with what the browser says against it. */
  ask(method: string, params: object, sessionId?: string): Promise<unknown> {
    const id = ++this.#count
    const message = JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      ;(this.#child.stdio[3] as Writable).write(message + END)
    })
  }

  /** Ends the browser. */
  async close(): Promise<void> {
    this.#child.kill()
    await this.#ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  #onMessage({ id = 0, result, error }: Answer): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error !== undefined) asked?.reject(new Error(error.message))
    else asked?.resolve(result)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error)
    this.#asked.clear()
  }
}

/** How often a page is asked whether what is awaited has come, and for how long. */
const LOOK_MS = 50
const WAIT_MS = 30_000

/** One page. */
export class Page {
  readonly #browser: Chromium
  readonly #session: string

  constructor(browser: Chromium, session: string) {
    this.#browser = browser
    this.#session = session
  }

  ask(method: string, params: object): Promise<unknown> {
    return this.#browser.ask(method, params, this.#session)
  }

  /** The value of an expression, or what its promise gives, in the page. Throws for what the page throws. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = (await this.ask('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    })) as { result: { value?: unknown }; exceptionDetails?: { text: string; exception?: { description?: string } } }
    const { exceptionDetails } = answer
    assert.equal(exceptionDetails, undefined, exceptionDetails?.exception?.description ?? exceptionDetails?.text)
    return answer.result.value
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const never = JSON.stringify(`never: ${expression}`)
    const wait = `new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(${never} + document.body?.innerText)), ${WAIT_MS})
      const look = () => { if (${expression}) { clearTimeout(late); resolve() } else setTimeout(look, ${LOOK_MS}) }
      look()
    })`
    await this.evaluate(wait)
  }

  /** A picture of the page in PNG. */
  async screenshot(width: number, height: number): Promise<Buffer> {
    await this.ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
    const { data } = (await this.ask('Page.captureScreenshot', { format: 'png' })) as { data: string }
    return Buffer.from(data, 'base64')
  }

  /** Closes its window. */
  async close(): Promise<void> {
    await this.ask('Page.close', {})
  }
}
