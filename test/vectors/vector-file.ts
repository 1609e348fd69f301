/** Reads a file of vectors; README.md beside this file says what stands in it. */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { concat, type Step, unescapeBytes } from 'skitai/testing'

/** A step of the input; a `do` step names a command, which only the protocol's own runner understands. */
export type VectorStep = Exclude<Step, { type: 'command' }> | { readonly type: 'do'; readonly command: string }

/** One conversation. */
export interface Vector {
  readonly file: string
  readonly name: string
  readonly line: number
  readonly input: readonly VectorStep[]
  readonly events: readonly string[]
  readonly output: Uint8Array | undefined
  /** Commands before the input: the vector is for the client role. */
  readonly requests: readonly string[] | undefined
  readonly answers: readonly string[] | undefined
  readonly limits: Readonly<Record<string, number>>
  /** The server looks for the preface of HTTP/2. */
  readonly preface: boolean
  /** Why the run with a following message is left out. */
  readonly skipFollowing: string | undefined
}

/** Sources lie beside the compiled tests' root: build/test/vectors → test/vectors. */
const root = fileURLToPath(new URL('../../../test/vectors/', import.meta.url))

/** All vectors of a protocol, file by file. Throws for a file without any. */
export function readVectors(protocol: string): Map<string, Vector[]> {
  const files = new Map<string, Vector[]>()
  for (const file of readdirSync(`${root}${protocol}`).sort()) {
    if (!file.endsWith('.md')) throw new Error(`${protocol}/${file} is no file of vectors`)
    const vectors = parseVectors(`${protocol}/${file}`, readFileSync(`${root}${protocol}/${file}`, 'utf8'))
    if (vectors.length === 0) throw new Error(`${protocol}/${file} holds no vector`)
    files.set(file, vectors)
  }
  return files
}

const BLOCKS = ['input', 'events', 'output', 'requests', 'answers', 'options'] as const
type BlockName = (typeof BLOCKS)[number]

interface Section {
  readonly name: string
  readonly line: number
  readonly blocks: Map<BlockName, string[]>
}

/** Parses the text of one file. Throws for what it does not understand, with file and line. */
export function parseVectors(file: string, text: string): Vector[] {
  const sections: Section[] = []
  let block: string[] | undefined
  text.split('\n').forEach((line, index) => {
    const fault = (what: string): Error => new Error(`${file}:${index + 1}: ${what}`)
    if (block !== undefined) {
      if (line.startsWith('```')) block = undefined
      else block.push(line)
    } else if (line.startsWith('#')) {
      sections.push({ name: line.replace(/^#+ /, ''), line: index + 1, blocks: new Map() })
    } else if (line.startsWith('```')) {
      const name = BLOCKS.find((known) => line === '```' + known)
      const section = sections.at(-1)
      if (name === undefined || section === undefined) throw fault(`a block that is not known: ${line}`)
      if (section.blocks.has(name)) throw fault(`a second ${name} block`)
      section.blocks.set(name, (block = []))
    }
  })
  return sections.filter(({ blocks }) => blocks.size > 0).map((section) => vectorOf(file, section))
}

function vectorOf(file: string, { name, line, blocks }: Section): Vector {
  const input = blocks.get('input')
  const events = blocks.get('events')
  if (input === undefined || events === undefined) throw new Error(`${file}:${line}: input or events is missing`)
  const output = blocks.get('output')
  const options = (blocks.get('options') ?? []).map((option) => /^([a-z ]+): (.+)$/.exec(option))
  if (options.includes(null)) throw new Error(`${file}:${line}: an option is not understood`)
  const option = (key: string): string | undefined => options.find((match) => match?.[1] === key)?.[2]
  const limits: Record<string, number> = {}
  for (const setting of (option('limits') ?? '').split(' ').filter((part) => part !== '')) {
    const [key = '', value] = setting.split('=')
    limits[key] = Number(value)
  }
  return {
    file,
    name,
    line,
    input: merged(input.map(stepOf)),
    events: events.filter((event) => event !== ''),
    output: output === undefined ? undefined : octetsOf(output),
    requests: blocks.get('requests'),
    answers: blocks.get('answers'),
    limits,
    preface: option('preface') === 'on',
    skipFollowing: option('skip following'),
  }
}

function stepOf(line: string): VectorStep {
  if (!line.startsWith('@')) return { type: 'bytes', bytes: octetsOf([line]) }
  if (line === '@end') return { type: 'end' }
  const wait = /^@wait (\d+)$/.exec(line)
  if (wait !== null) return { type: 'wait', ms: Number(wait[1]) }
  const command = /^@do (.+)$/.exec(line)
  if (command?.[1] === undefined) throw new Error(`not a step: ${line}`)
  return { type: 'do', command: command[1] }
}

/** Lines are for readers: octets between two other steps are one chunk. */
function merged(steps: readonly VectorStep[]): VectorStep[] {
  const whole: VectorStep[] = []
  for (const step of steps) {
    const last = whole.at(-1)
    if (step.type === 'bytes' && last?.type === 'bytes')
      whole[whole.length - 1] = { type: 'bytes', bytes: concat([last.bytes, step.bytes]) }
    else whole.push(step)
  }
  return whole
}

function octetsOf(lines: readonly string[]): Uint8Array {
  return unescapeBytes(lines.map((line) => line.trimStart()).join(''))
}
