import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { limitsOf } from '#src/protocols/http1/limits.js'
import { Http1Client, type Http1Limits, http1Limits, Http1Server, UsageError } from 'skitai/http1'
import { DATE } from '../../property/http1-support.js'

describe('limits', () => {
  test('are the defaults unless given', () => {
    assert.equal(limitsOf(undefined), http1Limits)
    assert.deepEqual(limitsOf({ idleMs: 5 }), { ...http1Limits, idleMs: 5 })
  })

  test('that are complete are shared, not copied again', () => {
    const limits = limitsOf({ idleMs: 5 })
    assert.equal(limitsOf(limits), limits)
  })

  test('may be zero or infinite', () => {
    assert.equal(limitsOf({ bodyBytesMax: 0, idleMs: Infinity }).bodyBytesMax, 0)
  })

  test('that are undefined count as not given', () => {
    assert.deepEqual(limitsOf({ idleMs: undefined, headMs: 5 } as object), { ...http1Limits, headMs: 5 })
  })

  test('that are misspelt tell what was meant', () => {
    assert.throws(() => limitsOf({ headMS: 5 } as object), /there is no limit headMS; did you mean headMs\?/)
    assert.throws(() => limitsOf({ zzz: 5 } as object), { message: 'there is no limit zzz' })
  })

  test('that make no sense are refused', () => {
    const wrong: unknown[] = [
      false,
      null,
      { idleMs: NaN },
      { idleMs: -1 },
      { idleMs: '5' },
      { idle: 5 },
      { ['toString']: 1 },
    ]
    for (const limits of wrong as Partial<Http1Limits>[]) {
      const refused = (error: unknown): boolean => error instanceof UsageError && error.code === 'H1_LIMIT'
      assert.throws(() => new Http1Server({ date: () => DATE, limits }), refused)
      assert.throws(() => new Http1Client({ limits }), refused)
    }
  })
})
