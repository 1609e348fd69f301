/**
 * The parsers, each brought to the same work: for every request the method, the target, and each field as a name and a
 * value are delivered as strings, content as views. Findings are summed up and compared, so that nothing is optimised
 * away.
 */

import { createRequire } from 'node:module'
import path from 'node:path'
import { Http1Server } from 'skitai/http1'
import { repoRoot } from '../../tools/repo.js'

/** What a parser has delivered so far. */
export interface Findings {
  messages: number
  fields: number
  contentBytes: number
  /** Characters of all methods, targets, names and values. */
  characters: number
}

/** A parser on one connection that is kept open. */
export interface BenchParser {
  readonly findings: Findings
  feed(chunk: Uint8Array): void
}

/**
 * The parsers by the name they have in the results. Ours also writes an answer, without which it takes no next request.
 */
export const parserMakers: Readonly<Record<string, () => BenchParser>> = {
  skitai: () => new SkitaiParser(),
  'node (llhttp)': () => new NodeParser(),
  'http-parser-js': () => new ScriptParser(),
}

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

class SkitaiParser implements BenchParser {
  readonly findings: Findings = { messages: 0, fields: 0, contentBytes: 0, characters: 0 }
  readonly #engine = new Http1Server({ date: () => DATE })

  constructor() {
    this.#engine.start(0)
  }

  feed(chunk: Uint8Array): void {
    const engine = this.#engine
    const { findings } = this
    engine.receive(chunk, 0)
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      if (event.type === 'request') {
        const { fields } = event
        const count = fields.count
        let characters = event.method.length + event.target.length
        for (let i = 0; i < count; i++) characters += fields.rawName(i).length + fields.value(i).length
        findings.fields += count
        findings.characters += characters
      } else if (event.type === 'data') {
        findings.contentBytes += event.bytes.length
      } else if (event.type === 'end') {
        findings.messages++
        engine.sendResponse(204, [])
      } else {
        throw new Error(`unexpected event ${event.type}`)
      }
    }
    while (engine.output() !== undefined);
  }
}

/** The part of node's parser, and of its imitation, that servers use. */
interface CallbackParser {
  [callback: number]: unknown
  execute(chunk: Uint8Array): number | Error
}

interface ParserModule {
  readonly HTTPParser: {
    new (type?: unknown): CallbackParser & { initialize?(type: number, resource: object): void }
    readonly REQUEST: number
    readonly kOnHeaders: number
    readonly kOnHeadersComplete: number
    readonly kOnBody: number
    readonly kOnMessageComplete: number
    readonly kOnExecute: number
  }
  readonly methods: readonly string[]
}

type OnHeadersComplete = (
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number,
  url: string,
) => number

/** Sets the callbacks that `node:http` sets; names and values come as a flat list. */
function listen(parser: CallbackParser, module: ParserModule, findings: Findings): void {
  const { kOnHeaders, kOnHeadersComplete, kOnBody, kOnMessageComplete } = module.HTTPParser
  const { methods } = module
  const count = (headers: readonly string[]): void => {
    for (let i = 0; i < headers.length; i++) findings.characters += headers[i]!.length
    findings.fields += headers.length / 2
  }
  parser[kOnHeaders] = (headers: string[]): void => count(headers)
  const onHeadersComplete: OnHeadersComplete = (_major, _minor, headers, method, url) => {
    findings.characters += methods[method]!.length + url.length
    if (headers !== undefined) count(headers)
    return 0
  }
  parser[kOnHeadersComplete] = onHeadersComplete
  parser[kOnBody] = (bytes: Uint8Array, _offset?: number, length?: number): void => {
    findings.contentBytes += length ?? bytes.length
  }
  parser[kOnMessageComplete] = (): void => {
    findings.messages++
  }
}

const load = createRequire(path.join(repoRoot, 'bench', 'package.json'))

class NodeParser implements BenchParser {
  readonly findings: Findings = { messages: 0, fields: 0, contentBytes: 0, characters: 0 }
  readonly #parser: CallbackParser

  constructor() {
    const module = load('node:_http_common') as ParserModule
    const parser = new module.HTTPParser()
    parser.initialize?.(module.HTTPParser.REQUEST, {})
    listen(parser, module, this.findings)
    this.#parser = parser
  }

  feed(chunk: Uint8Array): void {
    const result = this.#parser.execute(chunk)
    if (typeof result !== 'number') throw result
  }
}

class ScriptParser implements BenchParser {
  readonly findings: Findings = { messages: 0, fields: 0, contentBytes: 0, characters: 0 }
  readonly #parser: CallbackParser

  constructor() {
    const module = load('http-parser-js') as ParserModule
    // Whoever has asked for this constant gets today's callbacks, others those of Node 0.12.
    if (module.HTTPParser.kOnExecute === 0) throw new Error('http-parser-js has changed')
    const parser = new module.HTTPParser(module.HTTPParser.REQUEST)
    listen(parser, module, this.findings)
    this.#parser = parser
  }

  feed(chunk: Uint8Array): void {
    const result = this.#parser.execute(chunk)
    if (typeof result !== 'number') throw result
  }
}
