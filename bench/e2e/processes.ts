/** Processes of the bench: servers are pinned to the first core, clients to the second; what they cost is in /proc. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** Servers run on this core. */
export const SERVER_CORE = '0'

/** Clients run on this one. */
export const CLIENT_CORE = '1'

const START_TIMEOUT_MS = 20_000

/** The kernel counts processor time in these, whatever its own clock does (USER_HZ). */
const TICKS_PER_SECOND = 100

/** A server that listens. */
export interface RunningServer<Name extends string = string> {
  readonly name: Name
  readonly port: number
  readonly child: ChildProcess
  /** Resident memory, in octets. */
  rssBytes(): number
  /** Processor time so far, of all threads, in seconds; counted in hundredths. */
  processorSeconds(): number
  /** Ends the process and waits for that. */
  stop(): Promise<void>
}

/**
 * Starts a process on a core, that of servers by default. Its standard output can be read; `ipc` adds a channel for
 * messages, and `stdin` is `pipe` for what is written to it.
 */
export function startPinned(
  command: readonly string[],
  ipc = false,
  core: string = SERVER_CORE,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  return spawn('taskset', ['-c', core, ...command], {
    env: { ...process.env, NODE_ENV: 'production', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
    stdio: ipc ? [stdin, 'pipe', 'inherit', 'ipc'] : [stdin, 'pipe', 'inherit'],
  })
}

/** Servers print one line `port N` when they listen. Rejects when a process ends before, or takes too long. */
export async function announcedPort(name: string, child: ChildProcess): Promise<number> {
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const port = /^port (\d+)$/.exec(line)?.[1]
      if (port !== undefined) return Number(port)
    }
    throw new Error(`${name} ended before it listened`)
  } finally {
    clearTimeout(timer)
    child.stdout?.resume()
  }
}

/** A process that listens on a port. */
export function running<Name extends string>(name: Name, port: number, child: ChildProcess): RunningServer<Name> {
  const ended = once(child, 'exit')
  return {
    name,
    port,
    child,
    rssBytes: () => rssBytes(child.pid!),
    processorSeconds: () => ticksOf(child.pid!, 'own') / TICKS_PER_SECOND,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Processor time of all processes that this one has started and that have ended, in seconds. */
export function endedProcessorSeconds(): number {
  return ticksOf('self', 'children') / TICKS_PER_SECOND
}

/** User and system time of a process, or of its children (proc(5), fields 14 to 17). */
function ticksOf(pid: number | 'self', whose: 'own' | 'children'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, the second field, may hold anything; it ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const first = whose === 'own' ? 11 : 13
  return Number(fields[first]) + Number(fields[first + 1])
}

function rssBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory`)
  return Number(kibibytes) * 1024
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Waits until a process accepts connections. */
export async function connectable(name: string, port: number, child: ChildProcess): Promise<void> {
  for (const giveUp = Date.now() + START_TIMEOUT_MS; Date.now() < giveUp && child.exitCode === null;) {
    const socket = connect(port, '127.0.0.1')
    const opened = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (opened) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${name} does not listen`)
}
