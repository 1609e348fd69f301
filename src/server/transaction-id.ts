/**
 * Transaction ids: what one request causes in several servers can be found by one global id, and the order of the
 * calls by the local ids. They are hints for people who read logs, never a proof of anything.
 */

import { randomBytes } from 'node:crypto'
import type { Fields } from '../protocols/core/fields.js'

/** The field that carries the global id. */
export const GLOBAL_ID_FIELD = 'x-gtxn-id'

/** The field that carries the local id. */
export const LOCAL_ID_FIELD = 'x-ltxn-id'

/** What a global id from elsewhere may consist of: it is repeated in logs and in requests to others. */
const GLOBAL_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/

/** A depth of up to 999 and a sequence number of three digits. */
const LOCAL_ID = /^[1-9]\d{3,5}$/

/** The first local id, and what each server adds. */
const LEVEL = 1000

/** The ids of one request. */
export class TransactionId {
  /** The id of the whole transaction, the same in all servers that take part. */
  readonly gtid: string
  readonly #level: number
  #sequence: number

  constructor(gtid: string, ltid: number) {
    this.gtid = gtid
    this.#sequence = ltid % LEVEL
    this.#level = ltid - this.#sequence
  }

  /** The local id: thousands count how deep the call is, the rest counts calls. */
  get ltid(): string {
    return String(this.#level + this.#sequence)
  }

  /**
   * Counts one call to another server and gives the fields to send with it, a flat list. After 999 calls counting
   * begins anew.
   */
  forCall(): readonly string[] {
    this.#sequence = (this.#sequence + 1) % LEVEL
    return [GLOBAL_ID_FIELD, this.gtid, LOCAL_ID_FIELD, this.ltid]
  }
}

/** Makes the ids of all requests of one worker. */
export class TransactionIds {
  readonly #prefix: string

  /**
   * `worker` is `M`, `W0`, …. `boot` tells this run of the process from all others, on this and on other machines, so
   * that counters may begin anew: letters and digits; by default 8 random ones.
   */
  constructor(worker: string, boot: string = randomBytes(4).toString('hex')) {
    this.#prefix = `${boot}.${worker}`
  }

  /**
   * The ids of a request: those that came with it, or new ones. `connection` and `request` are the numbers of the
   * connection in this worker and of the request on it. What is malformed is treated as if it had not come: without a
   * global id a local one means nothing, and without a local id the call counts as the first one.
   */
  of(fields: Fields, connection: number, request: number): TransactionId {
    const gtid = fields.get(GLOBAL_ID_FIELD)
    if (gtid === undefined || !GLOBAL_ID.test(gtid))
      return new TransactionId(`${this.#prefix}-C${connection}-R${request}`, LEVEL)
    const ltid = fields.get(LOCAL_ID_FIELD)
    const called = ltid !== undefined && LOCAL_ID.test(ltid) ? Number(ltid) : 0
    return new TransactionId(gtid, Math.min(called, 998_999) + LEVEL)
  }
}
