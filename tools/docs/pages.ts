/** The generated pages of the documentation, made from the tables that the code itself uses. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { http1Faults, http1Limits, lifecycle } from '#src/protocols/http1/index.js'
import { http2Faults, http2Limits, lifecycle as streamLifecycle } from '#src/protocols/http2/index.js'
import { lifecycle as directionLifecycle, webSocketFaults, webSocketLimits } from '#src/protocols/websocket/index.js'
import {
  lifecycle as waitLifecycle,
  postgresFaults,
  postgresLimits,
  postgresServerLimits,
  serverLifecycle as readLifecycle,
} from '#src/protocols/postgres/index.js'
import { lifecycle as replyLifecycle, redisFaults, redisLimits } from '#src/protocols/redis/index.js'
import type { Transitions } from '#src/protocols/core/transitions.js'
import { repoRoot } from '../repo.js'
import { appUsageCodes } from './app.js'
import { http1LimitReasons, http1UsageCodes } from './http1.js'
import { http2Answer, http2LimitReasons, http2UsageCodes } from './http2.js'
import { postgresLimitReasons, postgresServerLimitReasons, postgresUsageCodes } from './postgres.js'
import { redisLimitReasons, redisUsageCodes } from './redis.js'
import { webSocketAnswer, webSocketLimitReasons, webSocketUsageCodes } from './websocket.js'

/** A page: its path from the root of the repository, and all of its text. */
export interface GeneratedPage {
  readonly file: string
  readonly text: string
}

interface FaultRow {
  /** What goes over the wire for it, as people read it. */
  readonly answer: string
  readonly section: string
  readonly text: string
}

interface ProtocolTables {
  readonly title: string
  readonly faults: Readonly<Record<string, FaultRow>>
  readonly usageCodes: Readonly<Record<string, string>>
  readonly limits: Readonly<Record<string, number>>
  readonly limitReasons: Readonly<Record<string, string>>
  /** The file whose doc comments say what each limit counts. */
  readonly limitsFile: string
  /** Those of the server role, where it has others. */
  readonly serverLimits?: Readonly<Record<string, number>>
  readonly serverLimitReasons?: Readonly<Record<string, string>>
  readonly serverLimitsFile?: string
  readonly lifecycles: Readonly<Record<string, Transitions<string, string>>>
}

const PROTOCOLS: readonly ProtocolTables[] = [
  {
    title: 'HTTP/1.1',
    faults: rowsOf(http1Faults, ({ status }) => (status === 0 ? '-' : String(status))),
    usageCodes: http1UsageCodes,
    limits: { ...http1Limits },
    limitReasons: http1LimitReasons,
    limitsFile: 'src/protocols/http1/limits.ts',
    lifecycles: { 'Half of an exchange': lifecycle },
  },
  {
    title: 'HTTP/2',
    faults: rowsOf(http2Faults, http2Answer),
    usageCodes: http2UsageCodes,
    limits: { ...http2Limits },
    limitReasons: http2LimitReasons,
    limitsFile: 'src/protocols/http2/limits.ts',
    lifecycles: { 'Stream of a connection': streamLifecycle },
  },
  {
    title: 'WebSocket',
    faults: rowsOf(webSocketFaults, webSocketAnswer),
    usageCodes: webSocketUsageCodes,
    limits: { ...webSocketLimits },
    limitReasons: webSocketLimitReasons,
    limitsFile: 'src/protocols/websocket/limits.ts',
    lifecycles: { 'Direction of a connection': directionLifecycle },
  },
  {
    title: 'PostgreSQL',
    faults: rowsOf(postgresFaults, ({ sqlState }) => (sqlState === '' ? '-' : sqlState)),
    usageCodes: postgresUsageCodes,
    limits: { ...postgresLimits },
    limitReasons: postgresLimitReasons,
    limitsFile: 'src/protocols/postgres/limits.ts',
    serverLimits: { ...postgresServerLimits },
    serverLimitReasons: postgresServerLimitReasons,
    serverLimitsFile: 'src/protocols/postgres/server-limits.ts',
    lifecycles: { 'What a client waits for': waitLifecycle, 'What a server reads': readLifecycle },
  },
  {
    title: 'Redis',
    faults: rowsOf(redisFaults, () => '-'),
    usageCodes: redisUsageCodes,
    limits: { ...redisLimits },
    limitReasons: redisLimitReasons,
    limitsFile: 'src/protocols/redis/limits.ts',
    lifecycles: { 'What a client waits for': replyLifecycle },
  },
]

function rowsOf<Fault extends Omit<FaultRow, 'answer'>>(
  faults: Readonly<Record<string, Fault>>,
  answer: (fault: Fault) => string,
): Record<string, FaultRow> {
  const rows = Object.entries(faults).map(([code, fault]) => {
    const { section, text } = fault
    return [code, { answer: answer(fault), section, text }] as const
  })
  return Object.fromEntries(rows)
}

const NOTICE = '<!-- Generated from the tables in src by `npm run docs`. Do not edit. -->'

/** All generated pages. */
export function generatedPages(): GeneratedPage[] {
  return [
    { file: 'docs/errors.md', text: errorsPage() },
    { file: 'docs/limits.md', text: limitsPage() },
    { file: 'docs/lifecycles.md', text: lifecyclesPage() },
  ]
}

