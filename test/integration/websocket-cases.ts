/**
 * The cases of the public WebSocket conformance suite, class by class and by its numbers, for an endpoint that sends
 * back each message. Where that suite lets an endpoint do one thing or another, these say what ours does.
 */

import type { WebSocketFrame } from 'skitai/testing'

/** A message or control frame that must come back: opcode and payload. */
export type Expected = readonly [opcode: number, payload: Uint8Array]

/** One case. */
export interface Case {
  readonly id: string
  readonly sends: readonly WebSocketFrame[]
  /** What is sent is cut into chunks of so many octets. */
  readonly chop?: number
  readonly expects: readonly Expected[]
  /**
   * How it ends: a code that the endpoint closes with by itself; `close` for a closing handshake that the case begins
   * in order; `[code]` for the answer to the Close among `sends`, undefined for one without a code.
   */
  readonly ends: 'close' | number | readonly [code: number | undefined]
}

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10
const NOTHING = Buffer.alloc(0)
const PROTOCOL_ERROR = 1002
const INVALID_PAYLOAD = 1007

function octets(text: string): Buffer {
  return Buffer.from(text)
}

function frame(
  opcode: number,
  payload: Uint8Array | string = NOTHING,
  more: Partial<WebSocketFrame> = {},
): WebSocketFrame {
  return { opcode, payload: typeof payload === 'string' ? octets(payload) : payload, ...more }
}

/** A message in frames of `size` octets. */
function fragments(opcode: number, payload: Uint8Array, size: number): WebSocketFrame[] {
  const frames: WebSocketFrame[] = []
  for (let at = 0; at === 0 || at < payload.length; at += size)
    frames.push(frame(at === 0 ? opcode : 0, payload.subarray(at, at + size), { fin: at + size >= payload.length }))
  return frames
}

const first = { fin: false } as const

/** The same, whole, octet by octet. */
function bothWays(each: Case): Case[] {
  return [each, { ...each, id: `${each.id}, octet by octet`, chop: 1 }]
}

function framing(): Case[] {
  const cases: Case[] = []
  for (const [number, opcode] of [
    [1, TEXT],
    [2, BINARY],
  ] as const) {
    for (const [index, size] of [0, 125, 126, 127, 128, 65_535, 65_536].entries()) {
      const payload = Buffer.alloc(size, opcode === TEXT ? '*' : 0xfe)
      cases.push({
        id: `1.${number}.${index + 1}`,
        sends: [frame(opcode, payload)],
        expects: [[opcode, payload]],
        ends: 'close',
      })
    }
    const payload = Buffer.alloc(65_536, opcode === TEXT ? '*' : 0xfe)
    cases.push({
      id: `1.${number}.8`,
      sends: [frame(opcode, payload)],
      chop: 997,
      expects: [[opcode, payload]],
      ends: 'close',
    })
  }
  return cases
}

function pings(): Case[] {
  const odd = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])
  const long = Buffer.alloc(125, 0xfe)
  const ten = Array.from({ length: 10 }, (_, i) => octets(`payload-${i}`))
  const many = { sends: ten.map((each) => frame(PING, each)), expects: ten.map((each): Expected => [PONG, each]) }
  const answered = (id: string, payload: Buffer): Case => ({
    id,
    sends: [frame(PING, payload)],
    expects: [[PONG, payload]],
    ends: 'close',
  })
  return [
    answered('2.1', NOTHING),
    answered('2.2', octets('Hello, world!')),
    answered('2.3', odd),
    answered('2.4', long),
    { id: '2.5', sends: [frame(PING, Buffer.alloc(126, 0xfe))], expects: [], ends: PROTOCOL_ERROR },
    { ...answered('2.6', long), chop: 1 },
    { id: '2.7', sends: [frame(PONG)], expects: [], ends: 'close' },
    { id: '2.8', sends: [frame(PONG, 'unsolicited')], expects: [], ends: 'close' },
    {
      id: '2.9',
      sends: [frame(PONG, 'unsolicited'), frame(PING, 'ping')],
      expects: [[PONG, octets('ping')]],
      ends: 'close',
    },
    { id: '2.10', ...many, ends: 'close' },
    { id: '2.11', ...many, chop: 1, ends: 'close' },
  ]
}

