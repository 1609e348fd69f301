import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeflateOptions, DeflateParameters, Extension } from 'skitai/websocket'
import { parseExtensions } from 'skitai/websocket'
import { acceptOffer, agreed, deflateParametersOf, offerOf } from '#src/protocols/websocket/negotiation.js'

describe('the grammar of Sec-WebSocket-Extensions', () => {
  const right: readonly (readonly [text: string, extensions: readonly Extension[]])[] = [
    ['', []],
    [' , ,', []],
    ['foo', [{ name: 'foo', parameters: [] }]],
    ['foo, bar', [{ name: 'foo', parameters: [] }, { name: 'bar', parameters: [] }]],
    ['foo;a', [{ name: 'foo', parameters: [['a', undefined]] }]],
    ['foo ; a = 1 ; b', [{ name: 'foo', parameters: [['a', '1'], ['b', undefined]] }]],
    ['foo; a="1"', [{ name: 'foo', parameters: [['a', '1']] }]],
    ['foo; a="\\1\\2"', [{ name: 'foo', parameters: [['a', '12']] }]],
    ['foo; a=1; a=2', [{ name: 'foo', parameters: [['a', '1'], ['a', '2']] }]],
    ['foo,\tbar;\tbaz', [{ name: 'foo', parameters: [] }, { name: 'bar', parameters: [['baz', undefined]] }]],
  ] // prettier-ignore
  for (const [text, extensions] of right)
    test(`${JSON.stringify(text)} is well-formed`, () => assert.deepEqual(parseExtensions(text), extensions))

  for (const text of [
    'foo bar',
    'foo;',
    'foo; ;',
    ';a',
    'foo; a=',
    'foo; a="',
    'foo; a="b',
    'foo; a="\\',
    'foo; a="b\\',
    'foo; a=""',
    'foo; a="b c"',
    'foo; a="\\"',
    'foo; a=b c',
    'foo; a=b=c',
    'foo; =b',
    'fo(o',
    'foo; a="b"c',
    'föö',
  ])
    test(`${JSON.stringify(text)} is not`, () => assert.equal(parseExtensions(text), undefined))
})

const TAKEOVER: DeflateOptions = { serverNoContextTakeover: false, clientNoContextTakeover: false }

function parameters(server: number, client: number, serverNo = false, clientNo = false): DeflateParameters {
  return {
    serverNoContextTakeover: serverNo,
    clientNoContextTakeover: clientNo,
    serverMaxWindowBits: server,
    clientMaxWindowBits: client,
  }
}

describe('a server and permessage-deflate', () => {
  const accept = (offer: string, wanted: DeflateOptions = TAKEOVER): ReturnType<typeof acceptOffer> =>
    acceptOffer(parseExtensions(offer)!, deflateParametersOf(wanted))

  const answers: readonly (readonly [offer: string, wanted: DeflateOptions, answer: string, of: DeflateParameters])[] =
    [
      ['', TAKEOVER, '', parameters(15, 15)],
      ['', {}, '; server_no_context_takeover; client_no_context_takeover', parameters(15, 15, true, true)],
      ['; server_no_context_takeover', TAKEOVER, '; server_no_context_takeover', parameters(15, 15, true)],
      ['; client_no_context_takeover', TAKEOVER, '; client_no_context_takeover', parameters(15, 15, false, true)],
      ['; server_max_window_bits=10', TAKEOVER, '; server_max_window_bits=10', parameters(10, 15)],
      ['; server_max_window_bits=15', TAKEOVER, '; server_max_window_bits=15', parameters(15, 15)],
      ['; server_max_window_bits="8"', TAKEOVER, '; server_max_window_bits=8', parameters(8, 15)],
      [
        '; server_max_window_bits=12',
        { ...TAKEOVER, serverMaxWindowBits: 9 },
        '; server_max_window_bits=9',
        parameters(9, 15),
      ],
      ['', { ...TAKEOVER, serverMaxWindowBits: 9 }, '; server_max_window_bits=9', parameters(9, 15)],
      ['; client_max_window_bits', TAKEOVER, '', parameters(15, 15)],
      [
        '; client_max_window_bits',
        { ...TAKEOVER, clientMaxWindowBits: 9 },
        '; client_max_window_bits=9',
        parameters(15, 9),
      ],
      ['; client_max_window_bits=10', TAKEOVER, '; client_max_window_bits=10', parameters(15, 10)],
      [
        '; client_max_window_bits=10',
        { ...TAKEOVER, clientMaxWindowBits: 12 },
        '; client_max_window_bits=10',
        parameters(15, 10),
      ],
    ]
  for (const [offer, wanted, answer, of] of answers)
    test(`answers "${offer}" to ${JSON.stringify(wanted)}`, () =>
      assert.deepEqual(accept(`permessage-deflate${offer}`, wanted), {
        parameters: of,
        answer: `permessage-deflate${answer}`,
      }))

  for (const offer of [
    'other',
    'permessage-deflate; unknown',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover=true',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; server_max_window_bits',
    ...['7', '16', '08', '1', '100', 'x', '8.0', '-8'].flatMap((bits) => [
      `permessage-deflate; server_max_window_bits=${bits}`,
      `permessage-deflate; client_max_window_bits=${bits}`,
    ]),
  ])
    test(`declines ${offer}`, () => assert.equal(accept(offer), undefined))

  test('takes the first offer that it can', () => {
    const offer =
      'permessage-deflate; server_max_window_bits=99, permessage-deflate; server_max_window_bits=9, permessage-deflate'
    assert.equal(accept(offer)?.answer, 'permessage-deflate; server_max_window_bits=9')
  })

  test('declines a client that does not say that its window can be smaller', () => {
    assert.equal(accept('permessage-deflate', { clientMaxWindowBits: 9 }), undefined)
    assert.equal(
      accept('permessage-deflate, permessage-deflate; client_max_window_bits', { clientMaxWindowBits: 9 })?.parameters
        .clientMaxWindowBits,
      9,
    )
  })
})

