import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesOf, type Trace } from 'skitai/testing'
import { readByClient, readByServer } from './http1-support.js'

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet)

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const isToken = (octet: number): boolean => TOKEN.includes(String.fromCharCode(octet))
const isVisible = (octet: number): boolean => octet > 0x20 && octet < 0x7f
const isFieldVchar = (octet: number): boolean => isVisible(octet) || octet >= 0x80
const isFieldValue = (octet: number): boolean => isFieldVchar(octet) || octet === 0x20 || octet === 0x09

type Role = (octets: Uint8Array) => Trace

/** Whether the engine takes the input without a fault. */
function passes(role: Role, input: string): boolean {
  const { events } = role(bytesOf(input))
  return !events.some(({ type }) => type === 'fatal')
}

const server: Role = readByServer
const client: Role = (octets) => readByClient(['GET'], octets)

/** For each octet, whether `input(octet)` must pass. */
function eachOctet(role: Role, input: (octet: string) => string, allowed: (octet: number) => boolean): void {
  const wrong = OCTETS.filter((octet) => passes(role, input(String.fromCharCode(octet))) !== allowed(octet))
  assert.deepEqual(wrong, [])
}

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('every octet at every position of an HTTP/1.1 request', () => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const positions: [string, (octet: string) => string, (octet: number) => boolean][] = [
    // CR there begins an empty line, which a server ignores once LF follows.
    ['first of the method', (o) => `${o}ET / HTTP/1.1\r\nHost: a\r\n\r\n`, isToken],
    ['middle of the method', (o) => `G${o}T / HTTP/1.1\r\nHost: a\r\n\r\n`, isToken],
    ['last of the method', (o) => `GE${o} / HTTP/1.1\r\nHost: a\r\n\r\n`, isToken],
    ['first of the target', (o) => `GET ${o} HTTP/1.1\r\nHost: a\r\n\r\n`, (o) => o === 0x2f],
    ['middle of the target', (o) => `GET /${o}x HTTP/1.1\r\nHost: a\r\n\r\n`, (o) => isVisible(o) && o !== 0x23],
    ['last of the target', (o) => `GET /x${o} HTTP/1.1\r\nHost: a\r\n\r\n`, (o) => isVisible(o) && o !== 0x23],
    ['minor version', (o) => `GET / HTTP/1.${o}\r\nHost: a\r\n\r\n`, (o) => o >= 0x30 && o <= 0x39],
    ['major version', (o) => `GET / HTTP/${o}.1\r\nHost: a\r\n\r\n`, (o) => o === 0x31],
    ['behind the version', (o) => `GET / HTTP/1.1${o}\r\nHost: a\r\n\r\n`, () => false],
    ['in place of the CR of the request line', (o) => `GET / HTTP/1.1${o}\nHost: a\r\n\r\n`, (o) => o === 0x0d],
    ['in place of the LF of the request line', (o) => `GET / HTTP/1.1\r${o}Host: a\r\n\r\n`, (o) => o === 0x0a],
    ['first of a name', (o) => `${head}${o}x: y\r\n\r\n`, isToken],
    ['middle of a name', (o) => `${head}x${o}x: y\r\n\r\n`, (o) => isToken(o) || o === 0x3a],
    ['last of a name', (o) => `${head}x${o}: y\r\n\r\n`, (o) => isToken(o) || o === 0x3a],
    ['a whole name', (o) => `${head}${o}: y\r\n\r\n`, isToken],
    ['first of a value', (o) => `${head}x: ${o}y\r\n\r\n`, isFieldValue],
    ['middle of a value', (o) => `${head}x: y${o}y\r\n\r\n`, isFieldValue],
    ['last of a value', (o) => `${head}x: y${o}\r\n\r\n`, isFieldValue],
    ['a whole value', (o) => `${head}x:${o}\r\n\r\n`, isFieldValue],
    ['in place of the CR of a field line', (o) => `${head}x: y${o}\n\r\n`, (o) => o === 0x0d],
    ['in place of the LF of a field line', (o) => `${head}x: y\r${o}\r\n`, (o) => o === 0x0a],
    ['in place of the CR of the empty line', (o) => `${head}${o}\n`, (o) => o === 0x0d],
    ['in place of the LF of the empty line', (o) => `${head}\r${o}`, (o) => o === 0x0a],
    [
      'in Content-Length',
      (o) => `${head}Content-Length: 0${o}\r\n\r\n${'x'.repeat(9)}`,
      (o) => o === 0x20 || o === 0x09,
    ],
  ]
  for (const [name, input, allowed] of positions)
    test(name, () => {
      if (name === 'in Content-Length') {
        // A digit is a longer content, of which the x's are part: no fault either.
        eachOctet(
          server,
          (o) => input(o).slice(0, o >= '1' && o <= '9' ? -9 + Number(o) : -9),
          (o) => allowed(o) || (o >= 0x30 && o <= 0x39),
        )
      } else eachOctet(server, input, allowed)
    })
})