function reserved(): Case[] {
  const hello: Expected = [TEXT, octets('Hello, world!')]
  const small = frame(TEXT, 'Hello, world!')
  const wrong = (id: string, rsv: number, chop: number): Case => ({
    id,
    sends: [small, frame(TEXT, 'Hello, world!', { rsv }), frame(PING)],
    chop,
    expects: [hello],
    ends: PROTOCOL_ERROR,
  })
  return [
    { id: '3.1', sends: [frame(TEXT, 'Hello, world!', { rsv: 1 })], expects: [], ends: PROTOCOL_ERROR },
    wrong('3.2', 2, Infinity),
    wrong('3.3', 3, Infinity),
    wrong('3.4', 4, 1),
    { id: '3.5', sends: [frame(BINARY, Buffer.alloc(8, 0xff), { rsv: 5 })], expects: [], ends: PROTOCOL_ERROR },
    { id: '3.6', sends: [frame(PING, 'Hello, world!', { rsv: 6 })], expects: [], ends: PROTOCOL_ERROR },
    { id: '3.7', sends: [frame(CLOSE, NOTHING, { rsv: 7 })], expects: [], ends: PROTOCOL_ERROR },
  ]
}

function opcodes(): Case[] {
  const small = frame(TEXT, 'Hello, world!')
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => {
    const id = opcode < 8 ? `4.1.${opcode - 2}` : `4.2.${opcode - 10}`
    const late = { id: `${id}, behind a message`, expects: [[TEXT, octets('Hello, world!')]] as const }
    return [
      { id, sends: [frame(opcode)], expects: [], ends: PROTOCOL_ERROR },
      { ...late, sends: [small, frame(opcode, 'reserved'), frame(PING)], ends: PROTOCOL_ERROR },
      {
        ...late,
        id: `${late.id}, octet by octet`,
        chop: 1,
        sends: [small, frame(opcode), frame(PING)],
        ends: PROTOCOL_ERROR,
      },
    ]
  })
}

function fragmentation(): Case[] {
  const [one, two] = [frame(TEXT, 'fragment1', first), frame(0, 'fragment2')]
  const whole: Expected = [TEXT, octets('fragment1fragment2')]
  const ping = frame(PING, 'ping payload')
  const pong: Expected = [PONG, octets('ping payload')]
  const hello = frame(TEXT, 'Hello, world!')
  const five = ['fragment1', 'fragment2', 'fragment3', 'fragment4', 'fragment5'].map((text, i) =>
    frame(i === 0 ? TEXT : 0, text, { fin: i === 4 }),
  )
  const pingsBetween = [...five.slice(0, 2), ping, ...five.slice(2, 4), ping, five[4]!]
  const wrong = (id: string, ...sends: WebSocketFrame[]): Case => ({ id, sends, expects: [], ends: PROTOCOL_ERROR })
  return [
    wrong('5.1', frame(PING, 'fragment1', first), two),
    wrong('5.2', frame(PONG, 'fragment1', first), two),
    ...bothWays({ id: '5.3 to 5.5', sends: [one, two], expects: [whole], ends: 'close' }),
    ...bothWays({ id: '5.6 to 5.8', sends: [one, ping, two], expects: [pong, whole], ends: 'close' }),
    ...bothWays(wrong('5.9 to 5.11', frame(0, 'non-continuation payload'), hello)),
    ...bothWays(wrong('5.12 to 5.14', frame(0, 'non-continuation payload', first), hello)),
    { ...wrong('5.15', one, two, frame(0, 'fragment3', first), frame(TEXT, 'fragment4')), expects: [whole] },
    wrong('5.16', frame(0, 'fragment1', first), frame(TEXT, 'fragment2', first), frame(0, 'fragment3')),
    wrong('5.17', frame(0, 'fragment1'), frame(TEXT, 'fragment2', first), frame(0, 'fragment3')),
    wrong('5.18', one, frame(TEXT, 'fragment2')),
    ...bothWays({
      id: '5.19 and 5.20',
      sends: pingsBetween,
      expects: [pong, pong, [TEXT, octets('fragment1fragment2fragment3fragment4fragment5')]],
      ends: 'close',
    }),
  ]
}

