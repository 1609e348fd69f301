/** The commands of WebSocket vectors, and the application that a vector describes. */

import type { Subject } from 'skitai/testing'
import {
  type MessageKind,
  PreparedMessage,
  WebSocketClient,
  type WebSocketEngine,
  type WebSocketEvent,
  type WebSocketLimits,
  type WebSocketOptions,
  WebSocketServer,
} from 'skitai/websocket'
import { applyingRules, parseCommand, parseRule } from './command-words.js'
import { textFrom } from './websocket-notation.js'

/** Gives a command to an engine. */
export function runCommand(engine: WebSocketEngine, text: string): void {
  const { verb, words, content = new Uint8Array(0) } = parseCommand(text, ['size'])
  const compress = !words.includes('plain')
  switch (verb) {
    case 'text':
      return engine.sendText(textFrom(content), compress)
    case 'binary':
      return engine.sendBinary(content, compress)
    case 'prepared':
      return engine.sendPrepared(new PreparedMessage(textFrom(content)), compress)
    case 'begin':
      return engine.beginMessage(words[0] as MessageKind, compress)
    case 'piece':
      return engine.sendPiece(content)
    case 'finish':
      return engine.endMessage()
    case 'ping':
      return engine.ping(content)
    case 'pong':
      return engine.pong(content)
    case 'close':
      return engine.close(words[0] === undefined ? undefined : Number(words[0]), textFrom(content))
    case 'hold':
      return engine.hold(true)
    case 'release':
      return engine.hold(false)
    case 'abort':
      return engine.abort()
    default:
      throw new Error(`not a command: ${text}`)
  }
}

/** The key of every frame that a client of the vectors sends. */
const MASKING_KEY = 0x0a0b0c0d

/** What a vector chooses. */
export interface Choices {
  readonly client: boolean
  readonly options: Omit<WebSocketOptions, 'limits'>
  readonly limits: Partial<WebSocketLimits>
  readonly begin: readonly string[]
  readonly answers: readonly string[]
}

/** An engine whose application does what the lines of its blocks say. */
export function subjectOf(choices: Choices): Subject<WebSocketEvent> & { readonly engine: WebSocketEngine } {
  const options: WebSocketOptions = { ...choices.options, limits: choices.limits }
  const engine = choices.client
    ? new WebSocketClient({ ...options, maskingKey: () => MASKING_KEY })
    : new WebSocketServer(options)
  const rules = choices.answers.map(parseRule)
  return {
    engine,
    begin: () => {
      for (const command of choices.begin) runCommand(engine, command)
    },
    onEvent: (event) => {
      for (const { command } of applyingRules(rules, event.type, 0)) runCommand(engine, command)
    },
  }
}
