/**
 * What a conversation between a client and a server of PostgreSQL must be: the server is told what was asked, in order,
 * but for what an error skips up to the next Sync; the client hears what was said, in order, each with the number of
 * its own command.
 */

import type {
  ParameterValue,
  PostgresClient,
  PostgresClientEvent,
  PostgresServer,
  PostgresServerEvent,
} from 'skitai/postgres'
import { ensure } from './http1-oracles.js'

/** What is asked for. */
export type Kind =
  'query' | 'parse' | 'bind' | 'describeStatement' | 'describePortal' | 'execute' | 'close' | 'sync' | 'functionCall'

/** A command on its way. */
interface Asked {
  readonly id: number
  readonly kind: Kind
  /** As the server will be told. */
  readonly line: string
  /** It is one that copies in, if it says so: nothing may be sent behind it before that is known. */
  readonly copies: boolean
  /** Octets of COPY that the client has sent for it, and the server has got. */
  sent: number
  got: number
  /** How far its answer is. */
  phase: Phase
}

type Phase =
  'begun' | 'rows' | 'out' | 'copied' | 'in' | 'inDone' | 'inFailed' | 'described' | 'result' | 'answered' | 'failed'

/** Names of statements and portals that copy in, if the server likes to. */
export const COPY_NAME = 'in'

/** One conversation, as it should go. */
export class PostgresModel {
  readonly #asked: Asked[] = []
  readonly #told: Asked[] = []
  readonly #expected: string[] = ['ready 0 idle']
  #skipping = false
  #isReady = false
  /** Answers so far: what a row or a text holds. */
  #count = 0

