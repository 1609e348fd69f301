/** The end-to-end bench of WebSocket: `npm run bench -- websocket [options]`. */

import os from 'node:os'
import { packageVersion } from '../../../tools/packages.js'
import { describeMachine, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { type BenchSection, sectionText } from '../section.js'
import { loadScenarios } from './echo.js'
import { idleScenario } from './memory.js'

/** Runs the scenarios and records them. */
export async function benchWebSocket(options: BenchOptions): Promise<void> {
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const sections: BenchSection[] = []
  for (const { name, title, run } of [...loadScenarios, idleScenario]) {
    if (!name.includes(options.only)) continue
    const section = { name, title, ...(await run(options)) }
    console.log(`\n${name}\n${sectionText(section)}`)
    sections.push(section)
  }
  if (sections.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  if (options.record) record(options, sections)
}

function record(options: BenchOptions, sections: readonly BenchSection[]): void {
  const machine = describeMachine()
  const versions = { ws: packageVersion('.', 'ws'), bun: packageVersion('bench', 'bun') }
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('websocket', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- websocket --rounds ${rounds} --seconds ${seconds}`
  const peers = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  writeSection('websocket', [provenance(command, machine, peers.join('')), ...sections.map(sectionText)].join('\n\n'))
}
