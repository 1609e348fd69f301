/** Measures one scenario: every server in turn, round after round; the median over the rounds counts. */

import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { openIdle, readSlowly, runWrk, verifyAnswer, type WrkSample } from './clients.js'
import { hugeFile, type Scenario } from './scenarios.js'
import { type RunningServer, type ServerName, startServer } from './servers.js'

/** What was measured of one server. Rates are medians over the rounds; -1 where a number has no meaning. */
export interface ServerResult {
  readonly server: ServerName
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssBytes: number
  /** How much resident memory grew from before the load to its highest point. */
  readonly rssGrowthBytes: number
  /** Every round's value of what counts: requests a second, or octets of memory. */
  readonly samples: readonly number[]
  /** Names of the fields of an answer: how much the servers say is part of the work. */
  readonly fields: readonly string[]
}

/** All servers of one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly servers: readonly ServerResult[]
}

/** Runs one scenario. */
export async function measureScenario(
  scenario: Scenario,
  options: BenchOptions,
  folder: string,
): Promise<ScenarioResult> {
  const servers =
    scenario.load.kind === 'wrk'
      ? await measureRate(scenario, scenario.load.script, options, folder)
      : await measureMemory(scenario, options, folder)
  return { scenario, servers }
}

/** All servers run at once, and all but one of them wait: none loses what its compiler has learnt. */
async function measureRate(
  scenario: Scenario,
  script: readonly string[],
  options: BenchOptions,
  folder: string,
): Promise<ServerResult[]> {
  const running: RunningServer[] = []
  const bodyBytes = scenario.answer?.length ?? 0
  try {
    for (const name of scenario.servers) running.push(await startServer(name, scenario.task, folder))
    const subjects = []
    for (const server of running) {
      const fields = await verifyAnswer(server, scenario)
      const restingBytes = server.rssBytes()
      await runWrk(server, script, options.seconds / 2, bodyBytes)
      subjects.push({ server, fields, restingBytes, samples: [] as WrkSample[], rssBytes: [] as number[] })
    }
    for (let round = 0; round < options.rounds; round++)
      for (const { server, samples, rssBytes } of subjects) {
        samples.push(await runWrk(server, script, options.seconds, bodyBytes))
        rssBytes.push(server.rssBytes())
      }
    return subjects.map(({ server, fields, restingBytes, samples, rssBytes }) => ({
      server: server.name,
      requestsPerSecond: median(samples.map((sample) => sample.requestsPerSecond)),
      p50Ms: median(samples.map((sample) => sample.p50Ms)),
      p99Ms: median(samples.map((sample) => sample.p99Ms)),
      rssBytes: median(rssBytes),
      rssGrowthBytes: Math.max(...rssBytes) - restingBytes,
      samples: samples.map((sample) => sample.requestsPerSecond),
      fields,
    }))
  } finally {
    for (const server of running) await server.stop()
  }
}

/** A new process for each measurement, since memory that was used once is seldom given back. */
async function measureMemory(scenario: Scenario, options: BenchOptions, folder: string): Promise<ServerResult[]> {
  const rounds = scenario.load.kind === 'slow reader' ? 1 : options.rounds
  const samples = scenario.servers.map(() => [] as { rssBytes: number; growthBytes: number; fields: string[] }[])
  for (let round = 0; round < rounds; round++)
    for (const [index, name] of scenario.servers.entries()) {
      const server = await startServer(name, scenario.task, folder)
      try {
        const fields = await verifyAnswer(server, scenario)
        const restingBytes = server.rssBytes()
        const rssBytes = await loadMemory(server, scenario, options)
        samples[index]!.push({ rssBytes, growthBytes: rssBytes - restingBytes, fields })
      } finally {
        await server.stop()
      }
    }
  return scenario.servers.map((server, index) => {
    const taken = samples[index]!
    return {
      server,
      requestsPerSecond: -1,
      p50Ms: -1,
      p99Ms: -1,
      rssBytes: median(taken.map((sample) => sample.rssBytes)),
      rssGrowthBytes: median(taken.map((sample) => sample.growthBytes)),
      samples: taken.map((sample) => sample.rssBytes),
      fields: taken[0]?.fields ?? [],
    }
  })
}

/** Long enough for a collector to take what opening the connections has left behind, if it wants to. */
const SETTLE_MS = 1000

/** The shortest useful look at a slow download, in seconds. */
const DOWNLOAD_SECONDS_MIN = 10

/** Loads a server in the way of the scenario. Gives its resident memory: what it came to, or the highest on the way. */
async function loadMemory(
  server: RunningServer,
  { load, path, answer }: Scenario,
  options: BenchOptions,
): Promise<number> {
  if (load.kind === 'idle') {
    const sockets = await openIdle(server, load.connections, answer ?? '')
    await sleep(SETTLE_MS)
    const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length
    const rssBytes = server.rssBytes()
    for (const socket of sockets) socket.destroy()
    if (open !== sockets.length) throw new Error(`${server.name} has closed ${sockets.length - open} connections`)
    return rssBytes
  }
  if (load.kind !== 'slow reader') throw new Error(`${load.kind} does not measure memory`)
  const { bytes } = hugeFile
  const { bytesPerSecond } = load
  const seconds = options.full ? (bytes / bytesPerSecond) * 1.1 : Math.max(DOWNLOAD_SECONDS_MIN, 2 * options.seconds)
  let highest = 0
  const look = (): void => void (highest = Math.max(highest, server.rssBytes()))
  await readSlowly(server, path, bytesPerSecond, { seconds, bytes }, look)
  return highest
}
