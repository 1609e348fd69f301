/** The end-to-end bench: servers over loopback. `npm run bench -- e2e [options]`. */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ensurePrograms, nginx, wrk } from '../../tools/ensure-system.js'
import { describeMachine, requireQuietMachine } from '../machine.js'
import type { BenchOptions } from '../options.js'
import { provenance, writeResults, writeSection } from '../record.js'
import { measureScenario, type ScenarioResult } from './measure.js'
import { scenarioTable, showResult } from './report.js'
import { hugeFile, scenarios, staticFiles } from './scenarios.js'
import { peerVersions } from './servers.js'

/** Runs the scenarios and records them. */
export async function benchServers(options: BenchOptions): Promise<void> {
  ensurePrograms([wrk, nginx])
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const folder = filesFolder()
  const results: ScenarioResult[] = []
  try {
    for (const scenario of scenarios) {
      if (!scenario.name.includes(options.only)) continue
      console.log(`\n${scenario.title}`)
      const result = await measureScenario(scenario, options, folder)
      console.log(showResult(result))
      results.push(result)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (results.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  if (options.record) record(options, results)
}

/** What the static scenarios serve. */
function filesFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skitai-bench-'))
  for (const [name, text] of Object.entries(staticFiles)) writeFileSync(path.join(folder, name), text)
  writeFileSync(path.join(folder, hugeFile.name), '')
  truncateSync(path.join(folder, hugeFile.name), hugeFile.bytes)
  return folder
}

function record(options: BenchOptions, results: readonly ScenarioResult[]): void {
  const machine = describeMachine()
  const versions = peerVersions()
  const { rounds, seconds, full } = options
  writeResults('e2e', { machine, versions, rounds, seconds, full, results })
  const command = `npm run bench -- e2e --rounds ${rounds} --seconds ${seconds}${full ? ' --full' : ''}`
  const peers = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  const parts = [provenance(command, machine, peers.join('')), ...results.map(scenarioTable)]
  writeSection('e2e', parts.join('\n\n'))
}
