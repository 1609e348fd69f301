/** What the tables of Redis do not say by themselves: why each limit is what it is, and what each usage code means. */

import type { RedisLimits } from '#src/protocols/redis/index.js'

/** Why each limit has its default: what it stops, and what others have. */
export const redisLimitReasons: Readonly<Record<keyof RedisLimits, string>> = {
  bulkBytesMax: 'What Redis itself takes (`proto-max-bulk-len`). Memory grows with what came only.',
  replyBytesMax: 'Two of the largest strings; a reply is in memory as a whole.',
  elementsMax: 'A reply of that many values takes about 1 GiB; a declared number alone takes nothing.',
  depthMax: 'Deep nesting has ended the process of other clients; Redis itself nests a handful of levels.',
  lineBytesMax: 'Errors and simple strings are short. It is also what Redis takes inline.',
  outputBytesMax:
    'A client that does not read its answers gets no more of them. If both ends stopped so, each would wait for the other.',
  startupMs: 'A start takes a round trip or two; a server that loads its data answers, too.',
  writeMs: 'A server may be busy with one command for long before it reads the next; but it does read.',
}

/** What each code of a `UsageError` says about the caller. */
export const redisUsageCodes: Readonly<Record<string, string>> = {
  REDIS_ARGUMENTS:
    'A command has no words, too many, one that is too large, or one that is no string, octets or number.',
  REDIS_COMMAND: 'The command would leave it open which reply belongs to which command.',
  REDIS_LIMIT: 'A limit does not exist, or its value is not a number in its range.',
  REDIS_OPTION: 'An option of the start is not what it can be.',
  REDIS_STATE: 'The command does not fit: the server is not ready yet, or something else was begun.',
  REDIS_VALUE: 'A value cannot be replied: it is no value, too deep, or a line that holds the end of one.',
}
