/**
 * Connection strings as libpq reads them: URIs, and pairs of keyword and value ("Connection Strings" of the
 * documentation). `URL` reads neither: a URI may have several hosts, and none at all.
 */

import { addSetting, configError, type Settings } from './keywords.js'

const SCHEME = /^postgres(?:ql)?:\/\//
const NAME = 'the connection string'

/** Reads a connection string. Throws `UsageError` (`PG_CONFIG`) for one that is malformed; no message repeats it. */
export function readConnectionString(text: string): Settings {
  const scheme = SCHEME.exec(text)
  if (scheme !== null) return readUri(text.slice(scheme[0].length))
  if (text.trim() !== '' && !text.includes('='))
    throw configError(`${NAME} is neither a URI with postgres:// or postgresql:// nor pairs of keyword=value`)
  return readPairs(text)
}

/** What stands behind the scheme: `user:password@host:port,host:port/dbname?keyword=value&…`, each part optional. */
function readUri(text: string): Settings {
  const settings: Settings = new Map()
  const set = (keyword: string, value: string): void => {
    if (value !== '') addSetting(settings, keyword, decode(value), NAME)
  }
  // The first @ before a slash ends who it is: one in a password is written as %40.
  const at = /^[^@/]*@/.exec(text)?.[0] ?? ''
  const [, user = '', password = ''] = /^([^:]*):?(.*)@$/s.exec(at) ?? []
  set('user', user)
  set('password', password)
  const [, hostList = '', dbname = '', query] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(text.slice(at.length))!
  const hosts: string[] = []
  const ports: string[] = []
  for (const one of hostList.split(',')) {
    const [, address, name = '', port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(one) ?? malformedHost()
    if (address === '') throw configError(`${NAME} has an empty IPv6 address`)
    hosts.push(address ?? name)
    ports.push(port)
  }
  // A list of nothing but commas has empty entries all the same: each stands for the default.
  if (hosts.length > 1 || hosts[0] !== '') addSetting(settings, 'host', decode(hosts.join(',')), NAME)
  if (ports.some((port) => port !== '')) addSetting(settings, 'port', decode(ports.join(',')), NAME)
  set('dbname', dbname)
  if (query !== undefined && query !== '') readQuery(query, settings)
  return settings
}

function malformedHost(): never {
  throw configError(`${NAME} has a malformed host: IPv6 addresses stand in brackets, and one colon leads to the port`)
}

function readQuery(query: string, settings: Settings): void {
  for (const pair of query.split('&')) {
    const [, keyword, value] = /^([^=]*)=([^=]*)$/s.exec(pair) ?? []
    if (keyword === undefined || value === undefined)
      throw configError(`${NAME} has a parameter that is not keyword=value`)
    const name = decode(keyword)
    // As JDBC writes it.
    if (name === 'ssl' && value === 'true') settings.set('sslmode', 'require')
    else addSetting(settings, name, decode(value), NAME)
  }
}

/** Percent-encoding. */
function decode(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw configError(`${NAME} has malformed percent-encoding`)
  }
  if (decoded.includes('\0')) throw configError(`${NAME} has %00 in it`)
  return decoded
}

/** `keyword = value`, or `'value'` where it has spaces or is empty; a backslash takes what follows as it is. */
const PAIR = /\s*([^\s=]+)\s*(=?)\s*(?:'((?:[^'\\]|\\.)*)(')?|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?)/sy

function readPairs(text: string): Settings {
  const settings: Settings = new Map()
  const end = text.trimEnd().length
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < end) {
    const [, keyword, equals, quoted, quote, plain = ''] = PAIR.exec(text) ?? []
    if (keyword === undefined) throw configError(`${NAME} has a value without a keyword`)
    if (equals === '') throw configError(`${NAME}: "=" is missing after ${JSON.stringify(keyword)}`)
    if (quoted !== undefined && quote === undefined) throw configError(`${NAME} has a quote without its end`)
    addSetting(settings, keyword, (quoted ?? plain).replaceAll(/\\(.)/gs, '$1'), NAME)
  }
  return settings
}
