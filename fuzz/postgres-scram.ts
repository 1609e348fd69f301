/** The messages of SCRAM to either role: nobody gets in by chance, and nobody is made to hash for long. */

import { type PostgresClientEvent, PostgresClient, type PostgresServerEvent, PostgresServer } from 'skitai/postgres'
import { concat, type Subject } from 'skitai/testing'
import { checkAllWays, ensure } from './http1-oracles.js'
import { authOptions, digests, ITERATIONS_MAX } from './postgres-subjects.js'

const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const START = Uint8Array.from([0, 0, 0, 0x13, 0, 3, 0, 0, ...Buffer.from('user\0user\0\0')])
const SEPARATOR = 0xff
const PROOF_DIGITS = 44

/**
 * The first octet has the role in bit 0 and channel binding in bit 1; the rest are messages with 0xff between them: of
 * a client the mechanism first.
 */
export function fuzz(data: Uint8Array): void {
  const mood = data[0] ?? 0
  const messages = split(data.subarray(1))
  const binding = (mood & 2) !== 0 ? { channelBindingData: Uint8Array.of(1, 2, 3, 4) } : {}
  if ((mood & 1) !== 0) {
    const input = concat([START, ...messages.map((message, index) => clientMessage(message, index, messages))])
    const { events } = checkAllWays(() => serverSubject(binding), input)
    // The proof of `pencil` cannot be guessed: whoever gets in has sent one that the corpus knows.
    const isIn = events.some(({ type }) => type === 'authenticated')
    const isProved = messages.some((message) => /,p=[\w+/]{43}=$/.test(textOf(message)))
    ensure(!isIn || isProved, 'somebody got in without a proof')
  } else {
    const input = concat(messages.map(serverMessage))
    const { events } = checkAllWays(() => clientSubject(binding), input)
    const isIn = events.some(({ type }) => type === 'authenticated')
    const last = textOf(messages[2] ?? new Uint8Array(0))
    ensure(!isIn || (last.startsWith('v=') && last.length >= 2 + PROOF_DIGITS), 'a server got along without a proof')
  }
}

function split(data: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  let from = 0
  for (let at = data.indexOf(SEPARATOR); at >= 0; at = data.indexOf(SEPARATOR, from)) {
    messages.push(data.subarray(from, at))
    from = at + 1
  }
  return [...messages, data.subarray(from)]
}

function textOf(message: Uint8Array): string {
  return Buffer.from(message).toString('latin1')
}

function int32(value: number): Uint8Array {
  return Uint8Array.of(value >> 24, value >> 16, value >> 8, value)
}

function framed(type: number, content: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(type), int32(content.length + 4), content])
}

/** The mechanism and the first message are one, every other one stands by itself. */
function clientMessage(message: Uint8Array, index: number, messages: readonly Uint8Array[]): Uint8Array {
  if (index === 1) return new Uint8Array(0)
  if (index > 0) return framed(0x70, message)
  const first = messages[1] ?? new Uint8Array(0)
  return framed(0x70, concat([message, Uint8Array.of(0), int32(first.length), first]))
}

const CODES = [10, 11, 12, 0]

function serverMessage(message: Uint8Array, index: number): Uint8Array {
  const mechanisms = index === 0 ? Uint8Array.of(0, 0) : new Uint8Array(0)
  return framed(0x52, concat([int32(CODES[index] ?? 12), message, mechanisms]))
}

function clientSubject(binding: { readonly channelBindingData?: Uint8Array }): Subject<PostgresClientEvent> {
  return {
    engine: new PostgresClient({
      user: 'user',
      password: 'pencil',
      digests,
      nonce: () => NONCE,
      requireAuth: ['scram-sha-256', 'scram-sha-256-plus'],
      limits: { scramIterationsMax: ITERATIONS_MAX },
      ...binding,
    }),
  }
}

function serverSubject(binding: { readonly channelBindingData?: Uint8Array }): Subject<PostgresServerEvent> {
  const engine = new PostgresServer({ auth: { ...authOptions, ...binding }, encryption: 'active' })
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'startup') engine.authenticate({ method: 'scram-sha-256', password: 'pencil' })
    },
  }
}
