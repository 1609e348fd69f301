import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MaxAges } from '#src/server/static/max-age.js'

describe('MaxAges', () => {
  it('gives the age of the longest prefix on a segment boundary', () => {
    const ages = new MaxAges()
    assert.equal(ages.secondsOf('/x'), 0)
    ages.set('/static/', 300)
    ages.set('/static/app.js', 10)
    ages.set('/static/none', 0)
    assert.equal(ages.secondsOf('/static/a/b.css'), 300)
    assert.equal(ages.secondsOf('/static'), 300)
    assert.equal(ages.secondsOf('/static/'), 300)
    assert.equal(ages.secondsOf('/static/app.js'), 10)
    assert.equal(ages.secondsOf('/static/app.js.map'), 300)
    assert.equal(ages.secondsOf('/static/none/x'), 0)
    assert.equal(ages.secondsOf('/statics'), 0)
    assert.equal(ages.secondsOf('/'), 0)
    ages.set('/', 5)
    assert.equal(ages.secondsOf('/statics'), 5)
    assert.equal(ages.secondsOf('/'), 5)
  })

  it('takes a later word for the same prefix, and counts versions', () => {
    const ages = new MaxAges()
    ages.set('/a', 1)
    const { version } = ages
    ages.set('/a/', 2)
    assert.equal(ages.secondsOf('/a/x'), 2)
    assert.ok(ages.version > version)
  })

  it('refuses what is no prefix or no age', () => {
    const ages = new MaxAges()
    for (const prefix of ['', 'static', './x']) assert.throws(() => ages.set(prefix, 1), RangeError)
    for (const seconds of [-1, 1.5, Number.NaN, Infinity, 2 ** 31])
      assert.throws(() => ages.set('/', seconds), RangeError)
  })
})
