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

/** What is used of what the browser tells by itself. */
interface Happening {
  readonly entry?: { readonly level: string; readonly text: string; readonly url?: string }
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } }
  readonly type?: string
  readonly args?: readonly { readonly value?: unknown; readonly description?: string }[]
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
  readonly #pages: Map<string, Page> = new Map()
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

  /** Opens a page in a window of its own; `apart` from the others, it has none of their cookies. */
  async open(url: string, { apart = false }: { readonly apart?: boolean } = {}): Promise<Page> {
    const place = apart ? ((await this.ask('Target.createBrowserContext', {})) as { browserContextId: string }) : {}
    const blank = { url: 'about:blank', ...place }
    const { targetId } = (await this.ask('Target.createTarget', blank)) as { targetId: string }
    const session = (await this.ask('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string }
    const page = new Page(this, session.sessionId)
    this.#pages.set(session.sessionId, page)
    for (const domain of ['Page', 'Runtime', 'Log']) await page.ask(`${domain}.enable`, {})
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

  #onMessage({ id = 0, method, sessionId = '', params, result, error }: Answer): void {
    if (method !== undefined) return this.#pages.get(sessionId)?.hear(method, params as Happening)
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
  /** What the page has been blamed for in its console: errors and warnings, broken policies, and what it has thrown. */
  readonly complaints: string[] = []
  #onLoad: () => void = () => {}

  constructor(browser: Chromium, session: string) {
    this.#browser = browser
    this.#session = session
  }

  ask(method: string, params: object): Promise<unknown> {
    return this.#browser.ask(method, params, this.#session)
  }

  /** For the browser: something has happened in the page. */
  hear(method: string, { entry, exceptionDetails, type = '', args = [] }: Happening): void {
    if (method === 'Page.loadEventFired') this.#onLoad()
    else if (entry !== undefined && /^(?:error|warning)$/.test(entry.level))
      this.complaints.push(`${entry.text} ${entry.url ?? ''}`)
    else if (exceptionDetails !== undefined)
      this.complaints.push(exceptionDetails.exception?.description ?? exceptionDetails.text)
    else if (method === 'Runtime.consoleAPICalled' && /^(?:error|warning|assert)$/.test(type))
      this.complaints.push(args.map(({ value, description }) => description ?? String(value)).join(' '))
  }

  /** Does something that leads to another page, and waits until that one is there. */
  async follow(expression: string): Promise<void> {
    await this.until(`document.readyState === 'complete'`)
    const loaded = new Promise<void>((resolve) => (this.#onLoad = resolve))
    await this.evaluate(`void (() => { ${expression} })()`)
    await loaded
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
