import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePriority } from 'skitai/http2'

describe('the field Priority (RFC 9218 section 4)', () => {
  const rows: readonly (readonly [value: string, urgency: number, incremental: boolean])[] = [
    ['', 3, false],
    ['u=0', 0, false],
    ['u=7, i', 7, true],
    ['i', 3, true],
    ['i=?1', 3, true],
    ['i=?0', 3, false],
    ['i, i=?0', 3, false],
    [' u=5 ,  i ', 5, true],
    ['u=5;x=1, i;y', 5, true],
    ['u=8', 3, false],
    ['u=1, u=9', 3, false],
    ['u=1.5', 3, false],
    ['U=1', 3, false],
    ['x="a, u=1", u=2', 2, false],
    ['x="a\\", u=1", u=2', 2, false],
    ['x="never closed, u=2', 3, false],
    ['u=2,', 2, false],
    ['u=2, =5', 3, false],
    ['other=1, u=6', 6, false],
  ]
  for (const [value, urgency, incremental] of rows)
    test(JSON.stringify(value), () => assert.deepEqual({ ...parsePriority(value) }, { urgency, incremental }))
})
