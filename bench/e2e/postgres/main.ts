/** The bench of the PostgreSQL client: `npm run bench -- postgres [options]`. */

import os from 'node:os'
import { ensurePrograms, postgres15 } from '../../../tools/ensure-system.js'
import { packageVersion } from '../../../tools/packages.js'
import { describeMachine, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { type BenchSection, sectionText } from '../section.js'
import { startDatabase } from './database.js'
import { scenarios } from './scenarios.js'

/** Runs the scenarios and records them. */
export async function benchPostgres(options: BenchOptions): Promise<void> {
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  // It brings pgbench along.
  ensurePrograms([postgres15])
  const chosen = scenarios.filter(({ name }) => name.includes(options.only))
  if (chosen.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  const database = await startDatabase()
  const sections: BenchSection[] = []
  try {
    for (const { name, title, run } of chosen) {
      const section = { name, title, ...run(database, options) }
      console.log(`\n${name}\n${sectionText(section)}`)
      sections.push(section)
    }
  } finally {
    await database.stop()
  }
  if (options.record) record(options, sections, database.version)
}

function record(options: BenchOptions, sections: readonly BenchSection[], server: string): void {
  const machine = describeMachine()
  const peers = ['postgres', 'pg-copy-streams', 'pg-cursor'].map(
    (name) => [name, packageVersion('bench', name)] as const,
  )
  const versions = Object.fromEntries([['PostgreSQL', server], ['pg', packageVersion('.', 'pg')], ...peers])
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('postgres', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- postgres --rounds ${rounds} --seconds ${seconds}`
  const named = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  writeSection('postgres', [provenance(command, machine, named.join('')), ...sections.map(sectionText)].join('\n\n'))
}
