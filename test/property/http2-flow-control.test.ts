/**
 * Flow control beside a model of it (RFC 9113 section 5.2): the windows as a peer counts them from the frames that it
 * sees. Content never passes them, and never waits when they are open.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Flags, FrameTypes, Http2Server } from 'skitai/http2'
import { concat } from 'skitai/testing'
import { encodeLines } from '../vectors/http2-notation.js'
import { DATE } from './http1-support.js'
import { check } from './run.js'

const WINDOW_MAX = 0x7f_ff_ff_ff
const RUNS = 1000

const get = (id: number, ends: boolean): string[] => [
  `HEADERS ${id}${ends ? ' end_stream' : ''}`,
  '  :method: POST',
  '  :scheme: https',
  '  :authority: a',
  '  :path: /',
]

/** Calls back for each whole frame of an output. */
function eachFrame(
  octets: Uint8Array,
  see: (type: number, flags: number, id: number, payload: Uint8Array) => void,
): void {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  for (let at = 0; at < octets.length;) {
    const length = view.getUint32(at) >>> 8
    see(octets[at + 3]!, octets[at + 4]!, view.getUint32(at + 5), octets.subarray(at + 9, at + 9 + length))
    at += 9 + length
  }
}

interface ModelStream {
  window: number
  /** Octets that the application has given and that did not come yet. */
  owed: number
  /** Content is numbered: what was given, and what came. */
  given: number
  came: number
  finished: boolean
  /** END_STREAM came, or the stream was reset. */
  over: boolean
}

/** What the peer of a sending engine knows. */
class SendModel {
  window = 65_535
  initial = 65_535
  readonly streams = new Map<number, ModelStream>()
  nextId = 1

  live(): [number, ModelStream][] {
    return [...this.streams].filter(([, { over }]) => !over)
  }
}

/** The engine under test, fed by a peer that is the model. */
class Sending {
  readonly engine: Http2Server = new Http2Server({ date: () => DATE, limits: { controlBurst: 1e9 } })

  constructor() {
    this.engine.start(0)
    this.receive(new SendModel(), 'preface', 'SETTINGS', 'SETTINGS ack')
  }

  receive(model: SendModel, ...lines: readonly string[]): void {
    this.engine.receive(encodeLines(lines), 0)
    this.settle(model)
  }

  /** Takes all output and holds it against the model. */
  settle(model: SendModel): void {
    const { engine } = this
    for (let event; (event = engine.poll()) !== undefined;) assert.notEqual(event.type, 'fatal')
    const blocks: Uint8Array[] = []
    for (let block; (block = engine.output()) !== undefined;) blocks.push(new Uint8Array(block))
    eachFrame(concat(blocks), (type, flags, id, payload) => {
      if (type !== FrameTypes.data) return
      const stream = model.streams.get(id)!
      assert.ok(!stream.over, `content behind the end of ${id}`)
      model.window -= payload.length
      stream.window -= payload.length
      stream.owed -= payload.length
      if (payload.length > 0) assert.ok(model.window >= 0 && stream.window >= 0, `${id} passes a window`)
      assert.ok(stream.owed >= 0, 'more than was given')
      for (const octet of payload) assert.equal(octet, stream.came++ & 0xff, 'lost or moved content')
      if ((flags & Flags.endStream) === 0) return
      assert.ok(stream.finished && stream.owed === 0, 'an early end')
      stream.over = true
    })
    for (const [id, { window, owed, finished }] of model.live()) {
      assert.equal(engine.queuedBytes(id), owed)
      assert.ok(owed === 0 || window <= 0 || model.window <= 0, `${id} waits in front of open windows`)
      assert.ok(owed > 0 || !finished, `the end of ${id} waits for nothing`)
    }
    const { sendWindow, streams } = engine.describeState() as {
      sendWindow: number
      streams: Record<number, { sendWindow: number }>
    }
    assert.equal(sendWindow, model.window)
    for (const [id, { window }] of model.live()) assert.equal(streams[id]?.sendWindow, window)
  }
}

type SendCommand = fc.Command<SendModel, Sending>

function command(
  name: string,
  run: (model: SendModel, real: Sending) => void,
  fits: (model: SendModel) => boolean = () => true,
): SendCommand {
  return { check: fits, run, toString: () => name }
}

const pick = (model: SendModel, choice: number): [number, ModelStream] | undefined => {
  const live = model.live()
  return live[choice % Math.max(1, live.length)]
}

const sizes = fc.oneof(fc.nat(50), fc.constantFrom(0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 200_000))
const increments = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 16_384, 65_535, 1_000_000))
const choices = fc.nat(30)

