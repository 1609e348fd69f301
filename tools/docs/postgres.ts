/**
 * What the tables of PostgreSQL do not say by themselves: why each limit is what it is, and what each usage code means.
 */

import type { PostgresLimits, PostgresServerLimits } from '#src/protocols/postgres/index.js'

/** Why each limit has its default: what it stops, and what others have. */
export const postgresLimitReasons: Readonly<Record<keyof PostgresLimits, string>> = {
  messageBytesMax: 'What the server itself can make: a value has 1 GiB at the most. Memory grows with what came only.',
  startupBytesMax: 'Whoever answers before it is authenticated may be anybody; no message of a start is larger.',
  parametersMax: 'A server reports about 15; one that goes on for ever would never be ready.',
  startupNoticesMax: 'A server sends a handful of warnings, such as that of a collation that has changed.',
  scramIterationsMax:
    'A server sets 4,096 by default. A fake one could make the client hash for minutes; the drivers of others have the ' +
    'same limit.',
  outputBytesMax: 'Commands that the server does not take wait in our memory.',
  startupMs: 'A start takes a few round trips, and more while the server comes up again after a crash.',
  writeMs: 'A server may be busy with one statement for long before it reads the next; but it does read.',
}

/** The same for the server role. */
export const postgresServerLimitReasons: Readonly<Record<keyof PostgresServerLimits, string>> = {
  startupBytesMax: 'Whoever has not proved who he is may be anybody. PostgreSQL takes 10,000, too.',
  messageBytesMax:
    'PostgreSQL takes 1 GiB; a message is told when all of it is there, and so many clients may be half through one.',
  smallMessageBytesMax: 'Names and little more. PostgreSQL takes 10,000, too.',
  nameBytesMax: 'Drivers make names of some 60 octets. An application keeps those of all its statements.',
  valuesMax: 'All that the protocol can say, as in PostgreSQL. What is declared takes no memory before it comes.',
  pipelinedMax:
    'An application gets the next command when it has answered the one before; what waits, waits in the network. A ' +
    'proxy, which hands commands on before it knows their answers, sets more.',
  outputBytesMax: 'A client that does not read its answers gets no more of them.',
  startupMs: 'A start takes a few round trips. PostgreSQL gives 60 s, for people who type passwords.',
  writeMs: 'A client may be busy with its rows for a while; one that takes nothing for so long holds memory in vain.',
}

/** What each code of a `UsageError` says about the caller. */
export const postgresUsageCodes: Readonly<Record<string, string>> = {
  PG_CONFIG:
    'What is said about a connection is malformed, unknown or not supported, or two parts of it do not fit; the message names it.',
  PG_AUTH_OPTIONS: 'A server asks for a proof without digests, or its secret has fewer than 16 octets.',
  PG_BATCH: 'A cursor is to ask for a number of rows at a time that is not one from 1 to 1,000,000.',
  PG_BUSY: 'Something is asked of a connection on which data are being copied.',
  PG_COPY:
    'COPY is not for the method that was given it, or the method for nothing else; or the source of data is none.',
  PG_IDENTIFIER: 'A name is no text, is empty or holds a zero octet, or there is none.',
  PG_RELEASED: 'Something is asked of a reserved connection that was given back.',
  PG_TRANSACTION:
    'A transaction is begun by a statement on a connection that others use, or with options that there are not.',
  PG_TRANSACTION_ENDED: 'Something is asked of a transaction that has ended.',
  PG_TRANSACTION_NESTED: 'Something is asked of a transaction while another one is open inside of it.',
  PG_COUNT: 'A message has more than 65,535 parameters, types or formats.',
  PG_KEY: 'A key for cancelling does not have 4 to 256 octets.',
  PG_LIMIT: 'A limit does not exist, or its value is not a number in its range.',
  PG_MESSAGE_SIZE: 'A message would have more than 1 GiB (CVE-2024-27304).',
  PG_PARAMETER:
    'A parameter of a statement is undefined, or there are too many or too few; or one of the session has no name, or one ' +
    'that the start has itself.',
  PG_ROW: 'A row has another number of columns than its description, or than the row before.',
  PG_ROWS: 'A number of rows is not one from 0 to 2,147,483,647.',
  PG_STATE:
    'The command does not fit: the server is not ready yet, or nothing is copied to it; in the server role, it is not ' +
    'what the answer can go on with.',
  PG_TEXT: 'A text is not a string, or holds a zero octet.',
  PG_TYPE_UNKNOWN:
    'A type is named that is not registered: that of the elements of an array, or of the fields of a composite.',
  PG_VALUE: 'A parameter is neither a string, a Uint8Array nor null, or data of COPY is no Uint8Array.',
  PG_VERIFIER: 'What is stored instead of a password is not one of the method that is asked for.',
  PG_VALUE_TOO_LARGE: 'A value would have more octets than a message can hold.',
  PG_VALUE_UNFIT: 'A value is none of its type.',
  POOL_LEASE: 'What a pool has lent was given back twice.',
  POOL_OPTION: 'An option of a pool does not exist, or its value is not a number in its range.',
}
