/** Values of every type as the server reads them: the edges by hand, the rest drawn. */

import fc from 'fast-check'

/** The literals of one type, by its name as a cast has it. */
export interface TypeLiterals {
  readonly type: string
  readonly literals: readonly string[]
}

const DRAWN = 250

function drawn(arbitrary: fc.Arbitrary<string>, count: number = DRAWN): string[] {
  return fc.sample(arbitrary, { numRuns: count, seed: 1 })
}

function integers(min: bigint, max: bigint): string[] {
  const near = [min, min + 1n, max - 1n, max, 0n, 1n, 9n, 10n, 99n, 127n, 128n, 255n, 256n].map(String)
  return [...near, ...drawn(fc.bigInt({ min, max }).map(String))]
}

const SMALL = fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }).map(String)

const numericDigits = fc
  .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^\d{1,40}$/), fc.stringMatching(/^\d{0,30}$/))
  .map(([sign, whole, behind]) => (behind === '' ? sign + whole : `${sign}${whole}.${behind}`))

const numericShort = fc
  .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -30, max: 30 }))
  .map(([digits, exponent]) => `${digits}e${exponent}`)

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...'{}"\\,()[] \t\nNULLnull\'a:é€😀'), maxLength: 12 }),
)
const printable = text.filter((value) => !value.includes('\0'))

const TEXTS = [
  '',
  ' ',
  'NULL',
  'null',
  'a',
  'é',
  '"',
  '\\',
  '{}',
  '{',
  ',',
  '()',
  'a b',
  'tab\t',
  '日本語',
  '🎉',
  'x'.repeat(5000),
]

const octet = fc.integer({ min: 0, max: 255 })
const hexOf = (octets: Uint8Array): string => `\\x${Buffer.from(octets).toString('hex')}`

const two = (number: number): string => String(number).padStart(2, '0')
const clock = fc
  .tuple(
    fc.nat({ max: 23 }),
    fc.nat({ max: 59 }),
    fc.nat({ max: 59 }),
    fc.constantFrom('', '.5', '.000001', '.999999', '.12'),
  )
  .map(([hours, minutes, seconds, fraction]) => `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction}`)
