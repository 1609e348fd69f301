/** Objects for clients that ask for XML-RPC. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { XMLParser } from 'fast-xml-parser'
import fc from 'fast-check'
import { App } from '#src/server/index.js'
import { xmlRpcResponse } from '#src/server/app/xml-rpc.js'
import { serving } from '../serving.js'

type Node = Readonly<Record<string, readonly Node[] | string>>

const parser = new XMLParser({ preserveOrder: true, trimValues: false, parseTagValue: false, htmlEntities: true })

const named = (nodes: readonly Node[], name: string): readonly Node[] =>
  nodes.filter((node) => name in node).map((node) => node[name] as unknown as Node)

const textOf = (nodes: readonly Node[]): string => nodes.map((node) => String(node['#text'])).join('')

/** What a client makes of a value; reads nothing that the standard does not have. */
function decode(value: readonly Node[]): unknown {
  assert.equal(value.length, 1)
  const [[type, inner]] = Object.entries(value[0]!) as [[string, readonly Node[]]]
  switch (type) {
    case 'nil':
      return null
    case 'string':
      return textOf(inner)
    case 'boolean':
      assert.match(textOf(inner), /^[01]$/)
      return textOf(inner) === '1'
    case 'int':
      assert.match(textOf(inner), /^-?\d{1,10}$/)
      return Number(textOf(inner))
    case 'double':
      assert.match(textOf(inner), /^-?\d+(?:\.\d+)?$/)
      return Number(textOf(inner))
    case 'dateTime.iso8601':
      return textOf(inner)
    case 'base64':
      return Buffer.from(textOf(inner), 'base64')
    case 'array': {
      const [data] = named(inner, 'data') as unknown as readonly (readonly Node[])[]
      return (named(data!, 'value') as unknown as readonly (readonly Node[])[]).map(decode)
    }
    case 'struct': {
      const members = named(inner, 'member') as unknown as readonly (readonly Node[])[]
      return Object.fromEntries(
        members.map((member) => {
          const [name] = named(member, 'name') as unknown as readonly (readonly Node[])[]
          const [its] = named(member, 'value') as unknown as readonly (readonly Node[])[]
          return [textOf(name!), decode(its!)]
        }),
      )
    }
    default:
      return assert.fail(`there is no type ${type}`)
  }
}

function read(text: string): unknown {
  assert.match(text, /^<\?xml version="1.0"\?>\n/)
  const within = (nodes: readonly Node[], name: string): readonly Node[] => {
    const found = nodes.filter((node) => name in node)
    assert.equal(found.length, 1)
    return found[0]![name] as readonly Node[]
  }
  const document = parser.parse(text) as readonly Node[]
  return decode(within(within(within(within(document, 'methodResponse'), 'params'), 'param'), 'value'))
}

describe('APP-46: API as XML-RPC', () => {
  it('is for clients whose Accept begins with text/xml', async () => {
    const { engine } = serving(
      new App().get('/', (was) => was.response.API('201 Created', { name: 'boot <1>', sizes: [41, 42.5] })),
    )
    const ask = async (accept?: string): Promise<readonly [number, string | undefined, string | undefined]> => {
      const { status, headers } = await engine.inject({ headers: accept === undefined ? {} : { accept } })
      return [status, headers.get('content-type'), headers.get('vary')]
    }
    assert.deepEqual(await ask(), [201, 'application/json', 'accept'])
    assert.deepEqual(await ask('application/json, text/xml'), [201, 'application/json', 'accept'])
    assert.deepEqual(await ask('text/xmlish'), [201, 'application/json', 'accept'])
    assert.deepEqual(await ask('text/xml, */*'), [201, 'text/xml; charset=utf-8', 'accept'])
    const answer = await engine.inject({ headers: { accept: 'text/xml' } })
    assert.deepEqual(read(answer.text()), { name: 'boot <1>', sizes: [41, 42.5] })
  })

  it('has a type for each value', () => {
    assert.deepEqual(
      read(
        xmlRpcResponse({
          text: ' a & b\r\n<c>',
          yes: true,
          no: false,
          int: -2_147_483_647,
          large: 2 ** 40,
          huge: 1e30,
          tiny: 2.5e-9,
          date: new Date(Date.UTC(2026, 0, 31, 8, 30)),
          octets: new Uint8Array([0, 255]),
          none: null,
          nan: Number.NaN,
          never: new Date(Number.NaN),
          left: undefined,
          list: [[], {}, undefined],
          own: { toJSON: () => 'said' },
          odd: 'a\0b\ud800c\uffff\u0085',
        }),
      ),
      {
        text: ' a & b\r\n<c>',
        yes: true,
        no: false,
        int: -2_147_483_647,
        large: 2 ** 40,
        huge: 1e30,
        tiny: 2.5e-9,
        date: '20260131T08:30:00',
        octets: Buffer.from([0, 255]),
        none: null,
        nan: null,
        never: null,
        list: [[], {}, null],
        own: 'said',
        odd: 'a\ufffdb\ufffdc\ufffd\u0085',
      },
    )
  })

  it('gives back whatever JSON can hold', () => {
    const value = fc.jsonValue({ stringUnit: 'grapheme' })
    const clean = (text: string): boolean => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text)
    fc.assert(
      fc.property(value, (given) => {
        fc.pre(clean(JSON.stringify(given)) && !/__proto__|\\u/.test(JSON.stringify(given)))
        const expected = JSON.parse(JSON.stringify(given)) as unknown
        assert.deepEqual(read(xmlRpcResponse(given)), expected)
      }),
    )
  })

  it('refuses what JSON has no form for', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    for (const odd of [circle, { a: () => 1 }, { a: 1n }, Symbol('s')])
      assert.throws(() => xmlRpcResponse(odd), TypeError)
  })
})
