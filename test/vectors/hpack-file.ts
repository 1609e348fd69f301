/** Reads a file of HPACK vectors; README.md beside this file says what stands in it. */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { latin1Of, unescapeBytes } from 'skitai/testing'

/** A block, or the acknowledgement of our setting before the next one. */
export type HpackStep =
  { readonly type: 'block'; readonly bytes: Uint8Array } | { readonly type: 'table'; readonly bytes: number }

/** Blocks of one connection, and what a decoder makes of them. */
export interface HpackVector {
  readonly file: string
  readonly name: string
  readonly steps: readonly HpackStep[]
  /** What the decoder gives, line by line. */
  readonly sections: readonly string[]
  /** The entries of the table at the end, the newest first; undefined when nobody looks. */
  readonly table: readonly string[] | undefined
  /** Settings of the decoder. */
  readonly options: Readonly<Record<string, number>>
  /** Whether our encoder writes the same octets. */
  readonly written: boolean
}

const root = fileURLToPath(new URL('../../../test/vectors/hpack/', import.meta.url))

/** All vectors, file by file. Throws for what it does not understand. */
export function readHpackVectors(): Map<string, HpackVector[]> {
  const files = new Map<string, HpackVector[]>()
  for (const file of readdirSync(root).sort()) {
    const text = readFileSync(`${root}${file}`, 'utf8')
    files.set(
      file,
      text
        .split(/^## /m)
        .slice(1)
        .map((part) => vectorOf(file, part)),
    )
  }
  return files
}

function vectorOf(file: string, part: string): HpackVector {
  const name = part.slice(0, part.indexOf('\n'))
  const blocks = new Map(
    [...part.matchAll(/^```([a-z]+)\n([^]*?)^```$/gm)].map((match) => [match[1]!, match[2]!.split('\n').slice(0, -1)]),
  )
  const block = (title: string): string[] | undefined => {
    const lines = blocks.get(title)
    blocks.delete(title)
    return lines?.map((line) => latin1Of(unescapeBytes(line)))
  }
  const words = (block('options') ?? []).flatMap((line) => line.split(' '))
  const input = block('input')
  const sections = block('sections')
  const table = block('table')?.filter((line) => line !== '')
  if (input === undefined || sections === undefined || blocks.size > 0)
    throw new Error(`hpack/${file}: ${name} is not understood`)
  const settings = words.filter((word) => word !== 'written').map((word) => word.split('='))
  return {
    file,
    name,
    steps: stepsOf(input),
    sections,
    table,
    options: Object.fromEntries(settings.map(([key, value]) => [key, Number(value)])),
    written: words.includes('written'),
  }
}

function stepsOf(lines: readonly string[]): HpackStep[] {
  const steps: HpackStep[] = []
  let octets: number[] = []
  for (const line of lines) {
    const table = /^@table (\d+)$/.exec(line)
    if (table !== null) steps.push({ type: 'table', bytes: Number(table[1]) })
    else if (line === '@end') {
      steps.push({ type: 'block', bytes: Uint8Array.from(octets) })
      octets = []
    } else {
      const digits = line.replaceAll(' ', '')
      if (!/^(?:[0-9a-f]{2})+$/.test(digits)) throw new Error(`not in hexadecimal digits: ${line}`)
      for (let at = 0; at < digits.length; at += 2) octets.push(Number.parseInt(digits.slice(at, at + 2), 16))
    }
  }
  if (octets.length > 0) throw new Error('a block without its end')
  return steps
}
