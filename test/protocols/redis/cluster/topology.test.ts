/** What a client of a cluster knows, and what it does about what nodes say. */

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  type Attempt,
  isTransient,
  redirectionOf,
  ReplyError,
  type ReplyValue,
  SLOTS,
  Topology,
} from '#src/protocols/redis/index.js'

const SEED = { host: 's', port: 1 }
const node = (host: string, port = 1) => ({ address: `${host}:${port}`, host, port })
const error = (message: string) => new ReplyError(message)
const attempt = (slot?: number): Attempt => ({ slot, redirections: 0, waits: 0 })

/** Two shards: a with its copies c and d, and b with none. */
const MAP: ReplyValue = [
  [0, 99, ['a', 1, 'id'], ['c', 1, 'id'], ['d', 1, 'id']],
  [200, 300, ['a', 1, 'id'], ['c', 1, 'id'], ['d', 1, 'id']],
  [100, 199, ['b', 1, 'id']],
]

function known(map: ReplyValue = MAP): Topology {
  const topology = new Topology({ seeds: [SEED] })
  topology.endRefresh(map, topology.beginRefresh(0))
  return topology
}

test('the map is asked for at once, of a seed, and not again before something speaks for it', () => {
  const topology = new Topology({ seeds: [SEED] })
  assert.equal(topology.refreshAt(), -Infinity)
  assert.deepEqual(topology.beginRefresh(1000), node('s'))
  assert.equal(topology.refreshAt(), Infinity)
  const change = topology.endRefresh(MAP, node('s'))
  assert.deepEqual(change?.added.map(({ host }) => host).sort(), ['a', 'b', 'c', 'd'])
  assert.deepEqual(change.removed, [])
  assert.deepEqual([...topology.nodes.keys()].sort(), ['a:1', 'b:1', 'c:1', 'd:1'])
  assert.equal(topology.shards.length, 2)
  assert.equal(topology.refreshAt(), 11_000)
  topology.lose(node('a'))
  assert.equal(topology.refreshAt(), 1500)
})

test('an answer that is no map is not believed, and the next node is asked soon', () => {
  for (const reply of [
    null,
    [],
    'OK',
    [7],
    [[0, 1]],
    [[0, 1, 'a']],
    [[0, 1, ['a']]],
    [[0, 1, ['a', 0]]],
    [[0, 1, ['a', 65_536]]],
    [[0, 1, [7, 1]]],
    [[1, 0, ['a', 1]]],
    [[0, SLOTS, ['a', 1]]],
    [[-1, 5, ['a', 1]]],
    [[0.5, 5, ['a', 1]]],
    [['0', 5, ['a', 1]]],
    [[0, 1, ['a', 1.5]]],
  ] as ReplyValue[]) {
    const topology = new Topology({ seeds: [SEED], refreshMinMs: 500, retryMs: 50 })
    topology.beginRefresh(1000)
    assert.equal(topology.endRefresh(reply, node('s')), undefined, JSON.stringify(reply))
    assert.equal(topology.nodes.size, 0)
    assert.equal(topology.refreshAt(), 1050)
  }
})

test('a node without a name is where the one is that was asked', () => {
  for (const host of [null, '', '?']) {
    const topology = known([[0, 5, [host, 7, 'id']]])
    assert.deepEqual(topology.shardOf(3)?.primary, node('s', 7))
  }
})

test('what is heard while the map is asked for makes it old again', () => {
  const topology = new Topology({ seeds: [SEED] })
  const asked = topology.beginRefresh(0)
  topology.lose(node('a'))
  topology.endRefresh(MAP, asked)
  assert.equal(topology.refreshAt(), 500)
})

test('nodes that are lost are asked when there are no others', () => {
  const topology = known([[0, 5, ['a', 1], ['b', 1]]])
  topology.lose(node('a'))
  topology.lose(node('s'))
  topology.lose(node('unheard-of'))
  for (let i = 0; i < 3; i++) {
    assert.equal(topology.beginRefresh(0).host, 'b')
    topology.failRefresh()
  }
  topology.lose(node('b'))
  assert.deepEqual(new Set([1, 2, 3].map(() => topology.beginRefresh(0).host)), new Set(['a', 'b', 's']))
  topology.recover(node('a'))
  assert.equal(topology.beginRefresh(0).host, 'a')
})

