/**
 * Runs the tests: `npm test [-- <path> ...]`. Paths such as `test/http1` choose some of them; coverage is held against
 * the floors when all run.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { checkCoverage } from './coverage.js'
import { chromium, ensurePrograms, nghttp2, pgbouncer, postgres15 } from './ensure-system.js'
import { filesBelow, repoRoot } from './repo.js'

/** Two cores are the machine that the time budget is made for. */
const CONCURRENCY = 2

/** No test may take longer; a hanging one fails instead of holding up everything. */
const TEST_TIMEOUT_MS = 240_000

const wanted = process.argv.slice(2).map((argument) => path.posix.normalize(argument).replace(/\/$/, ''))
const sources = filesBelow('test')
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file === part || file.startsWith(`${part}/`)))

if (sources.length === 0) {
  console.error(`No test file matches ${wanted.join(' ')}. Give paths from the root, such as test/tidy.`)
  process.exit(2)
}
if (sources.some((file) => file.startsWith('test/portability/'))) ensurePrograms([chromium])
if (sources.some((file) => file.startsWith('test/integration/')))
  ensurePrograms([chromium, nghttp2, pgbouncer, postgres15])

const rawFolder = path.join(repoRoot, 'coverage', 'raw')
rmSync(path.join(repoRoot, 'coverage'), { recursive: true, force: true })
mkdirSync(rawFolder, { recursive: true })

const measured = wanted.length === 0
const tests = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...sources.map((file) => path.join(repoRoot, 'build', file.replace(/\.ts$/, '.js'))),
  ],
  {
    cwd: repoRoot,
    env: { ...process.env, CI: 'true', ...(measured ? { NODE_V8_COVERAGE: rawFolder } : {}) },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
const covered = !measured || (await checkCoverage(rawFolder))
process.exitCode = tests.status === 0 && covered ? 0 : 1
