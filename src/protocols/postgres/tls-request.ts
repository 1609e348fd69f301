/**
 * The question for TLS that comes before everything else ("SSL Session Encryption" of the documentation). Behind the
 * answer the transport is handed over: to TLS, or, without it, to the connection itself.
 */

import type { ClosedEvent, Engine, FatalEvent, Millis } from '../core/engine.js'
import { Input } from '../core/input.js'
import type { PostgresFaultCode } from './errors.js'

/** The server has answered: whoever takes the transport begins TLS if it `accepts`. */
export interface TlsAnswerEvent {
  readonly type: 'handover'
  readonly accepts: boolean
  /** What came behind the answer: nothing, because nothing may. */
  readonly rest: Uint8Array
}

/** What the question gives. */
export type TlsRequestEvent = TlsAnswerEvent | FatalEvent<PostgresFaultCode> | ClosedEvent

const REQUEST = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f] as const
const YES = 0x53
const NO = 0x4e
const NOTHING = new Uint8Array(0)

/** One question. The server that answers `S` must send no octet before TLS: it would come from somebody else. */
export class PostgresTlsRequest implements Engine<TlsRequestEvent> {
  readonly #input: Input = new Input()
  readonly #answerMs: number
  #output: Uint8Array | undefined
  #startedAt: Millis = 0
  #ended = false
  #over = false
  #final: TlsRequestEvent | undefined

  /** `answerMs` is how long the answer may take. */
  constructor(answerMs: number) {
    this.#answerMs = answerMs
  }

  start(now: Millis): void {
    this.#startedAt = now
    this.#output = Uint8Array.from(REQUEST)
  }

  receive(chunk: Uint8Array, _now: Millis): void {
    if (!this.#over) this.#input.push(chunk)
  }

  receiveEnd(_now: Millis): void {
    this.#ended = true
  }

  advance(now: Millis): void {
    if (now >= this.deadline()) this.#fail('PG_STARTUP_TIMEOUT', -1)
  }

  poll(): TlsRequestEvent | undefined {
    if (!this.#over) this.#read()
    const final = this.#final
    this.#final = undefined
    return final
  }

  output(): Uint8Array | undefined {
    const octets = this.#output
    this.#output = undefined
    return octets
  }

  deadline(): Millis {
    return this.#over ? Infinity : this.#startedAt + this.#answerMs
  }

  get wantsInput(): boolean {
    return !this.#over && !this.#ended
  }

  get outputBytes(): number {
    return this.#output?.length ?? 0
  }

  #read(): void {
    const { bytes, at, size } = this.#input
    if (size === 0) {
      if (this.#ended) this.#fail('PG_TRUNCATED', 0)
      return
    }
    const answer = bytes[at]!
    if (answer !== YES && answer !== NO) this.#fail('PG_TLS_ANSWER', 0, answer)
    else if (size > 1) this.#fail('PG_TLS_REST', 1)
    else this.#finish({ type: 'handover', accepts: answer === YES, rest: NOTHING })
  }

  #fail(code: PostgresFaultCode, offset: number, got = -1): void {
    this.#finish({ type: 'fatal', code, wireCode: 0, offset, limit: -1, got })
  }

  #finish(final: TlsRequestEvent): void {
    this.#over = true
    this.#final = final
    this.#input.clear()
  }
}