/** What is UTF-8, in hexadecimal digits: 6.2, 6.5 to 6.7, 6.9, 6.11, 6.22 and 6.23. */
const RIGHT_TEXTS = [
  '48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121',
  'cebae1bdb9cf83cebcceb5',
  '00', 'c280', 'e0a080', 'f0908080',
  '7f', 'dfbf', 'efbfbf', 'f48fbfbf',
  'ed9fbf', 'ee8080', 'efbfbd',
  'efbfbe', 'f09fbfbe', 'f09fbfbf', 'f0afbfbe', 'f0afbfbf', 'f0bfbfbe', 'f0bfbfbf', 'f18fbfbe', 'f18fbfbf',
  'f19fbfbe', 'f19fbfbf', 'f1afbfbe', 'f1afbfbf', 'f1bfbfbe', 'f1bfbfbf', 'f28fbfbe', 'f28fbfbf', 'f29fbfbe',
  'f29fbfbf', 'f2afbfbe', 'f2afbfbf', 'f2bfbfbe', 'f2bfbfbf', 'f38fbfbe', 'f38fbfbf', 'f39fbfbe', 'f39fbfbf',
  'f3afbfbe', 'f3afbfbf', 'f3bfbfbe', 'f3bfbfbf', 'f48fbfbe',
  'efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbbbf', 'efbbbf61',
] // prettier-ignore

/** What is not: 6.3, 6.6 (the beginnings of a text), 6.8, 6.10, 6.12 to 6.21. */
const WRONG_TEXTS = [
  'cebae1bdb9cf83cebcceb5eda080656469746564',
  'ce', 'cebae1', 'cebae1bd', 'cebae1bdb9cf', 'cebae1bdb9cf83ce', 'cebae1bdb9cf83cebcce',
  'f888808080', 'fc8480808080', 'f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf', 'f4908080',
  '80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf',
  '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf',
  'c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20df20',
  'e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20ef20', 'f020f120f220f320f420f520f620f720', 'f820f920fa20fb20', 'fc20fd20',
  'c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf',
  'c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf',
  'fe', 'ff', 'fefeffff',
  'c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af',
  'c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf',
  'c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080',
  'eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf',
  'eda080edb080', 'eda080edbfbf', 'edadbfedb080', 'edadbfedbfbf', 'edae80edb080', 'edae80edbfbf', 'edafbfedb080', 'edafbfedbfbf',
] // prettier-ignore

function utf8(): Case[] {
  const empty: Expected = [TEXT, NOTHING]
  const threeEmpty = [frame(TEXT, '', first), frame(0, '', first), frame(0)]
  const cases: Case[] = [
    { id: '6.1.1', sends: [frame(TEXT)], expects: [empty], ends: 'close' },
    { id: '6.1.2', sends: threeEmpty, expects: [empty], ends: 'close' },
    {
      id: '6.1.3',
      sends: [threeEmpty[0]!, frame(0, 'middle frame payload', first), threeEmpty[2]!],
      expects: [[TEXT, octets('middle frame payload')]],
      ends: 'close',
    },
  ]
  for (const [right, texts] of [
    [true, RIGHT_TEXTS],
    [false, WRONG_TEXTS],
  ] as const)
    for (const hex of texts) {
      const payload = Buffer.from(hex, 'hex')
      const rest = {
        expects: right ? [[TEXT, payload] as const] : [],
        ends: right ? 'close' : INVALID_PAYLOAD,
      } as const
      const id = `6: ${hex.slice(0, 40)} is ${right ? '' : 'not '}UTF-8`
      cases.push(...bothWays({ id, sends: [frame(TEXT, payload)], ...rest }))
      cases.push({ id: `${id}, in frames of one octet`, sends: fragments(TEXT, payload, 1), ...rest })
    }
  const good = Buffer.from('cebae1bdb9cf83cebcceb5', 'hex')
  const bad = Buffer.from('f4908080', 'hex')
  const early = (id: string, ...sends: WebSocketFrame[]): Case => ({ id, sends, expects: [], ends: INVALID_PAYLOAD })
  // Nothing is sent behind the fault: the endpoint must see it by itself, and at once.
  return [
    ...cases,
    early('6.4.1', frame(TEXT, good, first), frame(0, bad, first)),
    early('6.4.2', frame(TEXT, Buffer.concat([good, bad.subarray(0, 1)]), first), frame(0, bad.subarray(1, 2), first)),
    early('6.4.3', frame(TEXT, Buffer.concat([good, bad]), { length: good.length + bad.length + 6 })),
    early('6.4.4', frame(TEXT, Buffer.concat([good, bad.subarray(0, 2)]), { length: good.length + bad.length + 6 })),
  ]
}

function closePayload(code: number, reason: Uint8Array | string = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), typeof reason === 'string' ? octets(reason) : reason])
}

