#!/usr/bin/env node
/** The command `skitai`. One clear line and exit code 2 for what its user can put right. */

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  CommandLineError,
  type CommandRunning,
  enterCommand,
  parseCommandLine,
  type RunOverrides,
  usage,
} from './command-line.js'
import { Skitai } from './skitai.js'

const EXIT_USAGE = 2
const EXIT_FAILURE = 1

/** What the system says when an address cannot be had, in words. */
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EACCES: 'that is not allowed',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such name',
}

async function main(args: readonly string[]): Promise<void> {
  const line = parseCommandLine(args)
  if (line.kind === 'help') return print(usage)
  if (line.kind === 'version') return print(`${version()}\n`)
  const target = resolve(line.target)
  const found = statSync(target, { throwIfNoEntry: false })
  if (found === undefined) throw new CommandLineError(`there is no file or directory ${target}`)
  if (found.isDirectory()) {
    if (line.rest.length > 0)
      throw new CommandLineError(`a directory takes no arguments, but there is "${line.rest[0]}"`)
    await serveDirectory(target, line.overrides)
  } else {
    await runScript(target, line.overrides, line.rest)
  }
}

async function serveDirectory(directory: string, overrides: RunOverrides): Promise<void> {
  const engine = new Skitai().mount('/', directory)
  const running = await engine.run({ address: '127.0.0.1', ...overrides })
  tell(`serving ${directory}`, running, overrides)
}

/** The script sees the arguments that it would see if node had started it. */
async function runScript(script: string, overrides: RunOverrides, rest: readonly string[]): Promise<void> {
  process.argv.splice(1, process.argv.length - 1, script, ...rest)
  let ran = false
  enterCommand({
    overrides,
    onRunning: (running) => {
      // The overrides are those of the first one.
      tell(`${script} listens`, running, ran ? {} : overrides)
      ran = true
    },
  })
  process.once('beforeExit', () => {
    if (!ran) fail(new CommandLineError(`${script} has ended and did not call skitai.run()`))
  })
  await import(pathToFileURL(script).href)
}

/** Whoever gets a certificate that nobody vouches for has to be able to compare it. */
function tell(what: string, { url, fingerprint256 }: CommandRunning, { tls }: RunOverrides): void {
  print(
    `${what} on ${url}\n${tls === undefined ? '' : `its certificate has the SHA-256 fingerprint ${fingerprint256}\n`}`,
  )
}

function print(text: string): void {
  process.stdout.write(text)
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function fail(error: unknown): never {
  const reason = reasonOf(error)
  if (reason !== undefined) {
    process.stderr.write(`skitai: ${reason}\n`)
    process.exit(EXIT_USAGE)
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exit(EXIT_FAILURE)
}

/** One line for what the user can put right; undefined for all else. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof CommandLineError) return error.message
  if (!(error instanceof Error)) return undefined
  const { code = '', syscall, address, hostname, port } = error as NodeJS.ErrnoException & ListenFault
  // By its code: the script may use another copy of this package.
  if (error.name === 'UsageError' && code.startsWith('TLS_')) return error.message
  if (syscall !== 'listen' && syscall !== 'bind' && syscall !== 'getaddrinfo') return undefined
  const place = address ?? hostname ?? 'there'
  return `cannot listen on ${place}${port === undefined ? '' : ` port ${port}`}: ${LISTEN_FAULTS[code] ?? code}`
}

interface ListenFault {
  readonly address?: string
  readonly hostname?: string
  readonly port?: number
}

// A script need not await `run`: what it does not catch ends here, too.
process.on('unhandledRejection', fail)
await main(process.argv.slice(2)).catch(fail)
