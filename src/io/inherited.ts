/** Listening sockets that the system manager opened for us (systemd's socket activation, sd_listen_fds(3)). */

import { fstatSync } from 'node:fs'

/** A listening socket that was inherited. */
export interface InheritedSocket {
  readonly descriptor: number
  /** Its name in the unit (FileDescriptorName=); empty when there is none. */
  readonly name: string
}

/** The first number of an inherited descriptor. */
const FIRST_DESCRIPTOR = 3

/** More than any unit has; a larger number is a mistake. */
const COUNT_MAX = 1024

/**
 * Takes over the sockets that the environment announces to this process, and removes the announcement, so that
 * neither a second call nor a child process takes them again. None when nothing is announced, or to another process:
 * a shell or a starter in between has a number of its own. Throws Error when the announcement is malformed or a
 * descriptor is no socket.
 */
export function takeInheritedSockets(
  environment: Record<string, string | undefined> = process.env,
  processId: number = process.pid,
): readonly InheritedSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = environment
  if (pid === undefined || count === undefined || Number(pid) !== processId) return []
  delete environment['LISTEN_PID']
  delete environment['LISTEN_FDS']
  delete environment['LISTEN_FDNAMES']
  if (!/^\d+$/.test(count) || Number(count) > COUNT_MAX)
    throw new Error(`LISTEN_FDS is not a number of descriptors up to ${COUNT_MAX}: "${count}"`)
  const sockets: InheritedSocket[] = []
  const nameList = names?.split(':') ?? []
  for (let index = 0; index < Number(count); index++) {
    const descriptor = FIRST_DESCRIPTOR + index
    if (!isSocket(descriptor)) throw new Error(`LISTEN_FDS announces descriptor ${descriptor}, which is no socket`)
    sockets.push({ descriptor, name: nameList[index] ?? '' })
  }
  return sockets
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket()
  } catch {
    return false
  }
}
