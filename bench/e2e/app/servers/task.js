/** What the servers of these scenarios have in common: what they are asked to do, and what they show. */

import path from 'node:path'

/** `typed`, `post`, `page` or `upload`. */
export const task = process.argv[2]

/** Where uploads go. */
export const folder = process.argv[3]

/** The folder of the template. */
export const templates = path.join(import.meta.dirname, 'templates')

/** Rows of the page. */
export const shoes = Array.from({ length: 20 }, (_, i) => ({ name: `shoe <${i}>`, price: 10 + i }))

/** The user that the page greets. */
export const user = 'Ann Lee'

/** Keys of sessions. */
export const secret = 'a secret that is long enough for everybody'

/** Octets of an upload at the most. */
export const uploadBytesMax = 200 * 2 ** 20

export function announce(port) {
  console.log(`port ${port}`)
}
