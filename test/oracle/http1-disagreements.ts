/**
 * Where we and the parser of node:http differ on purpose. The oracle lets nothing else pass, and tries every example.
 */

/**
 * One way to differ. `ours` and `theirs`: the first fault, `accepted` for a whole message, or `waits` for more input.
 */
export interface Disagreement {
  readonly ours: string
  readonly theirs: string
  readonly reason: string
  /** An input, escaped, on which they differ so. */
  readonly example: string
}

const GET = 'GET / HTTP/1.1\\r\\nHost: a\\r\\n'
const CHUNKED = `${GET}Transfer-Encoding: chunked\\r\\n\\r\\n`
const OK = 'HTTP/1.1 200 OK\\r\\n'
const OK_CHUNKED = `${OK}Transfer-Encoding: chunked\\r\\n\\r\\n`

/** For requests. */
export const requestDisagreements: readonly Disagreement[] = [
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_METHOD',
    reason: 'A method is any token (RFC 9110 section 9.1); theirs knows a fixed list.',
    example: 'BREW / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_VERSION',
    reason: 'A higher minor version is treated as 1.1 (RFC 9110 section 2.5).',
    example: 'GET / HTTP/1.7\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_CHUNK_SIZE',
    reason: 'Blanks before a chunk extension are to be parsed (RFC 9112 section 7.1.1).',
    example: `${CHUNKED}1 ; a = b\\r\\nx\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_STRICT',
    reason: 'What a chunk extension says is not looked at as long as it holds no control character.',
    example: `${CHUNKED}1;a=\\x88\\r\\nx\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_CONTENT_LENGTH',
    reason: 'Content-Length in a trailer section is dropped (RFC 9110 section 6.5.1); theirs takes it for framing.',
    example: `${CHUNKED}0\\r\\nContent-Length: 1\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_TRANSFER_ENCODING',
    reason: 'A tab behind a value is optional whitespace (RFC 9110 section 5.6.3).',
    example: `${GET}Transfer-Encoding: chunked\\t\\r\\n\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_CLOSED_CONNECTION',
    reason: 'Connection in a trailer section is dropped; theirs obeys it and refuses the next request.',
    example: `${CHUNKED}0\\r\\nConnection: close\\r\\n\\r\\n${GET}\\r\\n`,
  },
  {
    ours: 'H1_HOST_MISSING',
    theirs: 'accepted',
    reason: 'Host is looked at by the server around their parser.',
    example: 'GET / HTTP/1.1\\r\\n\\r\\n',
  },
  {
    ours: 'H1_HOST_REPEATED',
    theirs: 'accepted',
    reason: 'More than one Host is to be refused (RFC 9112 section 3.2).',
    example: `${GET}Host: b\\r\\n\\r\\n`,
  },
  {
    ours: 'H1_HOST_SYNTAX',
    theirs: 'accepted',
    reason: 'An invalid Host is to be refused (RFC 9112 section 3.2).',
    example: 'GET / HTTP/1.1\\r\\nHost: a b\\r\\n\\r\\n',
  },
  {
    ours: 'H1_TARGET_SYNTAX',
    theirs: 'accepted',
    reason: 'A request line without a version is HTTP/0.9; a fragment is no part of a target (RFC 9112 section 3.2).',
    example: 'GET /\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'H1_TARGET_FORM',
    theirs: 'accepted',
    reason: 'The asterisk belongs to OPTIONS (RFC 9112 section 3.2.4).',
    example: 'GET * HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'H1_VERSION_SYNTAX',
    theirs: 'accepted',
    reason: 'One blank stands before the version (RFC 9112 section 3).',
    example: 'GET /  HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'H1_VERSION_UNSUPPORTED',
    theirs: 'accepted',
    reason: 'The major version 2 on a connection of version 1 is 505 (RFC 9110 section 15.6.6).',
    example: 'GET / HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n',
  },
  {
    ours: 'H1_METHOD_SYNTAX',
    theirs: 'accepted',
    reason: 'An empty line is CRLF, not LF (RFC 9112 section 2.2).',
    example: `\\n${GET}\\r\\n`,
  },
  {
    ours: 'H1_METHOD_SYNTAX',
    theirs: 'waits',
    reason: 'The same, and no request behind it.',
    example: '\\n',
  },
  {
    ours: 'H1_LINE_ENDING',
    theirs: 'accepted',
    reason: 'CR is followed by LF (RFC 9112 section 2.2).',
    example: `\\r\\r\\n${GET}\\r\\n`,
  },
  {
    ours: 'H1_LINE_ENDING',
    theirs: 'waits',
    reason: 'The same, and no request behind it.',
    example: '\\r\\r\\n',
  },
  {
    ours: 'H1_TRANSFER_CODING_SYNTAX',
    theirs: 'accepted',
    reason: 'Nothing but one `chunked`: an empty list element is what a second parser may read in another way.',
    example: `${GET}Transfer-Encoding: , chunked\\r\\n\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'H1_EXPECTATION',
    theirs: 'accepted',
    reason: 'Expect is looked at by the server around their parser.',
    example: `${GET}Expect: x\\r\\n\\r\\n`,
  },
]

/** For responses; the examples answer one GET. */
export const responseDisagreements: readonly Disagreement[] = [
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_VERSION',
    reason: 'A higher minor version is treated as 1.1 (RFC 9110 section 2.5).',
    example: 'HTTP/1.9 204 \\r\\n\\r\\n',
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_CHUNK_SIZE',
    reason: 'Blanks before a chunk extension are to be parsed (RFC 9112 section 7.1.1).',
    example: `${OK_CHUNKED}1 ; a = b\\r\\nx\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_STRICT',
    reason: 'What a chunk extension says is not looked at as long as it holds no control character.',
    example: `${OK_CHUNKED}1;a=\\x88\\r\\nx\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'accepted',
    theirs: 'HPE_INVALID_CONTENT_LENGTH',
    reason: 'Content-Length in a trailer section is dropped (RFC 9110 section 6.5.1); theirs takes it for framing.',
    example: `${OK_CHUNKED}0\\r\\nContent-Length: 1\\r\\n\\r\\n`,
  },
  {
    ours: 'content',
    theirs: 'content',
    reason: 'A tab behind `chunked` is optional whitespace; theirs reads until close instead.',
    example: `${OK}Transfer-Encoding: chunked\\t\\r\\n\\r\\n1\\r\\nx\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'H1_TRANSFER_CODING_SYNTAX',
    theirs: 'accepted',
    reason: 'Without a final `chunked` theirs reads until close (RFC 9112 section 6.3 rule 4); we refuse.',
    example: `${OK}Transfer-Encoding: gzip\\r\\n\\r\\nx`,
  },
  {
    ours: 'H1_TRANSFER_CODING_UNSUPPORTED',
    theirs: 'accepted',
    reason: 'We cannot undo another coding and say so.',
    example: `${OK}Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n`,
  },
  {
    ours: 'H1_TRANSFER_CODING_VERSION',
    theirs: 'accepted',
    reason: 'Transfer-Encoding in an HTTP/1.0 message is faulty framing (RFC 9112 section 6.1).',
    example: 'HTTP/1.0 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n',
  },
  {
    ours: 'H1_REASON_SYNTAX',
    theirs: 'accepted',
    reason: 'A reason phrase holds no control character (RFC 9112 section 4).',
    example: 'HTTP/1.1 204 \\x01\\r\\n\\r\\n',
  },
  {
    ours: 'H1_STATUS_SYNTAX',
    theirs: 'accepted',
    reason: 'A status below 100 or above 599 is invalid (RFC 9110 section 15).',
    example: 'HTTP/1.1 600 \\r\\nContent-Length: 0\\r\\n\\r\\n',
  },
  {
    ours: 'H1_VERSION_SYNTAX',
    theirs: 'accepted',
    reason: 'No empty line stands before a status line (RFC 9112 section 2.1).',
    example: '\\r\\nHTTP/1.1 204 \\r\\n\\r\\n',
  },
  {
    ours: 'H1_VERSION_SYNTAX',
    theirs: 'waits',
    reason: 'The same, and no response behind it.',
    example: '\\r\\n',
  },
  {
    ours: 'H1_LINE_ENDING',
    theirs: 'accepted',
    reason: 'CR is followed by LF (RFC 9112 section 2.2).',
    example: 'HTTP/1.1 204 OK\\r\\rX: y\\r\\n\\r\\n',
  },
  {
    ours: 'H1_RESPONSE_UNREQUESTED',
    theirs: 'accepted',
    reason: 'Their parser does not know how many requests there were.',
    example: 'HTTP/1.1 204 \\r\\n\\r\\nHTTP/1.1 204 \\r\\n\\r\\n',
  },
  {
    ours: 'H1_RESPONSE_UNREQUESTED',
    theirs: 'waits',
    reason: 'The same; an empty line without a request is too much, too.',
    example: 'HTTP/1.1 204 \\r\\n\\r\\n\\r\\n',
  },
  {
    ours: 'H1_TRUNCATED_HEAD',
    theirs: 'waits',
    reason: 'The same: for them nothing is missing.',
    example: '',
  },
]
