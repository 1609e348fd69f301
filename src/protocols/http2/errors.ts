/**
 * Every fault that an HTTP/2 peer can commit: what it costs (the connection or one stream), the error code that goes
 * over the wire (RFC 9113 section 7), the status that answers a request first (0: none), where the rule stands, its
 * text.
 */

/** The error codes of RFC 9113 section 7. */
export const ErrorCodes = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const

/** The name of an error code. */
export type ErrorCodeName = keyof typeof ErrorCodes

/** The name of an error code on the wire, or undefined for one that is not registered. */
export function errorCodeName(code: number): ErrorCodeName | undefined {
  return NAMES[code]
}

const NAMES: readonly ErrorCodeName[] = Object.keys(ErrorCodes) as ErrorCodeName[]

const table = {
  H2_PREFACE: ['connection', 'PROTOCOL_ERROR', 0, 'section 3.4', 'The connection does not begin with the preface'],
  H2_PREFACE_SETTINGS: ['connection', 'PROTOCOL_ERROR', 0, 'section 3.4', 'The first frame is not SETTINGS'],
  H2_PREFACE_TIMEOUT: ['connection', 'NO_ERROR', 0, 'section 3.4', 'The preface did not arrive in time'],
  H2_FRAME_SIZE: ['connection', 'FRAME_SIZE_ERROR', 0, 'section 4.2', 'The length of a frame does not fit its type'],
  H2_FRAME_TOO_LARGE: ['connection', 'FRAME_SIZE_ERROR', 0, 'section 4.2', 'A frame is larger than announced'],
  H2_FRAME_TIMEOUT: ['connection', 'ENHANCE_YOUR_CALM', 0, 'section 10.5', 'A frame or a header did not end in time'],
  H2_STREAM_ID: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'section 6',
    'A frame stands on a stream that its type cannot have',
  ],
  H2_STREAM_ID_REUSED: ['connection', 'PROTOCOL_ERROR', 0, 'section 5.1.1', 'A new stream has a number that is taken'],
  H2_STREAM_IDLE: ['connection', 'PROTOCOL_ERROR', 0, 'section 5.1', 'A frame came for a stream that is idle'],
  H2_STREAM_ENDED: ['connection', 'STREAM_CLOSED', 0, 'section 5.1', 'A frame came for a stream that the peer ended'],
  H2_STREAM_RESERVED: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'section 5.1',
    'A frame came that a promised stream cannot have',
  ],
  H2_STREAM_CLOSED: ['stream', 'STREAM_CLOSED', 0, 'section 5.1', 'A frame came for a stream that is closed'],
  H2_STREAM_REFUSED: ['stream', 'REFUSED_STREAM', 0, 'section 5.1.2', 'More streams are open than announced'],
  H2_PADDING: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.1', 'The padding is longer than the frame'],
  H2_CONTINUATION: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'section 6.10',
    'A field block is interrupted, or none is under way',
  ],
  H2_CONTINUATIONS_TOO_MANY: ['connection', 'ENHANCE_YOUR_CALM', 0, 'section 10.5.1', 'Too many CONTINUATION frames'],
  H2_COMPRESSION: ['connection', 'COMPRESSION_ERROR', 0, 'section 4.3', 'A field block cannot be decoded'],
  H2_PRIORITY_SIZE: ['stream', 'FRAME_SIZE_ERROR', 0, 'section 6.3', 'A PRIORITY frame has not 5 octets'],
  H2_SELF_DEPENDENCY: ['stream', 'PROTOCOL_ERROR', 0, 'RFC 7540 section 5.3.1', 'A stream depends on itself'],
  H2_PRIORITY_UPDATE: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'RFC 9218 section 7.1',
    'PRIORITY_UPDATE names no request stream',
  ],
  H2_SETTINGS_VALUE: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.5.2', 'A setting has a value out of its range'],
  H2_SETTINGS_WINDOW: ['connection', 'FLOW_CONTROL_ERROR', 0, 'section 6.5.2', 'The initial window is above 2^31-1'],
  H2_SETTINGS_ACK: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.5', 'SETTINGS were acknowledged that were not sent'],
  H2_SETTINGS_TIMEOUT: ['connection', 'SETTINGS_TIMEOUT', 0, 'section 6.5.3', 'SETTINGS were not acknowledged in time'],
  H2_PUSH_FORBIDDEN: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.6', 'PUSH_PROMISE came although it is not allowed'],
  H2_PUSH_STREAM: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.6', 'PUSH_PROMISE names a stream that it cannot have'],
  H2_PUSH_REFUSED: ['stream', 'REFUSED_STREAM', 0, 'section 8.4', 'More streams are promised than announced'],
  H2_PUSH_REQUEST: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.4', 'A promised request is not safe, or has content'],
  H2_GOAWAY_RAISED: ['connection', 'PROTOCOL_ERROR', 0, 'section 6.8', 'A later GOAWAY names a higher stream'],
  H2_WINDOW_INCREMENT: ['stream', 'PROTOCOL_ERROR', 0, 'section 6.9', 'A window is enlarged by nothing'],
  H2_WINDOW_INCREMENT_CONNECTION: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'section 6.9',
    'The window is enlarged by nothing',
  ],
  H2_WINDOW_OVERFLOW: ['stream', 'FLOW_CONTROL_ERROR', 0, 'section 6.9.1', 'A window passes 2^31-1'],
  H2_WINDOW_OVERFLOW_CONNECTION: ['connection', 'FLOW_CONTROL_ERROR', 0, 'section 6.9.1', 'The window passes 2^31-1'],
  H2_WINDOW_EXCEEDED: ['stream', 'FLOW_CONTROL_ERROR', 0, 'section 6.9', 'Content came beyond the window of a stream'],
  H2_WINDOW_EXCEEDED_CONNECTION: [
    'connection',
    'FLOW_CONTROL_ERROR',
    0,
    'section 6.9',
    'Content came beyond the window',
  ],
  H2_FIELD_NAME: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.2.1', 'A field name is no token in lower case'],
  H2_FIELD_VALUE: [
    'stream',
    'PROTOCOL_ERROR',
    0,
    'section 8.2.1',
    'A field value holds a control character or a blank end',
  ],
  H2_FIELD_CONNECTION: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.2.2', 'A field that is about a connection'],
  H2_FIELDS_TOO_LARGE: ['stream', 'NO_ERROR', 431, 'section 10.5.1', 'The header fields are too large or too many'],
  H2_TRAILERS_TOO_LARGE: [
    'stream',
    'ENHANCE_YOUR_CALM',
    0,
    'section 10.5.1',
    'The trailer fields are too large or too many',
  ],
  H2_PSEUDO_UNKNOWN: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.3', 'A pseudo-header field that is not known here'],
  H2_PSEUDO_LATE: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.3', 'A pseudo-header field stands behind a regular one'],
  H2_PSEUDO_REPEATED: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.3', 'A pseudo-header field stands more than once'],
  H2_PSEUDO_MISSING: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.3.1', 'A pseudo-header field is missing'],
  H2_PSEUDO_VALUE: [
    'stream',
    'PROTOCOL_ERROR',
    0,
    'section 8.3.1',
    'A pseudo-header field has a value that it cannot have',
  ],
  H2_CONNECT: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.5', 'CONNECT has pseudo-header fields that it cannot have'],
  H2_HOST: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.3.1', 'Host is malformed, repeated, or not what :authority says'],
  H2_CONTENT_LENGTH: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.1.1', 'Content-Length is malformed or repeated'],
  H2_CONTENT_LENGTH_MISMATCH: [
    'stream',
    'PROTOCOL_ERROR',
    0,
    'section 8.1.1',
    'The content is not as long as announced',
  ],
  H2_CONTENT_TOO_LARGE: ['stream', 'NO_ERROR', 413, 'RFC 9110 section 15.5.14', 'The content is larger than the limit'],
  H2_TARGET_TOO_LONG: ['stream', 'NO_ERROR', 414, 'RFC 9112 section 3', 'The request target is too long'],
  H2_EXPECTATION: ['stream', 'NO_ERROR', 417, 'RFC 9110 section 10.1.1', 'An expectation other than 100-continue'],
  H2_TRAILERS_OPEN: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.1', 'Trailers do not end the stream'],
  H2_TUNNEL: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.5', 'A tunnel got a frame other than DATA'],
  H2_STATUS: [
    'stream',
    'PROTOCOL_ERROR',
    0,
    'section 8.3.2',
    'The status is not three digits from 100 to 599, or is 101',
  ],
  H2_INFORM_END: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.1', 'An interim response ends the stream'],
  H2_INFORMS_TOO_MANY: ['stream', 'ENHANCE_YOUR_CALM', 0, 'RFC 9110 section 15.2', 'Too many interim responses'],
  H2_DATA_EARLY: ['stream', 'PROTOCOL_ERROR', 0, 'section 8.1', 'Content came before the head'],
  H2_TRUNCATED: ['stream', 'CANCEL', 0, 'section 8.1.1', 'The input ended before the message'],
  H2_BODY_TIMEOUT: ['stream', 'NO_ERROR', 408, 'RFC 9110 section 15.5.9', 'The content arrives too slowly'],
  H2_RESPONSE_TIMEOUT: ['stream', 'CANCEL', 0, 'RFC 9110 section 15.5.9', 'The response head did not arrive in time'],
  H2_STREAM_STALLED: ['stream', 'CANCEL', 0, 'section 10.5', 'The window for a response does not open in time'],
  H2_RESETS_TOO_MANY: ['connection', 'ENHANCE_YOUR_CALM', 0, 'section 10.5', 'Streams are opened and reset too often'],
  H2_FAULTS_TOO_MANY: ['connection', 'ENHANCE_YOUR_CALM', 0, 'section 10.5', 'Too many streams had to be reset'],
  H2_CONTROL_FLOOD: ['connection', 'ENHANCE_YOUR_CALM', 0, 'section 10.5', 'Too many frames that carry nothing'],
  H2_PING_TIMEOUT: ['connection', 'NO_ERROR', 0, 'section 6.7', 'PING was not answered in time'],
  H2_WRITE_TIMEOUT: ['connection', 'NO_ERROR', 0, 'section 10.5', 'The peer does not take what was written'],
  H2_PEER_GONE: ['connection', 'NO_ERROR', 0, 'section 9.1', 'The peer half-closed and its response makes no progress'],
  H2_TRUNCATED_FRAME: [
    'connection',
    'PROTOCOL_ERROR',
    0,
    'section 4.1',
    'The input ended inside a frame or a field block',
  ],
} as const

/** The code of a fault that an HTTP/2 peer committed. */
export type Http2FaultCode = keyof typeof table

/** What a fault costs and what answers it. */
export interface Http2Fault {
  readonly scope: 'connection' | 'stream'
  /** The error code of RST_STREAM or GOAWAY. */
  readonly errorCode: number
  /** The status that a server sends first if it has not answered yet; 0 for none. */
  readonly status: number
  readonly section: string
  readonly text: string
}

/** The error table by code. */
export const http2Faults: Readonly<Record<Http2FaultCode, Http2Fault>> = Object.fromEntries(
  Object.entries(table).map(([code, [scope, name, status, section, text]]) => [
    code,
    {
      scope,
      errorCode: ErrorCodes[name],
      status,
      section: section.startsWith('RFC') ? section : `RFC 9113 ${section}`,
      text,
    },
  ]),
) as Record<Http2FaultCode, Http2Fault>