test('nodes disappear with a new map', () => {
  const topology = known()
  topology.lose(node('c'))
  const change = topology.endRefresh([[0, 300, ['b', 1], ['e', 1]]], topology.beginRefresh(0))
  assert.deepEqual(change, { added: [node('e')], removed: [node('a'), node('c'), node('d')] })
  assert.equal(topology.shardOf(250)?.primary.host, 'b')
  assert.equal(topology.shardOf(301), undefined)
})

test('a command goes to the primary of its slot, a reading one to its copies, or to all, in turn', () => {
  const topology = known()
  const hosts = (slot: number | undefined, reads: 'primary' | 'replicas' | 'all'): string[] =>
    [1, 2, 3, 4].map(() => {
      const decision = topology.route(attempt(slot), reads)
      assert.equal(decision.type, 'send')
      assert.equal(decision.asking, false)
      return decision.node.host
    })
  assert.deepEqual(hosts(5, 'primary'), ['a', 'a', 'a', 'a'])
  assert.deepEqual(hosts(5, 'replicas'), ['c', 'd', 'c', 'd'])
  assert.deepEqual(hosts(150, 'replicas'), ['b', 'b', 'b', 'b'])
  topology.lose(node('c'))
  assert.deepEqual(hosts(5, 'replicas'), ['d', 'd', 'd', 'd'])
  topology.lose(node('d'))
  assert.deepEqual(hosts(5, 'replicas'), ['a', 'a', 'a', 'a'])
  topology.recover(node('c'))
  assert.deepEqual(hosts(5, 'all').toSorted(), ['a', 'a', 'c', 'c'])
  assert.deepEqual(new Set(hosts(undefined, 'primary')), new Set(['a', 'b']))
  topology.lose(node('a'))
  assert.deepEqual(hosts(undefined, 'primary'), ['b', 'b', 'b', 'b'])
  topology.lose(node('b'))
  assert.deepEqual(new Set(hosts(undefined, 'primary')), new Set(['a', 'b']))
})

test('a slot that nobody has is waited for, longer each time, and not for ever', () => {
  const topology = new Topology({
    seeds: [SEED],
    attemptsMax: 4,
    retryMs: 10,
    retryMaxMs: 50,
    redirectionsMax: 1,
    refreshMinMs: 1,
    refreshMaxMs: 1,
  })
  for (const slot of [5, undefined]) {
    const one = attempt(slot)
    const waits = [1, 2, 3, 4].map(() => topology.route(one))
    assert.deepEqual(
      waits.map((decision) => decision.type === 'wait' && decision.ms),
      [10, 20, 40, 50],
    )
    assert.deepEqual(topology.route(one), { type: 'fail', exhausted: true })
  }
})

test('MOVED goes there, is remembered, and has the map asked for', () => {
  const topology = known()
  const one = attempt(5)
  assert.deepEqual(topology.onError(error('MOVED 5 b:1'), node('a'), one), {
    type: 'send',
    node: node('b'),
    asking: false,
  })
  assert.equal(topology.shardOf(5)?.primary.host, 'b')
  assert.equal(topology.shardOf(6)?.primary.host, 'a')
  assert.equal(topology.refreshAt(), 500)
  topology.onError(error('MOVED 6 new:1'), node('a'), one)
  topology.onError(error('MOVED 7 new:1'), node('a'), one)
  assert.deepEqual(topology.shardOf(7), { primary: node('new'), replicas: [] })
  assert.equal(topology.shardOf(6), topology.shardOf(7))
  assert.ok(topology.nodes.has('new:1'))
})

