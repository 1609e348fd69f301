/** Services: settings under a name, in a file ("The Connection Service File" of the documentation). */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { addSetting, configError, type Settings } from './keywords.js'

/**
 * What the service says. It is looked for in `servicefile`, by default `~/.pg_service.conf`, and then in
 * `pg_service.conf` in the folder that PGSYSCONFDIR names. Throws `UsageError` (`PG_CONFIG`) when it is not found, or
 * malformed.
 */
export function serviceSettings(
  service: string,
  servicefile: string | undefined,
  env: NodeJS.ProcessEnv,
  home: string,
): Settings {
  const own = servicefile ?? path.join(home, '.pg_service.conf')
  const folder = env['PGSYSCONFDIR']
  const files = [own, ...(folder === undefined ? [] : [path.join(folder, 'pg_service.conf')])]
  for (const file of files) {
    const text = readIfThere(file, servicefile !== undefined && file === own)
    const settings = text === undefined ? undefined : readService(text, service, file)
    if (settings !== undefined) return settings
  }
  throw configError(`the service ${JSON.stringify(service)} is in none of ${files.join(', ')}`)
}

function readIfThere(file: string, must: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !must) return undefined
    throw configError(`cannot read the service file ${file}: ${code}`)
  }
}

/** The first group of that name; undefined when there is none. */
function readService(text: string, service: string, file: string): Settings | undefined {
  let settings: Settings | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (settings !== undefined) return settings
      if (line.slice(1).split(']')[0] === service) settings = new Map()
      continue
    }
    if (settings === undefined) continue
    const where = `${file}, line ${index + 1}`
    const equals = line.indexOf('=')
    if (equals < 0) throw configError(`${where}: not keyword=value`)
    const keyword = line.slice(0, equals)
    if (keyword === 'service' || keyword === 'servicefile')
      throw configError(`${where}: a service cannot name another one`)
    // The first of two counts.
    if (!settings.has(keyword)) addSetting(settings, keyword, line.slice(equals + 1), where)
  }
  return settings
}
