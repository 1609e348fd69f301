/** The commands of HTTP/1.1 vectors, and the application that a vector describes. */

import { Http1Client, type Http1ClientEvent, type Http1Limits, Http1Server, type Http1ServerEvent } from 'skitai/http1'
import type { Subject } from 'skitai/testing'
import { applyingRules, type Command, parseCommand, parseRule } from './command-words.js'

/** The Date of all vectors. */
export const VECTOR_DATE = 'Thu, 01 Jan 1970 00:00:00 GMT'

const OPTIONS = ['reason', 'length']

/** What both roles understand. Gives whether it was one of those. */
function runCommon(engine: Http1Client | Http1Server, { verb, fields, content }: Command): boolean {
  switch (verb) {
    case 'data':
      engine.sendData(content ?? new Uint8Array(0))
      return true
    case 'finish':
      engine.sendEnd(fields)
      return true
    case 'hold':
    case 'release':
      engine.holdBody(verb === 'hold')
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

function lengthOf(options: ReadonlyMap<string, string>): number | undefined {
  const length = options.get('length')
  return length === undefined ? undefined : Number(length)
}

/** Gives a command to a server engine. */
export function runServerCommand(engine: Http1Server, text: string): void {
  const command = parseCommand(text, OPTIONS)
  if (runCommon(engine, command)) return
  const { verb, words, fields, content, options } = command
  const reason = options.get('reason')
  const length = lengthOf(options)
  if (verb === 'send') engine.sendResponse(Number(words[0]), fields, content, reason)
  else if (verb === 'head') engine.sendHead(Number(words[0]), fields, length, reason)
  else if (verb === 'inform') engine.sendInform(Number(words[0]), fields)
  else if (verb === 'continue') engine.sendContinue()
  else throw new Error(`not a command of the server role: ${text}`)
}

/** Gives a command to a client engine. */
export function runClientCommand(engine: Http1Client, text: string): void {
  const command = parseCommand(text, OPTIONS)
  if (runCommon(engine, command)) return
  const { verb, words, content, options } = command
  const length = lengthOf(options)
  const [method = '', target = ''] = words
  const hasHost = command.fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  const fields = hasHost ? command.fields : ['Host', 'example.com', ...command.fields]
  if (verb === 'send') engine.sendRequest(method, target, fields, content)
  else if (verb === 'head') engine.sendHead(method, target, fields, length)
  else throw new Error(`not a command of the client role: ${text}`)
}

/** A server engine whose application answers as the lines of an `answers` block say. */
export function serverSubject(
  limits: Partial<Http1Limits>,
  answers: readonly string[] | undefined,
  preface: boolean,
): Subject<Http1ServerEvent> & { readonly engine: Http1Server } {
  const engine = new Http1Server({ date: () => VECTOR_DATE, limits, preface })
  const rules = (answers ?? ['end: send 204']).map(parseRule)
  let request = 0
  return {
    engine,
    onEvent: ({ type }) => {
      if (type === 'request') request++
      for (const { command } of applyingRules(rules, type, request)) runServerCommand(engine, command)
    },
  }
}

/** A client engine that begins with the commands of a `requests` block. */
export function clientSubject(
  limits: Partial<Http1Limits>,
  requests: readonly string[],
): Subject<Http1ClientEvent> & { readonly engine: Http1Client } {
  const engine = new Http1Client({ limits })
  return {
    engine,
    begin: () => {
      for (const request of requests) runClientCommand(engine, request)
    },
  }
}
