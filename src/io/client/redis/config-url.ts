/** URLs of Redis servers, as the registration of `redis` and `rediss` with IANA has them, and `unix:`. */

import { UsageError } from '../../../protocols/core/errors.js'
import type { RedisOptions } from './config.js'

const DATABASE = /^\d{1,9}$/

/** Who, and a path: with a user and no host it is none that the class `URL` reads. */
const SOCKET = /^unix:(?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?)?(\/(?!\/)[^?#]*)(?:\?([^#]*))?$/

/** Throws `UsageError` (`REDIS_OPTION`); the URL itself is no part of it, as there may be a password inside. */
export function urlOptions(text: string): RedisOptions {
  const socket = typeof text === 'string' ? SOCKET.exec(text) : null
  if (socket !== null) return socketOptions(socket[1] ?? '', socket[2] ?? '', socket[3]!, socket[4])
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw refused('cannot be read')
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      return networkOptions(url)
    default:
      throw refused('begins with redis:, rediss: or unix:, and that with an absolute path')
  }
}

/** An address of IPv6 without its brackets. */
export function hostOf(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

function networkOptions(url: URL): RedisOptions {
  const { hostname, port, protocol, pathname } = url
  for (const name of url.searchParams.keys()) throw refused(`has no parameter ${name}`)
  if (url.hash !== '') throw refused('has no fragment')
  const database = pathname.slice(1)
  return {
    ...(hostname !== '' && { host: hostOf(hostname) }),
    ...(port !== '' && { port: Number(port) }),
    ...(protocol === 'rediss:' && { tls: true }),
    ...credentials(url),
    ...(database !== '' && { database: databaseOf(database) }),
  }
}

function socketOptions(username: string, password: string, path: string, query = ''): RedisOptions {
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) if (name !== 'db') throw refused(`has no parameter ${name}`)
  const database = parameters.get('db')
  return {
    path: decoded(path),
    ...credentials({ username, password }),
    ...(database !== null && { database: databaseOf(database) }),
  }
}

function credentials({ username, password }: { readonly username: string; readonly password: string }): RedisOptions {
  return {
    ...(username !== '' && { username: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
  }
}

function databaseOf(text: string): number {
  if (!DATABASE.test(text)) throw refused('has the number of a database')
  return Number(text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refused('has a wrong escape')
  }
}

function refused(rule: string): UsageError {
  return new UsageError('REDIS_OPTION', `url ${rule}`)
}
