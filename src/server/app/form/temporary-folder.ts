/** Where files of forms lie until their request is over: a folder that nobody else can look into. */

import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

let folder: Promise<string> | undefined

/** The path of a file that does not exist yet, in a folder of this process (mode 0700). */
export async function temporaryPath(): Promise<string> {
  if (folder === undefined) {
    folder = mkdtemp(path.join(tmpdir(), `skitai-${process.pid}-`))
    folder.then(
      (made) => process.once('exit', () => rmSync(made, { recursive: true, force: true })),
      () => (folder = undefined),
    )
  }
  return path.join(await folder, randomUUID())
}

/** Removes a file that may be gone already. */
export async function removeQuietly(file: string): Promise<void> {
  await rm(file, { force: true })
}
