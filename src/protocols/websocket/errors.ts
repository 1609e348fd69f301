/**
 * Every fault that a WebSocket peer can commit: the code of the Close frame that answers it (RFC 6455 section 7.4; 0:
 * none is sent), where the rule stands, its text.
 */

/** The status codes of Close that have a name (RFC 6455 section 7.4.1 and the registry behind it). */
export const CloseCodes = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never on the wire: the peer's Close had no code. */
  NO_STATUS: 1005,
  /** Never on the wire: the connection ended without Close. */
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
} as const

const table = {
  WS_RESERVED_BIT: [1002, 'RFC 6455 section 5.2', 'A reserved bit is set that nothing was negotiated for'],
  WS_OPCODE: [1002, 'RFC 6455 section 5.2', 'The opcode is not a known one'],
  WS_MASK_MISSING: [1002, 'RFC 6455 section 5.1', 'A frame of a client is not masked'],
  WS_MASK_UNEXPECTED: [1002, 'RFC 6455 section 5.1', 'A frame of a server is masked'],
  WS_LENGTH: [1002, 'RFC 6455 section 5.2', 'A length is not in its shortest form, or negative'],
  WS_CONTROL_FRAGMENTED: [1002, 'RFC 6455 section 5.5', 'A control frame is fragmented'],
  WS_CONTROL_TOO_LONG: [1002, 'RFC 6455 section 5.5', 'A control frame has more than 125 octets'],
  WS_CONTINUATION: [1002, 'RFC 6455 section 5.4', 'A continuation came without a message under way'],
  WS_MESSAGE_UNFINISHED: [1002, 'RFC 6455 section 5.4', 'A message began inside another one'],
  WS_CLOSE_LENGTH: [1002, 'RFC 6455 section 5.5.1', 'A Close frame has one octet'],
  WS_CLOSE_CODE: [1002, 'RFC 6455 section 7.4', 'A Close frame has a code that must not be sent'],
  WS_UTF8: [1007, 'RFC 6455 section 8.1', 'A text is not valid UTF-8'],
  WS_DEFLATE: [1007, 'RFC 7692 section 7.2.2', 'A compressed message cannot be inflated'],
  WS_INFLATE_RATIO: [1009, 'RFC 7692 section 8', 'A compressed message inflates to too much'],
  WS_FRAME_TOO_LARGE: [1009, 'RFC 6455 section 10.4', 'A frame is larger than the limit'],
  WS_MESSAGE_TOO_LARGE: [1009, 'RFC 6455 section 10.4', 'A message is larger than the limit'],
  WS_FRAGMENTS: [1008, 'RFC 6455 section 10.4', 'A message has too many frames, or too small ones'],
  WS_CONTROL_FLOOD: [1008, 'RFC 6455 section 5.5', 'Too many control frames'],
  WS_FRAME_TIMEOUT: [1008, 'RFC 6455 section 7.2.1', 'A frame arrives too slowly'],
  WS_OUTPUT_TOO_LARGE: [0, 'RFC 6455 section 7.2.1', 'The peer does not take what is sent as fast as it is sent'],
  WS_WRITE_TIMEOUT: [0, 'RFC 6455 section 7.2.1', 'The peer does not take what was written'],
  WS_CLOSE_TIMEOUT: [0, 'RFC 6455 section 7.1.1', 'The peer did not answer Close in time'],
  WS_TRUNCATED: [0, 'RFC 6455 section 7.1.5', 'The connection ended without Close'],
} as const

/** The code of a fault that a WebSocket peer committed. */
export type WebSocketFaultCode = keyof typeof table

/** The code of Close that answers a fault (0: none), the section of the standard, and a text for people. */
export interface WebSocketFault {
  readonly closeCode: number
  readonly section: string
  readonly text: string
}

/** The error table by code. */
export const webSocketFaults: Readonly<Record<WebSocketFaultCode, WebSocketFault>> = Object.fromEntries(
  Object.entries(table).map(([code, [closeCode, section, text]]) => [code, { closeCode, section, text }]),
) as Record<WebSocketFaultCode, WebSocketFault>

/**
 * Whether a Close frame may carry `code` (RFC 6455 section 7.4): 1000 to 1003 and 1007 to 1014 are defined, 3000 to
 * 4999 are for libraries and applications; all others are not for the wire.
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}
