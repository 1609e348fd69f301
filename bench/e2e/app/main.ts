/** The bench of apps: `npm run bench -- app [options]`. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { ensurePrograms, wrk } from '../../../tools/ensure-system.js'
import { packageVersion } from '../../../tools/packages.js'
import { repoRoot } from '../../../tools/repo.js'
import { describeMachine, median, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { runWrk, type WrkSample } from '../clients.js'
import { announcedPort, CLIENT_CORE, running, type RunningServer, startPinned } from '../processes.js'
import { type BenchRows, type BenchSection, clientPercent, mebibytes, ratio, sectionText } from '../section.js'
import { type AppScenario, type AppServerName, type AppTask, scenarios, UPLOAD_BYTES } from './scenarios.js'

const execute = promisify(execFile)

const SCRIPTS: Readonly<Record<AppServerName, string>> = {
  skitai: 'skitai.js',
  fastify: 'fastify.js',
  '@hono/node-server': 'hono.js',
  express: 'express.js',
}

const PEERS = [
  'fastify',
  '@fastify/multipart',
  'hono',
  '@hono/node-server',
  'express',
  'express-session',
  'csrf-sync',
  'nunjucks',
]

/** Runs the scenarios and records them. */
export async function benchApps(options: BenchOptions): Promise<void> {
  ensurePrograms([wrk])
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const chosen = scenarios.filter(({ name }) => name.includes(options.only))
  if (chosen.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skitai-bench-'))
  const sections: BenchSection[] = []
  try {
    for (const scenario of chosen) {
      const measured =
        scenario.name === 'upload' ? uploads(scenario, options, folder) : rates(scenario, options, folder)
      const section = { name: scenario.name, title: scenario.title, ...(await measured) }
      console.log(`\n${section.name}\n${sectionText(section)}`)
      sections.push(section)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (options.record) record(options, sections)
}

async function start(name: AppServerName, task: AppTask, folder: string): Promise<RunningServer<AppServerName>> {
  const script = path.join(repoRoot, 'bench/e2e/app/servers', SCRIPTS[name])
  const child = startPinned([process.execPath, script, task, folder])
  return running(name, await announcedPort(name, child), child)
}

/** Requests a second: all servers run, and are asked in turn. */
async function rates(scenario: AppScenario, options: BenchOptions, folder: string): Promise<BenchRows> {
  const servers: RunningServer<AppServerName>[] = []
  try {
    for (const name of scenario.servers) servers.push(await start(name, scenario.name, folder))
    const subjects = []
    for (const server of servers) {
      const { script, bytes } = await prepare(server, scenario)
      const load = (seconds: number): Promise<WrkSample> => runWrk(server, script, seconds, bytes, LOAD)
      await load(options.seconds)
      subjects.push({ server, load, samples: [] as RateSample[] })
    }
    for (let round = 0; round < options.rounds; round++)
      for (const { server, load, samples } of subjects) {
        const before = server.processorSeconds()
        const sample = await load(options.seconds)
        const microseconds = (server.processorSeconds() - before) * 1e6
        samples.push({ ...sample, processor: microseconds / (sample.requestsPerSecond * options.seconds) })
      }
    return rateRows(subjects)
  } finally {
    for (const server of servers) await server.stop()
  }
}

const LOAD = 'bench/e2e/app/load.lua'

/** Logs in where that is part of it, and looks at one answer. */
async function prepare(
  server: RunningServer<AppServerName>,
  { method, path: target, body, login, check }: AppScenario,
): Promise<{ readonly script: readonly string[]; readonly bytes: number }> {
  const origin = `http://127.0.0.1:${server.port}`
  const cookies = login === undefined ? [] : (await fetch(origin + login)).headers.getSetCookie()
  const cookie = cookies.map((line) => line.split(';')[0]).join('; ')
  const headers = { ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json' }) }
  const response = await fetch(origin + target, { method, headers, ...(body && { body }) })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${server.name}: status ${response.status}: ${text}`)
  check(text)
  const given = (value: string): string => value || '-'
  const script = [method, target, body === '' ? '-' : 'application/json', given(body), given(cookie)]
  return { script, bytes: text.length }
}

interface RateSample extends WrkSample {
  /** Processor time of the server for one request, in microseconds. */
  readonly processor: number
}

interface Subject {
  readonly server: RunningServer<AppServerName>
  readonly samples: readonly RateSample[]
}

function rateRows(subjects: readonly Subject[]): BenchRows {
  const measured = subjects.map(({ server, samples }) => ({
    server: server.name,
    requestsPerSecond: median(samples.map(({ requestsPerSecond }) => requestsPerSecond)),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
    processor: median(samples.map(({ processor }) => processor)),
    samples,
  }))
  const [ours] = measured
  const rows = measured.map(({ server, requestsPerSecond, p50Ms, p99Ms, processor }) => [
    server,
    requestsPerSecond.toFixed(0),
    ratio(ours!.requestsPerSecond, requestsPerSecond),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    processor.toFixed(1),
  ])
  const head = ['server', 'requests/s', 'ours are times as many', 'median ms', '99 % ms', 'processor µs a request']
  return { head, rows, measured }
}

interface Upload {
  readonly bytesPerSecond: number
  /** How busy the client was, in parts of a core. */
  readonly client: number
  /** How much resident memory has grown at its peak, since before the first upload. */
  readonly growthBytes: number
}

/** Octets a second, and how much memory that takes, the first upload of a process included. */
async function uploads(scenario: AppScenario, options: BenchOptions, folder: string): Promise<BenchRows> {
  const servers: RunningServer<AppServerName>[] = []
  try {
    for (const name of scenario.servers) servers.push(await start(name, scenario.name, folder))
    const subjects = servers.map((server) => ({ server, resting: server.rssBytes(), samples: [] as Upload[] }))
    for (let round = 0; round < options.rounds; round++)
      for (const { server, resting, samples } of subjects) samples.push(await upload(server, options.seconds, resting))
    const measured = subjects.map(({ server, samples }) => ({
      server: server.name,
      bytesPerSecond: median(samples.map(({ bytesPerSecond }) => bytesPerSecond)),
      client: median(samples.map(({ client }) => client)),
      growthBytes: Math.max(...samples.map(({ growthBytes }) => growthBytes)),
      samples,
    }))
    const [ours] = measured
    const rows = measured.map(({ server, bytesPerSecond, client, growthBytes }) => [
      server,
      mebibytes(bytesPerSecond),
      ratio(ours!.bytesPerSecond, bytesPerSecond),
      mebibytes(growthBytes),
      clientPercent(client),
    ])
    const head = ['server', 'MiB/s', 'ours are times as many', 'RSS growth MiB', 'client busy, %']
    return { head, rows, measured }
  } finally {
    for (const server of servers) await server.stop()
  }
}

const LOOK_MS = 10

async function upload(server: RunningServer<AppServerName>, seconds: number, resting: number): Promise<Upload> {
  const script = path.join(repoRoot, 'bench/e2e/app/upload.js')
  let highest = resting
  const look = setInterval(() => (highest = Math.max(highest, server.rssBytes())), LOOK_MS)
  const args = ['-c', CLIENT_CORE, process.execPath, script, String(server.port), String(UPLOAD_BYTES), String(seconds)]
  const { stdout } = await execute('taskset', args).finally(() => clearInterval(look))
  const { bytesPerSecond, client } = JSON.parse(stdout) as { bytesPerSecond: number; client: number }
  return { bytesPerSecond, client, growthBytes: highest - resting }
}

function record(options: BenchOptions, sections: readonly BenchSection[]): void {
  const machine = describeMachine()
  const versions = Object.fromEntries(PEERS.map((name) => [name, packageVersion('bench', name)]))
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('app', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- app --rounds ${rounds} --seconds ${seconds}`
  const named = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  writeSection('app', [provenance(command, machine, named.join('')), ...sections.map(sectionText)].join('\n\n'))
}