function closing(): Case[] {
  const hello = frame(TEXT, 'Hello World!')
  const echoed: Expected = [TEXT, octets('Hello World!')]
  const normal = frame(CLOSE, closePayload(1000))
  const large = Buffer.alloc(262_144, 'BAsd7&jh23')
  const answered = (id: string, payload: Buffer, code: number | undefined): Case => ({
    id,
    sends: [frame(CLOSE, payload)],
    expects: [],
    ends: [code],
  })
  const refused = (id: string, payload: Buffer, code = PROTOCOL_ERROR): Case => ({
    id,
    sends: [frame(CLOSE, payload)],
    expects: [],
    ends: code,
  })
  return [
    { id: '7.1.1', sends: [hello], expects: [echoed], ends: 'close' },
    { id: '7.1.2', sends: [normal, normal], expects: [], ends: [1000] },
    { id: '7.1.3', sends: [normal, frame(PING)], expects: [], ends: [1000] },
    { id: '7.1.4', sends: [normal, hello], expects: [], ends: [1000] },
    { id: '7.1.5', sends: [frame(TEXT, 'fragment1', first), normal, frame(0, 'fragment2')], expects: [], ends: [1000] },
    {
      id: '7.1.6',
      sends: [frame(TEXT, large), hello, normal, frame(PING)],
      expects: [[TEXT, large], echoed],
      ends: [1000],
    },
    answered('7.3.1', NOTHING, undefined),
    refused('7.3.2', octets('a')),
    answered('7.3.3', closePayload(1000), 1000),
    answered('7.3.4', closePayload(1000, 'Hello World!'), 1000),
    answered('7.3.5', closePayload(1000, '*'.repeat(123)), 1000),
    refused('7.3.6', closePayload(1000, '*'.repeat(124))),
    refused(
      '7.5.1',
      closePayload(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex')),
      INVALID_PAYLOAD,
    ),
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, i) =>
      answered(`7.7.${i + 1}`, closePayload(code), code),
    ),
    // The registry has these since: that suite counted them among the unknown ones at first.
    ...[1012, 1013, 1014].map((code) => answered(`7.7, ${code}`, closePayload(code), code)),
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].map((code, i) =>
      refused(`7.9.${i + 1}`, closePayload(code)),
    ),
    ...[5000, 65_535].map((code, i) => refused(`7.13.${i + 1}`, closePayload(code))),
  ]
}

const KIB = 1024
const MIB = 1024 * KIB

function sizes(): Case[] {
  const cases: Case[] = []
  for (const [number, opcode] of [
    [0, TEXT],
    [1, BINARY],
  ] as const) {
    const fill = opcode === TEXT ? '*' : 0xfe
    const add = (id: string, payload: Buffer, sends: readonly WebSocketFrame[], chop = Infinity): void =>
      void cases.push({ id, sends, chop, expects: [[opcode, payload]], ends: 'close' })
    for (const [i, size] of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB].entries()) {
      const payload = Buffer.alloc(size, fill)
      add(`9.${1 + number}.${i + 1}`, payload, [frame(opcode, payload)])
    }
    const four = Buffer.alloc(4 * MIB, fill)
    for (const [i, size] of [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB].entries())
      add(`9.${3 + number}.${i + 1}`, four, fragments(opcode, four, size))
    const one = Buffer.alloc(MIB, fill)
    for (const [i, chop] of [64, 128, 256, 512, KIB, 2 * KIB].entries())
      add(`9.${5 + number}.${i + 1}`, one, [frame(opcode, one)], chop)
    for (const [i, size] of [0, 16, 64, 256, KIB, 4 * KIB].entries()) {
      const payload = Buffer.alloc(size, fill)
      cases.push({
        id: `9.${7 + number}.${i + 1}`,
        sends: Array.from({ length: 1000 }, () => frame(opcode, payload)),
        expects: Array.from({ length: 1000 }, () => [opcode, payload] as const),
        ends: 'close',
      })
    }
  }
  const payload = Buffer.alloc(65_536, '*')
  return [...cases, { id: '10.1.1', sends: fragments(TEXT, payload, 1300), expects: [[TEXT, payload]], ends: 'close' }]
}

/** All classes; 12 and 13, compression, need another peer that compresses. */
export const classes: readonly (readonly [name: string, cases: readonly Case[]])[] = [
  ['1 framing', framing()],
  ['2 pings and pongs', pings()],
  ['3 reserved bits', reserved()],
  ['4 opcodes', opcodes()],
  ['5 fragmentation', fragmentation()],
  ['6 UTF-8', utf8()],
  ['7 close handling', closing()],
  ['9 and 10 large messages, many messages, many fragments', sizes()],
]
