/**
 * Every fault that an HTTP/1.1 peer can commit: the status that answers it (0: none can), where the rule stands, its
 * text.
 */

const table = {
  H1_EMPTY_LINES: [400, 'RFC 9112 section 2.2', 'Too many empty lines before the request line'],
  H1_LINE_ENDING: [400, 'RFC 9112 section 2.2', 'A line must end with CRLF'],
  H1_METHOD_SYNTAX: [400, 'RFC 9112 section 3.1', 'The method is not a token'],
  H1_METHOD_TOO_LONG: [501, 'RFC 9112 section 3', 'The method is longer than any known'],
  H1_TARGET_SYNTAX: [400, 'RFC 9112 section 3.2', 'The request target is not a valid one'],
  H1_TARGET_FORM: [400, 'RFC 9112 section 3.2', 'The form of the request target does not fit the method'],
  H1_TARGET_TOO_LONG: [414, 'RFC 9112 section 3', 'The request target is too long'],
  H1_VERSION_SYNTAX: [400, 'RFC 9112 section 2.3', 'The protocol version is malformed'],
  H1_VERSION_UNSUPPORTED: [505, 'RFC 9110 section 2.5', 'The major version is not 1'],
  H1_STATUS_SYNTAX: [0, 'RFC 9112 section 4', 'The status code is not three digits from 100 to 599'],
  H1_REASON_SYNTAX: [0, 'RFC 9112 section 4', 'The reason phrase holds a control character'],
  H1_REASON_TOO_LONG: [0, 'RFC 9112 section 4', 'The reason phrase is too long'],
  H1_FIELD_NAME_SYNTAX: [400, 'RFC 9112 section 5.1', 'A field name is not a token followed by a colon'],
  H1_FIELD_VALUE_SYNTAX: [400, 'RFC 9110 section 5.5', 'A field value holds a control character'],
  H1_FIELD_FOLDED: [400, 'RFC 9112 section 5.2', 'A field line is folded'],
  H1_FIELDS_TOO_MANY: [431, 'RFC 6585 section 5', 'Too many field lines'],
  H1_FIELDS_TOO_LARGE: [431, 'RFC 6585 section 5', 'The field lines are too large'],
  H1_HOST_MISSING: [400, 'RFC 9112 section 3.2', 'Host is missing'],
  H1_HOST_REPEATED: [400, 'RFC 9112 section 3.2', 'Host stands more than once'],
  H1_HOST_SYNTAX: [400, 'RFC 9112 section 3.2', 'Host is not a host with an optional port'],
  H1_FRAMING_CONFLICT: [400, 'RFC 9112 section 6.3', 'Transfer-Encoding and Content-Length stand together'],
  H1_CONTENT_LENGTH_SYNTAX: [400, 'RFC 9112 section 6.3', 'Content-Length is not 1 to 15 digits'],
  H1_CONTENT_LENGTH_REPEATED: [400, 'RFC 9112 section 6.3', 'Content-Length stands more than once'],
  H1_TRANSFER_CODING_SYNTAX: [400, 'RFC 9112 section 6.1', 'Transfer-Encoding does not end with one chunked'],
  H1_TRANSFER_CODING_UNSUPPORTED: [501, 'RFC 9112 section 6.1', 'A transfer coding other than chunked'],
  H1_TRANSFER_CODING_VERSION: [400, 'RFC 9112 section 6.1', 'Transfer-Encoding in an HTTP/1.0 message'],
  H1_EXPECTATION: [417, 'RFC 9110 section 10.1.1', 'An expectation other than 100-continue'],
  H1_BODY_TOO_LARGE: [413, 'RFC 9110 section 15.5.14', 'The content is larger than the limit'],
  H1_CHUNK_SIZE_SYNTAX: [400, 'RFC 9112 section 7.1', 'A chunk size is not 1 to 8 hexadecimal digits'],
  H1_CHUNK_EXTENSION_SYNTAX: [400, 'RFC 9112 section 7.1.1', 'A chunk extension holds a control character'],
  H1_CHUNK_EXTENSION_TOO_LARGE: [400, 'RFC 9112 section 7.1.1', 'Chunk extensions are too large'],
  H1_CHUNK_END: [400, 'RFC 9112 section 7.1', 'Chunk data is not followed by CRLF'],
  H1_TRUNCATED_HEAD: [400, 'RFC 9112 section 8', 'The input ended inside a message head'],
  H1_TRUNCATED_BODY: [400, 'RFC 9112 section 8', 'The input ended inside a message body'],
  H1_HEAD_TIMEOUT: [408, 'RFC 9110 section 15.5.9', 'The message head did not arrive in time'],
  H1_BODY_TIMEOUT: [408, 'RFC 9110 section 15.5.9', 'The content arrives too slowly'],
  H1_WRITE_TIMEOUT: [0, 'RFC 9112 section 9.5', 'The peer does not take what was written'],
  H1_PEER_GONE: [0, 'RFC 9112 section 9.6', 'The peer half-closed and its response makes no progress'],
  H1_RESPONSE_UNREQUESTED: [0, 'RFC 9112 section 9.2', 'Bytes came although no request is outstanding'],
  H1_INFORMS_TOO_MANY: [0, 'RFC 9110 section 15.2', 'Too many interim responses'],
  H1_UPGRADE_UNREQUESTED: [0, 'RFC 9110 section 7.8', 'The protocol was switched although nobody asked'],
  H1_RESPONSE_TIMEOUT: [0, 'RFC 9112 section 9.5', 'The response head did not arrive in time'],
} as const

/** The code of a fault that an HTTP/1.1 peer committed. */
export type Http1FaultCode = keyof typeof table

/** The status that answers a fault (0: none can), the section of the standard, and a text for people. */
export interface Http1Fault {
  readonly status: number
  readonly section: string
  readonly text: string
}

/** The error table by code. */
export const http1Faults: Readonly<Record<Http1FaultCode, Http1Fault>> = Object.fromEntries(
  Object.entries(table).map(([code, [status, section, text]]) => [code, { status, section, text }]),
) as Record<Http1FaultCode, Http1Fault>
