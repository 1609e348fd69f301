/** What `was` remembers of a client: made for a request when somebody asks for it. */

import { UsageError } from '../../../protocols/core/errors.js'
import { HttpError } from '../../http-error.js'
import { escapeHtml } from '../../html.js'
import { jwtKeysOf, type JwtClaims, type JwtOptions, signJwt, verifyJwt } from '../auth/jwt.js'
import type { Request } from '../request.js'
import { CookieJar } from './cookie-jar.js'
import { CSRF_FIELD, csrfToken, isCsrfToken } from './csrf-token.js'
import { type KeyRing, keyRingOf } from './key-ring.js'
import { tooLate } from './late.js'
import { MessageBox } from './message-box.js'
import { randomName } from './random.js'
import { Session, CSRF_KEY } from './session.js'
import { type SessionSettings, sessionSettings } from './session-options.js'
import type { SessionOrigin } from './session-carrier.js'
import type { MessageBoxOptions, StateOptions } from './state-options.js'
import { makeToken, readToken, removeToken, type TokenOrigin } from './tokens.js'

const NONCE_BYTES = 16
const FOREIGN = 'an app of another framework sets cookies in its own way: those of was would be lost'

/** What is needed of the request around it. */
export interface StateHost {
  readonly request: Request
  readonly options: StateOptions
  /** Adds a Set-Cookie to the response. */
  setCookie(line: string): void
  /** Whether an app of another framework makes the response: no cookie of ours goes out with it. */
  readonly foreign: boolean
  /** Whether the head of the response has gone. */
  answered(): boolean
  /** Tells of what fails behind the head. */
  report(error: unknown): void
  /** Has the engine wait for work behind the response before it ends. */
  finish(work: Promise<unknown>): void
}

/** What is settled once an app. */
interface AppState {
  readonly session: SessionSettings
  readonly mbox: SessionSettings
  readonly boxes: Map<string, SessionSettings>
}

const states: WeakMap<object, AppState> = new WeakMap()

/** Settings of an app; throws `TypeError` for options that cannot be. */
export function stateOf(options: StateOptions): AppState {
  let state = states.get(options)
  if (state === undefined) {
    const { domain, secure, sameSite } = options.session ?? {}
    const place = {
      ...(domain !== undefined && { domain }),
      ...(secure !== undefined && { secure }),
      ...(sameSite !== undefined && { sameSite }),
    }
    const mbox = sessionSettings({ cookie: 'mbox', ...place, ...options.mbox })
    state = { session: sessionSettings(options.session), mbox, boxes: new Map() }
    states.set(options, state)
  }
  return state
}

/** The state of one request. */
export class RequestState {
  readonly #host: StateHost
  readonly #options: StateOptions
  #cookie: CookieJar | undefined
  #session: Session | undefined
  #boxes: Map<string, MessageBox> | undefined
  #cspNonce: string | undefined
  /** Whether a session or a message box has changed since they were written down. */
  #changed = false
  #depends = false

  constructor(host: StateHost) {
    this.#host = host
    this.#options = host.options
  }

