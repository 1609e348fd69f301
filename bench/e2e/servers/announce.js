/** What every server of the bench is told, and what it tells: its task and folder, and the port that it listens on. */

/** `hello`, `static`, `post` or `download`. */
export const task = process.argv[2]

/** The folder of the static files. */
export const folder = process.argv[3]

/** Tells the bench that the server is ready. */
export function announce(port) {
  console.log(`port ${port}`)
}

/** How much the download delivers, and in pieces of what size. */
export const downloadBytes = 2 ** 30
export const pieceBytes = 65_536
