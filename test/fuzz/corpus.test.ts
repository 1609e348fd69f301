import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { hpackSeeds } from './hpack-seeds.js'
import { http2Seeds } from './http2-seeds.js'
import { postgresSeeds } from './postgres-seeds.js'
import { redisSeeds } from './redis-seeds.js'
import { seedsOf } from './seeds.js'
import { webSocketSeeds } from './websocket-seeds.js'

const root = new URL('../../../fuzz/corpus/', import.meta.url)

/** `SKITAI_WRITE_CORPUS=1 npm test -- test/fuzz/corpus.test.ts` writes the seeds instead of comparing them. */
const writes = process.env['SKITAI_WRITE_CORPUS'] === '1'

for (const [target, seeds] of [
  ...seedsOf('http1'),
  ...http2Seeds(),
  ...hpackSeeds(),
  ...webSocketSeeds(),
  ...postgresSeeds(),
  ...redisSeeds(),
])
  test(`the corpus of ${target} has what the vectors give, under the name of its content`, () => {
    const folder = new URL(`${target}/`, root)
    mkdirSync(folder, { recursive: true })
    const present = readdirSync(folder).filter((file) => file.startsWith('vector-'))
    if (writes) {
      for (const file of present) rmSync(new URL(file, folder))
      for (const [file, octets] of seeds) writeFileSync(new URL(file, folder), octets)
      return
    }
    assert.deepEqual(present.sort(), [...seeds.keys()].sort(), 'see how to write the seeds at the head of this test')
    for (const [file, octets] of seeds) assert.deepEqual(new Uint8Array(readFileSync(new URL(file, folder))), octets)
  })