  /** The state as the request came with it. The nonce stays: the policy of the response names it. */
  anew(): RequestState {
    if (this.#session !== undefined) Session.abandon(this.#session)
    const state = new RequestState(this.#host)
    state.#cspNonce = this.#cspNonce
    state.#depends = this.#depends
    return state
  }

  /** Whether the response may depend on who asks: on cookies, a session, messages. */
  get depends(): boolean {
    return this.#depends
  }

  /** Whether `commit` has anything to do. */
  get hasChanges(): boolean {
    return (
      this.#changed || this.#cookie?.hasLines === true || (this.#session !== undefined && Session.isLent(this.#session))
    )
  }

  /**
   * Writes down what has changed, the session first, then messages: each may change cookies (APP-113). Cookies follow
   * with `sendCookies`. A promise where the store takes its time; throws or rejects with what it says.
   */
  commit(): void | Promise<void> {
    this.#changed = false
    const saved = this.#session && Session.commit(this.#session)
    return saved === undefined ? this.#commitBoxes() : saved.then(() => this.#commitBoxes())
  }

  /** Puts the cookies into the head of the response. */
  sendCookies(): void {
    for (const line of this.#cookie?.takeLines() ?? []) this.#host.setCookie(line)
  }

  #commitBoxes(): void | Promise<void> {
    for (const box of this.#boxes?.values() ?? []) MessageBox.commit(box)
    // Somebody who was not waited for may have changed something meanwhile.
    if (this.#changed) return this.commit()
  }

  get cookie(): CookieJar {
    this.#depends = true
    return this.#jar
  }

  get #jar(): CookieJar {
    if (this.#cookie !== undefined) return this.#cookie
    const host = this.#host
    const { headers, scriptName } = host.request
    this.#cookie = new CookieJar({
      header: headers.get('cookie'),
      path: scriptName === '' ? '/' : scriptName,
      nowMs: Date.now,
      onChange: () => {
        if (host.foreign) throw new UsageError('FOREIGN_RESPONSE', FOREIGN)
        if (host.answered()) throw tooLate('a cookie can be set', 'set it')
      },
    })
    return this.#cookie
  }

  get session(): Session {
    this.#depends = true
    return this.#openSession()
  }

  /** Fetches a session that is kept elsewhere; whoever asks for it later need not wait. */
  preload(): Promise<void> | undefined {
    return Session.preload(this.#openSession())
  }

  #openSession(): Session {
    if (this.#session !== undefined) return this.#session
    this.#session = new Session(stateOf(this.#options).session, this.ring, this.#origin())
    return this.#session
  }

  get mbox(): MessageBox {
    this.#depends = true
    return this.#box('')
  }

  get csrfToken(): string {
    return csrfToken(this.session)
  }

  get csrfTokenInput(): string {
    return `<input type="hidden" name="${CSRF_FIELD}" value="${escapeHtml(this.csrfToken)}">`
  }

  /** Whether the request has the token of its session, which is used up then unless `keep` says otherwise. */
  async csrfVerify(keep = false): Promise<boolean> {
    const given = await this.#csrfGiven()
    if (!isCsrfToken(this.session, given)) return false
    if (!keep) this.session.remove(CSRF_KEY)
    return true
  }

  makeToken(value: unknown, timeoutSeconds = 1200, sessionKey?: string): string {
    return makeToken(this.#tokens(), value, timeoutSeconds, sessionKey)
  }

  readToken(token: string): unknown {
    return readToken(this.#tokens(), token)
  }

  removeToken(token: string): boolean {
    return removeToken(this.#tokens(), token)
  }

  signJwt(claims: JwtClaims, options?: JwtOptions): Promise<string> {
    return signJwt(jwtKeysOf(this.#options), claims, options)
  }

  async verifyJwt(token: string): Promise<JwtClaims | undefined> {
    const result = await verifyJwt(jwtKeysOf(this.#options), token)
    return 'claims' in result ? result.claims : undefined
  }

  /** The nonce of this response for scripts and styles in a page (CSP level 3 section 8.1). */
  get cspNonce(): string {
    this.#cspNonce ??= randomName(NONCE_BYTES)
    return this.#cspNonce
  }

  /** The same if somebody has asked for it; else empty. */
  get sentNonce(): string {
    return this.#cspNonce ?? ''
  }

  get ring(): KeyRing {
    return keyRingOf(this.#options)
  }

  #origin(): SessionOrigin {
    const host = this.#host
    const { request } = host
    return {
      cookies: this.#jar,
      encrypted: request.scheme === 'https',
      get address() {
        return request.remoteAddress
      },
      nowMs: Date.now,
      onChange: () => {
        this.#changed = true
      },
      answered: () => host.answered(),
      onOver: (listener) => request.onOver(listener),
      report: (error) => host.report(error),
      finish: (work) => host.finish(work),
    }
  }

  #tokens(): TokenOrigin {
    const state = this
    return {
      ring: this.ring,
      nowMs: Date.now,
      get session() {
        return state.session
      },
    }
  }

  #box(name: string, options?: MessageBoxOptions): MessageBox {
    this.#boxes ??= new Map()
    let box = this.#boxes.get(name)
    if (box === undefined) {
      const settings = this.#boxSettings(name, options)
      const ring = settings.secureKey === undefined ? this.ring : keyRingOf(settings)
      box = new MessageBox(settings, ring.sealer('mbox'), this.#origin(), (other, its) => this.#box(other, its))
      this.#boxes.set(name, box)
    }
    return box
  }

  #boxSettings(name: string, options: MessageBoxOptions | undefined): SessionSettings {
    const { mbox, boxes } = stateOf(this.#options)
    if (name === '') return mbox
    let settings = options === undefined ? boxes.get(name) : undefined
    if (settings !== undefined) return settings
    settings = sessionSettings({ ...this.#options.mbox, cookie: name, ...options }, name)
    if (settings.cookie === mbox.cookie) throw new TypeError(`${name} is the message box itself`)
    // Names come from the code of the app: there are few.
    if (options === undefined) boxes.set(name, settings)
    return settings
  }

  /** From the header that scripts set, or the field of a form. */
  async #csrfGiven(): Promise<unknown> {
    const { request } = this.#host
    const header = request.headers.get('x-csrf-token')
    if (header !== undefined) return header
    if (!isForm(request.contentType?.type)) return undefined
    try {
      return (await request.form()).get(CSRF_FIELD)
    } catch (error) {
      // A form that cannot be read has no token; that it is too large is said as it is.
      if (error instanceof HttpError && error.status !== 413) return undefined
      throw error
    }
  }
}

function isForm(type: string | undefined): boolean {
  return type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data'
}
