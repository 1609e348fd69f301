/** Where sessions are kept that are not in the cookie itself. */

/** What a store has of a session. */
export interface StoredSession {
  readonly data: string
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
}

/**
 * Keeps sessions by an id that is a digest of what the client has: who reads the store cannot pose as a client. A
 * store whose methods give promises is asked before the handler begins.
 */
export interface SessionStore {
  /** Its methods never give promises: then it is asked when somebody asks for the session. */
  readonly synchronous?: true
  /** What was saved last, unless it has expired or was destroyed. */
  load(id: string): StoredSession | undefined | Promise<StoredSession | undefined>
  /**
   * Saves the whole session; the last one counts. Unless it is new it must still be there: one that was destroyed
   * meanwhile stays away, and false tells so.
   */
  save(id: string, session: StoredSession, isNew: boolean): boolean | Promise<boolean>
  /** Moves the end of a session, and changes nothing else of what others may have saved meanwhile. */
  touch(id: string, expiresAtMs: number): void | Promise<void>
  /** Ends a session at once, wherever its cookie is. */
  destroy(id: string): void | Promise<void>
}
