/** `was`: the service context that every handler gets, one a request. */

import type { FieldsToSend } from '../../protocols/http1/writer.js'
import type { Exchange } from '../exchange.js'
import { statusPage } from '../error-page.js'
import type { App } from './app.js'
import type { AppContext } from './app-host.js'
import type { Request } from './request.js'
import { type ResponseMaker, responseMaker, ResponseState } from './response.js'

/** Writes down what a request has changed, in time for the head of the response; may take its time. */
export type Commit = () => unknown

/** The order in which changes are written down: each may change what comes behind it (APP-113). */
export type CommitRank = 'session' | 'messages' | 'cookies'
const RANKS: readonly CommitRank[] = ['session', 'messages', 'cookies']

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
  readonly #context: AppContext | undefined
  #commits: Partial<Record<CommitRank, Commit[]>> | undefined

  constructor(exchange: Exchange, request: Request, app: App | undefined, push: boolean, context?: AppContext) {
    this.#exchange = exchange
    this.#push = push
    this.#context = context
    this.request = request
    this.app = app
  }

  /** Makes responses, and sets header fields of whatever the handler returns. */
  get response(): ResponseMaker {
    this.#state ??= new ResponseState()
    this.#response ??= responseMaker(
      this.#state,
      (status) => statusPage(status, '', this.request.headers).body,
      (uri) => this.push(uri),
    )
    return this.#response
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

  /** For the server: what a handler has set on `was.response`; undefined when it never asked for it. */
  static responseState(was: Was): ResponseState | undefined {
    return was.#state
  }

  /** For the server: has something written down when the request is answered without an error. */
  static onCommit(was: Was, rank: CommitRank, commit: Commit): void {
    ;((was.#commits ??= {})[rank] ??= []).push(commit)
  }

  /** For the server: whether `commit` has anything to do. */
  static hasCommits(was: Was): boolean {
    return was.#commits !== undefined
  }

  /** For the server: writes down what the request has changed. */
  static async commit(was: Was): Promise<void> {
    for (const rank of RANKS) for (const commit of was.#commits?.[rank] ?? []) await commit()
  }

  /** For the server: the handler has failed, and nothing of what it has set goes out. */
  static discard(was: Was): void {
    was.#commits = undefined
    if (was.#state === undefined) return
    was.#state.status = 0
    was.#state.fields = []
    was.#state.trailers = []
  }

  /** The other apps of the host; throws `TypeError` where there are none, as in a mounted function under test. */
  get host(): AppContext['host'] {
    if (this.#context === undefined) throw new TypeError('this request has come without a host')
    return this.#context.host
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
   * Pushes what a GET of `uri` gives, before the client asks for it (RFC 9113 section 8.4); `uri` is an absolute path, a
   * URL of the same origin, or relative to this request. The handler calls it before it returns. Nothing happens unless
   * the app or the mount was made with `push: true`, over HTTP/1.1, in a request that was itself pushed, beyond 32 in
   * one request, or when the client takes none. Throws `TypeError` for a `uri` that is none, or of another origin.
   */
  push(uri: string): void {
    const target = pushTarget(uri, this.request)
    if (this.#push) this.#exchange.push(target)
  }
}

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
