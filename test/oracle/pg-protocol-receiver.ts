/** The messages of a server as `pg-protocol` reads them and as our client does, in the same words. */

import { Parser } from 'pg-protocol/dist/parser.js'
import { escapeBytes, type Snapshot } from 'skitai/testing'

/** What was seen, and what ended it; empty for nothing. */
export interface Verdict {
  readonly seen: readonly string[]
  readonly fault: string
  /** Where the fault lies; -1 when that is not told. */
  readonly offset: number
}

type Message = { readonly name: string } & Readonly<Record<string, unknown>>

/** Reads octets with `pg-protocol`. A type that it does not know is a fault, as is what it throws. */
export function receiveByThem(input: Uint8Array): Verdict {
  const seen: string[] = []
  let fault = ''
  const parser = new Parser()
  try {
    parser.parse(Buffer.concat(known(input)), (message) => {
      const words = message as unknown as Message
      if (fault === '' && isUnknown(words)) fault = 'unknown type'
      if (fault === '') seen.push(...linesOfTheirs(words))
    })
  } catch (error) {
    fault ||= (error as Error).name
  }
  return { seen, fault, offset: -1 }
}

/** FunctionCallResponse and NegotiateProtocolVersion: theirs has never heard of them. */
const UNKNOWN = [0x56, 0x76]

/** The messages but those. */
function known(input: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  for (let at = 0; at < input.length;) {
    const length = input.length - at < 5 ? -1 : view.getInt32(at + 1)
    const end = length < 4 ? input.length : at + 1 + length
    if (!UNKNOWN.includes(input[at]!)) messages.push(input.subarray(at, end))
    at = end
  }
  return messages
}

function isUnknown({ name, message }: Message): boolean {
  return name === 'error' && String(message).startsWith('received invalid response')
}

function text(value: unknown): string {
  return escapeBytes(Buffer.from(String(value)))
}

/** Names of the fields of an error, in one order. */
const FIELDS = ['code', 'message', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where']
const MORE_FIELDS = ['schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine']

/** The severity is left out: theirs is translated, ours not. */
function noticeLine(type: string, notice: Readonly<Record<string, unknown>>): string {
  const parts = [...FIELDS, ...MORE_FIELDS].map((name) => text(notice[name] ?? ''))
  return [type, ...parts].join('|')
}

interface TheirField {
  readonly name: string
  readonly tableID: number
  readonly columnID: number
  readonly dataTypeID: number
  readonly dataTypeSize: number
  readonly dataTypeModifier: number
  readonly format: string
}

const SIMPLE: Readonly<Record<string, string>> = {
  parseComplete: 'parsed',
  bindComplete: 'bound',
  closeComplete: 'statementClosed',
  noData: 'noData',
  portalSuspended: 'suspended',
  emptyQuery: 'empty',
  copyDone: 'copyDone',
  replicationStart: 'copy both',
  authenticationOk: 'authenticated',
}

function linesOfTheirs(message: Message): string[] {
  const word = (name: string): string => text(message[name])
  switch (message.name) {
    case 'parameterStatus':
      return [`parameter ${word('parameterName')} ${word('parameterValue')}`]
    case 'backendKeyData':
      return [`keyData ${word('processID')} ${word('secretKey')}`]
    case 'readyForQuery':
      return [`ready ${word('status')}`]
    case 'commandComplete':
      return [`complete ${word('text')}`]
    case 'notification':
      return [`notification ${word('processId')} ${word('channel')} ${word('payload')}`]
    case 'rowDescription':
      return (message['fields'] as TheirField[])
        .map((field) => `field ${text(Object.values(field).join(' '))}`)
        .toSpliced(0, 0, 'fields')
    case 'parameterDescription':
      return [`parameters ${String(message['dataTypeIDs'])}`]
    case 'dataRow':
      return [
        `row ${(message['fields'] as (string | null)[]).map((value) => (value === null ? 'null' : text(value))).join('|')}`,
      ]
    case 'copyInResponse':
    case 'copyOutResponse': {
      const direction = message.name === 'copyInResponse' ? 'in' : 'out'
      return [`copy ${direction} ${String(message['binary'])} ${String(message['columnTypes'])}`]
    }
    case 'copyData':
      return [`copyData ${escapeBytes(message['chunk'] as Uint8Array)}`]
    case 'error':
    case 'notice':
      return [noticeLine(message.name, message)]
    default:
      // Steps of authentication are answered by our client, and no events.
      return SIMPLE[message.name] === undefined ? [] : [SIMPLE[message.name]!]
  }
}

const STATUSES: Readonly<Record<string, string>> = { idle: 'I', transaction: 'T', failed: 'E' }

/** The events of our client in the same words. */
export function verdictOfOurs(events: readonly Snapshot[]): Verdict {
  const fatal = events.find(({ type }) => type === 'fatal')
  const seen = events.flatMap(linesOfOurs)
  return fatal === undefined
    ? { seen, fault: '', offset: -1 }
    : { seen, fault: fatal['code'] as string, offset: fatal['offset'] as number }
}

function linesOfOurs(event: Snapshot): string[] {
  const word = (name: string): string => text(event[name])
  switch (event.type) {
    case 'fatal':
    case 'closed':
    case 'functionResult':
    case 'negotiated':
      return []
    case 'parameter':
      return [`parameter ${word('name')} ${word('value')}`]
    case 'keyData':
      return [`keyData ${word('processId')} ${Buffer.from(event['key'] as Uint8Array).readInt32BE()}`]
    case 'ready':
      return [`ready ${STATUSES[event['status'] as string]!}`]
    case 'complete':
      return [`complete ${word('tag')}`]
    case 'notification':
      return [`notification ${word('processId')} ${word('channel')} ${word('payload')}`]
    case 'fields':
      return (event['fields'] as object[])
        .map((field) => `field ${text(Object.values(field).join(' '))}`)
        .toSpliced(0, 0, 'fields')
    case 'parameters':
      return [`parameters ${String(event['typeOids'])}`]
    case 'rows':
      return (event['rows'] as (Uint8Array | null)[][]).map(
        (row) => `row ${row.map((value) => (value === null ? 'null' : text(Buffer.from(value).toString()))).join('|')}`,
      )
    case 'copy':
      return [copyLine(event)]
    case 'copyData':
      return [`copyData ${escapeBytes(event['bytes'] as Uint8Array)}`]
    case 'error':
    case 'notice':
      return [noticeLine(event.type, event[event.type] as Readonly<Record<string, unknown>>)]
    default:
      return [event.type]
  }
}

function copyLine(event: Snapshot): string {
  if (event['direction'] === 'both') return 'copy both'
  const formats = (event['columnFormats'] as string[]).map((format) => (format === 'binary' ? 1 : 0))
  return `copy ${String(event['direction'])} ${String(event['format'] === 'binary')} ${String(formats)}`
}
