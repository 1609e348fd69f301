/**
 * What the methods of the usual commands give: no server before 7.2 tells it, so it stands here. A command that is not
 * here gives what the protocol has.
 */

/** What a method gives: its type, and the function of src/io/client/redis/replies.ts that makes it so. */
export interface ResultKind {
  /** In terms of `Text`, `Int` and the types of src/io/client/redis/reply-shapes.ts. */
  readonly type: string
  readonly read?: string
  /** With the last optional arguments, or with the token, it is this type instead. */
  readonly extended?: { readonly type: string; readonly token?: string }
}

const ok: ResultKind = { type: `'OK'` }
const int: ResultKind = { type: 'Int' }
const intOrNull: ResultKind = { type: 'Int | null' }
const ints: ResultKind = { type: 'Int[]' }
const text: ResultKind = { type: 'Text' }
const textOrNull: ResultKind = { type: 'Text | null' }
const texts: ResultKind = { type: 'Text[]' }
const textsOrNull: ResultKind = { type: '(Text | null)[]' }
const word: ResultKind = { type: 'string' }
const double: ResultKind = { type: 'number', read: 'readDouble' }
const doubleOrNull: ResultKind = { type: 'number | null', read: 'readDouble' }
const doublesOrNull: ResultKind = { type: '(number | null)[]', read: 'readDoubles' }
const object: ResultKind = { type: 'Record<string, Text>', read: 'readObject' }
const record: ResultKind = { type: 'Record<string, ReplyValue>', read: 'readObject' }
const records: ResultKind = { type: 'Record<string, ReplyValue>[]', read: 'readObjects' }
const pair: ResultKind = { type: '[Text, Text] | null' }
const page: ResultKind = { type: '[cursor: Text, Text[]]' }
const oneOrMany: ResultKind = { type: 'Text | null', extended: { type: 'Text[] | null' } }
const members: ResultKind = {
  type: 'Text[]',
  read: 'readMembers',
  extended: { type: '[member: Text, score: number][]', token: 'WITHSCORES' },
}
const popped: ResultKind = { type: '[member: Text, score: number][]', read: 'readScored' }
const keyedPop: ResultKind = { type: '[key: Text, member: Text, score: number] | null', read: 'readKeyedPop' }
const entries: ResultKind = { type: 'StreamEntry<Text>[]', read: 'readEntries' }
const streams: ResultKind = { type: 'StreamEntries<Text>[] | null', read: 'readStreams' }
const mpop: ResultKind = {
  type: '[key: Text, [member: Text, score: number][]] | null',
  read: 'readManyPop',
}
const listPop: ResultKind = { type: '[key: Text, Text[]] | null' }
const near: ResultKind = { type: '(Text | GeoMatch<Text>)[]', read: 'readNear' }