describe('a client and permessage-deflate', () => {
  const read = (answer: string, offered: DeflateOptions = TAKEOVER): DeflateParameters | undefined =>
    agreed(parseExtensions(answer)!, deflateParametersOf(offered))

  test('offers what it wants', () => {
    assert.equal(offerOf(deflateParametersOf(TAKEOVER)), 'permessage-deflate; client_max_window_bits')
    assert.equal(
      offerOf(deflateParametersOf({ serverMaxWindowBits: 10, clientMaxWindowBits: 9 })),
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; ' +
        'client_max_window_bits=9',
    )
  })

  const right: readonly (readonly [answer: string, offered: DeflateOptions, of: DeflateParameters])[] = [
    ['', TAKEOVER, parameters(15, 15)],
    ['; server_no_context_takeover', TAKEOVER, parameters(15, 15, true)],
    ['; client_no_context_takeover', TAKEOVER, parameters(15, 15, false, true)],
    ['; server_max_window_bits=8', TAKEOVER, parameters(8, 15)],
    ['; client_max_window_bits=8', TAKEOVER, parameters(15, 8)],
    ['', { ...TAKEOVER, clientNoContextTakeover: true }, parameters(15, 15, false, true)],
    ['', { ...TAKEOVER, clientMaxWindowBits: 9 }, parameters(15, 9)],
    ['; server_max_window_bits=9', { ...TAKEOVER, serverMaxWindowBits: 10 }, parameters(9, 15)],
    ['; server_no_context_takeover', { clientNoContextTakeover: false }, parameters(15, 15, true)],
  ]
  for (const [answer, offered, of] of right)
    test(`understands "${answer}" to ${JSON.stringify(offered)}`, () =>
      assert.deepEqual(read(`permessage-deflate${answer}`, offered), of))

  const wrong: readonly (readonly [answer: string, offered: DeflateOptions])[] = [
    ['', TAKEOVER],
    ['other', TAKEOVER],
    ['permessage-deflate, permessage-deflate', TAKEOVER],
    ['permessage-deflate; unknown', TAKEOVER],
    ['permessage-deflate; client_max_window_bits', TAKEOVER],
    ['permessage-deflate; server_max_window_bits', TAKEOVER],
    ['permessage-deflate; server_max_window_bits=7', TAKEOVER],
    ['permessage-deflate; client_max_window_bits=16', TAKEOVER],
    ['permessage-deflate; client_max_window_bits=10; client_max_window_bits=10', TAKEOVER],
    ['permessage-deflate', { clientNoContextTakeover: false }],
    ['permessage-deflate', { ...TAKEOVER, serverMaxWindowBits: 10 }],
    ['permessage-deflate; server_max_window_bits=11', { ...TAKEOVER, serverMaxWindowBits: 10 }],
    ['permessage-deflate; client_max_window_bits=11', { ...TAKEOVER, clientMaxWindowBits: 10 }],
  ]
  for (const [answer, offered] of wrong)
    test(`refuses "${answer}" to ${JSON.stringify(offered)}`, () => assert.equal(read(answer, offered), undefined))
})
