/** The end-to-end bench of HTTP/2: `npm run bench -- http2 [options]`. */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { selfSigned } from 'skitai/io'
import { ensurePrograms, nghttp2, nginx, type SystemProgram } from '../../../tools/ensure-system.js'
import { describeMachine, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { peerVersions } from '../servers.js'
import { HELLO, helloScenarios } from './hello.js'
import { memoryScenarios } from './memory.js'
import { type BenchSection, sectionText } from '../section.js'
import { programVersions } from './servers.js'
import { contentFile, transferScenarios } from './transfers.js'
import { windowScenarios } from './windows.js'

const nghttpd: SystemProgram = { command: 'nghttpd', debianPackage: 'nghttp2-server' }
const curl: SystemProgram = { command: 'curl', debianPackage: 'curl' }

const scenarios = [...helloScenarios, ...transferScenarios, ...memoryScenarios, ...windowScenarios]

/** Runs the scenarios and records them. */
export async function benchHttp2(options: BenchOptions): Promise<void> {
  ensurePrograms([nghttp2, nghttpd, nginx, curl])
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const folder = filesFolder()
  const sections: BenchSection[] = []
  try {
    for (const { name, title, run } of scenarios) {
      if (!name.includes(options.only)) continue
      const section = { name, title, ...(await run({ options, folder })) }
      console.log(`\n${name}\n${sectionText(section)}`)
      sections.push(section)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (sections.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  if (options.record) record(options, sections)
}

/** What the servers serve and the clients send. All servers have one key pair. */
function filesFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skitai-bench-'))
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(path.join(folder, name), content)
  const { cert, key } = selfSigned()
  write('cert.pem', cert)
  write('key.pem', key)
  write('hello.txt', HELLO)
  write('mime.types', 'text/plain txt\n')
  write(contentFile.name, randomBytes(contentFile.bytes))
  return folder
}

function record(options: BenchOptions, sections: readonly BenchSection[]): void {
  const machine = describeMachine()
  const { fastify, deno, nginx: nginxVersion = 'unknown' } = peerVersions()
  const versions = { fastify, deno, nginx: nginxVersion, ...programVersions() }
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('http2', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- http2 --rounds ${rounds} --seconds ${seconds}`
  const peers = Object.entries(versions).map(([name, version]) => `, ${name} ${version}`)
  const parts = [provenance(command, machine, peers.join('')), ...sections.map(sectionText)]
  writeSection('http2', parts.join('\n\n'))
}