const sendCommands: fc.Arbitrary<SendCommand>[] = [
  fc.boolean().map((incremental) =>
    command(
      `open${incremental ? ' incremental' : ''}`,
      (model, real) => {
        const id = model.nextId
        model.nextId += 2
        model.streams.set(id, { window: model.initial, owed: 0, given: 0, came: 0, finished: false, over: false })
        real.receive(model, ...get(id, true), ...(incremental ? ['  priority: i'] : []))
        real.engine.sendHead(id, 200, [])
        real.settle(model)
      },
      (model) => model.live().length < 20,
    ),
  ),
  fc.tuple(choices, sizes).map(([choice, size]) =>
    command(`send ${size} on the ${choice}th`, (model, real) => {
      const [id, stream] = pick(model, choice) ?? []
      if (id === undefined || stream!.finished) return
      real.engine.sendData(
        id,
        Uint8Array.from({ length: size }, (_, i) => stream!.given + i),
      )
      stream!.given += size
      stream!.owed += size
      real.settle(model)
    }),
  ),
  choices.map((choice) =>
    command(`finish the ${choice}th`, (model, real) => {
      const [id, stream] = pick(model, choice) ?? []
      if (id === undefined || stream!.finished) return
      stream!.finished = true
      real.engine.sendEnd(id)
      real.settle(model)
    }),
  ),
  fc.tuple(choices, increments, fc.boolean()).map(([choice, increment, connection]) =>
    command(`open ${connection ? 'the connection' : `the ${choice}th`} by ${increment}`, (model, real) => {
      const [id, stream] = connection ? [0, model] : (pick(model, choice) ?? [])
      if (id === undefined || stream!.window + increment > WINDOW_MAX) return
      stream!.window += increment
      real.receive(model, `WINDOW_UPDATE ${id} ${increment}`)
    }),
  ),
  fc.constantFrom(0, 1, 100, 16_384, 65_535, 1_000_000).map((initial) =>
    command(
      `windows of ${initial}`,
      (model, real) => {
        for (const [, stream] of model.live()) stream.window += initial - model.initial
        model.initial = initial
        real.receive(model, `SETTINGS initial_window_size=${initial}`)
      },
      (model) => model.live().every(([, { window }]) => window + initial - model.initial <= WINDOW_MAX),
    ),
  ),
  fc.tuple(choices, fc.boolean()).map(([choice, ours]) =>
    command(`${ours ? 'we' : 'they'} reset the ${choice}th`, (model, real) => {
      const [id, stream] = pick(model, choice) ?? []
      if (id === undefined) return
      stream!.over = true
      if (ours) real.engine.reset(id)
      real.receive(model, ...(ours ? [] : [`RST_STREAM ${id} CANCEL`]))
    }),
  ),
]

describe('flow control beside a model', () => {
  test('content that goes out keeps to the windows, and uses them', () => {
    check(
      RUNS,
      fc.property(fc.commands(sendCommands, { maxCommands: 60 }), (commands) => {
        const model = new SendModel()
        const real = new Sending()
        fc.modelRun(() => ({ model, real }), commands)
        // Whatever happened before: with windows open all of it arrives, and all streams end.
        for (const [id, stream] of model.live()) {
          if (!stream.finished) real.engine.sendEnd(id)
          stream.finished = true
          const increment = Math.max(1, stream.owed - stream.window)
          stream.window += increment
          model.window += 200_000
          real.receive(model, 'WINDOW_UPDATE 0 200000', `WINDOW_UPDATE ${id} ${increment}`)
        }
        const owed = model.live().reduce((sum, [, stream]) => sum + stream.owed, 0)
        model.window += owed + 1
        real.receive(model, `WINDOW_UPDATE 0 ${owed + 1}`)
        assert.deepEqual(model.live(), [])
        assert.deepEqual(real.engine.describeState()['streams'], {})
      }),
    )
  })
})

interface Upload {
  window: number
  unconsumed: number
}

const STREAM_WINDOW = 1000
const CONNECTION_WINDOW = 65_535

/** The peer of an engine that receives. */
class ReceiveModel {
  window = CONNECTION_WINDOW
  readonly streams = new Map<number, Upload>()
  nextId = 1
  /** What was sent and neither consumed nor given back; the windows can be no larger without it. */
  held = 0
}

class Receiving {
  readonly engine: Http2Server = new Http2Server({
    date: () => DATE,
    limits: { streamWindowBytes: STREAM_WINDOW, connectionWindowBytes: CONNECTION_WINDOW, controlBurst: 1e9 },
  })

