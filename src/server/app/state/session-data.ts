/** What a session consists of, and its text. */

/** A session as it is kept. */
export interface SessionData {
  readonly values: Map<string, unknown>
  /** The client's address at the last write; empty before the first one. */
  address: string
  /** Seconds of `setExpiry`; 0 when it ends by the time-out. */
  explicitSeconds: number
  expiresAtMs: number
}

/** An empty session. */
export function emptySession(): SessionData {
  return { values: new Map(), address: '', explicitSeconds: 0, expiresAtMs: 0 }
}

/** The values as JSON. Throws `TypeError` for what JSON has no form for. */
export function valuesText(values: ReadonlyMap<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(values))
}

/** The text of a session, without its expiry. */
export function sessionText(data: SessionData): string {
  return `[${valuesText(data.values)},${JSON.stringify(data.address)},${data.explicitSeconds}]`
}

/** Reads what `sessionText` wrote; undefined for anything else. */
export function readSession(text: string, expiresAtMs: number): SessionData | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed) || parsed.length !== 3) return undefined
  const [values, address, explicitSeconds] = parsed as readonly unknown[]
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return undefined
  if (typeof address !== 'string' || typeof explicitSeconds !== 'number') return undefined
  return { values: new Map(Object.entries(values)), address, explicitSeconds, expiresAtMs }
}
