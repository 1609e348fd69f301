/** The commands of HTTP/2 vectors, and the application that a vector describes. */

import {
  ErrorCodes,
  Http2Client,
  type Http2ClientEvent,
  type Http2Limits,
  Http2Server,
  type Http2ServerEvent,
} from 'skitai/http2'
import type { Subject } from 'skitai/testing'
import { applyingRules, type Command, parseCommand, parseRule, type Rule } from './command-words.js'
import { VECTOR_DATE } from './http1-commands.js'

const OPTIONS = ['length', 'size', 'urgency', 'scheme', 'authority', 'protocol', 'stream']

/** What both roles understand; the stream is the first word. Gives whether it was one of those. */
function runCommon(engine: Http2Client | Http2Server, { verb, words, fields, content }: Command): boolean {
  const streamId = Number(words[0])
  switch (verb) {
    case 'data':
      engine.sendData(streamId, content ?? new Uint8Array(0))
      return true
    case 'finish':
      engine.sendEnd(streamId, fields)
      return true
    case 'consume':
      engine.consume(streamId, Number(words[1]))
      return true
    case 'reset':
      engine.reset(streamId, ErrorCodes[words[1] as keyof typeof ErrorCodes])
      return true
    case 'ping':
      engine.ping()
      return true
    case 'announceClose':
      engine.announceClose()
      return true
    case 'close':
      engine.close()
      return true
    case 'abort':
      engine.abort()
      return true
    case 'nothing':
      return true
    default:
      return false
  }
}

/** Gives a command to a server engine. */
export function runServerCommand(engine: Http2Server, text: string): void {
  const command = parseCommand(text, OPTIONS)
  if (runCommon(engine, command)) return
  const { verb, words, fields, content, options } = command
  const streamId = Number(words[0])
  const length = options.has('length') ? Number(options.get('length')) : undefined
  if (verb === 'send') engine.sendResponse(streamId, Number(words[1]), fields, content)
  else if (verb === 'head') engine.sendHead(streamId, Number(words[1]), fields, length)
  else if (verb === 'inform') engine.sendInform(streamId, Number(words[1]), fields)
  else if (verb === 'continue') engine.sendContinue(streamId)
  else if (verb === 'release') engine.release(streamId)
  else if (verb === 'push')
    engine.pushPromise(streamId, {
      method: 'GET',
      scheme: options.get('scheme') ?? 'https',
      authority: options.get('authority') ?? 'example.com',
      target: words[1] ?? '/',
      fields,
    })
  else throw new Error(`not a command of the server role: ${text}`)
}

/** Gives a command to a client engine. */
export function runClientCommand(engine: Http2Client, text: string): void {
  const command = parseCommand(text, OPTIONS)
  if (runCommon(engine, command)) return
  const { verb, words, fields, content, options } = command
  const [method = '', target] = words
  const protocol = options.get('protocol')
  const request = {
    method,
    scheme: options.get('scheme') ?? 'https',
    authority: options.get('authority') ?? 'example.com',
    ...(target !== undefined && { target }),
    fields,
    ...(protocol !== undefined && { protocol }),
  }
  if (verb === 'send') engine.sendRequest(request, content)
  else if (verb === 'head') engine.sendHead(request, Number(options.get('length') ?? -1))
  else throw new Error(`not a command of the client role: ${text}`)
}

/**
 * What an application does: the rules that fit an event, those for its stream before those for all. `$` is the stream.
 */
function react(
  rules: readonly Rule[],
  event: Http2ServerEvent | Http2ClientEvent,
  run: (command: string) => void,
): void {
  const streamId = 'streamId' in event ? event.streamId : 0
  // A request that is complete has its end with it.
  const complete = (event.type === 'request' || event.type === 'response') && event.endStream
  for (const type of complete ? [event.type, 'end'] : [event.type]) {
    for (const { command } of applyingRules(rules, type, streamId)) run(command.replaceAll('$', String(streamId)))
  }
}

/** What a vector chooses beside limits. */
export interface Choices {
  readonly limits: Partial<Http2Limits>
  readonly flags: readonly string[]
}

/** What `with: pad-8` asks for. */
function padOf(flags: readonly string[]): number {
  return Number(flags.find((flag) => flag.startsWith('pad-'))?.slice(4) ?? 0)
}

/** A server engine whose application answers as the lines of an `answers` block say. */
export function serverSubject(
  { limits, flags }: Choices,
  answers: readonly string[] | undefined,
): Subject<Http2ServerEvent> & { readonly engine: Http2Server } {
  const engine = new Http2Server({
    date: () => VECTOR_DATE,
    limits,
    connectProtocol: flags.includes('connect-protocol'),
    padTo: padOf(flags),
  })
  const rules = (answers ?? ['end: send $ 204']).map(parseRule)
  return {
    engine,
    onEvent: (event) => {
      if (event.type === 'data' && !flags.includes('hold')) engine.consume(event.streamId, event.bytes.length)
      react(rules, event, (command) => runServerCommand(engine, command))
    },
  }
}

/** A client engine that begins with the commands of a `requests` block. */
export function clientSubject(
  { limits, flags }: Choices,
  requests: readonly string[],
  answers: readonly string[] | undefined,
): Subject<Http2ClientEvent> & { readonly engine: Http2Client } {
  const engine = new Http2Client({ limits, push: flags.includes('push'), padTo: padOf(flags) })
  const rules = (answers ?? []).map(parseRule)
  return {
    engine,
    begin: () => {
      for (const request of requests) runClientCommand(engine, request)
    },
    onEvent: (event) => {
      if (event.type === 'data' && !flags.includes('hold')) engine.consume(event.streamId, event.bytes.length)
      react(rules, event, (command) => runClientCommand(engine, command))
    },
  }
}
