/** The bench of the Redis client: `npm run bench -- redis [options]`. */

import os from 'node:os'
import { startRedis } from '../../../test/redis/server.js'
import { packageVersion } from '../../../tools/packages.js'
import { run, runOrThrow } from '../../../tools/repo.js'
import { describeMachine, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { SERVER_CORE } from '../processes.js'
import { type BenchSection, sectionText } from '../section.js'
import { ELEMENTS, scenarios } from './scenarios.js'

/** Runs the scenarios and records them. */
export async function benchRedis(options: BenchOptions): Promise<void> {
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const chosen = scenarios.filter(({ name }) => name.includes(options.only))
  if (chosen.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  const server = await startRedis()
  const sections: BenchSection[] = []
  try {
    runOrThrow('taskset', ['-acp', SERVER_CORE, String(server.pid)])
    fill(server.port)
    for (const { name, title, run: measure } of chosen) {
      const section = { name, title, ...measure(`redis://${server.host}:${server.port}`, options) }
      console.log(`\n${name}\n${sectionText(section)}`)
      sections.push(section)
    }
  } finally {
    await server.stop()
  }
  if (options.record) record(options, sections)
}

/** A list and a hash, in the way of somebody who types. */
function fill(port: number): void {
  const numbers = Array.from({ length: ELEMENTS }, (_, i) => i)
  const cli = ['-p', String(port)]
  runOrThrow('redis-cli', [...cli, 'rpush', 'list', ...numbers.map((i) => `element ${i}`)])
  runOrThrow('redis-cli', [...cli, 'hset', 'hash', ...numbers.flatMap((i) => [`field:${i}`, `value of field ${i}`])])
}

function record(options: BenchOptions, sections: readonly BenchSection[]): void {
  const machine = describeMachine()
  const server = /v=([\d.]+)/.exec(run('redis-server', ['--version']).stdout)?.[1] ?? 'unknown'
  const peers = ['ioredis', 'redis'].map((name) => [name, packageVersion('bench', name)] as const)
  const versions = Object.fromEntries([['redis-server', server], ...peers])
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('redis', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- redis --rounds ${rounds} --seconds ${seconds}`
  const named = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  writeSection('redis', [provenance(command, machine, named.join('')), ...sections.map(sectionText)].join('\n\n'))
}
