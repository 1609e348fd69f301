/** The static table (RFC 7541 appendix A) by columns, each read by an index from 1 on. */

import { STATIC_FIELDS } from './static-table.js'

/** How many fields the static table has. */
export const STATIC_COUNT: number = STATIC_FIELDS.length

/** Their names. */
export const STATIC_NAMES: readonly string[] = ['', ...STATIC_FIELDS.map(([name]) => name)]

/** Their values. */
export const STATIC_VALUES: readonly string[] = ['', ...STATIC_FIELDS.map(([, value]) => value)]