/** Every code of a usage error that a page explains. */
export function documentedUsageCodes(): string[] {
  const codes = [...PROTOCOLS.map(({ usageCodes }) => usageCodes), appUsageCodes]
  return codes.flatMap((each) => Object.keys(each)).toSorted()
}

function errorsPage(): string {
  const parts = [NOTICE, '# Errors', ERRORS_INTRODUCTION]
  for (const { title, faults, usageCodes } of PROTOCOLS) {
    const faultRows = Object.entries(faults).map(([code, { answer, section, text }]) => [
      `\`${code}\``,
      answer,
      text,
      section,
    ])
    parts.push(
      `## ${title}: faults of the peer`,
      table(['code', 'answered with', 'the peer', 'standard'], faultRows),
      `## ${title}: misuse by the caller`,
      usageTable(usageCodes),
    )
  }
  return page([...parts, '## Apps: misuse by the caller', usageTable(appUsageCodes)])
}

function usageTable(codes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(codes).map(([code, text]) => [`\`${code}\``, text])
  return table(['code', 'what is wrong'], rows)
}

const ERRORS_INTRODUCTION = `Who is to blame decides how an error shows up.

- **A fault of the peer** is never thrown. It comes as the last event of its connection, \`fatal\`, behind everything
  that was right before it; one that costs a single stream of HTTP/2 comes as \`streamFault\`. The event names the
  \`code\`, the absolute \`offset\` of the first octet that cannot be right (over HTTP/2, of its frame), and where a
  limit was passed the \`limit\` and what was \`got\`. The answer that the standard asks for is in \`output\` by
  then.
- **Misuse by the caller** throws a \`UsageError\` with a \`code\`, at once, and the state of the engine stays as it
  was.
- **A bug of ours** throws an \`InvariantError\`. The driver ends that one connection.`

function limitsPage(): string {
  const parts = [NOTICE, '# Limits', LIMITS_INTRODUCTION]
  for (const tables of PROTOCOLS) {
    const { title, serverLimits, serverLimitReasons = {}, serverLimitsFile = '' } = tables
    parts.push(`## ${title}`, limitsTable(tables.limits, tables.limitReasons, tables.limitsFile))
    if (serverLimits !== undefined)
      parts.push(`## ${title}: server role`, limitsTable(serverLimits, serverLimitReasons, serverLimitsFile))
  }
  return page(parts)
}

function limitsTable(
  limits: Readonly<Record<string, number>>,
  reasons: Readonly<Record<string, string>>,
  file: string,
): string {
  const meanings = docComments(file)
  const rows = Object.entries(limits).map(([name, value]) => [
    `\`${name}\``,
    shownLimit(name, value),
    meanings.get(name) ?? missing(file, name),
    reasons[name] ?? missing('the reasons', name),
  ])
  return table(['limit', 'default', 'what it bounds', 'why this much'], rows)
}

const LIMITS_INTRODUCTION = `Every limit is an option of the engine's constructor, and of the server that uses it. All
have a default that is safe to run with; \`Infinity\` turns one off. They count what the standard counts (octets of a
field section, field lines, chunks), never the fill of a buffer, so that they do not depend on how the network cut the
stream.`

function lifecyclesPage(): string {
  const parts = [NOTICE, '# Lifecycles', LIFECYCLES_INTRODUCTION]
  for (const { title, lifecycles } of PROTOCOLS)
    for (const [name, transitions] of Object.entries(lifecycles)) {
      const rows = transitions.rows.map(([state, input, next, section]) => [state, input, next, section])
      parts.push(
        `## ${title}: ${name.toLowerCase()}`,
        diagram(transitions),
        table(['state', 'input', 'next state', 'standard'], rows),
      )
    }
  return page(parts)
}

const LIFECYCLES_INTRODUCTION = `The states of a connection are rows of a table that the engine runs on. A pair of state
and input without a row is a fault of the peer, or a \`UsageError\` when it was a command of ours.`

/** A Mermaid diagram with one arrow a pair of states. */
function diagram(transitions: Transitions<string, string>): string {
  const arrows = new Map<string, string[]>()
  for (const [state, input, next] of transitions.rows) {
    const arrow = `  ${state} --> ${next}`
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), input])
  }
  const lines = [...arrows].map(([arrow, inputs]) => `${arrow}: ${inputs.join(', ')}`)
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${transitions.states[0]}`, ...lines, '```'].join('\n')
}

/** The doc comment above each property of an interface, on one line. */
function docComments(file: string): Map<string, string> {
  const source = readFileSync(path.join(repoRoot, file), 'utf8')
  const comments = new Map<string, string>()
  for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)/g))
    comments.set(name!, comment!.replaceAll(/\s*\n\s*\* ?/g, ' ').trim())
  return comments
}

function shownLimit(name: string, value: number): string {
  if (value === Infinity) return 'none'
  if (name.endsWith('Ms')) return `${value / 1000} s`
  if (name.endsWith('BytesMax') && value >= 1024 && value % 1024 === 0)
    return value % 1_048_576 === 0 ? `${value / 1_048_576} MiB` : `${value / 1024} KiB`
  return value.toLocaleString('en-US')
}

function missing(where: string, name: string): never {
  throw new Error(`${where}: nothing is said about ${name}`)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
