/** Fields that whoever mounts a directory adds to all of its replies. */

/**
 * Flat lists of name and value; made once, and never changed: a file keeps its ready-made replies as long as they are
 * the same.
 */
export interface ExtraFields {
  readonly plain: readonly string[]
  /** For replies over TLS; the same list where there is no difference. */
  readonly encrypted: readonly string[]
}

const NONE: readonly string[] = []

/** None. */
export const noExtraFields: ExtraFields = { plain: NONE, encrypted: NONE }
