/**
 * `npm run fuzz -- <target | all> [--seconds N] [--seed S]`: damages the corpus of a target until the time is up. A
 * finding is made small, saved, printed, and makes the exit code 1; so does an input that never comes back.
 */

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { escapeBytes } from 'skitai/testing'
import { type TargetName, targetNames } from './session.js'
import { CURRENT_HEAD_BYTES, type WorkerInput, type WorkerOutput } from './worker.js'

const SECONDS = 60
const HANG_MS = 20_000
const INPUT_BYTES_MAX = 65_536

const usage = `usage: npm run fuzz -- <${targetNames.join(' | ')} | all> [--seconds N] [--seed S]`

interface Arguments {
  readonly names: readonly TargetName[]
  readonly seconds: number
  readonly seed: number
}

function readArguments(): Arguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string' }, seed: { type: 'string' } },
    })
    const [name, ...more] = positionals
    const names =
      name === 'all' ? targetNames.filter((each) => each !== 'canary') : targetNames.filter((each) => each === name)
    const seconds = Number(values.seconds ?? SECONDS)
    const seed = Number(values.seed ?? Date.now() % 1_000_000)
    const valid = names.length > 0 && more.length === 0 && seconds > 0 && Number.isInteger(seed) && seed >= 0
    return valid ? { names, seconds, seed } : undefined
  } catch {
    return undefined
  }
}

function save(name: TargetName, input: Uint8Array): string {
  const folder = new URL(`../fuzz-findings/${name}/`, import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL(`${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`, folder)
  writeFileSync(file, input)
  return fileURLToPath(file)
}

function run(name: TargetName, seconds: number, seed: number): Promise<boolean> {
  const current = new SharedArrayBuffer(CURRENT_HEAD_BYTES + INPUT_BYTES_MAX)
  const numbers = new Uint32Array(current, 0, 2)
  const workerData: WorkerInput = { name, seconds, seed, current }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData })
  let runs = -1
  return new Promise((resolve, reject) => {
    const report = (input: Uint8Array, message: string): void => {
      console.log(`${name}: seed ${seed}: ${message}\n  input "${escapeBytes(input)}"\n  saved as ${save(name, input)}`)
      resolve(false)
    }
    const watch = setInterval(() => {
      const now = Atomics.load(numbers, 0)
      if (now === runs) {
        clearInterval(watch)
        void worker.terminate()
        report(
          new Uint8Array(current.slice(CURRENT_HEAD_BYTES, CURRENT_HEAD_BYTES + numbers[1]!)),
          'it never comes back',
        )
      }
      runs = now
    }, HANG_MS)
    worker.once('error', (error) => {
      clearInterval(watch)
      reject(error)
    })
    worker.once('message', (output: WorkerOutput) => {
      clearInterval(watch)
      if (output.finding !== undefined) {
        report(output.finding.input, output.finding.message)
        return
      }
      console.log(
        `${name}: seed ${seed}: ${output.runs} runs, ${Math.round(output.runs / seconds)} a second, no finding`,
      )
      resolve(true)
    })
  })
}

const chosen = readArguments()
if (chosen === undefined) {
  console.error(usage)
  process.exitCode = 2
} else {
  for (const name of chosen.names) if (!(await run(name, chosen.seconds, chosen.seed))) process.exitCode = 1
}
