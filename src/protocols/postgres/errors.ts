/**
 * Every fault that a peer can commit: where the rule stands (a section of the chapter "Frontend/Backend Protocol" of
 * the documentation), the SQLSTATE with which a server answers it, its text.
 */

const table = {
  PG_LENGTH: ['Message Formats', '08P01', 'The length of a message is less than its own four octets'],
  PG_MESSAGE_TOO_LARGE: ['Message Formats', '54000', 'A message is larger than the limit'],
  PG_MESSAGE_TYPE: ['Message Formats', '08P01', 'A message has a type that is not known'],
  PG_MESSAGE_UNEXPECTED: ['Message Flow', '08P01', 'A message came that does not fit what was asked'],
  PG_MESSAGE_MALFORMED: ['Message Formats', '08P01', 'The content of a message does not fit its type'],
  PG_COLUMN_COUNT: ['Message Formats', '', 'A row has another number of columns than its description'],
  PG_NAME_TOO_LONG: ['Message Formats', '54000', 'The name of a statement or a portal is longer than the limit'],
  PG_VALUES: ['Message Formats', '54000', 'More values than the limit are bound'],
  PG_VERSION: ['Start-up', '0A000', 'The peer speaks no version of the protocol that we do'],
  PG_STARTUP: ['Start-up', '28000', 'The start names no user'],
  PG_AUTH_UNSUPPORTED: ['Authentication', '', 'The server asks for a way to authenticate that is not supported'],
  PG_AUTH_REFUSED: ['Authentication', '', 'The server asks for a way to authenticate that is not allowed'],
  PG_AUTH_PASSWORD: ['Authentication', '', 'The server asks for a password, and there is none'],
  PG_AUTH_FAILED: ['Authentication', '28P01', 'The client does not know the password'],
  PG_CHANNEL_BINDING: ['SASL Authentication', '', 'Channel binding is required, and the server does not offer it'],
  PG_SCRAM: ['SASL Authentication', '28P01', 'The messages of SCRAM are not what they must be'],
  PG_SCRAM_ITERATIONS: ['SASL Authentication', '', 'The server asks for more rounds of hashing than the limit'],
  PG_SCRAM_SIGNATURE: ['SASL Authentication', '', 'The server does not know the password'],
  PG_PARAMETERS: ['Start-up', '', 'The server reports more parameters than the limit'],
  PG_NOTICES: ['Start-up', '', 'The server sends more notices than the limit before it is ready'],
  PG_KEY_DATA: ['Message Formats', '', 'The key for cancelling does not have 4 to 256 octets'],
  PG_TLS_ANSWER: ['SSL Session Encryption', '', 'The answer to SSLRequest is neither S nor N'],
  PG_TLS_REST: ['SSL Session Encryption', '', 'Octets came behind SSLRequest, or its answer, before TLS'],
  PG_TLS_REQUIRED: ['SSL Session Encryption', '28000', 'The client begins without TLS'],
  PG_STARTUP_TIMEOUT: ['Start-up', '', 'The start was not over in time'],
  PG_WRITE_TIMEOUT: ['Message Flow', '', 'The peer does not take what was written'],
  PG_TRUNCATED: ['Termination', '', 'The peer has ended the connection where it must not'],
} as const

/** The code of a fault that a peer committed. */
export type PostgresFaultCode = keyof typeof table

/** Where the rule stands, and a text for people. */
export interface PostgresFault {
  readonly section: string
  /** With what a server answers it; empty for nothing, as for every fault of a server. */
  readonly sqlState: string
  readonly text: string
}

/** The error table by code. */
export const postgresFaults: Readonly<Record<PostgresFaultCode, PostgresFault>> = Object.fromEntries(
  Object.entries(table).map(([code, [section, sqlState, text]]) => [code, { section, sqlState, text }]),
) as Record<PostgresFaultCode, PostgresFault>
