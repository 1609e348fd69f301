/** Headless Chromium, as the tests start it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { findProgram } from '../../tools/ensure-system.js'
import { plainEnvironment } from '../../tools/repo.js'

/** Long enough for the first start of a browser on a busy machine. */
const RUN_TIMEOUT_MS = 60_000

/** What Chromium is told so that it does the page and nothing else. */
export const CHROMIUM_OPTIONS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Shows a page, and gives the document as it is after the modules of the page have run. */
export async function documentOf(url: string): Promise<string> {
  return inChromium(['--dump-dom', url], (printed) => printed)
}

/**
 * Shows a page until `told` settles, such as with what the page has sent to its server. The certificates of servers are
 * not checked. Rejects when Chromium ends before.
 */
export async function showUntil<Value>(url: string, told: Promise<Value>): Promise<Value> {
  return inChromium(['--ignore-certificate-errors', url], async (printed, ended) =>
    Promise.race([told, ended.then(async () => Promise.reject(new Error(`Chromium has ended: ${await printed}`)))]),
  )
}

/** Runs Chromium with a profile of its own, and ends it when `wait` has what it waits for. */
async function inChromium<Value>(
  args: readonly string[],
  wait: (printed: Promise<string>, ended: Promise<unknown>) => Promise<Value>,
): Promise<Value> {
  const chromium = findProgram('chromium')
  if (chromium === undefined) throw new Error('chromium is not installed')
  const profile = mkdtempSync(path.join(tmpdir(), 'skitai-chromium-'))
  const child = spawn(chromium, [...CHROMIUM_OPTIONS, `--user-data-dir=${profile}`, ...args], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: RUN_TIMEOUT_MS,
  })
  // Not until its last process has let go of the output: they write to the profile up to their end.
  const ended = once(child, 'close')
  try {
    return await wait(text(child.stdout), ended)
  } finally {
    child.kill()
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