  constructor() {
    this.engine.start(0)
    this.receive(new ReceiveModel(), 'preface', 'SETTINGS', 'SETTINGS ack')
  }

  receive(model: ReceiveModel, ...lines: readonly string[]): void {
    this.engine.receive(encodeLines(lines), 0)
    this.settle(model)
  }

  settle(model: ReceiveModel): void {
    const { engine } = this
    for (let event; (event = engine.poll()) !== undefined;) {
      assert.ok(!['fatal', 'streamFault'].includes(event.type), event.type)
      if (event.type === 'data') model.streams.get(event.streamId)!.unconsumed += event.bytes.length
    }
    const blocks: Uint8Array[] = []
    for (let block; (block = engine.output()) !== undefined;) blocks.push(new Uint8Array(block))
    eachFrame(concat(blocks), (type, _, id, payload) => {
      if (type !== FrameTypes.windowUpdate) return
      const increment = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      const stream = id === 0 ? model : model.streams.get(id)
      if (stream !== undefined) stream.window += increment
    })
    assert.ok(model.window <= CONNECTION_WINDOW - model.held)
    // What was used comes back, half a window at a time.
    assert.ok(model.window > (CONNECTION_WINDOW >> 1) - model.held)
    for (const { window, unconsumed } of model.streams.values()) {
      assert.ok(window <= STREAM_WINDOW - unconsumed)
      assert.ok(window > (STREAM_WINDOW >> 1) - unconsumed)
    }
  }
}

type ReceiveCommand = fc.Command<ReceiveModel, Receiving>

const choose = (model: ReceiveModel, choice: number): [number, Upload] | undefined =>
  [...model.streams][choice % Math.max(1, model.streams.size)]

function on(name: string, run: (model: ReceiveModel, real: Receiving) => void): ReceiveCommand {
  return { check: () => true, run, toString: () => name }
}

const receiveCommands: fc.Arbitrary<ReceiveCommand>[] = [
  fc.constant(
    on('open', (model, real) => {
      if (model.streams.size >= 100) return
      const id = model.nextId
      model.nextId += 2
      model.streams.set(id, { window: STREAM_WINDOW, unconsumed: 0 })
      real.receive(model, ...get(id, false))
    }),
  ),
  fc.tuple(choices, fc.nat(1000), fc.nat(20)).map(([choice, wanted, pad]) =>
    on(`upload ${wanted} on the ${choice}th, padded by ${pad}`, (model, real) => {
      const [id, stream] = choose(model, choice) ?? []
      if (id === undefined) return
      const overhead = pad === 0 ? 0 : pad + 1
      const size = Math.min(wanted, stream!.window - overhead, model.window - overhead)
      if (size < 0) return
      stream!.window -= size + overhead
      model.window -= size + overhead
      model.held += size
      real.receive(model, `DATA ${id} size=${size}${pad === 0 ? '' : ` pad=${pad}`}`)
    }),
  ),
  fc.tuple(choices, fc.nat(1500)).map(([choice, wanted]) =>
    on(`consume ${wanted} of the ${choice}th`, (model, real) => {
      const [id, stream] = choose(model, choice) ?? []
      if (id === undefined) return
      const used = Math.min(wanted, stream!.unconsumed)
      stream!.unconsumed -= used
      model.held -= used
      real.engine.consume(id, wanted)
      real.settle(model)
    }),
  ),
  fc.tuple(choices, fc.constantFrom('they reset', 'we reset', 'we answer')).map(([choice, how]) =>
    on(`${how} the ${choice}th`, (model, real) => {
      const [id, stream] = choose(model, choice) ?? []
      if (id === undefined) return
      model.held -= stream!.unconsumed
      model.streams.delete(id)
      if (how === 'we reset') real.engine.reset(id)
      if (how === 'we answer') {
        real.engine.sendResponse(id, 403, [])
        real.engine.reset(id)
      }
      real.receive(model, ...(how === 'they reset' ? [`RST_STREAM ${id} CANCEL`] : []))
      if (how === 'they reset') real.engine.release(id)
    }),
  ),
]

describe('flow control beside a model of the other direction', () => {
  test('content that comes finds windows that are open for what was used', () => {
    check(
      RUNS,
      fc.property(fc.commands(receiveCommands, { maxCommands: 80 }), (commands) => {
        fc.modelRun(() => ({ model: new ReceiveModel(), real: new Receiving() }), commands)
      }),
    )
  })
})
