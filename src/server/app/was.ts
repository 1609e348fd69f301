/** `was`: the service context that every handler gets, one a request. */

import type { FieldsToSend } from '../../protocols/http1/writer.js'
import type { Exchange } from '../exchange.js'
import type { HttpError } from '../http-error.js'
import { scriptDirectory } from '../script-directory.js'
import { redirectValue } from './response-values.js'
import { type HandlerValue, ResponseValue } from './values.js'
import { statusPage } from '../error-page.js'
import type { App } from './app.js'
import { type AppContext, type Shared, sharedBy } from './app-host.js'
import { errorInfo, type ErrorHandler, traceOf } from './error-handlers.js'
import type { Request } from './request.js'
import type { CookieJar } from './state/cookie-jar.js'
import type { MessageBox } from './state/message-box.js'
import { RequestState } from './state/request-state.js'
import type { Session } from './state/session.js'
import type { JwtClaims, JwtOptions } from './auth/jwt.js'
import type { Handler } from './route.js'
import type { UrlArgs } from './urls.js'
import { type ResponseMaker, responseMaker, ResponseState } from './response.js'

const HTML_FIELDS: readonly string[] = ['content-type', 'text/html; charset=utf-8']

/** The context of one request. */
export class Was {
  readonly request: Request
  /** The app that the route belongs to; undefined in a mounted function. */
  readonly app: App | undefined

  readonly #exchange: Exchange
  readonly #push: boolean
  #state: ResponseState | undefined
  #response: ResponseMaker | undefined
  #g: Record<string, unknown> | undefined
  #mark: ((html: string) => unknown) | undefined
  #marking = 0
  #foreign = false
  readonly #context: AppContext | undefined
  #layers: readonly App[] | undefined
  #kept: RequestState | undefined
  /** Whether a page of the app is being made for an error. */
  #explains = false
  /** Fields that go out whatever happens: a flat list of name, value. */
  #lasting: string[] | undefined

  constructor(exchange: Exchange, request: Request, app: App | undefined, push: boolean, context?: AppContext) {
    this.#exchange = exchange
    this.#push = push
    this.#context = context
    this.request = request
    this.app = app
  }

