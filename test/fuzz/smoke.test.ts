import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadTarget, minimise, mutatorOf, readCorpus, runSession, targetNames } from '../../fuzz/session.js'

const SECONDS = 1

describe('fuzz targets, for a second each', () => {
  for (const name of targetNames.filter((each) => each !== 'canary'))
    test(`${name} finds nothing`, async () => {
      const { runs, finding } = await runSession(await loadTarget(name), readCorpus(name), {
        seed: 1,
        seconds: SECONDS,
        mutate: mutatorOf(name),
      })
      assert.equal(finding, undefined, finding?.error.stack)
      assert.ok(runs > readCorpus(name).length, `${runs} runs`)
    })

  test('the canary is found, and made small', async () => {
    const target = await loadTarget('canary')
    const { finding } = await runSession(target, readCorpus('canary'), { seed: 1, seconds: 30 })
    assert.ok(finding !== undefined, 'the planted fault was not found')
    assert.ok(finding.input.length < 12, `${finding.input.length} octets`)
    assert.throws(() => void target(finding.input))
  })

  test('a finding is made as small as it can be', async () => {
    const target = (data: Uint8Array): void => {
      if (data.includes(7) && data.includes(9)) throw new Error('both')
    }
    const input = Uint8Array.from({ length: 500 }, (_, index) => index % 100)
    const { input: small } = await minimise(target, { input, error: new Error('both') })
    assert.deepEqual([...small].sort(), [7, 9])
  })
})

describe('npm run fuzz', () => {
  const script = fileURLToPath(new URL('../../fuzz/run.js', import.meta.url))
  const run = (...words: string[]): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  for (const words of [
    [],
    ['nonsense'],
    ['canary', '--seconds', '-1'],
    ['canary', '--seed', 'x'],
    ['all', 'all'],
    ['--x'],
  ])
    test(`${JSON.stringify(words)} is answered by how to use it, and exit code 2`, () => {
      const { status, output } = run(...words)
      assert.equal(status, 2)
      assert.match(output, /^usage: npm run fuzz -- <http1-request \|.*> \[--seconds N\] \[--seed S\]\n$/)
    })

  test('a finding is printed with its seed and saved, and the exit code is 1', () => {
    const { status, output } = run('canary', '--seconds', '20', '--seed', '3')
    assert.equal(status, 1)
    assert.match(output, /^canary: seed 3: ContractError: .*\n[\s\S]* {2}input "[\s\S]* {2}saved as .*canary/)
  })

  test('a clean session tells how fast it was', () => {
    const { status, output } = run('http1-response', '--seconds', '0.3', '--seed', '1')
    assert.equal(status, 0)
    assert.match(output, /^http1-response: seed 1: \d+ runs, \d+ a second, no finding\n$/)
  })
})