const zone = fc.constantFrom('+00', '-03', '+05:30', '-12', '+14', '-03:30', '+01:02:03', '-00:00:01')
const day = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1890, max: 2100 })),
    fc.nat({ max: 11 }),
    fc.nat({ max: 27 }),
  )
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(date + 1)}`)
const era = fc.constantFrom('', '', '', ' BC')

const DAYS = [
  'infinity',
  '-infinity',
  '2000-01-01',
  '1970-01-01',
  '1969-12-31',
  '0001-01-01',
  '0001-12-31 BC',
  '2000-02-29',
]
const MORE_DAYS = [
  '1900-03-01',
  '0004-02-29',
  '0001-02-29 BC',
  '4713-01-01 BC',
  '9999-12-31',
  '10000-01-01',
  '0044-03-15 BC',
]
const INSTANTS = [
  '2000-01-01 00:00:00',
  '1999-12-31 23:59:59.999999',
  '294276-12-31 23:59:59.999999',
  '4713-01-01 00:00:00 BC',
]
const MORE_INSTANTS = [
  '2285-06-05 00:00:00',
  '2286-01-01 00:00:00.000001',
  '1700-01-01 00:00:00.1',
  '1880-01-01 12:00:00',
]

const instant = fc.tuple(day, clock, era).map(([date, time, bc]) => `${date} ${time}${bc}`)
const zoned = fc.tuple(day, clock, zone, era).map(([date, time, offset, bc]) => `${date} ${time}${offset}${bc}`)

const part = fc.integer({ min: -5000, max: 5000 })
const interval = fc
  .tuple(part, part, part, part, part, fc.integer({ min: -99_999_999, max: 99_999_999 }))
  .map(([years, months, days, hours, minutes, micros]) => {
    const date = `${years} years ${months} mons ${days} days`
    return `${date} ${hours} hours ${minutes} mins ${micros} microseconds`
  })
const clean = fc
  .tuple(fc.constantFrom(...'-+'), fc.nat({ max: 99 }), fc.nat({ max: 99 }), clock)
  .map(([sign, months, days, time]) => {
    const date = `${months === 0 ? '' : `${sign}${months} mons `}${days === 0 ? '' : `${sign}${days} days `}`
    return `${date}${sign}${time}`
  })

const INTERVALS = [
  '0',
  '1 year',
  '-1 mons',
  '1 day',
  '-1 day',
  '00:00:00.000001',
  '-00:00:00.000001',
  '1 year -1 day',
  '2 weeks',
]
const MORE_INTERVALS = [
  '-178000000 years',
  '178000000 years',
  '2147483647 days',
  '2562047788:00:54.775806',
  '-2562047788:00:54.775807',
]
const LAST_INTERVALS = [
  'infinity',
  '-infinity',
  '-3 days 04:05:06',
  '3 days -04:05:06',
  '-1 mons -3 days -00:00:07',
  '1 mon 1 sec',
]

const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const word = fc.constantFrom('0', '0', '0', '1', 'ffff', '5', 'abcd', '12')
const ipv6 = fc.array(word, { minLength: 8, maxLength: 8 }).map((words) => words.join(':'))
const hosts = fc.oneof(
  fc.tuple(ipv4, fc.nat({ max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(ipv6, fc.nat({ max: 128 })).map(([address, bits]) => `${address}/${bits}`),
  ipv4,
  ipv6,
)
const ADDRESSES = [
  '::',
  '::1',
  '::5',
  '::1.2.3.4',
  '::ffff:1.2.3.4',
  '::ffff:0:1',
  'fe80::',
  '1::',
  '1:0:0:2::3',
  '2001:db8::1/64',
]
const NETWORKS = ['10.0.0.0/8', '0.0.0.0/0', '::/0', '::1/128', '192.168.1.1/32', '2001:db8::/32', '::ffff:1.2.3.0/120']

const mac = (octets: number): fc.Arbitrary<string> =>
  fc
    .array(octet, { minLength: octets, maxLength: octets })
    .map((all) => all.map((one) => one.toString(16).padStart(2, '0')).join(':'))

const bits = fc.stringMatching(/^[01]{0,40}$/)

const bounds = (bound: fc.Arbitrary<string>): string[] =>
  drawn(
    fc
      .tuple(
        fc.constantFrom('[', '('),
        fc.option(bound, { nil: '' }),
        fc.option(bound, { nil: '' }),
        fc.constantFrom(']', ')'),
      )
      .map(([open, one, other, close]) => `${open}${one},${other}${close}`),
    60,
  )

const sortedInts = fc
  .uniqueArray(fc.integer({ min: -999, max: 999 }), { minLength: 2, maxLength: 8 })
  .map((numbers) => numbers.toSorted((one, other) => one - other))

const multirange = sortedInts.map((numbers) => {
  const ranges: string[] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) ranges.push(`[${numbers[at]!},${numbers[at + 1]!})`)
  return `{${ranges.join(',')}}`
})

const sorted = (type: string, pairs: readonly string[]): TypeLiterals => ({
  type,
  literals: ['empty', '(,)', ...pairs],
})

// Not `null`, which JavaScript does not tell from NULL; not the character that jsonb cannot hold.
const json = fc.json().filter((value) => value.trim() !== 'null' && !value.includes('\\u0000'))
const JSON_TEXTS = ['"a"', '[1,2]', '{"__proto__":1}', ...drawn(json)]

/** Every type that has arrays of its own, so that many values go in one message. */
export const LITERALS: readonly TypeLiterals[] = [
  { type: 'bool', literals: ['t', 'f'] },
  { type: 'int2', literals: integers(-32_768n, 32_767n) },
  { type: 'int4', literals: integers(-(2n ** 31n), 2n ** 31n - 1n) },
  { type: 'int8', literals: [...integers(-(2n ** 63n), 2n ** 63n - 1n), ...drawn(SMALL)] },
  { type: 'oid', literals: integers(0n, 2n ** 32n - 1n) },
  { type: 'xid', literals: integers(0n, 2n ** 32n - 1n) },
  { type: 'cid', literals: integers(0n, 2n ** 32n - 1n) },
  { type: 'xid8', literals: integers(0n, 2n ** 64n - 1n) },
  {
    type: 'float4',
    literals: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0',
      '0.1',
      '1e-45',
      '3.4028235e38',
      '1.1754944e-38',
      '16777216',
      '1e10',
      ...drawn(fc.float({ noNaN: true, noDefaultInfinity: true }).map(String)),
    ],
  },
  {
    type: 'float8',
    literals: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0',
      '0.1',
      '5e-324',
      '1.7976931348623157e308',
      '9007199254740993',
      '-1.5',
      '1e22',
      ...drawn(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
      ...drawn(fc.integer({ min: -99_999_999, max: 99_999_999 }).map((number) => String(number / 1000))),
    ],
  },
  {
    type: 'numeric',
    literals: [
      'NaN',
      'Infinity',
      '-Infinity',
      '0',
      '0.00',
      '-0.0001',
      '10000',
      '9999.9999',
      '0.00010000',
      '1e131071',
      '1e-16383',
      ...drawn(numericDigits),
      ...drawn(numericShort),
    ],
  },
  { type: 'text', literals: [...TEXTS, ...drawn(printable)] },
  { type: 'varchar', literals: [...TEXTS, ...drawn(printable)] },
  { type: 'bpchar', literals: [...TEXTS, ...drawn(printable)] },
  { type: 'name', literals: drawn(printable) },
  { type: '"char"', literals: ['', 'a', '"', '\\', '\\200', '\\377', ' ', '{', ','] },
  { type: 'bytea', literals: ['', 'a\\\\b', '\\\\', ...drawn(fc.uint8Array({ maxLength: 40 }).map(hexOf))] },
  {
    type: 'date',
    literals: [...DAYS, ...MORE_DAYS, '5874897-12-31', ...drawn(fc.tuple(day, era).map((both) => both.join('')))],
  },
  { type: 'time', literals: ['24:00:00', '00:00:00', ...drawn(clock)] },
  { type: 'timetz', literals: ['24:00:00+15:59:59', ...drawn(fc.tuple(clock, zone).map((both) => both.join('')))] },
  { type: 'timestamp', literals: [...DAYS, ...MORE_DAYS, ...INSTANTS, ...MORE_INSTANTS, ...drawn(instant)] },
  { type: 'timestamptz', literals: [...DAYS, ...MORE_DAYS, ...INSTANTS, ...MORE_INSTANTS, ...drawn(zoned)] },
  {
    type: 'interval',
    literals: [...INTERVALS, ...MORE_INTERVALS, ...LAST_INTERVALS, ...drawn(interval, 150), ...drawn(clean, 150)],
  },
  { type: 'uuid', literals: ['00000000-0000-0000-0000-000000000000', ...drawn(fc.uuid())] },
  { type: 'json', literals: JSON_TEXTS },
  { type: 'jsonb', literals: JSON_TEXTS },
  { type: 'jsonpath', literals: ['$."a"[*]'] },
  { type: 'inet', literals: [...ADDRESSES, ...drawn(hosts)] },
  { type: 'cidr', literals: NETWORKS },
  { type: 'macaddr', literals: drawn(mac(6)) },
  { type: 'macaddr8', literals: drawn(mac(8)) },
  { type: 'varbit', literals: ['', ...drawn(bits)] },
  { type: 'bit(9)', literals: drawn(fc.stringMatching(/^[01]{9}$/)) },
  { type: 'tid', literals: ['(0,0)', '(4294967295,65535)', '(1,2)'] },
  { type: 'pg_lsn', literals: ['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848'] },
  { type: 'point', literals: ['(0,0)', '(-1.5,1e300)', '(NaN,Infinity)', '(-0,0.1)'] },
  sorted('int4range', ['[1,5)', '[1,1]', '(,5)', '[5,)', '[-7,7]']),
  sorted('int8range', ['[1,9223372036854775807)', '(,5)']),
  sorted('numrange', ['[1.50,2)', '(1,2]', '(1.5,)', ...bounds(fc.constant('1.0'))]),
  sorted('daterange', ['[2000-01-01,2000-02-01)', '[2000-01-01,infinity)']),
  sorted('tsrange', ['["2000-01-01 00:00:00","2000-01-01 00:00:00.5"]', '(,infinity]']),
  sorted('tstzrange', ['["2000-01-01 00:00:00+02","2000-01-01 00:00:00.5+01"]', '[-infinity,]']),
  { type: 'int4multirange', literals: ['{}', '{(,)}', ...drawn(multirange, 50)] },
  { type: 'nummultirange', literals: ['{}', '{(,1.5),[2,2]}'] },
  { type: 'tstzmultirange', literals: ['{["2000-01-01 00:00:00+02","2000-01-01 00:00:00.5+01"]}'] },
  { type: 'int8multirange', literals: ['{[1,2),[4,)}'] },
  { type: 'tsmultirange', literals: ['{}'] },
  { type: 'datemultirange', literals: ['{[2000-01-01,2000-01-02)}'] },
  { type: 'mood', literals: ['sad', 'ok', 'very "happy", \\really'] },
  { type: 'textrange', literals: ['["a,b","c""d\\\\"]', '["",)', '(,z)', 'empty'] },
  { type: 'inventory', literals: ['(,,,)', '("a ""b"" \\\\c, )",7,"{1,NULL,3}","(1.50,t)")', '("",,{},"(,)")'] },
]

/** Arrays, which go one by one: a literal of each shape. Whether its text comes back is said by the first index. */
export const ARRAY_LITERALS: readonly TypeLiterals[] = [
  { type: 'int4[]', literals: ['{}', '{1}', '{1,NULL,-3}', '{{1,2},{3,NULL}}', '{{{{{{1,2}}}}}}', '{NULL}'] },
  {
    type: 'text[]',
    literals: ['{}', '{"",NULL,"NULL",null}', '{"a,b","c\\"d","e\\\\f","{g}"," h "}', '{{é,日本},{🎉,"\t"}}'],
  },
  { type: 'bytea[]', literals: ['{"\\\\x00ff",NULL}'] },
  { type: 'timestamptz[]', literals: ['{"2000-01-01 00:00:00+02",infinity}'] },
  { type: 'json[]', literals: ['{"[1,2]","{\\"a\\":[null]}"}'] },
  { type: 'numrange[]', literals: ['{"[1,2)",empty}'] },
  { type: 'int4multirange[]', literals: ['{"{[1,2),[5,6)}","{}"}'] },
  { type: 'inventory[]', literals: ['{"(\\"a \\"\\"b\\",1,,)",NULL}'] },
  { type: 'int2vector', literals: ['1', '1 -2 3'] },
  { type: 'oidvector', literals: ['7', '4294967295 0'] },
]