const groups: readonly (readonly [ResultKind, string])[] = [
  [
    ok,
    `ACL LOAD|ACL SAVE|ACL SETUSER|CLIENT NO-EVICT|CLIENT PAUSE|CLIENT SETNAME|CLIENT UNPAUSE|
    CLUSTER ADDSLOTS|CLUSTER ADDSLOTSRANGE|CLUSTER DELSLOTS|CLUSTER FORGET|CLUSTER MEET|CLUSTER REPLICATE|
    CLUSTER RESET|CLUSTER SETSLOT|CONFIG RESETSTAT|CONFIG REWRITE|CONFIG SET|FLUSHALL|FLUSHDB|
    FUNCTION FLUSH|FUNCTION RESTORE|HMSET|LSET|LTRIM|MSET|PFMERGE|PSETEX|RENAME|REPLICAOF|RESTORE|SAVE|
    SCRIPT FLUSH|SCRIPT KILL|SETEX|SLOWLOG RESET|SWAPDB|XGROUP CREATE|XGROUP SETID|XSETID|MEMORY PURGE|
    FUNCTION DELETE`,
  ],
  [
    int,
    `ACL DELUSER|APPEND|BITCOUNT|BITOP|BITPOS|CLIENT GETREDIR|CLIENT ID|CLIENT UNBLOCK|
    CLUSTER COUNTKEYSINSLOT|CLUSTER KEYSLOT|COMMAND COUNT|COPY|DBSIZE|DECR|DECRBY|DEL|EXISTS|EXPIRE|
    EXPIREAT|EXPIRETIME|GEOADD|GEOSEARCHSTORE|GETBIT|HDEL|HEXISTS|HINCRBY|HLEN|HSET|HSETNX|HSTRLEN|INCR|
    INCRBY|LASTSAVE|LINSERT|LLEN|LPUSH|LPUSHX|LREM|MOVE|MSETNX|OBJECT REFCOUNT|PERSIST|PEXPIRE|PEXPIREAT|
    PEXPIRETIME|PFADD|PFCOUNT|PTTL|PUBLISH|PUBSUB NUMPAT|RENAMENX|RPUSH|RPUSHX|SADD|SCARD|SDIFFSTORE|SETBIT|
    SETNX|SETRANGE|SINTERCARD|SINTERSTORE|SISMEMBER|SLOWLOG LEN|SMOVE|SPUBLISH|SREM|STRLEN|SUNIONSTORE|
    TOUCH|TTL|UNLINK|WAIT|XACK|XDEL|XGROUP CREATECONSUMER|XGROUP DELCONSUMER|XGROUP DESTROY|XLEN|XTRIM|
    ZCARD|ZCOUNT|ZDIFFSTORE|ZINTERCARD|ZINTERSTORE|ZLEXCOUNT|ZRANGESTORE|ZREM|ZREMRANGEBYLEX|
    ZREMRANGEBYRANK|ZREMRANGEBYSCORE|ZUNIONSTORE|LATENCY RESET`,
  ],
  [intOrNull, 'MEMORY USAGE|OBJECT FREQ|OBJECT IDLETIME|ZRANK|ZREVRANK'],
  [ints, 'SCRIPT EXISTS|SMISMEMBER'],
  [
    text,
    `ACL GENPASS|ACL WHOAMI|CLIENT INFO|CLIENT LIST|CLUSTER INFO|CLUSTER MYID|CLUSTER NODES|ECHO|
    FUNCTION DUMP|FUNCTION LOAD|GETRANGE|HINCRBYFLOAT|INCRBYFLOAT|INFO|LATENCY DOCTOR|LOLWUT|MEMORY DOCTOR|
    MEMORY MALLOC-STATS|SCRIPT LOAD|SUBSTR`,
  ],
  [
    textOrNull,
    `BLMOVE|BRPOPLPUSH|CLIENT GETNAME|DUMP|GET|GETDEL|GETEX|GETSET|HGET|LINDEX|LMOVE|OBJECT ENCODING|
    RANDOMKEY|RPOPLPUSH|XADD`,
  ],
  [
    texts,
    `ACL CAT|ACL LIST|ACL USERS|CLUSTER GETKEYSINSLOT|COMMAND LIST|HKEYS|HVALS|KEYS|LRANGE|PUBSUB CHANNELS|
    PUBSUB SHARDCHANNELS|SDIFF|SINTER|SMEMBERS|SUNION|TIME|ZRANGEBYLEX|ZREVRANGEBYLEX`,
  ],
  [textsOrNull, 'GEOHASH|HMGET|MGET|SORT_RO'],
  [word, 'BGREWRITEAOF|BGSAVE|TYPE'],
  [{ type: 'Text' }, 'PING'],
  [{ type: `'OK' | Text | null` }, 'SET'],
  [double, 'ZINCRBY'],
  [doubleOrNull, 'GEODIST|ZSCORE'],
  [doublesOrNull, 'ZMSCORE'],
  [{ type: 'Int | number | null', read: 'readAdded' }, 'ZADD'],
  [object, 'CONFIG GET|HGETALL'],
  [{ type: 'Record<string, Int>', read: 'readObject' }, 'PUBSUB NUMSUB|PUBSUB SHARDNUMSUB'],
  [record, 'CLIENT TRACKINGINFO|MEMORY STATS|XINFO STREAM'],
  [{ type: 'Record<string, ReplyValue> | null', read: 'readObject' }, 'ACL GETUSER'],
  [records, 'ACL LOG|CLUSTER LINKS|MODULE LIST|XINFO CONSUMERS|XINFO GROUPS'],
  [pair, 'BLPOP|BRPOP'],
  [page, 'SCAN|SSCAN'],
  [{ type: '[cursor: Text, [field: Text, value: Text][]]', read: 'readHashPage' }, 'HSCAN'],
  [{ type: '[cursor: Text, [member: Text, score: number][]]', read: 'readScoredPage' }, 'ZSCAN'],
  [oneOrMany, 'LPOP|RPOP'],
  [{ type: 'Text | null', extended: { type: 'Text[]' } }, 'SPOP|SRANDMEMBER'],
  [{ type: 'Int | null', extended: { type: 'Int[]', token: 'COUNT' } }, 'LPOS'],
  [members, 'ZDIFF|ZINTER|ZRANGE|ZRANGEBYSCORE|ZREVRANGE|ZREVRANGEBYSCORE|ZUNION'],
  [popped, 'ZPOPMAX|ZPOPMIN'],
  [keyedPop, 'BZPOPMAX|BZPOPMIN'],
  [mpop, 'BZMPOP|ZMPOP'],
  [listPop, 'BLMPOP|LMPOP'],
  [entries, 'XRANGE|XREVRANGE'],
  [{ type: 'StreamEntry<Text>[] | Text[]', read: 'readClaimed' }, 'XCLAIM'],
  [{ type: '[next: Text, StreamEntry<Text>[] | Text[], deleted: Text[]]', read: 'readAutoClaimed' }, 'XAUTOCLAIM'],
  [streams, 'XREAD|XREADGROUP'],
  [{ type: '([longitude: number, latitude: number] | null)[]', read: 'readPositions' }, 'GEOPOS'],
  [near, 'GEORADIUSBYMEMBER_RO|GEORADIUS_RO|GEOSEARCH'],
  [{ type: '(Int | null)[]' }, 'BITFIELD|BITFIELD_RO'],
  [
    {
      type: 'Text | null | Text[]',
      extended: { type: '[field: Text, value: Text][]', token: 'WITHVALUES' },
      read: 'readFields',
    },
    'HRANDFIELD',
  ],
  [
    {
      type: 'Text | null | Text[]',
      extended: { type: '[member: Text, score: number][]', token: 'WITHSCORES' },
      read: 'readMembers',
    },
    'ZRANDMEMBER',
  ],
]

/** By the name of the command. */
export const resultKinds: ReadonlyMap<string, ResultKind> = new Map(
  groups.flatMap(([kind, names]) => names.split('|').map((name) => [name.trim(), kind] as const)),
)

/** What a command gives that is not above. */
export const otherResult: ResultKind = { type: 'ReplyValue' }
