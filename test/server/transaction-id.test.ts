import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Fields } from '#src/protocols/core/fields.js'
import { TransactionIds, type TransactionId } from '#src/server/transaction-id.js'

const ids = new TransactionIds('W0', 'abcd')
const of = (...list: string[]): TransactionId => ids.of(Fields.of(list), 4, 7)
const pair = ({ gtid, ltid }: TransactionId): readonly string[] => [gtid, ltid]

describe('TransactionIds', () => {
  it('makes new ids', () => {
    assert.deepEqual(pair(of()), ['abcd.W0-C4-R7', '1000'])
    assert.notEqual(
      new TransactionIds('W0').of(Fields.empty, 1, 1).gtid,
      new TransactionIds('W0').of(Fields.empty, 1, 1).gtid,
    )
    assert.notEqual(new TransactionIds('W1', 'abcd').of(Fields.empty, 4, 7).gtid, of().gtid)
  })

  it('counts calls and depth as documented', () => {
    const outer = of()
    assert.deepEqual(outer.forCall(), ['x-gtxn-id', 'abcd.W0-C4-R7', 'x-ltxn-id', '1001'])
    const inner = of(...outer.forCall())
    assert.deepEqual(pair(inner), ['abcd.W0-C4-R7', '2002'])
    assert.deepEqual(pair(of(...inner.forCall())), ['abcd.W0-C4-R7', '3003'])
    assert.equal(outer.ltid, '1002')
  })

  it('keeps its depth after many calls', () => {
    const id = of('x-gtxn-id', 'g', 'x-ltxn-id', '2999')
    assert.equal(id.ltid, '3999')
    assert.equal(id.forCall()[3], '3000')
    assert.equal(id.forCall()[3], '3001')
    assert.equal(of('X-Gtxn-Id', 'g', 'X-Ltxn-Id', '999001').ltid, '999999')
  })

  it('ignores what is malformed', () => {
    for (const gtid of ['', '-x', 'a b', 'a"b', 'é', 'x'.repeat(65), 'a\tb', 'a, b', '<x>'])
      assert.deepEqual(pair(of('x-gtxn-id', gtid, 'x-ltxn-id', '1001')), ['abcd.W0-C4-R7', '1000'], gtid)
    for (const ltid of ['', '0', '999', '01000', '1000000', '-1001', '1e4', '1001x', '1001, 1002', 'NaN'])
      assert.deepEqual(pair(of('x-gtxn-id', 'g', 'x-ltxn-id', ltid)), ['g', '1000'], ltid)
    assert.deepEqual(pair(of('x-gtxn-id', 'g')), ['g', '1000'])
    assert.deepEqual(pair(of('x-gtxn-id', 'a', 'x-gtxn-id', 'b')), ['abcd.W0-C4-R7', '1000'])
  })

  it('never throws, and gives ids that are accepted again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (gtid, ltid) => {
        const id = of('x-gtxn-id', gtid, 'x-ltxn-id', ltid)
        assert.match(id.gtid, /^[A-Za-z0-9._:-]{1,64}$/)
        assert.equal(of(...id.forCall()).gtid, id.gtid)
        assert.match(id.ltid, /^\d{4,6}$/)
      }),
    )
  })
})