  /** Makes responses, and sets header fields of whatever the handler returns. */
  get response(): ResponseMaker {
    this.#state ??= new ResponseState(this.#exchange)
    this.#response ??= responseMaker(this.#state, {
      explain: (status, detail) => statusPage(status, detail, this.request.headers, { nonce: Was.sentNonce(this) }),
      errorPage: (error) => this.#errorPage(error),
      push: (uri) => this.push(uri),
      wantsXmlRpc: () => /^text\/xml\b/i.test(this.request.headers.get('accept') ?? ''),
      home: this.app?.home ?? scriptDirectory(),
      streams: this.#context?.streams,
    })
    return this.#response
  }

  /**
   * A page made of a template of the app. The template sees `data`, and this context as `was`; promises among the data
   * are awaited by `{{ value | await }}` (APP-88, APP-95). Rejects with what the template throws.
   */
  async render(name: string, data: object = {}): Promise<ResponseValue> {
    return this.#render(this.#mainApp(), name, data)
  }

  /** The same with the templates of the innermost app that the route lies in (APP-85). */
  async render2(name: string, data: object = {}): Promise<ResponseValue> {
    return this.#render(this.#layers?.at(-1) ?? this.#mainApp(), name, data)
  }

  /**
   * The text of a template, without a response around it: a fragment of a page, the body of a mail. All else is as with
   * `render`.
   */
  async renderText(name: string, data: object = {}): Promise<string> {
    return this.#text(this.#mainApp(), name, data)
  }

  /** The same with the templates of the innermost app that the route lies in. */
  async renderText2(name: string, data: object = {}): Promise<string> {
    return this.#text(this.#layers?.at(-1) ?? this.#mainApp(), name, data)
  }

  async #render(app: App, name: string, data: object): Promise<ResponseValue> {
    const text = await this.#text(app, name, data)
    return new ResponseValue(this.#state?.status || 200, text, HTML_FIELDS)
  }

  async #text(app: App, name: string, data: object): Promise<string> {
    app.tell('template:rendering', this, name)
    // A template that fails, or takes another way, may leave promises that nobody waits for: what becomes of them is
    // the template's to see.
    lookAfter(data)
    if (this.#g !== undefined) lookAfter(this.#g)
    const text = await app.templates.render(name, data, this)
    app.tell('template:rendered', this, name)
    return text
  }

  /** For the server: until `endMarkup`, what is HTML is marked so for the templates that are being made. */
  static beginMarkup(was: Was, mark: (html: string) => unknown): void {
    was.#mark = mark
    was.#marking++
  }

  /** For the server: as often as `beginMarkup`. */
  static endMarkup(was: Was): void {
    if (--was.#marking === 0) was.#mark = undefined
  }

  /** Ends the request at once with an error: the same as `was.response.throw`, which templates cannot reach. */
  throw(status: number | string, why?: string): never {
    return this.response.throw(status, why)
  }

  /** For the server: the apps that the route lies in, the outermost first. */
  static setLayers(was: Was, layers: readonly App[]): void {
    was.#layers = layers
  }

  /**
   * For the server: who explains errors with this status, in the innermost app that the route lies in or one around it.
   */
  static errorHandler(was: Was, status: number): ErrorHandler | undefined {
    const { app } = was
    const layers = was.#layers ?? (app === undefined ? [] : [app])
    const owner = layers.findLast(({ errorHandlers }) => errorHandlers.of(status) !== undefined)
    const handler = owner?.errorHandlers.of(status)
    was.#explains = handler !== undefined
    return handler
  }

  #errorPage(error: HttpError): Promise<HandlerValue> | undefined {
    // A page that wants a status explained means the usual one.
    const handler = this.#explains ? undefined : Was.errorHandler(this, error.status)
    if (handler === undefined) return undefined
    this.response.setStatus(error.status)
    const page = async (): Promise<HandlerValue> => handler(this, errorInfo(error, this))
    return page().finally(() => (this.#explains = false))
  }

  /**
   * A redirection, 302 unless another status is given. `location` is a URL or a path; of what clients have sent only a
   * path that begins with one `/` is safe.
   */
  redirect(location: string, status: number = 302): ResponseValue {
    return redirectValue(location, status)
  }

  /** The id of the whole transaction, the same in the logs of all servers that take part. */
  get gtid(): string {
    return this.#exchange.transaction.gtid
  }

  /** The id of this call in it: thousands count its depth, the rest counts calls. */
  get ltid(): string {
    return this.#exchange.transaction.ltid
  }

  /** An object of the request's own, for what its functions share. */
  get g(): Record<string, unknown> {
    this.#g ??= Object.create(null) as Record<string, unknown>
    return this.#g
  }

  /** For the server: the response is made by somebody else, who knows nothing of what is set here. */
  static setForeign(was: Was): void {
    was.#foreign = true
  }

  /** For the server: what a handler has set on `was.response`; undefined when it never asked for it. */
  static responseState(was: Was): ResponseState | undefined {
    return was.#state
  }

  /** For the server: whether `commit` has anything to do. */
  static hasCommits(was: Was): boolean {
    return was.#kept !== undefined && was.#kept.hasChanges
  }

  /** For the server: writes down what the request has changed, all but cookies; throws or rejects where it cannot. */
  static commit(was: Was): void | Promise<void> {
    return was.#kept?.commit()
  }

  /** For the server: cookies go out with the head, which comes next. */
  static sendCookies(was: Was): void {
    was.#kept?.sendCookies()
  }

  /** For the server: fetches a session that is kept elsewhere; undefined when there is nothing to wait for. */
  static preload(was: Was): Promise<void> | undefined {
    return was.#client.preload()
  }

  /** For the server: whether the response may depend on who asks, so that nobody else may get it. */
  static isPersonal(was: Was): boolean {
    return was.request.user !== undefined || (was.#kept !== undefined && was.#kept.depends)
  }

  /** For the server: the handler has failed, and nothing of what it has set goes out. */
  static discard(was: Was): void {
    was.#kept = was.#kept?.anew()
    if (was.#state === undefined) return
    was.#state.status = 0
    was.#state.fields = [...(was.#lasting ?? [])]
    was.#state.trailers = []
  }

  /** For the server: sets fields, a flat list of name and value, that go out with errors as well; Vary adds up. */
  static keep(was: Was, fields: readonly string[]): void {
    const lasting = (was.#lasting ??= [])
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!
      const value = fields[i + 1]!
      lasting.push(name, value)
      if (name === 'vary') was.response.addHeader(name, value)
      else was.response.setHeader(name, value)
    }
  }

  /** For the server: the fields that go out with errors. */
  static lasting(was: Was | undefined): readonly string[] {
    return was === undefined ? NOTHING : (was.#lasting ?? NOTHING)
  }

  /** For the server: the nonce that the policy of the response names; empty without one. */
  static sentNonce(was: Was | undefined): string {
    return was === undefined ? '' : (was.#kept?.sentNonce ?? '')
  }

  /** The cookies of the request, and those that the response sets. */
  get cookie(): CookieJar {
    return this.#client.cookie
  }

  /** What the server remembers of the client. Throws `TypeError` for an app without `secureKey`. */
  get session(): Session {
    return this.#client.session
  }

  /** Messages for the next page that the client sees. Throws `TypeError` for an app without `secureKey`. */
  get mbox(): MessageBox {
    return this.#client.mbox
  }

  /** A token of the session against forged requests: another text each time, all of them good. */
  get csrfToken(): string {
    return this.#client.csrfToken
  }

  /** A hidden field with that token, for forms. It is HTML, and templates of nunjucks take it as such. */
  get csrfTokenInput(): string {
    const html = this.#client.csrfTokenInput
    return this.#mark === undefined ? html : (this.#mark(html) as string)
  }

  /**
   * Whether the request has the token of the session, in `X-CSRF-Token` or in the field `_csrf_token` of a form. It is
   * used up then, and with it all pages that have it, unless `keep` says otherwise.
   */
  csrfVerify(keep?: boolean): Promise<boolean> {
    return this.#client.csrfVerify(keep)
  }

  /** What stands behind `nonce-` in the policy of this response, for `<script nonce>` and `<style nonce>`. */
  get cspNonce(): string {
    return this.#client.cspNonce
  }

  /**
   * A sealed token that holds a value for `timeoutSeconds`, for a URL or a form. With `sessionKey` it is good only in
   * this session, until `rmtoken` or the next token of that key.
   */
  mktoken(value: unknown, timeoutSeconds?: number, sessionKey?: string): string {
    return this.#client.makeToken(value, timeoutSeconds, sessionKey)
  }

  /** The value of a token; undefined for one that is none of ours, has expired, or was revoked. */
  detoken(token: string | null | undefined): unknown {
    return this.#client.readToken(token ?? '')
  }

  /** Revokes a token that was made with a session key. Gives whether it was good. */
  rmtoken(token: string | null | undefined): boolean {
    return this.#client.removeToken(token ?? '')
  }

  /** A JSON Web Token, signed as the app says. */
  mkjwt(claims: JwtClaims, options?: JwtOptions): Promise<string> {
    return this.#client.signJwt(claims, options)
  }

  /** The claims of a JSON Web Token; undefined for one that does not hold. */
  dejwt(token: string | null | undefined): Promise<JwtClaims | undefined> {
    return this.#client.verifyJwt(token ?? '')
  }

  get #client(): RequestState {
    this.#kept ??= new RequestState({
      request: this.request,
      options: this.app?.options ?? NO_OPTIONS,
      setCookie: (line) => this.response.addHeader('set-cookie', line),
      foreign: this.#foreign,
      answered: () => this.#exchange.answered,
      report: (error) => this.report(error),
      finish: (work) => this.#context?.unfinished.add(work),
    })
    return this.#kept
  }

  /** The URL of a route of the app, as `App.url` makes it, below the point where this request has found the app. */
  url(target: string | Handler<never>, args?: UrlArgs): string {
    return this.#mainApp().urlBelow(this.request.scriptName, target, args)
  }

  /** The same as `url`: short, for templates. */
  ab(target: string | Handler<never>, args?: UrlArgs): string {
    return this.url(target, args)
  }

  /**
   * The URL of this request, or of another route, with the parameters of this request but for those that are given;
   * null or undefined leaves one out.
   */
  partial(args: UrlArgs, target: string | Handler<never> | undefined = this.request.routedFunction): string {
    if (target === undefined) throw new TypeError('this request has found no route')
    return this.url(target, { ...this.request.given, ...args })
  }

  /** The path of a route up to its first parameter. */
  basepath(target: string | Handler<never>): string {
    return this.#mainApp().basePath(target)
  }

  #mainApp(): App {
    if (this.app === undefined) throw new TypeError('a mounted function has no routes')
    return this.app
  }

  /** The other apps of the host; throws `TypeError` where there are none, as in a mounted function under test. */
  get host(): AppContext['host'] {
    return this.#around().host
  }

  /** The apps of the host by name (APP-101). */
  get apps(): ReadonlyMap<string, App> {
    return this.host.appsByName()
  }

  /**
   * The objects that were shared: by the innermost app that the route lies in, `app.share(name, value)`, one around it,
   * or the engine, `engine.share(name, value)`, which is asked last (APP-08, APP-75).
   */
  get shared(): Shared {
    const { shared } = this.#around()
    const owners = this.#layers ?? (this.app === undefined ? [] : [this.app])
    return owners.every(({ shares }) => shares.empty) ? shared : sharedBy(owners, shared)
  }

  /** Says that what has this key was changed, and tells all apps of the host: `model-changed:<key>` (TRP-13). */
  setlu(key: string, ...details: readonly unknown[]): void {
    this.#around().updates.set(key)
    this.broadcast(`model-changed:${key}`, ...details)
  }

  /** When any of the keys was said to be changed last, in milliseconds since 1970; 0 for never. */
  getlu(...keys: readonly string[]): number {
    return this.#around().updates.get(...keys)
  }

  /** Writes a line into the log of apps (APP-133). */
  log(message: string, category: string = 'info'): void {
    const { gtid, ltid } = this
    this.#around().log({ message, category, app: this.app?.name ?? '', gtid, ltid })
  }

  /** Writes what was thrown into the log of apps, with its trace. */
  traceback(error: unknown, id: string = ''): void {
    this.log(`${id && `${id}: `}${traceOf(error)}`, 'error')
  }

  #around(): AppContext {
    if (this.#context === undefined) throw new TypeError('this request has come without a server')
    return this.#context
  }

  /** Calls the listeners of an event of the app with this context and `args`. */
  emit(event: string, ...args: readonly unknown[]): void {
    this.app?.emit(event, this, ...args)
  }

  /** Calls the listeners of an event in all apps of the host with this context and `args`. */
  broadcast(event: string, ...args: readonly unknown[]): void {
    this.host.broadcast(event, this, ...args)
  }

  /** Tells of an error that is to be known, though the request goes on. */
  report(error: unknown): void {
    this.#context?.report(error, this.#exchange)
  }

  /** Sends 103 (Early Hints) with these fields, a flat list of name, value; dropped for a client that knows none. */
  earlyHints(fields: FieldsToSend): void {
    this.#exchange.inform(103, fields)
  }

  /**
   * Pushes what a GET of `uri` gives, before the client asks for it (RFC 9113 section 8.4); `uri` is an absolute path,
   * a URL of the same origin, or relative to this request. The handler calls it before it returns. Nothing happens
   * unless the app or the mount was made with `push: true`, over HTTP/1.1, in a request that was itself pushed, beyond
   * 32 in one request, or when the client takes none. Throws `TypeError` for a `uri` that is none, or of another
   * origin.
   */
  push(uri: string): void {
    const target = pushTarget(uri, this.request)
    if (this.#push) this.#exchange.push(target)
  }
}

const NOTHING: readonly string[] = []

function lookAfter(values: object): void {
  for (const value of Object.values(values)) if (value instanceof Promise) value.catch(() => {})
}
const NO_OPTIONS = {}

/** Path and query of a URI of the request's own origin, taken relative to the request. */
function pushTarget(uri: string, { scheme, host, uri: here }: Request): string {
  // A host that is missing stands for any; in that case nothing is pushed.
  const base = new URL(`${scheme}://${host === '' ? 'localhost' : host}`)
  const from = new URL(here.startsWith('/') ? `${base.origin}${here}` : here, base)
  if (!URL.canParse(uri, from.href)) throw new TypeError(`only a URI can be pushed, not ${uri}`)
  const url = new URL(uri, from)
  if (url.origin !== base.origin) throw new TypeError(`only what is of this origin can be pushed, not ${uri}`)
  return url.pathname + url.search
}
