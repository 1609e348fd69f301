/** The password file ("The Password File" of the documentation): `host:port:database:user:password` a line. */

import { readFile, stat } from 'node:fs/promises'

/** What a line of the file must fit. */
export interface PasswordQuestion {
  /** A name or an address as it was asked for; the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** Groups and others may not even look. */
const OTHERS = 0o077

/**
 * The password of the first line that fits; undefined without one. A file that is not there has none, nor has one that
 * others may read or that is no plain file: `warn` is told then, as libpq does.
 */
export async function passwordFromFile(
  file: string,
  question: PasswordQuestion,
  warn: (message: string) => void,
): Promise<string | undefined> {
  let text: string
  try {
    const status = await stat(file)
    if (!status.isFile()) {
      warn(`the password file ${file} is no plain file`)
      return undefined
    }
    if (process.platform !== 'win32' && (status.mode & OTHERS) !== 0) {
      warn(`the password file ${file} is ignored, because others may read it: its mode must be 0600 or less`)
      return undefined
    }
    text = await readFile(file, 'utf8')
  } catch {
    return undefined
  }
  return findPassword(text, question)
}

/** A field ends at a colon; a backslash takes what follows as it is. */
const FIELD = /((?:[^:\\]|\\.)*):/sy

/** Where sockets are by default, as PostgreSQL is built by itself, and by Debian and others. */
const SOCKET_FOLDERS = ['/tmp', '/var/run/postgresql']

/** Looks for the first line that fits. `*` fits everything, `localhost` the default folders of Unix sockets, too. */
export function findPassword(text: string, { host, port, database, user }: PasswordQuestion): string | undefined {
  const hosts = SOCKET_FOLDERS.includes(host) ? ['localhost', host] : [host]
  const wanted = [hosts, [String(port)], [database], [user]]
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r$/, '')
    if (line === '' || line.startsWith('#')) continue
    FIELD.lastIndex = 0
    const fits = wanted.every((values) => {
      const field = FIELD.exec(line)?.[1]
      return field !== undefined && (field === '*' || values.includes(unescape(field)))
    })
    // The password goes up to the end of the line.
    if (fits) return unescape(line.slice(FIELD.lastIndex))
  }
  return undefined
}

function unescape(field: string): string {
  return field.replaceAll(/\\(.)/gs, '$1')
}
