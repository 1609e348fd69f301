/** The payload of Close (RFC 6455 section 5.5.1): nothing, or a code and a reason. */

import { UsageError } from '../core/errors.js'
import { native } from '../core/native.js'
import { CloseCodes, isCloseCode, type WebSocketFaultCode } from './errors.js'
import type { CloseEvent } from './events.js'
import { CONTROL_BYTES_MAX } from './reader.js'
import { Utf8Check, VALID } from './utf8.js'

const CODE_BYTES = 2

/** What is wrong with a payload, and at which of its octets. */
export interface CloseFault {
  readonly fault: WebSocketFaultCode
  readonly at: number
}

/** Reads a payload. */
export function readClose(payload: Uint8Array): CloseEvent | CloseFault {
  const { length } = payload
  if (length === 0) return { type: 'close', code: CloseCodes.NO_STATUS, reason: '' }
  if (length < CODE_BYTES) return { fault: 'WS_CLOSE_LENGTH', at: 0 }
  const code = (payload[0]! << 8) | payload[1]!
  if (!isCloseCode(code)) return { fault: 'WS_CLOSE_CODE', at: 0 }
  const utf8 = new Utf8Check()
  const wrong = utf8.check(payload, CODE_BYTES, length)
  if (wrong !== VALID) return { fault: 'WS_UTF8', at: wrong }
  if (!utf8.complete) return { fault: 'WS_UTF8', at: length }
  return { type: 'close', code, reason: native.utf8Slice(payload, CODE_BYTES, length) }
}

/** Makes a payload; 1005 stands for none of code and reason. Throws `UsageError` for what must not be sent. */
export function closePayload(code: number, reason: string): Uint8Array {
  const size = native.utf8Length(reason)
  if (code === CloseCodes.NO_STATUS && size === 0) return new Uint8Array(0)
  if (!isCloseCode(code)) throw new UsageError('WS_CLOSE_CODE', `not a code for Close: ${code}`)
  if (size > CONTROL_BYTES_MAX - CODE_BYTES)
    throw new UsageError('WS_CLOSE_REASON', `a reason has ${CONTROL_BYTES_MAX - CODE_BYTES} octets at the most`)
  const payload = new Uint8Array(CODE_BYTES + size)
  payload[0] = code >>> 8
  payload[1] = code
  native.utf8Write(payload, reason, CODE_BYTES)
  return payload
}