  /**
   * Whether the client may give a command: the server is ready, and nothing that is not answered or skipped may turn
   * out to copy in.
   */
  mayAsk(engine: PostgresClient): boolean {
    if (!this.#isReady || engine.describeState()['copying'] === true) return false
    return engine.pendingCount === 0 || ![...this.#asked, ...this.#told].some(({ copies }) => copies)
  }

  /** Whether the server owes an answer that it can give without more from the client. */
  get owes(): boolean {
    const [head] = this.#told
    return head !== undefined && head.phase !== 'in'
  }

  /** The client gives a command. */
  ask(engine: PostgresClient, kind: Kind, name: string, values: readonly ParameterValue[]): void {
    const copies = name === COPY_NAME && (kind === 'query' || kind === 'execute')
    const { id, line } = COMMANDS[kind](engine, name, values)
    this.#asked.push({ id, kind, line, copies, sent: 0, got: 0, phase: 'begun' })
  }

  /** The client sends data of COPY. */
  copyData(engine: PostgresClient, octets: Uint8Array): void {
    const { length } = octets
    engine.copyData(octets)
    const [head] = this.#told
    // The server may have broken off meanwhile.
    if (head !== undefined) head.sent += length
  }

  /** The server was told something. */
  told(event: PostgresServerEvent): void {
    if (event.type === 'copyData' || event.type === 'copyDone' || event.type === 'copyFail') {
      const [head] = this.#told
      ensure(head?.phase === 'in', `${event.type} in ${head?.phase ?? 'nothing'}`)
      if (event.type === 'copyData') head.got += event.bytes.length
      else head.phase = event.type === 'copyDone' ? 'inDone' : 'inFailed'
      ensure(head.got <= head.sent, 'more data than was sent')
      ensure(event.type !== 'copyDone' || head.got === head.sent, 'data was lost')
      return
    }
    const line = lineOf(event)
    if (line === undefined) return
    if (this.#skipping) while (this.#asked.length > 0 && this.#asked[0]!.kind !== 'sync') this.#asked.shift()
    this.#skipping = false
    const next = this.#asked.shift()
    ensure(next?.line === line, `the server was told ${line} instead of ${next?.line ?? 'nothing'}`)
    this.#told.push(next)
  }

  /** The server answers the oldest command by a step; `choice` says which. */
  answer(engine: PostgresServer, choice: number): void {
    const [head] = this.#told
    if (head === undefined) return
    const steps = stepsOf(head)
    const step = steps[choice % steps.length]
    if (step !== undefined) this.#say(engine, head, step)
  }

  #say(engine: PostgresServer, head: Asked, step: Step): void {
    const text = String(this.#count++)
    const { id } = head
    const line = SAY[step](engine, text)
    if (line !== '') this.#expected.push(`${line.split(' ')[0]!} ${id}${line.slice(line.split(' ')[0]!.length)}`)
    this.#advance(head, step)
  }

  #advance(head: Asked, step: Step): void {
    const { kind } = head
    const isSimple = kind === 'query' || kind === 'functionCall'
    if (step === 'error') {
      if (isSimple) head.phase = 'failed'
      else if (kind !== 'sync') this.#fail()
      return
    }
    const next = NEXT_PHASE[step]
    if (next !== undefined) head.phase = next
    else if (step === 'fields' && kind === 'query') head.phase = 'rows'
    else if (step === 'row') return
    else if (kind === 'query' && step !== 'ready') head.phase = 'answered'
    else this.#told.shift()
  }

  /** An extended query failed: what was told up to the next Sync gets no answer, nor is more told up to it. */
  #fail(): void {
    while (this.#told.length > 0 && this.#told[0]!.kind !== 'sync') this.#told.shift()
    this.#skipping = this.#told.length === 0
  }

  /** The client heard something. */
  heard(event: PostgresClientEvent): void {
    if (event.type === 'rows') {
      while (event.rows.next()) this.#hear(`row ${event.id} ${event.rows.text(0)!}`)
      return
    }
    const line = heardLine(event)
    if (line !== undefined) this.#hear(line)
    if (event.type === 'ready') this.#isReady = true
  }

  #hear(line: string): void {
    const expected = this.#expected.shift()
    ensure(line === expected, `the client heard ${line} instead of ${expected ?? 'nothing'}`)
  }

  /** All that was said was heard. */
  ensureHeard(): void {
    ensure(this.#expected.length === 0, `the client never heard ${this.#expected.join(', ')}`)
  }
}

interface Given {
  readonly id: number
  readonly line: string
}

function valuesLine(values: readonly ParameterValue[]): string {
  return values.map((value) => (value instanceof Uint8Array ? `x${value.join('.')}` : String(value))).join()
}

type Give = (engine: PostgresClient, name: string, values: readonly ParameterValue[]) => Given

const COMMANDS: Readonly<Record<Kind, Give>> = {
  query: (engine, name) => ({ id: engine.query(name), line: `query ${name}` }),
  parse: (engine, name) => ({
    id: engine.parse(name, `sql of ${name}`, [23]),
    line: `parse ${name} sql of ${name} 23`,
  }),
  bind: (engine, name, values) => ({
    id: engine.bind(name, 's', values, ['binary']),
    line: `bind ${name} s ${valuesLine(values)} binary`,
  }),
  describeStatement: (engine, name) => ({ id: engine.describe('statement', name), line: `describe statement ${name}` }),
  describePortal: (engine, name) => ({ id: engine.describe('portal', name), line: `describe portal ${name}` }),
  execute: (engine, name) => ({ id: engine.execute(name, 5), line: `execute ${name} 5` }),
  close: (engine, name) => ({ id: engine.closeObject('portal', name), line: `close portal ${name}` }),
  sync: (engine) => ({ id: engine.sync(), line: 'sync' }),
  functionCall: (engine, _, values) => ({
    id: engine.callFunction(5, values, 'binary'),
    line: `functionCall 5 ${valuesLine(values)} binary`,
  }),
}

function lineOf(event: PostgresServerEvent): string | undefined {
  switch (event.type) {
    case 'query':
      return `query ${event.sql}`
    case 'parse':
      return `parse ${event.name} ${event.sql} ${event.typeOids.join()}`
    case 'bind':
      return `bind ${event.portal} ${event.statement} ${valuesLine(event.values)} ${event.resultFormats.join()}`
    case 'describe':
    case 'close':
      return `${event.type} ${event.what} ${event.name}`
    case 'execute':
      return `execute ${event.portal} ${event.rowsMax}`
    case 'functionCall':
      return `functionCall ${event.oid} ${valuesLine(event.values)} ${event.resultFormat}`
    case 'sync':
      return 'sync'
    default:
      return undefined
  }
}

/** A thing to say; the text makes each one different. The line has what the client must hear, without the number. */
const SAY = {
  parsed: (engine: PostgresServer): string => (engine.sendParsed(), 'parsed'),
  bound: (engine: PostgresServer): string => (engine.sendBound(), 'bound'),
  closed: (engine: PostgresServer): string => (engine.sendClosed(), 'statementClosed'),
  parameters: (engine: PostgresServer, text: string): string => (
    engine.sendParameters([Number(text)]),
    `parameters ${text}`
  ),
  noData: (engine: PostgresServer): string => (engine.sendNoData(), 'noData'),
  fields: (engine: PostgresServer, text: string): string => (engine.sendFields([{ name: text }]), `fields ${text}`),
  row: (engine: PostgresServer, text: string): string => (engine.sendRow([text]), `row ${text}`),
  complete: (engine: PostgresServer, text: string): string => (engine.sendComplete(text), `complete ${text}`),
  empty: (engine: PostgresServer): string => (engine.sendEmpty(), 'empty'),
  suspended: (engine: PostgresServer): string => (engine.sendSuspended(), 'suspended'),
  result: (engine: PostgresServer, text: string): string => (engine.sendFunctionResult(text), `functionResult ${text}`),
  error: (engine: PostgresServer, text: string): string => (engine.sendError({ message: text }), `error ${text}`),
  ready: (engine: PostgresServer): string => (engine.sendReady('failed'), 'ready failed'),
  copyIn: (engine: PostgresServer): string => (engine.sendCopy('in'), 'copy in'),
  copyOut: (engine: PostgresServer): string => (engine.sendCopy('out'), 'copy out'),
  data: (engine: PostgresServer, text: string): string => (
    engine.sendCopyData(new TextEncoder().encode(text)),
    `copyData ${text}`
  ),
  done: (engine: PostgresServer): string => (engine.sendCopyDone(), 'copyDone'),
} as const
type Step = keyof typeof SAY

const NEXT_PHASE: Readonly<Partial<Record<Step, Phase>>> = {
  parameters: 'described',
  result: 'result',
  copyIn: 'in',
  copyOut: 'out',
  data: 'out',
  done: 'copied',
}

/** What may be said next; the first is what usually is. */
function stepsOf({ kind, phase, copies }: Asked): readonly Step[] {
  if (phase === 'in') return ['error']
  if (phase === 'inFailed') return ['error']
  if (phase === 'inDone' || phase === 'copied') return ['complete', 'complete', 'complete', 'error']
  if (phase === 'out') return ['data', 'done', 'data', 'done', 'error']
  if (kind === 'query') {
    if (phase === 'rows') return ['row', 'complete', 'row', 'complete', 'error']
    if (phase === 'failed') return ['ready']
    if (phase === 'answered' && copies) return ['ready', 'ready', 'error']
    return copies ? ['copyIn', 'copyIn', 'error'] : ['fields', 'ready', 'complete', 'empty', 'copyOut', 'error']
  }
  if (kind === 'execute')
    return copies
      ? ['copyIn', 'copyIn', 'error', 'complete']
      : ['row', 'complete', 'row', 'complete', 'suspended', 'empty', 'copyOut', 'error']
  return STEPS[`${kind} ${phase}`] ?? ['ready']
}

const STEPS: Readonly<Partial<Record<string, readonly Step[]>>> = {
  'parse begun': ['parsed', 'parsed', 'parsed', 'error'],
  'bind begun': ['bound', 'bound', 'bound', 'error'],
  'close begun': ['closed', 'closed', 'closed', 'error'],
  'describeStatement begun': ['parameters', 'parameters', 'error'],
  'describeStatement described': ['fields', 'noData', 'error'],
  'describePortal begun': ['fields', 'noData', 'error'],
  'functionCall begun': ['result', 'result', 'error'],
  'functionCall result': ['ready', 'ready', 'error'],
  'sync begun': ['ready', 'ready', 'ready', 'error'],
}

function heardLine(event: PostgresClientEvent): string | undefined {
  switch (event.type) {
    case 'ready':
      return `ready ${event.id} ${event.status}`
    case 'fields':
      return `fields ${event.id} ${event.fields[0]!.name}`
    case 'parameters':
      return `parameters ${event.id} ${event.typeOids.join()}`
    case 'complete':
      return `complete ${event.id} ${event.tag}`
    case 'error':
      return event.error.severity === 'FATAL' ? undefined : `error ${event.id} ${event.error.message}`
    case 'copy':
      return `copy ${event.id} ${event.direction}`
    case 'copyData':
      return `copyData ${event.id} ${Buffer.from(event.bytes).toString()}`
    case 'functionResult':
      return `functionResult ${event.id} ${Buffer.from(event.value ?? []).toString()}`
    case 'parsed':
    case 'bound':
    case 'statementClosed':
    case 'noData':
    case 'empty':
    case 'suspended':
    case 'copyDone':
      return `${event.type} ${event.id}`
    default:
      return undefined
  }
}