describe('every octet at every position of chunked content', () => {
  const isHex = (octet: number): boolean => /^[0-9a-fA-F]$/.test(String.fromCharCode(octet))
  const positions: [string, (octet: string) => string, (octet: number) => boolean][] = [
    ['the size', (o) => `${CHUNKED}${o}\r\n`, isHex],
    ['the second digit of the size', (o) => `${CHUNKED}0${o}\r\n`, (o) => isHex(o) || o === 0x3b],
    ['behind the size and a blank', (o) => `${CHUNKED}1 ${o}`, (o) => o === 0x3b || o === 0x20 || o === 0x09],
    ['in an extension', (o) => `${CHUNKED}1;a${o}b`, isFieldValue],
    ['the first of an extension', (o) => `${CHUNKED}1;${o}b`, isFieldValue],
    ['in place of the CR of a chunk line', (o) => `${CHUNKED}1;a${o}\n`, (o) => o === 0x0d],
    ['in place of the LF of a chunk line', (o) => `${CHUNKED}1\r${o}`, (o) => o === 0x0a],
    ['in place of the CR behind the data', (o) => `${CHUNKED}1\r\nx${o}\n`, (o) => o === 0x0d],
    ['in place of the LF behind the data', (o) => `${CHUNKED}1\r\nx\r${o}`, (o) => o === 0x0a],
    ['in the data', (o) => `${CHUNKED}1\r\n${o}\r\n0\r\n\r\n`, () => true],
    ['first of a trailer name', (o) => `${CHUNKED}0\r\n${o}x: y\r\n\r\n`, isToken],
    ['middle of a trailer name', (o) => `${CHUNKED}0\r\nx${o}x: y\r\n\r\n`, (o) => isToken(o) || o === 0x3a],
    ['first of a trailer value', (o) => `${CHUNKED}0\r\nx:${o}y\r\n\r\n`, isFieldValue],
    ['last of a trailer value', (o) => `${CHUNKED}0\r\nx: y${o}\r\n\r\n`, isFieldValue],
    ['in place of the CR of a trailer line', (o) => `${CHUNKED}0\r\nx: y${o}\n\r\n`, (o) => o === 0x0d],
    ['in place of the LF of a trailer line', (o) => `${CHUNKED}0\r\nx: y\r${o}\r\n`, (o) => o === 0x0a],
    ['in place of the CR of the last line', (o) => `${CHUNKED}0\r\n${o}\n`, (o) => o === 0x0d],
    ['in place of the LF of the last line', (o) => `${CHUNKED}0\r\n\r${o}`, (o) => o === 0x0a],
  ]
  for (const [name, input, allowed] of positions) test(name, () => eachOctet(server, input, allowed))
})

describe('every octet at every position of a status line', () => {
  const positions: [string, (octet: string) => string, (octet: number) => boolean][] = [
    ['the version', (o) => `HTTP/1.${o} 204 OK\r\n\r\n`, (o) => o >= 0x30 && o <= 0x39],
    ['behind the version', (o) => `HTTP/1.1${o}204 OK\r\n\r\n`, (o) => o === 0x20],
    ['first of the status', (o) => `HTTP/1.1 ${o}04 OK\r\n\r\n`, (o) => o >= 0x31 && o <= 0x35],
    ['last of the status', (o) => `HTTP/1.1 20${o} OK\r\n\r\n`, (o) => o >= 0x30 && o <= 0x39],
    ['behind the status', (o) => `HTTP/1.1 204${o}OK\r\n\r\n`, (o) => o === 0x20],
    ['in the reason', (o) => `HTTP/1.1 204 O${o}K\r\n\r\n`, isFieldValue],
    ['in place of the CR', (o) => `HTTP/1.1 204 OK${o}\n\r\n`, (o) => o === 0x0d],
    ['in place of the LF', (o) => `HTTP/1.1 204 OK\r${o}\r\n`, (o) => o === 0x0a],
  ]
  for (const [name, input, allowed] of positions) test(name, () => eachOctet(client, input, allowed))
})

describe('a line end that is not CRLF is refused wherever a line ends', () => {
  const request =
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\nZ: w\r\n\r\n'
  const ends = [...request.matchAll(/\r\n/g)].map(({ index }) => index)
  for (const [what, replacement] of [
    ['bare LF', '\n'],
    ['bare CR', '\r'],
    ['CR CR LF', '\r\r\n'],
    ['LF CR', '\n\r'],
    ['a vertical tab', '\v'],
    ['a next-line character', '\x85'],
  ] as const)
    test(`${what} in place of each of ${ends.length} line ends`, () => {
      assert.ok(passes(server, request))
      const taken = ends.filter((at) =>
        passes(server, request.slice(0, at) + replacement + request.slice(at + 2) + '?'),
      )
      assert.deepEqual(
        taken.map((at) => request.slice(at - 8, at)),
        [],
      )
    })

  test('one octet inserted at each line end', () => {
    const lines = ends.filter((at) => at < request.length - 2)
    for (const at of lines)
      for (const octet of ['\0', '\n', '\r', '\v', '\x7f'])
        for (const place of [at, at + 1, at + 2]) {
          const damaged = request.slice(0, place) + octet + request.slice(place)
          // Behind a chunk line it is data, of which there is then one octet too many.
          assert.ok(!passes(server, damaged), JSON.stringify(damaged))
        }
  })
})
