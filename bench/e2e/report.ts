/** Results as text and as tables. */

import { markdownTable } from '../record.js'
import type { ScenarioResult, ServerResult } from './measure.js'

/** What counts of a result: requests a second, or octets of memory. */
function valueOf(result: ServerResult): number {
  return result.requestsPerSecond >= 0 ? result.requestsPerSecond : result.rssBytes
}

/** How many times the value of another server this one has. */
function times(result: ServerResult, servers: readonly ServerResult[], other: string): string {
  const reference = servers.find(({ server }) => server === other)
  return reference === undefined ? '-' : (valueOf(result) / valueOf(reference)).toFixed(2)
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}

interface Column {
  readonly title: string
  cell(result: ServerResult): string
}

function columns({ scenario, servers }: ScenarioResult): Column[] {
  const { reference, load } = scenario
  const hasCeiling = servers.some(({ server }) => server === 'raw ceiling')
  const rates: Column[] = [
    { title: 'requests/s', cell: ({ requestsPerSecond }) => requestsPerSecond.toFixed(0) },
    { title: `times ${reference}`, cell: (result) => times(result, servers, reference) },
    ...(hasCeiling
      ? [{ title: 'of the ceiling', cell: (one: ServerResult) => times(one, servers, 'raw ceiling') }]
      : []),
    { title: 'median ms', cell: ({ p50Ms }) => p50Ms.toFixed(2) },
    { title: '99 % ms', cell: ({ p99Ms }) => p99Ms.toFixed(2) },
    { title: 'RSS MiB', cell: ({ rssBytes }) => mebibytes(rssBytes) },
  ]
  const memory: Column[] = [
    { title: 'RSS MiB', cell: ({ rssBytes }) => mebibytes(rssBytes) },
    { title: `times ${reference}`, cell: (result) => times(result, servers, reference) },
    { title: 'RSS growth MiB', cell: ({ rssGrowthBytes }) => mebibytes(rssGrowthBytes) },
  ]
  return load.kind === 'wrk' ? rates : memory
}

/** A scenario for the terminal. */
export function showResult(result: ScenarioResult): string {
  const shown = columns(result)
  return result.servers
    .map(
      (server) =>
        `  ${server.server.padEnd(12)}${shown.map(({ title, cell }) => `  ${cell(server)} ${title}`).join('')}`,
    )
    .join('\n')
}

/** A scenario as a section of the page. */
export function scenarioTable(result: ScenarioResult): string {
  const shown = columns(result)
  const rows = result.servers.map((server) => [server.server, ...shown.map(({ cell }) => cell(server))])
  return `### ${result.scenario.title}\n\n${markdownTable(['server', ...shown.map(({ title }) => title)], rows)}`
}
