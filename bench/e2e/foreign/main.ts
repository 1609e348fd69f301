/** The end-to-end bench of apps of other frameworks: `npm run bench -- foreign [options]`. */

import assert from 'node:assert/strict'
import os from 'node:os'
import { ensurePrograms, wrk } from '../../../tools/ensure-system.js'
import { packageVersion } from '../../../tools/packages.js'
import { describeMachine, median, requireQuietMachine } from '../../machine.js'
import type { BenchOptions } from '../../options.js'
import { provenance, writeResults, writeSection } from '../../record.js'
import { runWrk, type WrkSample } from '../clients.js'
import type { RunningServer } from '../processes.js'
import { type BenchRows, type BenchSection, mebibytes, ratio, sectionText } from '../section.js'
import { type Framework, hosts, startForeign } from './servers.js'

const HELLO = 'Hello, World!'

const TITLES: Readonly<Record<Framework, string>> = {
  express: 'Express, Hello, World!, 64 connections',
  hono: 'Hono, Hello, World!, 64 connections',
}

/** Runs the scenarios and records them. */
export async function benchForeign(options: BenchOptions): Promise<void> {
  ensurePrograms([wrk])
  if (os.cpus().length < 2) throw new Error('servers and clients need a core each')
  requireQuietMachine(options.force)
  const sections: BenchSection[] = []
  for (const framework of Object.keys(hosts) as Framework[]) {
    const name = `foreign-${framework}`
    if (!name.includes(options.only)) continue
    const section = { name, title: TITLES[framework], ...(await measure(framework, options)) }
    console.log(`\n${name}\n${sectionText(section)}`)
    sections.push(section)
  }
  if (sections.length === 0) throw new TypeError(`no scenario is called ${options.only}`)
  if (options.record) record(options, sections)
}

interface Subject {
  readonly server: RunningServer
  readonly samples: WrkSample[]
  /** Processor time of the server for each request, in microseconds. */
  readonly costs: number[]
}

/** All servers run at once, and all but one of them wait: none loses what its compiler has learnt. */
async function measure(framework: Framework, options: BenchOptions): Promise<BenchRows> {
  const subjects: Subject[] = []
  try {
    for (const host of hosts[framework]) {
      const server = await startForeign(framework, host)
      subjects.push({ server, samples: [], costs: [] })
      await verify(server)
      await load(server, options.seconds / 2)
    }
    for (let round = 0; round < options.rounds; round++)
      for (const { server, samples, costs } of subjects) {
        const before = server.processorSeconds()
        const sample = await load(server, options.seconds)
        samples.push(sample)
        costs.push(((server.processorSeconds() - before) * 1e6) / sample.requests)
      }
    return rowsOf(subjects)
  } finally {
    for (const { server } of subjects) await server.stop()
  }
}

async function verify({ name, port }: RunningServer): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  assert.deepEqual([answer.status, await answer.text()], [200, HELLO], name)
  for (const field of ['date', 'content-type', 'content-length'])
    assert.ok(answer.headers.has(field), `${name}: ${field}`)
}

function load(server: RunningServer, seconds: number): Promise<WrkSample> {
  return runWrk(server, ['get', '/'], seconds, HELLO.length)
}

function rowsOf(subjects: readonly Subject[]): BenchRows {
  const measured = subjects.map(({ server, samples, costs }) => ({
    server: server.name,
    requestsPerSecond: median(samples.map(({ requestsPerSecond }) => requestsPerSecond)),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
    processorMicros: median(costs),
    rssBytes: server.rssBytes(),
    samples: samples.map(({ requestsPerSecond }) => requestsPerSecond),
  }))
  const peer = measured[1]!
  const head = ['server', 'requests/s', `times ${peer.server}`, 'median ms', '99 % ms', 'processor µs', 'RSS MiB']
  const rows = measured.map(({ server, requestsPerSecond, p50Ms, p99Ms, processorMicros, rssBytes }) => [
    server,
    requestsPerSecond.toFixed(0),
    ratio(requestsPerSecond, peer.requestsPerSecond),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    processorMicros.toFixed(1),
    mebibytes(rssBytes),
  ])
  return { head, rows, measured }
}

function record(options: BenchOptions, sections: readonly BenchSection[]): void {
  const machine = describeMachine()
  const version = (name: string): string => packageVersion('bench', name)
  const versions = {
    express: version('express'),
    hono: version('hono'),
    '@hono/node-server': version('@hono/node-server'),
  }
  const { rounds, seconds } = options
  const results = sections.map(({ name, title, measured }) => ({ name, title, measured }))
  writeResults('foreign', { machine, versions, rounds, seconds, results })
  const command = `npm run bench -- foreign --rounds ${rounds} --seconds ${seconds}`
  const peers = Object.entries(versions).map((peer) => `, ${peer.join(' ')}`)
  writeSection('foreign', [provenance(command, machine, peers.join('')), ...sections.map(sectionText)].join('\n\n'))
}
