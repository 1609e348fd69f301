/** Reads a file of vectors; README.md beside this file says what stands in it. */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Step, unescapeBytes } from 'skitai/testing'

/** A step of the input; a `do` step names a command, which only the protocol's own runner understands. */
export type VectorStep = Exclude<Step, { type: 'command' }> | { readonly type: 'do'; readonly command: string }

/** One conversation. */
export interface Vector {
  readonly file: string
  readonly name: string
  readonly line: number
  readonly input: readonly VectorStep[]
  readonly events: readonly string[]
  /** The lines of the output as they stand. */
  readonly output: readonly string[] | undefined
  /** Commands before the input: the vector is for the client role. */
  readonly requests: readonly string[] | undefined
  readonly answers: readonly string[] | undefined
  readonly limits: Readonly<Record<string, number>>
  /** Words of the option `with`. */
  readonly flags: readonly string[]
  /** Why the run with a following message is left out. */
  readonly skipFollowing: string | undefined
}

/** Sources lie beside the compiled tests' root: build/test/vectors → test/vectors. */
const root = fileURLToPath(new URL('../../../test/vectors/', import.meta.url))

/** Makes octets of the lines of an input between two steps. */
export type ReadOctets = (lines: readonly string[]) => Uint8Array

/** All vectors of a protocol, file by file. Throws for a file without any. */
export function readVectors(protocol: string, read: ReadOctets = octetsOf): Map<string, Vector[]> {
  const files = new Map<string, Vector[]>()
  for (const file of readdirSync(`${root}${protocol}`).sort()) {
    if (!file.endsWith('.md')) throw new Error(`${protocol}/${file} is no file of vectors`)
    const vectors = parseVectors(`${protocol}/${file}`, readFileSync(`${root}${protocol}/${file}`, 'utf8'), read)
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
export function parseVectors(file: string, text: string, read: ReadOctets = octetsOf): Vector[] {
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
  return sections.filter(({ blocks }) => blocks.size > 0).map((section) => vectorOf(file, section, read))
}

function vectorOf(file: string, { name, line, blocks }: Section, read: ReadOctets): Vector {
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
    input: stepsOf(input, read),
    events: events.filter((event) => event !== ''),
    output,
    requests: blocks.get('requests'),
    answers: blocks.get('answers'),
    limits,
    flags: (option('with') ?? '').split(' ').filter((part) => part !== ''),
    skipFollowing: option('skip following'),
  }
}

/** Lines are for readers: octets between two other steps are one chunk. */
function stepsOf(lines: readonly string[], read: ReadOctets): VectorStep[] {
  const steps: VectorStep[] = []
  let octets: string[] = []
  const flush = (): void => {
    if (octets.length > 0) steps.push({ type: 'bytes', bytes: read(octets) })
    octets = []
  }
  for (const line of lines) {
    if (!line.startsWith('@')) {
      octets.push(line)
      continue
    }
    flush()
    steps.push(stepOf(line))
  }
  flush()
  return steps
}

function stepOf(line: string): VectorStep {
  if (line === '@end') return { type: 'end' }
  const wait = /^@wait (\d+)$/.exec(line)
  if (wait !== null) return { type: 'wait', ms: Number(wait[1]) }
  const command = /^@do (.+)$/.exec(line)
  if (command?.[1] === undefined) throw new Error(`not a step: ${line}`)
  return { type: 'do', command: command[1] }
}

/** The octets that lines write out. */
export function octetsOf(lines: readonly string[]): Uint8Array {
  return unescapeBytes(lines.map((line) => line.trimStart()).join(''))
}
