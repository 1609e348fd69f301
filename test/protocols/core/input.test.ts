import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Input } from '#src/protocols/core/input.js'

const octets = (...list: number[]): Uint8Array => Uint8Array.from(list)
const waiting = (input: Input): Uint8Array => input.bytes.slice(input.at, input.end)

describe('Input', () => {
  test('reads a chunk where it lies', () => {
    const input = new Input()
    const chunk = octets(1, 2, 3)
    input.push(chunk)
    assert.equal(input.bytes, chunk)
    assert.equal(input.size, 3)
  })

  test('copies what is left when the drain ends', () => {
    const input = new Input()
    const chunk = octets(1, 2, 3)
    input.push(chunk)
    input.at = 1
    input.hold()
    chunk.fill(0xee)
    assert.deepEqual(waiting(input), octets(2, 3))
  })

  test('holds nothing when nothing is left', () => {
    const input = new Input()
    input.push(octets(1, 2))
    input.at = 2
    input.hold()
    assert.equal(input.bytes.length, 0)
    assert.equal(input.size, 0)
  })

  test('puts chunks together and keeps absolute positions', () => {
    const input = new Input()
    input.push(octets(1, 2, 3))
    input.at = 2
    input.hold()
    for (let octet = 4; octet < 200; octet++) {
      input.push(octets(octet))
      input.hold()
    }
    assert.deepEqual(
      waiting(input),
      Uint8Array.from({ length: 197 }, (_, index) => index + 3),
    )
    assert.equal(input.position(input.at), 2)
    assert.equal(input.position(input.end), 199)
  })

  test('takes a chunk that comes before the drain of the one before has ended', () => {
    const input = new Input()
    input.push(octets(1))
    input.push(octets(2))
    assert.deepEqual(waiting(input), octets(1, 2))
  })

  test('never writes into what it has shown, however much comes', () => {
    const input = new Input()
    input.push(octets(1, 2))
    input.hold()
    const shown = input.bytes.subarray(input.at, input.end)
    input.at = input.end - 1
    for (let i = 0; i < 2000; i++) input.push(octets(9))
    assert.deepEqual(shown, octets(1, 2))
    assert.equal(input.size, 2001)
  })

  test('takeRest gives a copy even of a Buffer, and empties', () => {
    const input = new Input()
    const chunk = Buffer.from([1, 2, 3])
    input.push(chunk)
    input.at = 1
    const rest = input.takeRest()
    chunk.fill(0xee)
    assert.deepEqual(rest, octets(2, 3))
    assert.equal(input.size, 0)
    assert.equal(input.position(input.at), 3)
  })
})
