/** A server in memory that goes away after any octet of its output, as far as its first connections are concerned. */

import { memoryTransports, type Transport } from '#src/io/index.js'
import {
  type AnswerValue,
  type CommandEvent,
  ReplyError,
  RedisServer,
  SimpleString,
} from '#src/protocols/redis/index.js'

/** How a connection goes: the server half-closes, is gone in order, or resets. */
export type Cut = 'end' | 'close' | 'reset'

/** What all connections share. */
export class CuttingServer {
  readonly counters: Map<string, number> = new Map()
  /** Octets that the server has sent on the first connection, or would have. */
  sentOnFirst = 0
  #connections = 0
  readonly #cutAfter: number
  readonly #cut: Cut

  constructor(cutAfter: number, cut: Cut) {
    this.#cutAfter = cutAfter
    this.#cut = cut
  }

  /** A connection; the first one is cut. */
  readonly open = (): Promise<Transport> => {
    const [ours, theirs] = memoryTransports()
    const first = this.#connections++ === 0
    this.#serve(theirs, first)
    return Promise.resolve(ours)
  }

  #serve(transport: Transport, first: boolean): void {
    const engine = new RedisServer()
    const session = { queued: undefined as CommandEvent[] | undefined }
    let left = first ? this.#cutAfter : Infinity
    const write = (octets: Uint8Array): void => {
      if (first) this.sentOnFirst += octets.length
      if (left < 0) return
      transport.write([octets.slice(0, left)])
      left -= octets.length
      if (left > 0) return
      left = -1
      if (this.#cut === 'end') transport.end()
      else transport.destroy(this.#cut === 'reset')
    }
    engine.start(0)
    transport.open({
      onData: (chunk) => {
        engine.receive(chunk, 0)
        for (let event = engine.poll(); event !== undefined; event = engine.poll())
          // Behind the cut nobody is there to execute anything.
          if (event.type === 'command' && left >= 0) this.#answer(engine, event, session)
        for (let octets = engine.output(); octets !== undefined; octets = engine.output()) write(octets)
      },
      onEnd: () => transport.end(),
      onDrain: () => {},
      onClose: () => {},
    })
  }

  #answer(engine: RedisServer, event: CommandEvent, session: { queued: CommandEvent[] | undefined }): void {
    const { name, args } = event
    const { queued } = session
    if (name === 'HELLO') {
      engine.protocol = Number(text(args[0])) === 3 ? 3 : 2
      engine.reply(new Map<string, AnswerValue>([['proto', engine.protocol]]))
    } else if (name === 'MULTI') {
      session.queued = []
      engine.reply(new SimpleString('OK'))
    } else if (name === 'EXEC') {
      session.queued = undefined
      engine.reply(queued!.map((one) => this.#execute(one)))
    } else if (queued !== undefined) {
      queued.push(event)
      engine.reply(new SimpleString('QUEUED'))
    } else {
      engine.reply(this.#execute(event))
    }
  }

  #execute({ name, args }: CommandEvent): AnswerValue {
    const key = text(args[0])
    const value = this.counters.get(key) ?? 0
    switch (name) {
      case 'INCR':
        this.counters.set(key, value + 1)
        return value + 1
      case 'GET':
        return String(value)
      case 'LRANGE':
        return ['a', null, 'c', [1, 2, ['deep']]]
      case 'PING':
        return new SimpleString('PONG')
      default:
        return new ReplyError('ERR nothing of the kind')
    }
  }
}

function text(octets: Uint8Array | undefined): string {
  return new TextDecoder().decode(octets)
}
