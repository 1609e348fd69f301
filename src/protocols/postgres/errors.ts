/**
 * Every fault that a PostgreSQL server can commit towards a client: where the rule stands (a section of the chapter
 * "Frontend/Backend Protocol" of its documentation), its text.
 */

const table = {
  PG_LENGTH: ['Message Formats', 'The length of a message is less than its own four octets'],
  PG_MESSAGE_TOO_LARGE: ['Message Formats', 'A message is larger than the limit'],
  PG_MESSAGE_TYPE: ['Message Formats', 'A message has a type that is not known'],
  PG_MESSAGE_UNEXPECTED: ['Message Flow', 'A message came that does not fit what was asked'],
  PG_MESSAGE_MALFORMED: ['Message Formats', 'The content of a message does not fit its type'],
  PG_COLUMN_COUNT: ['Message Formats', 'A row has another number of columns than its description'],
  PG_VERSION: ['Start-up', 'The server speaks no version of the protocol that we do'],
  PG_AUTH_UNSUPPORTED: ['Authentication', 'The server asks for a way to authenticate that is not supported'],
  PG_AUTH_REFUSED: ['Authentication', 'The server asks for a way to authenticate that is not allowed'],
  PG_AUTH_PASSWORD: ['Authentication', 'The server asks for a password, and there is none'],
  PG_CHANNEL_BINDING: ['SASL Authentication', 'Channel binding is required, and the server does not offer it'],
  PG_SCRAM: ['SASL Authentication', 'The messages of SCRAM are not what they must be'],
  PG_SCRAM_ITERATIONS: ['SASL Authentication', 'The server asks for more rounds of hashing than the limit'],
  PG_SCRAM_SIGNATURE: ['SASL Authentication', 'The server does not know the password'],
  PG_PARAMETERS: ['Start-up', 'The server reports more parameters than the limit'],
  PG_NOTICES: ['Start-up', 'The server sends more notices than the limit before it is ready'],
  PG_KEY_DATA: ['Message Formats', 'The key for cancelling does not have 4 to 256 octets'],
  PG_TLS_ANSWER: ['SSL Session Encryption', 'The answer to SSLRequest is neither S nor N'],
  PG_TLS_REST: ['SSL Session Encryption', 'Octets came behind the answer to SSLRequest, before TLS'],
  PG_STARTUP_TIMEOUT: ['Start-up', 'The server was not ready in time'],
  PG_WRITE_TIMEOUT: ['Message Flow', 'The server does not take what was written'],
  PG_TRUNCATED: ['Termination', 'The server has ended the connection'],
} as const

/** The code of a fault that a server committed. */
export type PostgresFaultCode = keyof typeof table

/** Where the rule stands, and a text for people. Nothing goes over the wire for a fault of a server. */
export interface PostgresFault {
  readonly section: string
  readonly text: string
}

/** The error table by code. */
export const postgresFaults: Readonly<Record<PostgresFaultCode, PostgresFault>> = Object.fromEntries(
  Object.entries(table).map(([code, [section, text]]) => [code, { section, text }]),
) as Record<PostgresFaultCode, PostgresFault>
