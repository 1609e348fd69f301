/** What apps log, as lines. */

import type { LogEntry } from '../app/app-host.js'
import { bareItem, quotedItem } from './escape.js'

/** Writes an entry to standard error: one line, whatever is in it (SEC-10). */
export function writeLogEntry({ message, category, app, gtid, ltid }: LogEntry): void {
  const time = new Date().toISOString()
  process.stderr.write(`${time} [${bareItem(category)}] ${bareItem(app)} ${gtid}/${ltid} ${quotedItem(message)}\n`)
}