test('MOVED to where the slot is known to be says nothing new', () => {
  const topology = known()
  const decision = topology.onError(error('MOVED 5 a:1'), node('c'), attempt(5))
  assert.deepEqual(decision, { type: 'send', node: node('a'), asking: false })
  assert.equal(topology.refreshAt(), 10_000)
})

test('ASK goes there once, and is not remembered', () => {
  const topology = known()
  const decision = topology.onError(error('ASK 5 b:1'), node('a'), attempt(5))
  assert.deepEqual(decision, { type: 'send', node: node('b'), asking: true })
  assert.equal(topology.shardOf(5)?.primary.host, 'a')
  assert.equal(topology.refreshAt(), 10_000)
})

test('a node that sends to itself is tried again later', () => {
  const topology = known()
  assert.deepEqual(topology.onError(error('MOVED 5 :1'), node('a'), attempt(5)), { type: 'wait', ms: 50 })
})

test('redirections in a circle come to an end', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('MOVED 5 a:1', 'MOVED 5 b:1', 'ASK 5 c:1'), { minLength: 1 }), (messages) => {
      const topology = known()
      const one = attempt(5)
      let from = node('a')
      for (let sent = 0; ; sent++) {
        assert.ok(sent <= 17)
        const decision = topology.onError(error(messages[sent % messages.length]!), from, one)
        if (decision.type === 'send') from = decision.node
        else if (decision.type === 'fail') return assert.equal(decision.exhausted, true)
      }
    }),
  )
})

test('what passes is waited for; what does not is the answer', () => {
  for (const [message, asksForMap] of [
    ['TRYAGAIN Multiple keys request during rehashing of slot', false],
    ['CLUSTERDOWN The cluster is down', true],
    ['LOADING Redis is loading the dataset in memory', true],
    ['MASTERDOWN Link with MASTER is down', true],
    ["READONLY You can't write against a read only replica.", true],
  ] as const) {
    const topology = known()
    assert.ok(isTransient(error(message)))
    assert.deepEqual(topology.onError(error(message), node('a'), attempt(5)), { type: 'wait', ms: 50 })
    assert.equal(topology.refreshAt() === 500, asksForMap, message)
  }
  const topology = known()
  for (const message of ['WRONGTYPE no', 'ERR no', 'MOVED 5', 'MOVED 16384 a:1', 'MOVED 5 a:0', 'ASK 5 a:65536'])
    assert.deepEqual(topology.onError(error(message), node('a'), attempt(5)), { type: 'fail', exhausted: false })
})

test('a command whose node is lost waits, and the map is asked for', () => {
  const topology = known()
  assert.deepEqual(topology.onLost(node('a'), attempt(5)), { type: 'wait', ms: 50 })
  assert.equal(topology.refreshAt(), 500)
})

test('addresses of IPv6, and hosts that are missing', () => {
  assert.deepEqual(redirectionOf(error('ASK 1 ::1:7000'), node('a'))?.node, node('::1', 7000))
  assert.deepEqual(redirectionOf(error('ASK 1 :7000'), node('a'))?.node, node('a', 7000))
  assert.deepEqual(redirectionOf(error('ASK 1 ?:7000'), node('a'))?.node, node('a', 7000))
  assert.equal(redirectionOf(error('MOVED x a:1'), node('a')), undefined)
})

test('each slot is where the last range that has it says', () => {
  const range = fc
    .tuple(fc.nat(SLOTS - 1), fc.nat(SLOTS - 1), fc.nat(5))
    .map(
      ([x, y, primary]) => [Math.min(x, y), Math.max(x, y), [`n${primary}`, 1]] as [number, number, [string, number]],
    )
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), fc.nat(SLOTS - 1), (ranges, slot) => {
      const topology = known(ranges)
      const expected = ranges.findLast(([first, last]) => first <= slot && slot <= last)?.[2][0]
      assert.equal(topology.shardOf(slot)?.primary.host, expected)
      const decision = topology.route(attempt(slot))
      assert.equal(decision.type, expected === undefined ? 'wait' : 'send')
      for (const { primary } of topology.shards) assert.ok(topology.nodes.has(primary.address))
    }),
  )
})
