/** Where relative paths of an application are taken from. */

import path from 'node:path'

/** The directory of the script that was started. */
export function scriptDirectory(): string {
  return path.resolve(path.dirname(process.argv[1] ?? '.'))
}
