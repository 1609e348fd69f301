/** Whether this process is for users or for developers (`SKITAI_ENV`). */

/** What the environment says: production, development, or nothing, which leaves it to each app. */
export function environment(env: NodeJS.ProcessEnv = process.env): 'production' | 'development' | undefined {
  const named = (env['SKITAI_ENV'] || env['NODE_ENV'])?.toLowerCase()
  return named === 'production' || named === 'development' ? named : undefined
}

/**
 * Whether something for developers is on: off unless an app or the environment asks for it, and in production off
 * whatever an app says.
 */
export function forDevelopers(wanted: boolean | undefined): boolean {
  const where = environment()
  return where !== 'production' && (wanted ?? where === 'development')
}
