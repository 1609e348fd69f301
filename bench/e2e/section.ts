/** What a scenario gives: a table for people, and all its numbers for machines. */

import type { BenchOptions } from '../options.js'
import { markdownTable } from '../record.js'

/** What scenarios are given. */
export interface BenchPlace {
  readonly options: BenchOptions
  /** Where the files are that servers deliver and clients send, and the key pair. */
  readonly folder: string
}

/** One scenario; `run` gives its rows. */
export interface BenchScenario {
  readonly name: string
  readonly title: string
  run(place: BenchPlace): Promise<BenchRows>
}

/** What was measured: the head of the table, its rows, and every sample behind them. */
export interface BenchRows {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly measured: readonly object[]
}

/** A scenario that has run. */
export interface BenchSection extends BenchRows {
  readonly name: string
  readonly title: string
}

/** A scenario as a section of the page. */
export function sectionText({ title, head, rows }: BenchSection): string {
  return `### ${title}\n\n${markdownTable(head, rows)}`
}

/** A client that is busy for more than this part of its time may be what is measured. */
const FULL = 0.95

/** How busy a process was, in per cent of a core. */
export function percent(part: number): string {
  return (part * 100).toFixed(0)
}

/** The same of a client; one that had no time left is marked. */
export function clientPercent(part: number): string {
  return part > FULL ? `${percent(part)} (full)` : percent(part)
}

/** How many times as much; `-` without anything to compare with. */
export function ratio(value: number, reference: number | undefined): string {
  return reference === undefined || reference === 0 ? '-' : (value / reference).toFixed(2)
}

/** Octets in MiB. */
export function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
